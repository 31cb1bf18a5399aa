"""The acts of the desk: what each changes, refuses and records, and that it can be undone."""

from datetime import date

import pytest

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.documents.commands import desk, desk_words
from directives.documents.commands.correcting import NamedAddressee, correct_directive, reading_of
from directives.documents.commands.desk_rows import state_of
from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.models import Addressee, DeskAct, Directive, Event, Obligation
from tests.factories import NOW, make_obligation

TEXT = """关于做好某项工作的意见

一、健全制度
市民政局要建立请示报告制度，市财政局要安排经费。各单位要定期开会；
要把桥粱修好。
二、加强领导
各级党委要加强领导。
"""
FIRST = "市民政局要建立请示报告制度，市财政局要安排经费。"


@pytest.fixture
def document(cast):
    source = TEXT.encode()
    reading = read(source, name="a.txt")
    return register_document(
        reading=reading,
        source=source,
        source_name="a.txt",
        by=cast.supervisor,
        now=NOW,
        organisation=cast.body,
    )


def row(document, code):
    return Directive.objects.get(document=document, code=code)


def seen(*rows):
    return {directive.pk: directive.version for directive in rows}


def who(cast, name="supervisor"):
    return {"by": getattr(cast, name), "now": NOW}


def everything(document):
    rows = Directive.objects.filter(document=document).prefetch_related("addressees", "items")
    return {directive.code: state_of(directive) for directive in rows.order_by("order")}


def undo_last(document, cast, name="supervisor"):
    last = DeskAct.objects.filter(document=document, undone=False).order_by("-number").first()
    return desk.undo(document=document, number=last.number, **who(cast, name))


def test_the_document_is_read_as_these_tests_say(document):
    texts = {code: state["text"] for code, state in everything(document).items()}
    assert texts == {
        "一.1.1": FIRST,
        "一.1.2": "各单位要定期开会；",
        "一.2.1": "要把桥粱修好。",
        "二.1.1": "各级党委要加强领导。",
    }


def test_rows_are_marked_as_read_with_who_and_when(document, cast):
    rows = [row(document, "一.1.1"), row(document, "一.1.2")]
    desk.mark_read(document=document, seen=seen(*rows), **who(cast))
    stored = row(document, "一.1.1")
    assert (stored.checked_by, stored.checked_at, stored.version) == (cast.supervisor, NOW, 2)
    assert row(document, "一.2.1").checked_by is None
    events = Event.objects.filter(action="desk_read").order_by("directive_id")
    assert [event.directive_id for event in events] == [directive.pk for directive in rows]
    assert events[0].after["checked_by_id"] == cast.supervisor.pk


def test_marking_what_is_read_already_writes_nothing(document, cast):
    desk.mark_read(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    again = desk.mark_read(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    assert again is None
    assert row(document, "一.1.1").version == 2


@pytest.mark.parametrize("name", ["staff", "viewer", "stranger", "outsider"])
def test_only_supervisors_of_the_owner_act_at_the_desk(document, cast, name):
    with pytest.raises(NotAllowed):
        desk.mark_read(document=document, seen=seen(row(document, "一.1.1")), **who(cast, name))
    assert Event.objects.filter(action="desk_read").count() == 0


def test_a_row_that_another_person_changed_is_not_overwritten(document, cast):
    first = row(document, "一.1.1")
    desk.set_kind(document=document, seen=seen(first), kind="pilot", **who(cast))
    with pytest.raises(Stale):
        desk.set_kind(document=document, seen=seen(first), kind="resource", **who(cast))
    assert row(document, "一.1.1").kind == "pilot"


def test_a_heading_requires_nothing_and_becomes_a_directive_again(document, cast):
    before = everything(document)
    rows = seen(row(document, "一.1.1"))
    desk.set_status(document=document, seen=rows, status="heading", **who(cast))
    heading = row(document, "一.1.1")
    assert (heading.heading, heading.statement, heading.kind, heading.modality) == (
        True,
        True,
        "statement",
        "",
    )
    desk.set_status(document=document, seen=seen(heading), status="directive", **who(cast))
    assert everything(document) == before


def test_a_statement_made_a_directive_says_who_is_unstated(document, cast):
    directive = row(document, "一.2.1")
    desk.set_status(document=document, seen=seen(directive), status="statement", **who(cast))
    Addressee.objects.filter(directive=directive).delete()
    directive = row(document, "一.2.1")
    desk.set_status(document=document, seen=seen(directive), status="directive", **who(cast))
    stored = row(document, "一.2.1")
    assert (stored.statement, stored.modality) == (False, "要")
    assert [(named.name, named.basis) for named in stored.addressees.all()] == [("", "unstated")]


def test_a_dropped_row_stays_and_is_restored_as_its_words_are_read(document, cast):
    before = everything(document)
    desk.drop(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    dropped = row(document, "一.1.1")
    assert (dropped.dropped, dropped.statement, dropped.text) == (True, True, FIRST)
    desk.restore(document=document, seen=seen(dropped), **who(cast))
    assert everything(document) == before


def test_the_correction_of_a_heading_to_a_directive_ends_that_it_is_a_heading(document, cast):
    directive = row(document, "一.1.1")
    before = reading_of(directive)
    desk.set_status(document=document, seen=seen(directive), status="heading", **who(cast))
    directive = row(document, "一.1.1")
    correct_directive(
        directive=directive, correction=before, version=directive.version, **who(cast)
    )
    assert not row(document, "一.1.1").heading


def test_a_body_is_added_with_its_role_as_named_where_the_words_have_it(document, cast):
    rows = seen(row(document, "一.1.1"), row(document, "一.1.2"))
    desk.set_body(document=document, seen=rows, name="市财政局", role="lead", **who(cast))
    named = {
        code: [(who[0], who[1], who[3]) for who in state["addressees"]]
        for code, state in everything(document).items()
    }
    assert ("市财政局", "named", "lead") in named["一.1.1"]
    assert ("市财政局", "inferred", "lead") in named["一.1.2"]
    rows = seen(row(document, "一.1.1"))
    body = {"name": "市教育局", "role": "responsible", "alone": True}
    desk.set_body(document=document, seen=rows, **body, **who(cast))
    assert everything(document)["一.1.1"]["addressees"] == [
        ["市教育局", "inferred", "", "responsible"]
    ]


def test_a_day_is_set_and_cleared_and_the_words_of_the_document_stay(document, cast):
    Directive.objects.filter(code="一.1.1").update(due_words="年底前", due_rule="year")
    deadline = desk.Deadline(on=date(2031, 12, 31))
    rows = seen(row(document, "一.1.1"))
    desk.set_deadline(document=document, seen=rows, deadline=deadline, **who(cast))
    stored = row(document, "一.1.1")
    assert (stored.due_on, stored.due_words) == (date(2031, 12, 31), "年底前")
    desk.set_deadline(document=document, seen=seen(stored), deadline=desk.Deadline(), **who(cast))
    stored = row(document, "一.1.1")
    assert (stored.due_on, stored.due_words) == (None, "")


def test_kind_body_and_day_of_what_requires_nothing_are_refused_by_its_code(document, cast):
    desk.drop(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    with pytest.raises(Invalid, match="一.1.1"):
        rows = seen(row(document, "一.1.1"), row(document, "一.1.2"))
        desk.set_kind(document=document, seen=rows, kind="pilot", **who(cast))
    assert row(document, "一.1.2").kind != "pilot"


def test_a_misread_word_is_corrected_and_what_was_read_is_kept(document, cast):
    bridge = row(document, "一.2.1")
    desk_words.correct_words(
        document=document, seen=seen(bridge), text="要把桥梁修好。", **who(cast)
    )
    stored = row(document, "一.2.1")
    assert (stored.text, stored.text_as_read) == ("要把桥梁修好。", "要把桥粱修好。")
    assert (stored.text_hant, stored.code) == ("要把橋樑修好。", "一.2.1")
    assert "桥梁" in stored.search_key
    desk_words.correct_words(
        document=document, seen=seen(stored), text="要把桥粱修好。", **who(cast)
    )
    assert row(document, "一.2.1").text_as_read == ""


def test_items_move_with_corrected_words(document, cast):
    first = row(document, "一.1.1")
    desk_words.set_items(document=document, seen=seen(first), names=["请示报告制度"], **who(cast))
    text = FIRST.replace("市民政局", "市民政和救助局").replace("请示报告", "请示与报告")
    first = row(document, "一.1.1")
    desk_words.correct_words(document=document, seen=seen(first), text=text, **who(cast))
    item = row(document, "一.1.1").items.get()
    assert (item.name, text[item.start : item.end]) == ("请示与报告制度", "请示与报告制度")


def test_an_item_is_a_stretch_of_the_words(document, cast):
    with pytest.raises(Invalid, match="通报制度"):
        rows = seen(row(document, "一.1.1"))
        desk_words.set_items(document=document, seen=rows, names=["通报制度"], **who(cast))


def test_a_split_row_keeps_its_code_and_every_piece_its_place_in_the_source(document, cast):
    first = row(document, "一.1.1")
    desk.mark_read(document=document, seen=seen(first), **who(cast))
    desk_words.split(
        document=document,
        seen=seen(row(document, "一.1.1")),
        text="市民政局要建立请示报告制度，\n市财政局要安排经费。",
        **who(cast),
    )
    texts = {code: state["text"] for code, state in everything(document).items()}
    assert list(texts.items())[:3] == [
        ("一.1.1", "市民政局要建立请示报告制度，"),
        ("一.1.1a", "市财政局要安排经费。"),
        ("一.1.2", "各单位要定期开会；"),
    ]
    for directive in document.directives.all():
        assert TEXT[directive.source_start : directive.source_end] == directive.text
        assert directive.checked_by is None
    assert row(document, "一.1.1a").addressees.count() == first.addressees.count()


def test_a_second_split_takes_the_next_letters(document, cast):
    for text in (
        "市民政局要建立请示报告制度，\n市财政局要安排经费。",
        "市民政局\n要建立请示报告\n制度，",
    ):
        rows = seen(row(document, "一.1.1"))
        desk_words.split(document=document, seen=rows, text=text, **who(cast))
    codes = [code for code in everything(document) if code.startswith("一.1.1")]
    assert codes == ["一.1.1", "一.1.1b", "一.1.1c", "一.1.1a"]


def test_a_split_changes_no_word_and_needs_a_line_break(document, cast):
    rows = seen(row(document, "一.1.1"))
    for text in (FIRST, FIRST.replace("，", "，\n").replace("经费", "资金")):
        with pytest.raises(Invalid):
            desk_words.split(document=document, seen=rows, text=text, **who(cast))
    assert row(document, "一.1.1").version == 1


def test_items_go_with_the_piece_that_has_them(document, cast):
    first = row(document, "一.1.1")
    names = ["请示报告制度", "经费"]
    desk_words.set_items(document=document, seen=seen(first), names=names, **who(cast))
    text = "市民政局要建立请示报告制度，\n市财政局要安排经费。"
    first = row(document, "一.1.1")
    desk_words.split(document=document, seen=seen(first), text=text, **who(cast))
    states = everything(document)
    assert [item[0] for item in states["一.1.1"]["items"]] == ["请示报告制度"]
    assert states["一.1.1a"]["items"] == [["经费", "", 7, 9]]


def test_a_merged_row_has_all_words_and_the_other_stays_listed(document, cast):
    desk_words.merge(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    merged, other = row(document, "一.1.1"), row(document, "一.1.2")
    assert merged.text == FIRST + "各单位要定期开会；"
    assert TEXT[merged.source_start : merged.source_end] == merged.text
    assert (other.dropped, other.merged_into) == (True, "一.1.1")
    assert [named.name for named in merged.addressees.order_by("order")][-1] == "各单位"


def test_only_neighbours_of_one_section_are_merged(document, cast):
    for codes in (["一.1.1", "一.2.1"], ["一.2.1", "二.1.1"], ["二.1.1"]):
        rows = seen(*(row(document, code) for code in codes))
        with pytest.raises(Invalid):
            desk_words.merge(document=document, seen=rows, **who(cast))
    assert all(directive.version == 1 for directive in document.directives.all())


def test_an_added_row_has_the_place_of_its_words_if_they_are_in_the_source(document, cast):
    after = row(document, "一.1.1")
    found = desk_words.add(document=document, after=after, text="要把桥粱修好", **who(cast))
    typed = desk_words.add(document=document, after=after, text="各区要报告。", **who(cast))
    assert TEXT[found.source_start : found.source_end] == "要把桥粱修好"
    assert (typed.source_start, typed.source_end) == (None, None)
    codes = list(everything(document))
    assert codes[:3] == ["一.1.1", "一.1.1b", "一.1.1a"]
    assert not typed.statement


@pytest.mark.parametrize("live", [True, False])
def test_what_was_assigned_is_not_taken_apart(document, cast, live):
    first = row(document, "一.1.1")
    obligation = make_obligation(first, cast.body)
    if not live:
        Obligation.objects.filter(pk=obligation.pk).update(state="withdrawn")
    rows, common = seen(first), {"document": document, **who(cast)}
    cut = FIRST.replace("，", "，\n")
    for act in (
        lambda: desk.set_status(seen=rows, status="heading", **common),
        lambda: desk.set_status(seen=rows, status="statement", **common),
        lambda: desk.drop(seen=rows, **common),
        lambda: desk_words.split(seen=rows, text=cut, **common),
        lambda: desk_words.merge(seen=rows, **common),
        lambda: desk_words.correct_words(seen=rows, text="别的话。", **common),
        lambda: desk_words.set_items(seen=rows, names=["经费"], **common),
    ):
        with pytest.raises(Invalid, match="一.1.1"):
            act()
    assert row(document, "一.1.1").version == 1
    deadline = desk.Deadline(on=date(2031, 1, 1))
    assert desk.set_deadline(seen=rows, deadline=deadline, **common)


def acts(document, cast):
    common = {"document": document, **who(cast)}

    def rows(*codes):
        return seen(*(row(document, code) for code in codes))

    cut = FIRST.replace("，", "，\n")
    return [
        lambda: desk.mark_read(seen=rows("一.1.1", "一.2.1"), **common),
        lambda: desk.set_status(seen=rows("一.1.1"), status="heading", **common),
        lambda: desk.set_body(seen=rows("二.1.1"), name="甲局", role="lead", **common),
        lambda: desk.drop(seen=rows("一.2.1"), **common),
        lambda: desk_words.correct_words(seen=rows("二.1.1"), text="各级党委要领导。", **common),
        lambda: desk.set_status(seen=rows("一.1.1"), status="directive", **common),
        lambda: desk_words.split(seen=rows("一.1.1"), text=cut, **common),
        lambda: desk_words.merge(seen=rows("一.1.1", "一.1.1a"), **common),
        lambda: desk_words.add(after=row(document, "一.1.1a"), text="要开会。", **common),
    ]


def test_every_act_is_undone_in_the_reverse_order(document, cast):
    states = []
    for act in acts(document, cast):
        states.append(everything(document))
        act()
    for state in reversed(states):
        undo_last(document, cast)
        assert everything(document) == state
    with pytest.raises(Invalid):
        desk.undo(document=document, number=1, **who(cast))
    assert Event.objects.filter(action="desk_remove").count() == 2


def test_an_undo_is_refused_if_its_rows_were_changed_since(document, cast):
    first = row(document, "一.1.1")
    desk.set_kind(document=document, seen=seen(first), kind="pilot", **who(cast))
    first = row(document, "一.1.1")
    reading = reading_of(first)
    correct_directive(
        directive=first,
        correction=type(reading)(
            **{
                **{name: getattr(reading, name) for name in reading.__slots__},
                "kind": "resource",
            }
        ),
        version=first.version,
        **who(cast),
    )
    with pytest.raises(Invalid):
        undo_last(document, cast)
    assert row(document, "一.1.1").kind == "resource"


def test_an_undo_that_would_change_what_was_assigned_is_refused(document, cast):
    desk_words.merge(document=document, seen=seen(row(document, "一.1.1")), **who(cast))
    make_obligation(row(document, "一.1.1"), cast.body)
    with pytest.raises(Invalid, match="一.1.1"):
        undo_last(document, cast)
    assert row(document, "一.1.2").dropped


def test_an_undo_names_the_act_that_the_person_saw(document, cast):
    for code in ("一.1.1", "一.1.2"):
        desk.mark_read(document=document, seen=seen(row(document, code)), **who(cast))
    with pytest.raises(Invalid):
        desk.undo(document=document, number=1, **who(cast))


def test_a_correction_made_at_the_desk_is_undone_as_well(document, cast):
    first = row(document, "一.1.1")
    before = everything(document)
    reading = reading_of(first)
    fields = {name: getattr(reading, name) for name in reading.__slots__}
    fields["addressees"] = (NamedAddressee("市教育局", "named"),)
    desk.correct_reading(
        document=document,
        directive=first,
        correction=type(reading)(**fields),
        version=first.version,
        reason="核对原件",
        **who(cast),
    )
    assert Event.objects.get(action="correct").reason == "核对原件"
    assert everything(document) != before
    undo_last(document, cast)
    assert everything(document) == before
