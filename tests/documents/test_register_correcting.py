"""Putting a reading right: how a directive is read, and what a doubtful place says."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.documents.commands import desk_words, registering
from directives.documents.commands.correcting import (
    Correction,
    Decision,
    NamedAddressee,
    correct_directive,
    decide_repair,
    reading_of,
)
from directives.documents.ingest.reading import read
from directives.documents.queries.source import doubts, repairs_in, source_lines, spans
from directives.models import Addressee, Directive, Event, Repair
from directives.record.queries.changes import changed
from tests.factories import NOW, make_directive, make_document, make_obligation, make_section

SAMPLE = Path(settings.BASE_DIR) / "directives" / "made_up" / "sample" / "opinion_2015.txt"
NAMED = Correction("resource", "要", "regular", False, (NamedAddressee("各级党委", "named"),))


@pytest.fixture
def directive(cast):
    section = make_section(make_document(script="hans"), "一")
    make_directive(section, code="一.1.1")
    found = make_directive(section, code="一.1.2")
    names = {"name": "群团组织", "name_hans": "群团组织", "name_hant": "群團組織"}
    Addressee.objects.create(directive=found, order=0, basis="carried", source="一.1.1", **names)
    return found


def correct(directive, cast, correction=NAMED, by="supervisor", version=None):
    version = directive.version if version is None else version
    return correct_directive(
        directive=directive,
        correction=correction,
        version=version,
        by=getattr(cast, by),
        now=NOW,
        reason="核对原件",
    )


def test_a_correction_is_stored_and_told_with_what_it_was_before(cast, directive):
    stored = correct(directive, cast)
    assert reading_of(stored) == NAMED
    assert (stored.version, stored.text) == (2, directive.text)
    assert list(stored.addressees.values_list("name_hans", "name_hant")) == [
        ("各级党委", "各級黨委")
    ]
    event = Event.objects.get()
    assert (event.action, event.directive_id, event.by, event.reason) == (
        "correct",
        directive.pk,
        cast.supervisor,
        "核对原件",
    )
    assert event.before == {
        "kind": "institution",
        "cadence": "",
        "addressees": [["群团组织", "carried", "一.1.1", "responsible"]],
    }
    assert event.after == {
        "kind": "resource",
        "cadence": "regular",
        "addressees": [["各级党委", "named", "", "responsible"]],
    }


def test_roles_and_the_deadline_are_corrected_and_told_in_words(cast, directive):
    corrected = replace(
        NAMED,
        addressees=(NamedAddressee("各级党委", "named", "", "lead"),),
        due_words="２０１６年底前",
        due_on=date(2016, 12, 31),
        due_every="year",
    )
    stored = correct(directive, cast, corrected)
    assert reading_of(stored) == corrected
    assert stored.due_rule == "by hand"
    event = Event.objects.get()
    assert event.before["addressees"] == [["群团组织", "carried", "一.1.1", "responsible"]]
    assert event.after == {
        "kind": "resource",
        "cadence": "regular",
        "due_words": "２０１６年底前",
        "due_on": "2016-12-31",
        "due_every": "year",
        "addressees": [["各级党委", "named", "", "lead"]],
    }
    with override("zh-hans"):
        told = {name: (before, after) for name, before, after in changed(event)}
    assert told["承担者"] == ("群团组织（责任，承前 一.1.1）", "各级党委（牵头，明示）")
    assert told["完成时限"] == ("", "2016-12-31")


def test_an_event_of_before_there_were_roles_is_told_as_well():
    event = Event(subject_type="directive", before={"addressees": [["", "unstated", ""]]})
    event.after = {"addressees": [["群团组织", "carried", "一.1.1"]]}
    with override("zh-hans"):
        assert changed(event) == (("承担者", "未明示", "群团组织（承前 一.1.1）"),)


def test_a_deadline_that_is_not_corrected_keeps_the_rule_it_was_read_by(cast, directive):
    due = {"due_words": "2016年底前", "due_on": date(2016, 12, 31), "due_rule": "year"}
    Directive.objects.filter(pk=directive.pk).update(**due)
    directive.refresh_from_db()
    stored = correct(directive, cast, replace(reading_of(directive), kind="pilot"))
    assert {name: getattr(stored, name) for name in due} == due
    stored = correct(stored, cast, replace(reading_of(stored), due_words="", due_on=None))
    assert (stored.due_words, stored.due_on, stored.due_rule) == ("", None, "")


def test_what_changes_nothing_writes_nothing(cast, directive):
    assert correct(directive, cast, reading_of(directive)).version == 1
    assert Event.objects.count() == 0


def test_names_are_kept_in_the_script_of_the_document(cast):
    found = make_directive(make_section(make_document(script="hant"), "結"), code="結.1.2")
    make_directive(found.section, code="結.1.1", order=0)
    stored = correct(
        found, cast, replace(NAMED, addressees=(NamedAddressee("群团组织", "carried", "结.1.1"),))
    )
    assert list(stored.addressees.values_list("name", "name_hans", "source")) == [
        ("群團組織", "群团组织", "結.1.1")
    ]


def test_a_directive_that_names_nobody_says_so(cast, directive):
    stored = correct(directive, cast, replace(NAMED, addressees=()))
    assert reading_of(stored).addressees == (NamedAddressee("", "unstated"),)


def test_a_statement_has_no_modality(cast, directive):
    stored = correct(directive, cast, replace(NAMED, statement=True))
    assert (stored.statement, stored.kind, stored.modality) == (True, "statement", "")


def test_every_fault_is_said_at_once_and_nothing_changes(cast, directive):
    make_obligation(directive, cast.body)
    faulty = (
        NamedAddressee("某某", "unstated"),
        NamedAddressee("", "named"),
        NamedAddressee("某某", "carried", "一.9.9"),
    )
    with pytest.raises(Invalid) as refused:
        correct(directive, cast, replace(NAMED, statement=True, addressees=faulty))
    assert {name: len(texts) for name, texts in refused.value.errors.items()} == {
        "statement": 1,
        "addressees": 3,
    }
    with pytest.raises(Invalid) as refused:
        correct(directive, cast, replace(NAMED, kind="statement"))
    assert list(refused.value.errors) == ["kind"]
    assert (Event.objects.count(), Directive.objects.get(pk=directive.pk).version) == (0, 1)


def test_a_correction_of_an_older_version_is_stale(cast, directive):
    correct(directive, cast)
    fresh = Directive.objects.get(pk=directive.pk)
    with pytest.raises(Stale):
        correct(fresh, cast, replace(NAMED, kind="pilot"), version=1)
    assert Directive.objects.get(pk=directive.pk).kind == "resource"


@pytest.mark.parametrize("by", ["staff", "manager", "viewer", "admin", "outsider"])
def test_only_supervisors_correct(cast, directive, by):
    with pytest.raises(NotAllowed):
        correct(directive, cast, by=by)
    assert Event.objects.count() == 0


# the page


def typed(directive, **more):
    rows = {
        "who-TOTAL_FORMS": 1,
        "who-INITIAL_FORMS": 1,
        "who-0-name": "各级党委",
        "who-0-basis": "named",
        "who-0-source": "",
    }
    return (
        {
            "kind": "resource",
            "modality": "要",
            "cadence": "regular",
            "reason": "核对原件",
            "version": directive.version,
        }
        | rows
        | more
    )


def test_the_form_corrects_once_for_its_key(cast, directive, sign_in, key):
    client, url = sign_in(cast.supervisor), f"/directives/{directive.pk}/correct/save/"
    form = typed(directive) | key()
    assert client.get(url).url == f"/directives/{directive.pk}/correct/"
    for _ in range(2):
        assert client.post(url, form).headers["Location"] == f"/directives/{directive.pk}/"
    assert reading_of(Directive.objects.get(pk=directive.pk)) == NAMED
    assert Event.objects.count() == 1


def test_the_form_keeps_role_and_deadline_that_nobody_touched(cast, directive, sign_in, key):
    directive.addressees.update(role="supporting")
    Directive.objects.filter(pk=directive.pk).update(
        due_words="每季度末", due_every="quarter", due_on=date(2016, 3, 31)
    )
    client = sign_in(cast.supervisor)
    page = client.get(f"/directives/{directive.pk}/correct/")
    forms = page.context["forms"]
    sent = {field.html_name: field.value() or "" for field in forms.form}
    for form in [forms.addressees.management_form, *forms.addressees]:
        sent |= {field.html_name: field.value() or "" for field in form}
    sent = {name: value for name, value in sent.items() if value is not False}
    url = f"/directives/{directive.pk}/correct/save/"
    assert client.post(url, sent | {"kind": "pilot"} | key()).status_code == 302
    stored = Directive.objects.get(pk=directive.pk)
    assert [row.role for row in reading_of(stored).addressees] == ["supporting"]
    assert (stored.kind, stored.due_words, stored.due_every, stored.due_on) == (
        "pilot",
        "每季度末",
        "quarter",
        date(2016, 3, 31),
    )


def test_a_form_opened_before_it_had_roles_keeps_them(cast, directive, sign_in, key):
    directive.addressees.update(role="supporting")
    form = typed(directive) | {"who-0-name": "群团组织", "who-0-basis": "carried"}
    form |= {"who-0-source": "一.1.1"} | key()
    sign_in(cast.supervisor).post(f"/directives/{directive.pk}/correct/save/", form)
    stored = Directive.objects.get(pk=directive.pk)
    assert stored.kind == "resource"
    assert list(stored.addressees.values_list("role", flat=True)) == ["supporting"]


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(cast, directive, sign_in, key):
    form = (
        typed(directive, **{"who-0-basis": "carried", "who-0-source": "一.9.9", "cadence": "once"})
        | key()
    )
    response = sign_in(cast.supervisor).post(f"/directives/{directive.pk}/correct/save/", form)
    assert response.status_code == 422
    text = response.content.decode()
    assert "一.9.9" in text
    assert "各级党委" in text
    assert "请填写承自哪一句" in text


def test_two_people_correct_one_directive_and_the_second_sees_both_versions(
    cast, directive, sign_in, key
):
    correct(directive, cast)
    response = sign_in(cast.supervisor).post(
        f"/directives/{directive.pk}/correct/save/", typed(directive, kind="pilot") | key()
    )
    assert response.status_code == 409
    assert response.context["theirs"] == NAMED
    assert response.context["forms"].correction.kind == "pilot"
    assert 'name="version" value="2"' in response.content.decode()


def test_outsiders_do_not_find_it_and_other_roles_may_not(cast, directive, sign_in, key):
    make_obligation(directive, cast.body)
    url = f"/directives/{directive.pk}/correct/save/"
    clients = {
        name: sign_in(getattr(cast, name)) for name in ("outsider", "stranger", "staff", "viewer")
    }
    statuses = {
        name: client.post(url, typed(directive) | key()).status_code
        for name, client in clients.items()
    }
    assert statuses == {"outsider": 404, "stranger": 404, "staff": 403, "viewer": 403}


# doubtful places


@pytest.fixture
def damaged(cast):
    """The sample without anybody's confirmations."""
    source = SAMPLE.read_bytes()
    return registering.register_document(
        reading=read(source, name="x.txt"), source=source, source_name="x.txt", by=None, now=NOW
    )


def decide(repair, cast, confirmed=True, reads=None, by="supervisor", version=None, **more):
    decision = Decision(
        confirmed,
        repair.after if reads is None else reads,
        more.get("who", "周启明"),
        more.get("why", "对照印发件"),
    )
    version = repair.version if version is None else version
    return decide_repair(
        repair=repair, decision=decision, version=version, by=getattr(cast, by), now=NOW
    )


def holder(document, words):
    return document.directives.get(text__contains=words)


def test_a_confirmed_repair_keeps_the_text_and_says_who_and_why(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").first()
    before = list(damaged.directives.values_list("code", "text"))
    stored = decide(repair, cast)
    assert (stored.state, stored.decided_by, stored.why, stored.version) == (
        "confirmed",
        "周启明",
        "对照印发件",
        2,
    )
    assert list(damaged.directives.values_list("code", "text")) == before
    assert list(
        Event.objects.exclude(action="register").values_list("action", "document_id", "reason")
    ) == [("repair_confirmed", damaged.pk, "对照印发件")]


def test_a_refused_repair_shows_the_page_as_it_was_saved(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").first()
    wording = holder(damaged, "德才兼備")
    decide(repair, cast, confirmed=False)
    now_reads = Directive.objects.get(pk=wording.pk)
    damaged.refresh_from_db()
    assert (now_reads.text == wording.text, now_reads.version, now_reads.code) == (
        False,
        2,
        wording.code,
    )
    assert damaged.text_repaired.count(now_reads.text[:8]) == 1
    assert Event.objects.filter(action="reword", directive_id=wording.pk).get().before == {
        "text": wording.text
    }
    assert list(now_reads.items.values_list("name")) == list(wording.items.values_list("name"))


def test_another_reading_than_the_proposed_one_goes_into_the_text(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").last()
    wording = holder(damaged, "德才兼備")
    stored = decide(repair, cast, reads="甲")
    assert stored.after == "甲"
    changed = Directive.objects.get(pk=wording.pk)
    assert "甲" in changed.text
    assert "甲" in changed.text_hans
    assert "甲" in changed.search_key
    other = damaged.repairs.filter(state="proposed").first()
    decide(other, cast)
    assert "甲" in Directive.objects.get(pk=wording.pk).text


def test_a_place_is_decided_once(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").first()
    with pytest.raises(Stale):
        decide(repair, cast, version=9)
    stored = decide(repair, cast)
    with pytest.raises(IllegalMove):
        decide(stored, cast)
    with pytest.raises(IllegalMove):
        decide(damaged.repairs.filter(state="certain").first(), cast)


def test_a_decision_names_who_and_why(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").first()
    with pytest.raises(Invalid) as refused:
        decide(repair, cast, reads="", who=" ", why="")
    assert sorted(refused.value.errors) == ["reads", "who", "why"]
    with pytest.raises(NotAllowed):
        decide(repair, cast, by="manager")


def test_a_reading_that_would_cut_the_sentences_otherwise_is_refused(cast, damaged):
    repair = damaged.repairs.filter(state="proposed").first()
    with pytest.raises(Invalid):
        decide(repair, cast, reads="。")
    assert Repair.objects.get(pk=repair.pk).state == "proposed"
    assert Event.objects.exclude(action="register").count() == 0


def test_the_page_decides_and_keeps_what_was_typed(cast, damaged, sign_in, key):
    repair = damaged.repairs.filter(state="proposed").first()
    client, url = sign_in(cast.supervisor), f"/documents/{damaged.pk}/repairs/{repair.pk}/decide/"
    form = {
        "decision": "confirm",
        "reads": repair.after,
        "who": "周启明",
        "why": "对照印发件",
        "version": repair.version,
    }
    assert client.get(url).url == f"/documents/{damaged.pk}/"
    faulty = client.post(url, form | {"why": ""} | key())
    assert faulty.status_code == 422
    assert "周启明" in faulty.content.decode()
    stale = client.post(url, form | {"version": 7} | key())
    assert (stale.status_code, "对照印发件" in stale.content.decode()) == (409, True)
    assert sign_in(cast.viewer).post(url, form | key()).status_code == 403
    assert sign_in(cast.staff).post(url, form | key()).status_code == 404
    once = key()
    for _ in range(2):
        assert client.post(url, form | once).headers["Location"].startswith("/documents/")
    assert client.post(url, form | key()).status_code == 409
    assert Repair.objects.get(pk=repair.pk).state == "confirmed"
    assert Event.objects.filter(action="repair_confirmed").count() == 1


# marks in the source


def test_a_line_is_cut_at_its_repairs_and_loses_nothing(cast, damaged):
    repairs = list(damaged.repairs.all())
    lines = source_lines(damaged, repairs, damaged.left_out.all())
    assert [line.text for line in lines] == [
        line for line in damaged.text_read.split("\n") if line.strip()
    ]
    assert sum(span.repair is not None for line in lines for span in line.spans) == len(repairs)
    whole = [row.line for row in damaged.left_out.all() if row.reason != "end mark"]
    assert [line.number for line in lines if line.is_left_out] == whole


def test_doubts_come_with_the_words_around_them(damaged):
    found = doubts(damaged.text_read, list(damaged.repairs.all()))
    assert len(found) == damaged.repairs.filter(state="proposed").count() > 0
    for doubt in found:
        line = damaged.text_repaired.split("\n")[doubt.repair.line - 1]
        assert f"{doubt.left_context}{doubt.repair.after}{doubt.right_context}" in line


def test_the_repairs_of_a_sentence_are_those_in_its_words(damaged):
    lines = source_lines(damaged, list(damaged.repairs.all()), ())
    kinds = {repair.kind for repair in repairs_in(holder(damaged, "德才兼備").text, lines)}
    assert kinds == {"annotation", "shifted_run", "half_lost"}
    assert repairs_in("页面上没有的话。", lines) == ()


def test_a_repair_that_does_not_fit_its_line_is_passed_over():
    fits, wrong = Repair(start=1, before="b", after="x"), Repair(start=2, before="z", after="y")
    fits.order, wrong.order = 0, 1
    assert [(span.text, span.repair) for span in spans("abc", [fits, wrong])] == [
        ("a", None),
        ("b", fits),
        ("c", None),
    ]


def seen(row):
    return {row.pk: row.version}


def test_a_decided_place_goes_into_words_that_a_person_corrected_and_leaves_the_rest(cast, damaged):
    wording = holder(damaged, "德才兼備")
    text = wording.text.replace("標準", "標准")
    assert text != wording.text
    common = {"document": damaged, "by": cast.supervisor, "now": NOW}
    desk_words.correct_words(seen=seen(wording), text=text, **common)
    decide(damaged.repairs.filter(state="proposed").last(), cast, reads="甲")
    changed = Directive.objects.get(pk=wording.pk)
    assert "標准" in changed.text
    assert changed.text.count("甲") == 1
    assert (changed.text_as_read, len(changed.text)) == (wording.text, len(text))


def test_a_decided_place_goes_into_the_piece_of_a_row_that_was_cut(cast, damaged):
    wording = holder(damaged, "德才兼備")
    cut = wording.text.replace("德才兼備", "德才兼備\n", 1)
    common = {"document": damaged, "by": cast.supervisor, "now": NOW}
    desk_words.split(seen=seen(wording), text=cut, **common)
    before = "".join(damaged.directives.order_by("order").values_list("text", flat=True))
    decide(damaged.repairs.filter(state="proposed").last(), cast, reads="甲")
    after = "".join(damaged.directives.order_by("order").values_list("text", flat=True))
    assert len(after) == len(before)
    assert after.count("甲") == 1
    assert damaged.directives.filter(code=f"{wording.code}a", text__contains="甲").exists()


def test_a_place_that_two_joined_rows_have_is_decided_in_the_joined_one(cast, damaged):
    wording = holder(damaged, "德才兼備")
    follower = damaged.directives.filter(order__gt=wording.order).order_by("order").first()
    common = {"document": damaged, "by": cast.supervisor, "now": NOW}
    desk_words.merge(seen=seen(wording) | seen(follower), **common)
    decide(damaged.repairs.filter(state="proposed").last(), cast, reads="甲")
    joined = Directive.objects.get(pk=wording.pk)
    assert "甲" in joined.text
    assert joined.text.endswith(follower.text)
