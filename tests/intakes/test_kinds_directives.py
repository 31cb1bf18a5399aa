"""The reading of directives put right from a table."""

import pytest

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.models import Addressee, Directive, Event
from directives.models.intakes import CHANGED, CONFLICT, SAME, WRONG
from tests.factories import make_directive, make_document, make_obligation, make_section
from tests.intakes.bringing import bring

DIRECTIVES = KINDS["directives"]


@pytest.fixture
def directive(cast):
    row = make_directive(make_section(make_document(), number="九"), code="九.1.1", cadence="once")
    name = {"name": "全国总工会", "name_hans": "全国总工会", "name_hant": "全國總工會"}
    Addressee.objects.create(directive=row, order=0, basis="named", **name)
    make_directive(row.section, code="九.1.2", order=row.order + 1)
    return row


def names(directive):
    return list(directive.addressees.order_by("order").values_list("name", "basis"))


def test_who_corrects_the_reading(cast):
    assert [DIRECTIVES.may(who) for who in (cast.supervisor, cast.staff, cast.admin)] == [
        True,
        False,
        False,
    ]


def test_readings_are_corrected(cast, directive):
    table = [
        {
            "code": "九.1.1",
            "kind": "pilot",
            "modality": "應該",
            "cadence": None,
            "addressees": "全國總工會\n共青团中央 (推定)",
        },
        {"code": "九.1.2", "kind": "institution", "modality": "要", "addressees": None},
    ]
    Addressee.objects.create(
        directive=Directive.objects.get(code="九.1.2"), order=0, basis="unstated"
    )
    imported = bring(DIRECTIVES, cast.supervisor, table, document=directive.document_id)
    assert imported.verdicts == [CHANGED, SAME]
    assert imported.planned[0].after == {
        "kind": "pilot",
        "modality": "應該",
        "cadence": "",
        "addressees": ["全国总工会 (named)", "共青团中央 (inferred)"],
    }
    imported.apply()
    directive.refresh_from_db()
    assert (directive.kind, directive.modality, directive.cadence, directive.version) == (
        "pilot",
        "應該",
        "",
        2,
    )
    assert names(directive) == [("全国总工会", "named"), ("共青团中央", "inferred")]
    assert Event.objects.get(action="correct").by == cast.supervisor
    imported.undo()
    directive.refresh_from_db()
    assert (directive.kind, directive.modality, directive.cadence) == ("institution", "要", "once")
    assert names(directive) == [("全国总工会", "named")]


def test_faults_of_readings(cast, directive):
    make_obligation(directive, cast.body)
    table = [
        {"code": "九.9.9", "kind": "pilot"},
        {"code": "九.1.1", "kind": "statement"},
        {"code": "九.1.2", "kind": "pilot", "addressees": "工会 (carried 九.9.9)"},
        {"code": "九.1.2", "kind": "pilot"},
    ]
    imported = bring(DIRECTIVES, cast.supervisor, table, document=directive.document_id)
    found = [(number, field) for number, field, _text in imported.faults]
    assert found == [(1, "code"), (2, "kind"), (3, "addressees"), (4, "code")]
    assert imported.verdicts == [WRONG] * 4


def test_what_somebody_corrected_meanwhile(cast, directive):
    first = bring(
        DIRECTIVES,
        cast.supervisor,
        [{"code": "九.1.1", "kind": "pilot"}],
        document=directive.document_id,
    )
    second = bring(
        DIRECTIVES,
        cast.supervisor,
        [{"code": "九.1.1", "kind": "resource"}],
        document=directive.document_id,
    )
    first.apply()
    with pytest.raises(Stale):
        second.apply()
    row = {"code": "九.1.1", "kind": "resource", "version": 1}
    assert bring(DIRECTIVES, cast.supervisor, [row], document=directive.document_id).verdicts == [
        CONFLICT
    ]
    row = {"code": "九.1.1", "cadence": "regular", "version": 1}
    assert bring(DIRECTIVES, cast.supervisor, [row], document=directive.document_id).verdicts == [
        CHANGED
    ]
    Directive.objects.filter(pk=directive.pk).update(version=9)
    with pytest.raises(Invalid):
        first.undo()


def test_the_command_asks_who_corrects(cast, directive):
    imported = bring(
        DIRECTIVES,
        cast.supervisor,
        [{"code": "九.1.1", "kind": "pilot"}],
        document=directive.document_id,
    )
    imported.context = type(imported.context)(
        cast.staff, imported.context.now, imported.context.today, imported.context.place
    )
    with pytest.raises(NotAllowed):
        imported.apply()
    assert Directive.objects.get(pk=directive.pk).kind == "institution"
