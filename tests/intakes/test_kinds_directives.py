"""The reading of directives put right from a table."""

from datetime import date

import pytest
from django.utils.translation import override

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.documents.exports import DIRECTIVES as EXPORTED
from directives.documents.imports.directives import FIELDS, addressee_in_words
from directives.documents.queries.register import directive_rows, matching_directives
from directives.models import Addressee, Directive, Event
from directives.models.intakes import CHANGED, CONFLICT, SAME, WRONG
from directives.tables.cells import value_reader
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


def roles(directive):
    return list(directive.addressees.order_by("order").values_list("name", "role", "basis"))


def set_roles_and_deadline(directive):
    make_directive(directive.section, code="九.1.0", order=0)
    Addressee.objects.filter(directive=directive).update(role="lead")
    names = {"name": "团中央", "name_hans": "团中央", "name_hant": "團中央"}
    Addressee.objects.create(
        directive=directive, order=1, role="supporting", basis="carried", source="九.1.0", **names
    )
    due = {"due_words": "每年12月底前", "due_on": date(2016, 12, 31), "due_every": "year"}
    Directive.objects.filter(pk=directive.pk).update(**due, due_rule="month")
    directive.refresh_from_db()


def test_a_file_without_roles_and_deadlines_changes_nothing_of_them(cast, directive):
    set_roles_and_deadline(directive)
    cell = "全国总工会 (明示)\n團中央（承前）"
    table = [{"code": "九.1.1", "kind": "institution", "addressees": cell}]
    imported = bring(DIRECTIVES, cast.supervisor, table, document=directive.document_id)
    assert imported.verdicts == [SAME]
    table = [{"code": "九.1.1", "kind": "pilot", "addressees": "全国总工会\n团中央"}]
    bring(DIRECTIVES, cast.supervisor, table, document=directive.document_id).apply()
    stored = Directive.objects.get(pk=directive.pk)
    assert roles(stored) == [("全国总工会", "lead", "named"), ("团中央", "supporting", "carried")]
    assert (stored.kind, stored.due_words, stored.due_on, stored.due_every, stored.due_rule) == (
        "pilot",
        "每年12月底前",
        date(2016, 12, 31),
        "year",
        "month",
    )


def test_roles_and_deadlines_are_corrected_and_undone(cast, directive):
    set_roles_and_deadline(directive)
    cell = "全国总工会（配合）\n团中央（牵头单位，明示）、党组(党委)"
    table = [{"code": "九.1.1", "addressees": cell, "due_on": "2017-06-30", "due_every": None}]
    imported = bring(DIRECTIVES, cast.supervisor, table, document=directive.document_id)
    imported.apply()
    stored = Directive.objects.get(pk=directive.pk)
    assert roles(stored) == [
        ("全国总工会", "supporting", "named"),
        ("团中央", "lead", "named"),
        ("党组(党委)", "responsible", "named"),
    ]
    assert (stored.due_words, stored.due_on, stored.due_every, stored.due_rule) == (
        "每年12月底前",
        date(2017, 6, 30),
        "",
        "by hand",
    )
    imported.undo()
    stored = Directive.objects.get(pk=directive.pk)
    assert [role for _name, role, _basis in roles(stored)] == ["lead", "supporting"]
    assert (stored.due_on, stored.due_every) == (date(2016, 12, 31), "year")


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_a_list_that_comes_back_unchanged_changes_nothing(cast, directive, language):
    set_roles_and_deadline(directive)
    for code in ("九.1.0", "九.1.2"):
        unstated = directive.document.directives.get(code=code)
        Addressee.objects.create(directive=unstated, order=0, basis="unstated")
    document = directive.document
    with override(language):
        rows = directive_rows(cast.supervisor, document, matching_directives(document))
        readers = {field.name: value_reader(field) for field in FIELDS if not field.read_only}
        columns = [(column, readers[column.key]) for column in EXPORTED if column.key in readers]
        table = [{column.key: read(column.value(row)) for column, read in columns} for row in rows]
    assert {"addressees", "due_words", "due_on", "due_every"} <= table[1].keys()
    imported = bring(DIRECTIVES, cast.supervisor, table, document=document.pk)
    assert (imported.verdicts, imported.faults) == ([SAME] * 3, [])


def test_changes_of_addressees_are_shown_in_the_words_of_the_reader():
    with override("zh-hans"):
        shown = [addressee_in_words(text) for text in ("工会 (carried 九.1.1 lead)", "(unstated)")]
    assert shown == ["工会（牵头，承前 九.1.1）", "未明示"]
    assert addressee_in_words("党组(党委)") == "党组(党委)"


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
