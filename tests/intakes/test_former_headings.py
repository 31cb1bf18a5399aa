"""Files from before are read by their own headings, in both scripts and in English."""

import pytest

from directives.base.script import to_hant
from directives.catalogue.kinds import KINDS
from directives.tables.fields import IntakeContext
from directives.tables.matching import FieldNames
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.once

# kind: field → what has headed it
FORMER = {
    "bodies": {"kind": ("单位类别", "Kind of body"), "code": ("单位编码", "Code")},
    "people": {
        "ended": ("撤销角色", "Role ends"),
        "memberships": ("单位角色", "Roles in bodies"),
        "email": ("邮箱", "E-mail"),
        "username": ("用户名", "User name"),
        "body": ("单位", "Body"),
    },
    "obligations": {
        "deliverable": ("成果形式", "Deliverable"),
        "plan_due_on": ("方案报送截止", "Plan due"),
        "part": ("分工", "Part"),
        "clause": ("文件条款", "Clause"),
        "body": ("责任(配合)单位", "Responsible or supporting body"),
        "id": ("编号", "Id"),
        "leads": ("牵头单位", "Lead body"),
        "supporting": ("配合单位", "Supporting bodies"),
        "due_on": ("完成时限", "Complete by"),
    },
    "measures": {
        "due_on": ("报送期限", "Due on"),
        "last_on": ("最近记录日期", "Last logged on"),
        "id": ("编号", "Id"),
    },
    "log": {
        "codes": ("文件条款", "Clauses"),
        "evidence": ("佐证", "Evidence"),
        "on": ("日期", "Day"),
        "organisation": ("单位", "Body"),
        "by": ("填写人", "Written by"),
    },
    "entries": {
        "part": ("分工", "Part"),
        "last_percent": ("上期比例", "Last percent"),
        "evidence": ("佐证", "Evidence"),
        "code": ("文件条款", "Clause"),
        "unchanged_reason": ("无变化的原因", "Why nothing changed"),
    },
}


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in FORMER.items() for field in fields]
)
def test_a_former_heading_is_known(db, kind, field):
    names = FieldNames(KINDS[kind].fields(IntakeContext(None, NOW, TODAY, {})))
    hans, english = FORMER[kind][field]
    assert [names.field_of([heading])[0] for heading in (hans, to_hant(hans), english)] == [
        field
    ] * 3
