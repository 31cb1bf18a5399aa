"""Giving directives to bodies: the command, and the three steps that lead to it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.core.addressing import pairs_proposed
from directives.models import Addressee, Event, ItemState, Notice, Obligation
from directives.obligations.commands import issuing
from directives.obligations.commands.issuing import Pair, Terms, faults_of
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_obligation,
    make_section,
)

LATER = date(2027, 6, 30)


def give(cast, directives, bodies, terms=None, **fields):
    fields = {"by": cast.supervisor, "now": NOW} | fields
    return issuing.issue(
        document=directives[0].document,
        directives=directives,
        organisations=bodies,
        terms=terms or Terms(),
        **fields,
    )


def two(**fields):
    section = make_section()
    return [make_directive(section, items=("报告制度",), **fields), make_directive(section)]


# the command


def test_every_directive_goes_to_every_body(cast):
    directives, bodies = two(), [cast.body, cast.sibling]
    made = give(
        cast,
        directives,
        bodies,
        Terms(deliverable="plan", plan_due_on=date(2026, 11, 2), due_on=LATER),
    )
    assert len(made) == 4
    row = Obligation.objects.get(directive=directives[0], organisation=cast.body)
    assert (row.state, row.part, row.deliverable, row.issued_on, row.starts_on) == (
        "assigned",
        "responsible",
        "plan",
        TODAY,
        TODAY,
    )
    assert (row.acknowledge_by, row.plan_due_on, row.due_on, row.original_due_on) == (
        date(2026, 10, 16),
        date(2026, 11, 2),
        LATER,
        LATER,
    )
    assert row.light == "green"
    assert ItemState.objects.count() == 2
    assert Event.objects.filter(action="issue", by=cast.supervisor).count() == 4
    assert tallies.drift() == []


def test_each_bodys_people_get_one_notice(cast):
    give(cast, two(), [cast.body, cast.sibling])
    told = (
        Notice.objects.filter(kind="issued")
        .order_by("user__username")
        .values_list("user__username", "facts__count")
    )
    assert list(told) == [("manager", 2), ("staff", 2), ("stranger", 2)]


def test_pairs_that_exist_are_left_as_they_are(cast):
    directives = two()
    kept = make_obligation(directives[0], cast.body, percent=40)
    made = give(cast, directives, [cast.body, cast.sibling])
    assert len(made) == 3
    kept.refresh_from_db()
    assert (kept.percent, kept.version) == (40, 1)
    assert give(cast, directives, [cast.body, cast.sibling]) == []


def test_a_pair_that_somebody_else_makes_meanwhile_is_told_and_nothing_is_made(cast, monkeypatch):
    directives, look = two(), issuing.preview

    def look_and_be_late(**asked):
        found = look(**asked)
        make_obligation(directives[1], cast.body)
        return found

    monkeypatch.setattr(issuing, "preview", look_and_be_late)
    with pytest.raises(Stale), tallies.counted():
        give(cast, directives, [cast.body])
    assert (
        Obligation.objects.count(),
        Event.objects.filter(action="issue").count(),
        tallies.drift(),
    ) == (0, 0, [])


def test_only_the_pairs_asked_for_are_made(cast):
    first, second = two()
    made = give(
        cast,
        [first, second],
        [cast.body, cast.sibling],
        pairs={(first.pk, cast.body.pk), (999, cast.body.pk)},
    )
    assert [(row.directive_id, row.organisation_id) for row in made] == [(first.pk, cast.body.pk)]


def test_the_first_body_listed_leads_unless_somebody_does(cast):
    first, second = two()
    make_obligation(second, make_body(parent=cast.centre), part="lead")
    give(
        cast, [first, second], [cast.sibling, cast.body], Terms(first_leads=True, part="supporting")
    )
    parts = Obligation.objects.filter(organisation__in=[cast.body, cast.sibling]).values_list(
        "directive_id", "organisation__code", "part"
    )
    assert sorted(parts) == sorted(
        [
            (first.pk, "Q01", "supporting"),
            (first.pk, "Q02", "lead"),
            (second.pk, "Q01", "supporting"),
            (second.pk, "Q02", "supporting"),
        ]
    )


def test_among_asked_pairs_the_first_listed_that_is_asked_leads(cast):
    (directive,) = [make_directive()]
    give(
        cast,
        [directive],
        [cast.body, cast.sibling],
        Terms(first_leads=True),
        pairs={(directive.pk, cast.sibling.pk)},
    )
    assert Obligation.objects.get().part == "lead"


def test_a_body_that_is_named_leads(cast):
    give(cast, two(), [cast.body, cast.sibling], Terms(lead=cast.sibling))
    assert set(
        Obligation.objects.filter(part="lead").values_list("organisation__code", flat=True)
    ) == {"Q02"}


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        (Terms(due_on=date(2026, 10, 12)), ["due_on"]),
        (Terms(starts_on=date(2026, 10, 12)), ["starts_on"]),
        (Terms(deliverable="plan"), ["plan_due_on"]),
        (Terms(plan_due_on=LATER), ["plan_due_on"]),
        (Terms(starts_on=LATER, due_on=LATER - timedelta(days=1)), ["due_on"]),
        (
            Terms(due_on=date(2020, 1, 1), deliverable="plan", starts_on=date(2020, 1, 2)),
            ["due_on", "plan_due_on", "starts_on"],
        ),
    ],
)
def test_terms_that_cannot_be_are_refused_all_at_once(cast, terms, fields):
    with pytest.raises(Invalid) as refused:
        give(cast, two(), [cast.body], terms)
    assert sorted(refused.value.errors) == fields
    assert Obligation.objects.count() == 0


def test_statements_other_documents_and_abolished_bodies_are_refused(cast):
    directive = make_directive()
    statement = make_directive(directive.section, statement=True, kind="statement", modality="")
    gone = make_body(parent=cast.centre, valid_to=TODAY)
    with pytest.raises(Invalid) as refused:
        give(cast, [directive, statement, make_directive()], [cast.body, gone])
    assert (
        len(refused.value.errors["directives"]),
        len(refused.value.errors["organisations"]),
    ) == (2, 1)
    with pytest.raises(Invalid):
        give(cast, [directive], [])


@pytest.mark.parametrize("who", ["staff", "manager", "viewer", "admin", "outsider"])
def test_only_supervisors_give_work(cast, who):
    with pytest.raises(NotAllowed):
        give(cast, two(), [cast.child], by=getattr(cast, who))
    with pytest.raises(NotAllowed):
        give(cast, two(), [cast.centre])
    assert Obligation.objects.count() == 0


def test_many_take_few_queries(cast, django_assert_max_num_queries):
    """The same number of statements for 1 and for 60 obligations, but for the audit's batches."""
    directives, bodies = two(), [make_body(parent=cast.centre) for _number in range(30)]
    assert cast.supervisor.held_memberships
    with django_assert_max_num_queries(22):  # two of them keep the totals over documents
        assert len(give(cast, directives, bodies)) == 60


# whom the text addresses


def test_the_text_proposes_bodies_directive_by_directive(cast):
    first, second = two()
    third = make_directive(first.section)
    committee = make_body(parent=cast.centre, kind="provincial_committee", level="provincial")
    for directive, words, basis in (
        (first, "各級黨委", "named"),
        (second, "工會、共青團、婦聯等群團組織", "carried"),
        (third, "", "unstated"),
    ):
        Addressee.objects.create(directive=directive, order=0, name=words, basis=basis)
    found = pairs_proposed([first, second, third], [committee, cast.body, cast.sibling])
    assert found == {
        (first.pk, committee.pk),
        (second.pk, cast.body.pk),
        (second.pk, cast.sibling.pk),
    }


def test_words_that_nobody_listed_propose_nobody(cast):
    (directive,) = [make_directive()]
    for order, words in enumerate(("人民团体", "任何组织和个人", "主要新闻媒体", "基层单位")):
        Addressee.objects.create(directive=directive, order=order, name=words, basis="named")
    assert pairs_proposed([directive], [cast.body, cast.sibling]) == frozenset()


# the three steps


@pytest.fixture
def document(cast):
    document = make_document()
    section = make_section(document)
    for code, words in (("一.1.1", "群團組織"), ("一.1.2", "各級黨委")):
        directive = make_directive(section, code=code)
        Addressee.objects.create(
            directive=directive,
            order=0,
            name=words,
            name_hans=words,
            name_hant=words,
            basis="named",
        )
    make_directive(section, code="一.1.3", statement=True, kind="statement", modality="")
    return document


def step(document, name=""):
    return f"/documents/{document.pk}/issue/{name}"


def ids(document):
    return list(
        document.directives.filter(statement=False).order_by("order").values_list("pk", flat=True)
    )


def terms_of(**fields):
    return {
        "part": "responsible",
        "lead": "",
        "deliverable": "",
        "starts_on": "",
        "plan_due_on": "",
        "due_on": "",
        **fields,
    }


def to_preview(client, document, bodies, **terms):
    """Through the first two steps; the context of the third."""
    form = {"directive": ids(document), "body": [body.pk for body in bodies], "act": "next"}
    assert client.post(step(document), form).headers["Location"] == step(document, "terms/")
    assert client.post(step(document, "terms/"), terms_of(**terms)).headers["Location"] == step(
        document, "preview/"
    )
    return client.get(step(document, "preview/")).context


def test_from_the_choice_to_obligations(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    due = timezone.localdate() + timedelta(days=90)
    context = to_preview(
        client, document, [cast.body, cast.sibling], due_on=due.isoformat(), lead="first"
    )
    assert (context["preview"].new_count, context["preview"].pairs, context["is_assignable"]) == (
        4,
        4,
        True,
    )
    response = client.post(step(document, "confirm/"), {**key(), "digest": context["draft"].digest})
    assert response.headers["Location"] == f"/obligations/?document={document.pk}&state=assigned"
    assert Obligation.objects.filter(due_on=due, state="assigned").count() == 4
    assert Obligation.objects.filter(part="lead", organisation=cast.body).count() == 2
    # The draft is done with.
    assert client.get(step(document, "preview/")).headers["Location"] == step(document)
    assert tallies.drift() == []


def test_going_back_loses_nothing(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    to_preview(client, document, [cast.body], part="supporting", due_on="2099-01-01")
    first = client.get(step(document)).context["draft"]
    assert (first.directives, first.bodies) == (frozenset(ids(document)), frozenset({cast.body.pk}))
    form = client.get(step(document, "terms/")).context["form"]
    assert (form["part"].value(), form["due_on"].value()) == ("supporting", "2099-01-01")


def test_each_directive_may_go_only_to_selected_bodies_that_it_names(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    committee = make_body(parent=cast.centre, kind="provincial_committee")
    bodies = [cast.body.pk, cast.child.pk, cast.sibling.pk, committee.pk]
    chosen = {"directive": ids(document), "body": bodies, "addressed": "on", "act": "next"}
    client.post(step(document), chosen)
    client.post(step(document, "terms/"), terms_of())
    lines = client.get(step(document, "preview/")).context["lines"]
    assert [line.new for line in lines] == [3, 1]


@pytest.mark.parametrize(
    ("conditions", "codes"),
    [
        ({"kind": "mass_organisation"}, ["Q01", "Q01A", "Q02"]),
        ({"level": "provincial"}, ["Q01A"]),
        ({"below": "Q01"}, ["Q01A"]),
        ({"q": "共青團"}, ["Q02"]),
        ({"q": "q01a"}, ["Q01A"]),
        ({"kind": "military"}, []),
        ({"kind": "nonsense", "q": "无此单位"}, []),
    ],
)
def test_bodies_are_ticked_by_what_they_are(cast, sign_in, document, conditions, codes):
    if "below" in conditions:
        conditions = {"below": cast.body.pk}
    client = sign_in(cast.supervisor)
    client.post(step(document), {**conditions, "act": "add"})
    by_code = {"Q01": cast.body.pk, "Q01A": cast.child.pk, "Q02": cast.sibling.pk}
    assert client.get(step(document)).context["draft"].bodies == frozenset(
        by_code[code] for code in codes
    )


def test_directives_are_ticked_by_kind_and_statements_never(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    document.directives.filter(code="一.1.2").update(kind="pilot")
    for kind, codes in (("pilot", ["一.1.2"]), ("", ["一.1.1", "一.1.2"])):
        client.post(step(document), {"directive_kind": kind, "act": "directives"})
        ticked = client.get(step(document)).context["draft"].directives
        assert (
            sorted(document.directives.filter(pk__in=ticked).values_list("code", flat=True))
            == codes
        )
    client.post(step(document), {"act": "clear"})
    assert client.get(step(document)).context["draft"].directives == frozenset()


def test_an_address_may_bring_a_directive_and_a_body(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    first = ids(document)[0]
    draft = client.get(step(document), {"directive": first, "body": [cast.body.pk, "x"]}).context[
        "draft"
    ]
    assert (draft.directives, draft.bodies) == (frozenset({first}), frozenset({cast.body.pk}))
    # Reading keeps nothing.
    assert client.get(step(document)).context["draft"].bodies == frozenset()


def test_ids_of_other_documents_statements_and_bodies_not_below_are_left_out(
    cast, sign_in, document
):
    client = sign_in(cast.supervisor)
    elsewhere, statement = make_directive(), document.directives.get(statement=True)
    form = {
        "directive": [*ids(document), elsewhere.pk, statement.pk, 999_999],
        "body": [cast.body.pk, cast.centre.pk, 999_999],
    }
    client.post(step(document), form)
    client.post(step(document, "terms/"), terms_of())
    selected = client.get(step(document, "preview/")).context["selected"]
    assert ([row.pk for row in selected.directives], list(selected.bodies)) == (
        ids(document),
        [cast.body],
    )


def test_a_choice_of_nothing_stays_at_the_first_step(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    response = client.post(step(document), {"directive": ids(document), "act": "next"}, follow=True)
    assert response.redirect_chain[-1][0] == step(document)
    assert "请至少选择一项任务和一家单位" in response.content.decode()
    assert client.get(step(document, "terms/")).headers["Location"] == step(document)


def test_terms_that_cannot_be_are_said_at_their_fields_and_kept(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    client.post(step(document), {"directive": ids(document), "body": cast.body.pk})
    response = client.post(
        step(document, "terms/"), terms_of(deliverable="plan", due_on="2020-01-01", part="boss")
    )
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["part"]
    response = client.post(
        step(document, "terms/"), terms_of(deliverable="plan", due_on="2020-01-01")
    )
    assert sorted(response.context["form"].errors) == ["due_on", "plan_due_on"]
    assert 'value="2020-01-01"' in response.content.decode()


def test_a_day_for_a_paper_that_nobody_asks_for_is_said_at_its_field(cast, sign_in, document):
    client = sign_in(cast.supervisor)
    client.post(step(document), {"directive": ids(document), "body": cast.body.pk})
    response = client.post(step(document, "terms/"), terms_of(plan_due_on="2026-12-01"))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["plan_due_on"])
    text = response.content.decode()
    assert (
        "未要求报送材料的，不填报送时限；请选择报送材料，或清空日期。" in text,
        'value="2026-12-01"' in text,
    ) == (True, True)


def test_a_pair_of_a_table_names_no_day_for_a_paper_that_nobody_asks_for(cast):
    pair = Pair(make_directive(), cast.body, Terms(plan_due_on=LATER))
    assert list(faults_of(pair, by=cast.supervisor, today=TODAY)) == ["plan_due_on"]


def test_abolished_bodies_are_refused_and_their_successors_offered(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    gone = make_body("OLD", parent=cast.centre, valid_to=date(2018, 3, 21), successor=cast.sibling)
    text = client.get(step(document)).content.decode()
    assert ("由共青团中央承接" in text, f'value="{gone.pk}"' in text) == (True, False)
    context = to_preview(client, document, [cast.body, gone])
    assert (list(context["selected"].refused), context["preview"].new_count) == ([gone], 2)
    assert client.post(step(document), {"act": "succeed"}).headers["Location"] == step(
        document, "preview/"
    )
    context = client.get(step(document, "preview/")).context
    assert (list(context["selected"].refused), list(context["selected"].bodies)) == (
        [],
        [cast.body, cast.sibling],
    )


def test_what_is_confirmed_is_what_was_previewed(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    digest = to_preview(client, document, [cast.body])["draft"].digest
    client.post(
        step(document), {"directive": ids(document), "body": [cast.body.pk, cast.sibling.pk]}
    )
    response = client.post(step(document, "confirm/"), {**key(), "digest": digest})
    assert response.status_code == 409
    assert Obligation.objects.count() == 0


def test_a_refused_confirmation_keeps_what_was_chosen(cast, sign_in, key, document, monkeypatch):
    client = sign_in(cast.supervisor)
    digest = to_preview(client, document, [cast.body])["draft"].digest

    def late(**_told):
        raise Stale("somebody was first")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("directives.obligations.views.issuing.issuing.issue", late)
        assert (
            client.post(step(document, "confirm/"), {**key(), "digest": digest}).status_code == 409
        )
    assert client.post(step(document, "confirm/"), {**key(), "digest": digest}).status_code == 302
    assert Obligation.objects.count() == 2


def test_a_confirmation_sent_twice_acts_once(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    form = {**key(), "digest": to_preview(client, document, [cast.body])["draft"].digest}
    first, second = (
        client.post(step(document, "confirm/"), form),
        client.post(step(document, "confirm/"), form),
    )
    assert first.headers["Location"] == second.headers["Location"]
    assert Obligation.objects.count() == 2


def test_terms_that_time_has_overtaken_are_refused_at_the_end(cast, sign_in, key, document):
    client = sign_in(cast.supervisor)
    to_preview(client, document, [cast.body], due_on="2099-01-01")
    session = client.session
    session[f"issue-{document.pk}"]["terms"]["due_on"] = "2020-01-01"
    session.save()
    digest = client.get(step(document, "preview/")).context["draft"].digest
    assert client.post(step(document, "confirm/"), {**key(), "digest": digest}).status_code == 422
    assert Obligation.objects.count() == 0


@pytest.mark.parametrize("name", ["", "terms/", "preview/", "confirm/"])
def test_who_may_walk_the_steps(cast, sign_in, key, document, name):
    make_obligation(document.directives.first(), cast.body)
    got = {}
    for who in ("staff", "manager", "viewer", "admin", "stranger", "outsider"):
        client = sign_in(getattr(cast, who))
        got[who] = (
            client.post(step(document, name), key())
            if name == "confirm/"
            else client.get(step(document, name))
        ).status_code
    assert got == {
        "staff": 403,
        "manager": 403,
        "viewer": 403,
        "admin": 403,
        "stranger": 404,
        "outsider": 404,
    }
    if name == "confirm/":
        assert sign_in(cast.supervisor).get(step(document, name)).url == step(document, "")


@pytest.mark.parametrize("count", [1, 5])
def test_the_steps_take_a_constant_number_of_queries(
    cast, sign_in, django_assert_num_queries, document, count
):
    for _number in range(count):
        make_body(parent=cast.centre)
    client = sign_in(cast.supervisor)
    bodies = [cast.body.pk, *(body.pk for body in cast.centre.children.all())]
    client.post(step(document), {"directive": ids(document), "body": bodies, "addressed": "on"})
    client.post(step(document, "terms/"), terms_of())
    with django_assert_num_queries(11):
        client.get(step(document))
    with django_assert_num_queries(9):
        client.get(step(document, "preview/"))
