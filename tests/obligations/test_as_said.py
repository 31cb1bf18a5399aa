"""Assigning as the document says: each name its part, each directive its day, in one issue."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directives import tallies
from directives.base.refusals import NotAllowed, Stale
from directives.models import Addressee, Event, JobProgress, Notice, Obligation, Organisation
from directives.obligations.commands import bulk_issuing
from directives.obligations.commands.as_said import Share, issue_as_said, pairs_of
from directives.obligations.commands.issuing import Terms
from directives.obligations.queries.as_said import meanings_of, proposal, said_preview
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_obligation,
    make_section,
)

SOON, LATER = date(2099, 6, 30), date(2099, 12, 31)


def name_in(directive, *names):
    """Name bodies in a directive: (name, role) each. Returns the addressees."""
    return [
        Addressee.objects.create(
            directive=directive,
            order=order,
            name=name,
            name_hans=name,
            name_hant=name,
            role=role,
            basis="named",
        )
        for order, (name, role) in enumerate(names)
    ]


@pytest.fixture
def document(cast):
    """Two directives that were read, with days, and one that was not."""
    document = make_document()
    section = make_section(document)
    read = {"checked_by": cast.supervisor, "checked_at": NOW}
    first = make_directive(section, code="一.1.1", due_on=SOON, **read)
    second = make_directive(section, code="一.1.2", due_on=LATER, **read)
    third = make_directive(section, code="一.1.3", due_words="每季度", due_every="quarter")
    name_in(first, ("全国总工会", "lead"), ("共青团中央", "supporting"))
    name_in(second, ("共青团中央", "lead"), ("北京市总工会", "responsible"))
    name_in(third, ("全国总工会", "responsible"))
    make_directive(section, code="一.1.4", statement=True, kind="statement", modality="")
    return document


def address(document, name=""):
    return f"/documents/{document.pk}/issue/as-said/{name}"


def assigned(document):
    rows = Obligation.objects.filter(document=document).order_by("directive", "organisation__code")
    return [
        (code, body, part, due)
        for code, body, part, due in rows.values_list(
            "directive__code", "organisation__code", "part", "due_on"
        )
    ]


def confirm(client, key, document):
    context = client.get(address(document, "preview/")).context
    sent = {**key(), "digest": context["form"].digest}
    return client.post(address(document, "confirm/"), sent)


def issue(client, key, document, **fields):
    """Through the page, the preview and the confirmation."""
    response = client.post(address(document), fields)
    assert response.headers.get("Location") == address(document, "preview/"), response.context
    return confirm(client, key, document)


AS_SAID = [
    ("一.1.1", "Q01", "lead", SOON),
    ("一.1.1", "Q02", "supporting", SOON),
    ("一.1.2", "Q01A", "responsible", LATER),
    ("一.1.2", "Q02", "lead", LATER),
]


def test_each_body_has_the_part_and_the_day_that_the_document_says(
    cast, sign_in, key, document, django_capture_on_commit_callbacks
):
    client = sign_in(cast.supervisor)
    response = issue(client, key, document)
    assert response.headers["Location"] == f"/obligations/?document={document.pk}&state=assigned"
    assert assigned(document) == AS_SAID
    assert Event.objects.filter(action="issue", by=cast.supervisor).count() == 4
    told = Notice.objects.filter(kind="issued").order_by("user__username")
    assert list(told.values_list("user__username", "facts__count")) == [
        ("below", 1),
        ("manager", 1),
        ("staff", 1),
        ("stranger", 2),
    ]
    assert tallies.drift() == []
    # The draft is done with, and what is there is not assigned twice.
    preview = issue_again(client, document)
    assert (preview.new, preview.existing) == (0, 4)


def issue_again(client, document):
    client.post(address(document), {})
    return client.get(address(document, "preview/")).context["preview"]


def test_unread_directives_wait_until_the_supervisor_says_so(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    page = client.get(address(document)).content.decode()
    assert "3 项任务中有 1 项尚未核对" in page
    client.post(address(document), {})
    left = client.get(address(document, "preview/")).context["left"]
    assert [row.code for row in left.unread] == ["一.1.3"]
    issue(client, key, document, unread="on", due_on="2099-03-01")
    assert assigned(document) == [*AS_SAID, ("一.1.3", "Q01", "responsible", date(2099, 3, 1))]


def test_if_nothing_was_read_nothing_is_assigned(cast, sign_in, document):
    document.directives.update(checked_by=None, checked_at=None)
    response = sign_in(cast.supervisor).post(address(document), {})
    assert response.status_code == 422
    assert "没有已核对的任务可以交办" in response.content.decode()


def test_rows_are_changed_where_they_stand(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    first, second = document.directives.order_by("order")[:2]
    lead, supporting = first.addressees.all()
    other, below = second.addressees.all()
    fields = {
        "part": [f"{lead.pk}:responsible", f"{supporting.pk}:lead", f"{other.pk}:lead", "x:lead"],
        f"due-{first.pk}": "2098-01-05",
        f"own-{supporting.pk}": "2097-01-05",
        "omit": [below.pk],
    }
    client.post(address(document), fields)
    # Going back loses nothing.
    lines = client.get(address(document)).context["form"].lines
    assert [(row.part, row.own_due) for row in lines[0].rows] == [
        ("responsible", ""),
        ("lead", "2097-01-05"),
    ]
    assert (lines[0].due, lines[1].rows[1].is_left_out) == ("2098-01-05", True)
    confirm(client, key, document)
    assert assigned(document) == [
        ("一.1.1", "Q01", "responsible", date(2098, 1, 5)),
        ("一.1.1", "Q02", "lead", date(2097, 1, 5)),
        ("一.1.2", "Q02", "lead", LATER),
    ]


def test_an_emptied_day_is_the_day_given_for_all_without(cast, sign_in, key, document):
    first = document.directives.order_by("order")[0]
    client = sign_in(cast.supervisor)
    issue(client, key, document, due_on="2096-05-04", **{f"due-{first.pk}": ""})
    assert {row[3] for row in assigned(document)} == {date(2096, 5, 4), LATER}


def test_days_that_have_passed_are_said_at_each_row_at_once(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    yesterday = timezone.localdate() - timedelta(days=1)
    document.directives.filter(statement=False).update(due_on=yesterday)
    first, second, third = document.directives.filter(statement=False).order_by("order")
    response = client.post(address(document), {"unread": "on"})
    assert response.status_code == 422
    assert [bool(line.fault) for line in response.context["form"].lines] == [True, True, True]
    assert client.get(address(document, "preview/")).headers["Location"] == address(document)
    changed = {f"due-{first.pk}": "2099-01-01", f"due-{second.pk}": "", f"due-{third.pk}": ""}
    issue(client, key, document, unread="on", **changed)
    assert {row[0]: row[3] for row in assigned(document)} == {
        "一.1.1": date(2099, 1, 1),
        "一.1.2": None,
        "一.1.3": None,
    }


def test_all_passed_days_are_cleared_by_one_tick(cast, sign_in, key, document):
    document.directives.filter(code="一.1.1").update(due_on=date(2020, 1, 1))
    issue(sign_in(cast.supervisor), key, document, clear_past="on")
    assert {row[0]: row[3] for row in assigned(document)} == {"一.1.1": None, "一.1.2": LATER}


def test_faults_of_the_common_terms_stand_at_their_fields(cast, sign_in, document):
    fields = {"deliverable": "plan", "starts_on": "2020-01-01", "due_on": "2019-01-01"}
    form = sign_in(cast.supervisor).post(address(document), fields).context["form"]
    assert sorted(form.errors) == ["due_on", "plan_due_on", "starts_on"]


def test_a_day_that_is_none_is_said_at_its_row(cast, sign_in, document):
    first = document.directives.order_by("order")[0]
    response = sign_in(cast.supervisor).post(address(document), {f"due-{first.pk}": "31 June"})
    assert response.context["form"].lines[0].fault == "请输入有效的日期。"


def test_an_ambiguous_name_is_asked_once(cast, sign_in, key, document):
    for code in ("T1", "T2"):
        make_body(code, parent=cast.centre, name_hans="同名局", name_hant="同名局")
    first, second = document.directives.order_by("order")[:2]
    name_in(first, ("同名局", "supporting"))
    name_in(second, ("同名局", "responsible"))
    client = sign_in(cast.supervisor)
    asked = client.get(address(document)).context["form"].asked
    assert [(row.meaning.name, row.meaning.directives) for row in asked] == [("同名局", 2)]
    response = client.post(address(document), {})
    assert response.status_code == 422
    assert response.context["form"].asked[0].fault
    issue(client, key, document, **{"means:同名局": "T2"})
    assert [row[:3] for row in assigned(document) if row[1].startswith("T")] == [
        ("一.1.1", "T2", "supporting"),
        ("一.1.2", "T2", "responsible"),
    ]


def test_what_a_name_means_is_remembered_for_later_documents(cast, sign_in, key, document):
    for code in ("T1", "T2"):
        make_body(code, parent=cast.centre, name_hans="同名局", name_hant="同名局")
    name_in(
        document.directives.order_by("order")[0], ("同名局", "supporting"), ("某办", "supporting")
    )
    client = sign_in(cast.supervisor)
    answers = {"means:同名局": "T2", "means:某办": "Q01A"}
    issue(client, key, document, remember=["同名局", "某办"], **answers)
    later = make_directive(make_section(make_document()))
    name_in(later, ("同名局", "lead"), ("某办", "supporting"))
    form = client.get(address(later.document)).context["form"]
    assert [row.bodies[0].code for row in form.lines[0].rows] == ["T2", "Q01A"]
    assert form.asked == []


def test_an_ambiguous_name_may_go_to_nobody(cast, sign_in, key, document):
    for code in ("T1", "T2"):
        make_body(code, parent=cast.centre, name_hans="同名局", name_hant="同名局")
    name_in(document.directives.order_by("order")[0], ("同名局", "supporting"))
    issue(sign_in(cast.supervisor), key, document, **{"means:同名局": "-"})
    assert assigned(document) == AS_SAID


def test_an_unknown_name_goes_to_nobody_or_to_whom_a_person_names(cast, sign_in, key, document):
    name_in(document.directives.order_by("order")[0], ("任何组织和个人", "responsible"))
    client = sign_in(cast.supervisor)
    client.post(address(document), {})
    preview = client.get(address(document, "preview/")).context
    assert (preview["left"].nobody, preview["preview"].new) == (("任何组织和个人",), 4)
    for text, is_known in (("北京市总工会", True), ("Q01A", True), ("无此单位", False)):
        response = client.post(address(document), {"means:任何组织和个人": text})
        assert response.status_code == (302 if is_known else 422)
    issue(client, key, document, **{"means:任何组织和个人": "Q01A"})
    assert ("一.1.1", "Q01A", "responsible", SOON) in assigned(document)


def test_a_directive_that_names_nobody_goes_to_whom_a_person_adds(cast, sign_in, key, document):
    section = document.sections.get()
    read = {"checked_by": cast.supervisor, "checked_at": NOW}
    bare = make_directive(section, code="一.1.5", due_on=LATER, **read)
    other = make_directive(section, code="一.1.6", **read)
    client, field = sign_in(cast.supervisor), f"add-{bare.pk}"
    page = client.get(address(document)).content.decode()
    assert (f'name="{field}"' in page, page.count('<td data-k="责任类型">责任</td>')) == (True, 2)
    # What no organisation below is called is told at its row.
    response = client.post(address(document), {field: "中共中央"})
    faults = [line.added_fault for line in response.context["form"].lines]
    assert (response.status_code, [bool(fault) for fault in faults]) == (
        422,
        [False] * 3 + [True, False],
    )
    client.post(address(document), {field: "共青团中央"})
    # Going back loses nothing.
    assert [line.added for line in client.get(address(document)).context["form"].lines][3:] == [
        "共青团中央",
        "",
    ]
    preview = client.get(address(document, "preview/")).context
    assert (preview["preview"].new, preview["left"].without_body) == (5, (other,))
    confirm(client, key, document)
    assert assigned(document) == [*AS_SAID, ("一.1.5", "Q02", "responsible", LATER)]


def test_what_is_added_is_told_from_a_name_of_the_document_that_means_another_body(
    cast, sign_in, key, document
):
    """A text means Q02 as a name of the document, and Q01 where a person types it."""
    read = {"checked_by": cast.supervisor, "checked_at": NOW}
    bare = make_directive(document.sections.get(), code="一.1.5", **read)
    fields = {"means:全国总工会": "Q01A", f"add-{bare.pk}": "全国总工会"}
    client = sign_in(cast.supervisor)
    client.post(address(document), fields)
    digest = client.get(address(document, "preview/")).context["form"].digest
    client.post(address(document), fields | {"means:全国总工会": "Q02"})
    changed = client.get(address(document, "preview/")).context["form"].digest
    assert digest != changed
    confirm(client, key, document)
    assert ("一.1.5", "Q01", "responsible", None) in assigned(document)


def test_a_body_that_is_not_below_is_neither_assigned_to_nor_offered(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    name_in(document.directives.order_by("order")[0], ("中共中央", "responsible"))
    rows = client.get(address(document)).context["form"].lines[0].rows
    assert [row.row.meaning.refused for row in rows if not row.bodies] == [(cast.centre,)]
    for text in ("C000", "中共中央"):
        response = client.post(address(document), {"means:全国总工会": text})
        assert response.status_code == 422


def test_who_succeeded_an_abolished_body_answers_for_it(cast, sign_in, key, document):
    new = make_body("N1", parent=cast.centre)
    cast.sibling.valid_to, cast.sibling.successor = date(2026, 1, 1), new
    cast.sibling.save()
    document.issued_on = date(2025, 1, 1)
    document.save()
    issue(sign_in(cast.supervisor), key, document)
    assert [row[:3] for row in assigned(document) if row[1] == "N1"] == [
        ("一.1.1", "N1", "supporting"),
        ("一.1.2", "N1", "lead"),
    ]


def test_a_class_means_its_bodies_and_a_body_named_itself_counts_before_it(
    cast, sign_in, key, document
):
    first = document.directives.order_by("order")[0]
    first.addressees.all().delete()
    name_in(first, ("各群团组织", "responsible"), ("共青团中央", "lead"))
    issue(sign_in(cast.supervisor), key, document)
    assert assigned(document)[:3] == [
        ("一.1.1", "Q01", "responsible", SOON),
        ("一.1.1", "Q01A", "responsible", SOON),
        ("一.1.1", "Q02", "lead", SOON),
    ]


def test_the_first_listed_leads_where_no_lead_is_named(cast, sign_in, key, document):
    Addressee.objects.filter(directive__code="一.1.1").update(role="responsible")
    issue(sign_in(cast.supervisor), key, document, first_leads="on")
    assert [row[1:3] for row in assigned(document)] == [
        ("Q01", "lead"),
        ("Q02", "responsible"),
        ("Q01A", "responsible"),
        ("Q02", "lead"),
    ]


def test_what_exists_is_left_unchanged_and_said(cast, sign_in, key, document):
    first = document.directives.order_by("order")[0]
    kept = make_obligation(first, cast.body, percent=40, part="supporting")
    client = sign_in(cast.supervisor)
    preview = issue_again(client, document)
    assert (preview.new, preview.existing) == (3, 1)
    confirm(client, key, document)
    kept.refresh_from_db()
    assert (kept.part, kept.percent, kept.version) == ("supporting", 40, 1)
    assert Obligation.objects.count() == 4


def choose_lead(client, key, document, **fields):
    client.post(address(document), {})
    context = client.get(address(document, "preview/")).context
    sent = {**key(), "digest": context["digest"], **fields}
    return context["led"], client.post(address(document, "confirm/"), sent)


@pytest.mark.parametrize(("fields", "part"), [({}, "responsible"), ({"leads": "both"}, "lead")])
def test_a_lead_beside_a_present_one_is_told_and_chosen(cast, sign_in, key, document, fields, part):
    first = document.directives.order_by("order")[0]
    make_obligation(first, cast.child, part="lead")
    led, answer = choose_lead(sign_in(cast.supervisor), key, document, **fields)
    assert [(row.directive, row.present, row.new) for row in led] == [
        (first, (cast.child,), (cast.body,))
    ]
    assert answer.status_code == 302
    assert ("一.1.1", "Q01", part, SOON) in assigned(document)
    assert ("一.1.2", "Q02", "lead", LATER) in assigned(document)


def test_a_lead_that_leads_already_is_no_second_one(cast, sign_in, key, document):
    make_obligation(document.directives.order_by("order")[0], cast.body, part="lead")
    led, answer = choose_lead(sign_in(cast.supervisor), key, document)
    assert (led, answer.status_code) == ([], 302)


def test_a_lead_that_was_withdrawn_is_none(cast, sign_in, key, document):
    first = document.directives.order_by("order")[0]
    make_obligation(first, cast.child, part="lead", state="withdrawn")
    assert choose_lead(sign_in(cast.supervisor), key, document)[0] == []


def test_a_lead_of_after_the_preview_is_told_before_anything_is_assigned(
    cast, sign_in, key, document
):
    client = sign_in(cast.supervisor)
    client.post(address(document), {})
    digest = client.get(address(document, "preview/")).context["digest"]
    make_obligation(document.directives.order_by("order")[0], cast.child, part="lead")
    response = client.post(address(document, "confirm/"), {**key(), "digest": digest})
    assert (response.status_code, Obligation.objects.count()) == (409, 1)


def test_what_changed_after_the_preview_is_not_assigned(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    client.post(address(document), {})
    digest = client.get(address(document, "preview/")).context["form"].digest
    document.directives.filter(code="一.1.1").update(due_on=LATER)
    response = client.post(address(document, "confirm/"), {**key(), "digest": digest})
    assert (response.status_code, Obligation.objects.count()) == (409, 0)


def test_the_preview_counts_by_body(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    lines = issue_again(client, document).lines
    assert [
        (line.body.code, line.lead, line.responsible, line.supporting, line.first_due)
        for line in lines
    ] == [
        ("Q01", 1, 0, 0, SOON),
        ("Q01A", 0, 1, 0, LATER),
        ("Q02", 1, 0, 1, SOON),
    ]


def test_a_large_issue_is_carried_out_by_the_worker_on_the_same_terms(
    cast, sign_in, key, document, monkeypatch
):
    monkeypatch.setattr(bulk_issuing, "AT_ONCE", 0)
    monkeypatch.setattr(bulk_issuing, "PART", 2)  # one body in a part
    response = issue(sign_in(cast.supervisor), key, document)
    job = JobProgress.objects.get()
    assert response.headers["Location"] == f"/jobs/{job.pk}/"
    with tallies.counted():
        turns = [bulk_issuing.next_part(job) for _body in range(3)]
    assert (turns, job.done, job.made, job.total) == ([True, True, False], 3, 4, 3)
    assert assigned(document) == AS_SAID
    assert tallies.drift() == []


# the command


def test_a_class_in_a_part_of_a_large_issue_remains_a_class(cast):
    directive = make_directive()
    shares = [
        Share(directive, "各群团组织", (cast.body,), "lead", is_class=True),
        Share(directive, "全国总工会", (cast.body,), "supporting"),
    ]
    assert [pair.terms.part for pair in pairs_of(shares, Terms())] == ["supporting"]


def test_the_weightier_part_counts_if_a_body_is_named_twice(cast):
    directive = make_directive()
    shares = [
        Share(directive, "全总", (cast.body,), "supporting", SOON),
        Share(directive, "全国总工会", (cast.body,), "lead", LATER),
    ]
    (pair,) = pairs_of(shares, Terms(deliverable="plan"))
    assert (pair.terms.part, pair.terms.due_on, pair.terms.deliverable) == ("lead", LATER, "plan")


def test_it_asks_for_the_document_and_for_each_body(cast):
    directive = make_directive()
    share = Share(directive, "中共中央", (cast.centre,), "lead")
    common = {"document": directive.document, "common": Terms(), "now": NOW}
    with pytest.raises(NotAllowed):
        issue_as_said(shares=[share], by=cast.supervisor, **common)
    with pytest.raises(NotAllowed):
        issue_as_said(shares=[share], by=cast.manager, **common)
    assert Obligation.objects.count() == 0


def test_if_all_exists_nothing_is_made_and_nobody_is_told(cast):
    directive = make_directive()
    make_obligation(directive, cast.body)
    share = Share(directive, "全国总工会", (cast.body,), "lead")
    common = {"document": directive.document, "common": Terms(), "now": NOW}
    assert issue_as_said(shares=[share], by=cast.supervisor, **common) == []
    assert (Notice.objects.count(), Event.objects.filter(action="issue").count()) == (0, 0)


def test_a_pair_made_meanwhile_is_told(cast, monkeypatch):
    directive = make_directive()
    make_obligation(directive, cast.body)
    monkeypatch.setattr(
        "directives.obligations.commands.as_said.existing_pairs", lambda pairs: frozenset()
    )
    with pytest.raises(Stale):
        issue_as_said(
            document=directive.document,
            shares=[Share(directive, "全国总工会", (cast.body,), "lead")],
            common=Terms(),
            by=cast.supervisor,
            now=NOW,
        )


# as much work for each body of a large class as of a small one


def test_what_a_large_class_means_is_found_in_one_pass(cast, monkeypatch):
    document, hashed, work = make_document(), 0, []
    inner = Organisation.__hash__

    def counted(body):
        nonlocal hashed
        hashed += 1
        return inner(body)

    monkeypatch.setattr(Organisation, "__hash__", counted)
    for bodies in (40, 120):
        for number in range(bodies):
            make_body(f"M{bodies}-{number}", parent=cast.centre)
        cast.supervisor.refresh_from_db()
        hashed = 0
        (meaning,) = meanings_of({"各群团组织": 1}, document, cast.supervisor, today=TODAY).values()
        work.append((len(meaning.bodies), hashed))
    (few, few_work), (many, many_work) = work
    assert (few, many) == (43, 163)
    assert many_work / many < 1.5 * few_work / few


def test_a_part_of_a_large_issue_has_as_many_bodies_however_many_names_mean_them(
    cast, sign_in, key, document, monkeypatch
):
    monkeypatch.setattr(bulk_issuing, "AT_ONCE", 0)
    name_in(document.directives.order_by("order")[0], *[("各群团组织", "responsible")] * 3)
    issue(sign_in(cast.supervisor), key, document)
    said = JobProgress.objects.get().asked["said"]
    assert (len(said["bodies"]), len(said["names"])) == (3, 4)
    monkeypatch.setattr(bulk_issuing, "PART", 4)  # two directives, so two bodies
    job = JobProgress.objects.get()
    with tallies.counted():
        turns = [(bulk_issuing.next_part(job), job.done) for _part in range(2)]
    assert turns == [(True, 2), (False, 3)]


# as many queries for many rows as for few


def test_the_page_asks_as_often_for_many_rows(cast, document):
    section, asked = document.sections.get(), []
    assert cast.supervisor.held_memberships  # read once for each request
    for number in range(2):
        for code in range(1 + 20 * number):
            row = make_directive(section, code=f"二.{number}.{code}")
            name_in(row, *((f"单位{code}-{place}", "responsible") for place in range(10)))
        with CaptureQueriesContext(connection) as queries:
            found = proposal(document, cast.supervisor, today=TODAY)
        asked.append((len(found.directives), len(queries)))
    assert asked == [(4, 6), (25, 6)]


def test_the_preview_asks_once(cast, document, django_assert_num_queries):
    shares = [
        Share(line.directive, row.meaning.name, row.meaning.bodies, row.addressee.role)
        for line in proposal(document, cast.supervisor, today=TODAY).directives
        for row in line.rows
    ]
    with django_assert_num_queries(1):
        assert said_preview(shares).pairs == 5
