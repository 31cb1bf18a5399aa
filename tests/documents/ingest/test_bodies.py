"""Names of bodies in lists."""

import pytest

from directives.documents.ingest.addressees import AddresseeRead, addressees_of
from directives.documents.ingest.bodies import Span, is_list, is_name, names_in

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("各地、各部门", ["各地", "各部门"]),
        ("各区、县（市）人民政府", ["各区、县（市）人民政府"]),
        ("各省、自治区、直辖市党委", ["各省、自治区、直辖市党委"]),
        ("市文化和旅游局", ["市文化和旅游局"]),
        ("市发展改革委和市财政局", ["市发展改革委", "市财政局"]),
        ("国家发展改革委、工业和信息化部", ["国家发展改革委", "工业和信息化部"]),
        ("各级党委和政府", ["各级党委", "各级政府"]),
        ("县（市、区）政府、园区管委会", ["县（市、区）政府", "园区管委会"]),
        ("市、县财政", ["市、县财政"]),
        ("任何单位和个人", ["任何单位和个人"]),
        ("发展改革、自然资源等部门", ["发展改革、自然资源等部门"]),
    ],
)
def test_lists(words: str, names: list[str]) -> None:
    assert is_list(words)
    assert names_in(words, words, Span(0, len(words))) == names


@pytest.mark.parametrize(
    "words", ["采取措施防止企业", "允许园区内企业", "支持社会组织", "新建学校"]
)
def test_what_begins_with_a_verb_is_no_body(words: str) -> None:
    assert not is_list(words)


def test_lines_of_a_signature() -> None:
    assert is_name("青河县人民政府办公室")
    assert is_name("市公安局 市交通运输局")
    assert not is_name("各镇要建立分类站点")


def who(sentence: str, *before: str) -> list[tuple[str, str, str]]:
    carried = tuple(AddresseeRead(name, "named", "", "responsible") for name in before)
    return [
        (one.name, one.role, one.basis)
        for one in addressees_of(sentence, sentence, carried, "一.1.1")
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("由市商务局会同市农业局制定指引。", [("市商务局", "lead"), ("市农业局", "supporting")]),
        ("市应急局要会同市消防队修订预案。", [("市应急局", "lead"), ("市消防队", "supporting")]),
        ("由市民政局牵头，建立制度。", [("市民政局", "lead")]),
        (
            "市委组织部、市委编办要核定人员。",
            [("市委组织部", "responsible"), ("市委编办", "responsible")],
        ),
        ("驾驶人不得占用车道。", [("驾驶人", "responsible")]),
        ("教务处每周检查一次。", [("教务处", "responsible")]),
        ("请各镇于11月底前报送。", [("各镇", "responsible")]),
        ("县财政局：保障资金。", [("县财政局", "responsible")]),
        ("整治经费由县财政局统筹安排。", [("县财政局", "responsible")]),
    ],
)
def test_subjects(sentence: str, expected: list[tuple[str, str]]) -> None:
    assert [(name, role) for name, role, _ in who(sentence)] == expected


def test_those_encouraged_are_inferred_and_nobody_is_carried_there() -> None:
    assert who("鼓励企业公开承诺。", "县水利局") == [("企业", "responsible", "inferred")]


def test_a_thing_as_subject_carries_nobody() -> None:
    assert who("新建小区应当配建车位。", "县住建局") == [("", "", "unstated")]
    assert who("支持村里设点。", "县住建局") == [("县住建局", "responsible", "carried")]
