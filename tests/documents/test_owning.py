"""A document belongs to the body that registered it.

Who sees it, who corrects, assigns and asks, and where it goes.
"""

from datetime import date
from importlib import import_module
from itertools import count

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from directives import tallies
from directives.base.refusals import NotAllowed
from directives.base.workdays import Workdays
from directives.catalogue.kinds import KINDS
from directives.core.rules import may
from directives.documents.commands import correcting, registering, tables
from directives.documents.commands.correcting import Correction, Decision, NamedAddressee
from directives.documents.ingest.reading import read
from directives.indicators import commands as statistics
from directives.indicators.commands import IndicatorFields
from directives.models import Directive, Document, Event, Membership, Obligation, Repair, Section
from directives.models.intakes import CHANGED, NEW, WRONG
from directives.obligations.commands import issuing
from directives.obligations.commands.issuing import Terms
from directives.obligations.exports.ledger import listed
from directives.organisations import commands as organising
from directives.reports import commands as reporting
from directives.tables.lists import ListQuery
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_indicator,
    make_member,
    make_obligation,
    make_section,
    make_user,
)
from tests.intakes.bringing import bring

TEXT = "关于加强工作的意见\n\n一、健全制度\n各单位要办好第{number}件事。\n"
THIRD = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2026, 10, 15),
}
_numbers = count(1)


@pytest.fixture
def foreign(cast):
    """Whoever supervises the top of another tree."""
    return make_member(make_body("F000"), "supervisor", "foreign")


@pytest.fixture
def middle(cast):
    """Whoever supervises a body that owes something under the document.

    Not the one that registered it.
    """
    return make_member(cast.body, "supervisor", "middle")


@pytest.fixture
def paper(cast):
    """A directive of a document of the centre, owed by one body."""
    directive = make_directive(make_section(make_document(organisation=cast.centre)))
    make_obligation(directive, cast.body)
    return directive


def seen(model, *people):
    return [person.username for person in people if model.objects.visible_to(person).exists()]


# who sees it


@pytest.mark.parametrize("model", [Document, Section, Directive])
def test_a_document_is_seen_by_its_owners_those_obliged_and_those_who_oversee_them(
    cast, paper, foreign, middle, model
):
    below = make_member(cast.child, "supervisor", "beneath")
    insiders = (cast.staff, cast.manager, cast.supervisor, cast.viewer, cast.admin, middle)
    assert seen(model, *insiders, cast.outsider, cast.stranger, cast.below, foreign, below) == [
        "staff",
        "manager",
        "supervisor",
        "viewer",
        "admin",
        "middle",
    ]


def test_before_it_is_assigned_its_owners_alone_see_it(cast, foreign, middle):
    make_document(organisation=cast.body)
    above = make_member(cast.centre, "viewer", "above")
    assert seen(
        Document,
        cast.staff,
        cast.manager,
        middle,
        cast.supervisor,
        above,
        cast.below,
        cast.stranger,
        foreign,
    ) == [
        "staff",
        "manager",
        "middle",
        "supervisor",
        "above",
    ]


def test_a_subtree_that_moved_away_takes_the_sight_of_its_documents_along(cast, foreign):
    directive = make_directive(make_section(make_document(organisation=None)))
    make_obligation(directive, cast.child)
    there = make_member(cast.sibling, "supervisor", "there")
    assert (seen(Document, cast.manager, there), seen(Document, foreign)) == (["manager"], [])
    organising.move_body(cast.child, new_parent=cast.sibling, by=None, now=NOW)
    assert seen(Document, Membership.objects.get(user=cast.manager).user, there) == ["there"]


def test_many_posts_ask_with_as_many_parameters_as_one(cast, foreign):
    mine = make_directive(make_section(make_document(organisation=None)))
    for _number in range(25):
        body = make_body(parent=cast.centre)
        Membership.objects.create(user=foreign, organisation=body, role="supervisor")
    make_obligation(mine, body)
    make_document(organisation=body)
    make_document(organisation=cast.body)
    wide = type(foreign).objects.get(pk=foreign.pk)
    assert Document.objects.visible_to(wide).count() == 2
    assert len(Document.objects.visible_to(wide).query.sql_with_params()[1]) < 40
    assert Document.objects.owned_by(wide).count() == 1


# who acts on it


def correct(directive, by):
    wanted = Correction("pilot", "要", "", False, (NamedAddressee("各单位", "named"),))
    return correcting.correct_directive(
        directive=directive, correction=wanted, version=directive.version, by=by, now=NOW
    )


def decide(directive, by):
    repair = Repair.objects.create(
        document=directive.document,
        order=next(_numbers),
        kind="shifted",
        line=1,
        start=0,
        before="?",
        after="，",
        state="proposed",
    )
    said = Decision(False, "", "周启明", "核对原件")
    return correcting.decide_repair(repair=repair, decision=said, version=1, by=by, now=NOW)


def issue(directive, by):
    body = (
        make_body(parent=Membership.objects.get(user=by, role="supervisor").organisation)
        if by
        else make_body()
    )
    return issuing.issue(
        document=directive.document,
        directives=[directive],
        organisations=[body],
        terms=Terms(),
        by=by,
        now=NOW,
    )


def open_cycle(directive, by):
    return reporting.open_cycle(document=directive.document, by=by, now=NOW, **THIRD)


def define(directive, by):
    home = Membership.objects.get(user=by, role="supervisor").organisation
    fields = IndicatorFields(f"ZB-{next(_numbers)}", "人数")
    return statistics.define_indicator(
        document=directive.document, organisation=home, fields=fields, by=by, now=NOW
    )


def take_back(directive, by):
    rows = directive.obligations.filter(state="assigned").select_related("organisation")
    return issuing.take_back(list(rows), by=by, now=NOW)


def remove(directive, by):
    return tables.remove_document(directive.document, by=by, now=NOW)


@pytest.mark.parametrize("act", [correct, decide, issue, open_cycle, define, take_back, remove])
def test_only_its_owners_act_on_a_document(cast, paper, foreign, middle, act):
    make_obligation(paper, cast.child, state="assigned")
    for by in (foreign, middle):
        with pytest.raises(NotAllowed):
            act(paper, by)
    assert Event.objects.count() == 0


@pytest.mark.parametrize("act", [correct, issue, open_cycle, define])
def test_those_who_supervise_the_body_that_registered_it_or_one_above_act_on_it(cast, middle, act):
    directive = make_directive(make_section(make_document(organisation=cast.body)))
    make_obligation(directive, cast.child)
    act(directive, cast.supervisor)
    if act is not open_cycle:
        act(Directive.objects.get(pk=directive.pk), middle)
    assert Event.objects.exists()


def test_indicators_are_changed_and_ended_by_the_owners_of_the_document(cast, paper, middle):
    indicator = make_indicator(paper.document, cast.body)
    for act in (
        lambda: statistics.change_indicator(
            indicator, fields=IndicatorFields("A", "人数"), version=1, by=middle, now=NOW
        ),
        lambda: statistics.end_indicator(indicator, version=1, by=middle, now=NOW),
        lambda: statistics.resume_indicator(indicator, version=1, by=middle, now=NOW),
        lambda: statistics.shift_indicator(indicator, up=True, version=1, by=middle, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert (
        statistics.end_indicator(indicator, version=1, by=cast.supervisor, now=NOW).ended_at == NOW
    )


def test_a_body_is_assigned_work_by_those_above_it_alone(cast, middle):
    """Whoever owns the document may still not give it to a body that is not below theirs."""
    directive = make_directive(make_section(make_document(organisation=cast.body)))
    with pytest.raises(NotAllowed):
        issuing.issue(
            document=directive.document,
            directives=[directive],
            organisations=[cast.sibling],
            terms=Terms(),
            by=middle,
            now=NOW,
        )
    assert not Obligation.objects.exists()


def test_a_document_of_nobody_is_nobody_s_to_correct(cast):
    assert not may(cast.supervisor, "own", make_document(organisation=None))


@pytest.mark.parametrize(
    "name", ["document", "directive", "matrix", "document_source", "dashboard", "statistics"]
)
def test_pages_offer_only_what_the_reader_may_do(cast, paper, middle, sign_in, name):
    """Each address that a page leads to answers its reader."""
    make_cycle(paper.document)
    args = {"directive": [paper.pk], "dashboard": [], "statistics": []}.get(
        name, [paper.document_id]
    )
    answer = sign_in(middle).get(reverse(name, args=args))
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    found = [address for address in offered(paper) if f'"{address}'.encode() in body]
    assert found == []


def offered(directive):
    acts = {
        "issue_choose": directive.document_id,
        "cycle_new": directive.document_id,
        "indicators": directive.document_id,
    }
    return [reverse(name, args=[pk]) for name, pk in acts.items()] + [
        reverse("directive_correct", args=[directive.pk])
    ]


# registering


def register(by, **more):
    source = TEXT.format(number=next(_numbers)).encode()
    return registering.register_document(
        reading=read(source, name="x.txt"),
        source=source,
        source_name="x.txt",
        by=by,
        now=NOW,
        **more,
    )


def test_a_document_belongs_to_the_topmost_body_that_its_registrar_supervises(cast, middle):
    assert register(middle).organisation == cast.body
    Membership.objects.create(user=cast.supervisor, organisation=cast.child, role="supervisor")
    both = type(cast.supervisor).objects.get(pk=cast.supervisor.pk)
    assert register(both).organisation == cast.centre
    assert register(both, organisation=cast.child).organisation == cast.child
    assert register(both, organisation=cast.body).organisation == cast.body  # below the centre
    assert register(None).organisation == cast.centre
    assert Event.objects.filter(action="register", organisation=cast.body).count() == 2


def test_nobody_registers_for_a_body_that_they_do_not_supervise(cast, middle):
    for body in (cast.centre, cast.sibling):
        with pytest.raises(NotAllowed):
            register(middle, organisation=body)
    with pytest.raises(NotAllowed):
        register(cast.staff)
    assert not Document.objects.exists()


def test_without_any_body_a_document_belongs_to_none(db):
    assert register(None).organisation is None


def upload(client):
    source = TEXT.format(number=next(_numbers)).encode()
    return client.post(reverse("document_new"), {"file": SimpleUploadedFile("x.txt", source)})


def test_who_supervises_several_bodies_is_asked_which_of_them_owns_it(cast, sign_in, key):
    one = sign_in(cast.supervisor)
    assert "organisation" not in upload(one).context["form"].fields
    Membership.objects.create(user=cast.supervisor, organisation=cast.child, role="supervisor")
    shown = upload(one).context["form"]
    assert [body.pk for body in shown.fields["organisation"].queryset] == [
        cast.centre.pk,
        cast.child.pk,
    ]
    said = {
        "source": shown.initial["source"],
        "source_name": "x.txt",
        "title": "关于某项工作的意见",
    }
    silent = one.post(reverse("document_register"), said | key())
    assert (silent.status_code, list(silent.context["form"].errors)) == (422, ["organisation"])
    strange = one.post(
        reverse("document_register"), said | key() | {"organisation": cast.sibling.pk}
    )
    assert (strange.status_code, Document.objects.count()) == (422, 0)
    told = one.post(
        reverse("document_register"), said | key() | {"organisation": cast.child.pk}, follow=True
    )
    assert Document.objects.get().organisation == cast.child
    assert cast.child.name_hans in told.content.decode()


def test_a_task_table_asks_for_its_owner_too(cast, sign_in):
    one = sign_in(cast.supervisor)
    assert "owner" not in one.get(reverse("intake_new", args=["tasks"])).context["form"].fields
    Membership.objects.create(user=cast.supervisor, organisation=cast.child, role="supervisor")
    assert "owner" in one.get(reverse("intake_new", args=["tasks"])).context["form"].fields
    brought = bring(
        KINDS["tasks"], cast.supervisor, [{"text": "办好一件事。"}], owner=cast.child.pk
    )
    brought.apply()
    assert (brought.verdicts, Document.objects.get().organisation) == ([NEW], cast.child)


# tables


def test_a_table_of_readings_is_of_own_documents(cast, paper, middle, sign_in):
    table = [{"code": paper.code, "kind": "pilot"}]
    place = {"document": paper.document_id}
    assert bring(KINDS["directives"], cast.supervisor, table, **place).verdicts == [CHANGED]
    assert bring(KINDS["directives"], middle, table, **place).verdicts == [WRONG]
    listed_there = {
        name: [
            row.pk
            for row in sign_in(by)
            .get(reverse("intake_new", args=["directives"]))
            .context["form"]
            .fields["document"]
            .queryset
        ]
        for name, by in (("middle", middle), ("supervisor", cast.supervisor))
    }
    assert listed_there == {"middle": [], "supervisor": [paper.document_id]}


def test_a_ledger_assigns_only_under_own_documents(cast, paper, middle):
    table = [{"clause": paper.code, "body": cast.child.code}]
    place = {"document": paper.document_id}
    assert bring(KINDS["obligations"], cast.supervisor, table, **place).verdicts == [NEW]
    assert bring(KINDS["obligations"], middle, table, **place).faults[0][:2] == (1, "clause")


def test_the_cover_of_a_ledger_names_nothing_out_of_sight(cast, paper, foreign):
    section = paper.section
    for query in (
        {"document": str(paper.document_id)},
        {"directive": str(paper.pk)},
        {"section": str(section.pk)},
    ):
        told = " ".join(str(value) for _label, value in listed(of(foreign, query), {}).filter_notes)
        assert (
            paper.document.title_hans not in told
            and paper.code not in told
            and section.title_hans not in told
        )


def of(user, query):
    return ListQuery(user=user, GET=query, now=NOW, today=TODAY, workdays=Workdays())


# where it goes


def test_a_merger_takes_what_the_body_registered_along(cast):
    document = make_document(organisation=cast.child)
    organising.merge_bodies(cast.child, successor=cast.sibling, by=None, now=NOW)
    document.refresh_from_db()
    assert (document.organisation, document.version) == (cast.sibling, 2)
    told = Event.objects.get(action="own", subject_type="document")
    assert (told.subject_id, told.before, told.after) == (
        document.pk,
        {"organisation": cast.child.name_hans},
        {"organisation": cast.sibling.name_hans},
    )
    assert tallies.drift() == []


def test_a_document_of_nobody_is_given_to_a_body_on_the_machine(cast, capsys):
    document = make_document(organisation=None)
    for wrong in ((document.pk + 1, "Q01"), (document.pk, "Q99")):
        with pytest.raises(CommandError, match="There is no"):
            call_command("document_owner", *map(str, wrong))
    call_command("document_owner", str(document.pk), "Q01")
    document.refresh_from_db()
    told = Event.objects.get(action="own")
    assert (document.organisation, told.before, told.after) == (
        cast.body,
        {"organisation": ""},
        {"organisation": cast.body.name_hans},
    )
    assert may(cast.supervisor, "own", document)


def test_whoever_hands_a_document_over_supervises_both_bodies(cast, middle):
    document = make_document(organisation=cast.body)
    for by, to in ((middle, cast.sibling), (cast.staff, cast.child)):
        with pytest.raises(NotAllowed):
            registering.hand_over(document=document, to=to, by=by, now=NOW)
    registering.hand_over(document=document, to=cast.child, by=middle, now=NOW)
    assert Document.objects.get().organisation == cast.child


def test_reading_a_document_in_names_its_owner(cast, tmp_path, capsys):
    file = tmp_path / "x.txt"
    file.write_text(TEXT.format(number=next(_numbers)), encoding="utf-8")
    with pytest.raises(CommandError, match="Q99"):
        call_command("ingest", str(file), owner="Q99")
    call_command("ingest", str(file), owner="Q01")
    assert Document.objects.get().organisation == cast.body


def test_a_body_that_has_ended_keeps_what_it_registered(cast):
    document = make_document(organisation=cast.body)
    type(cast.body).objects.filter(pk=cast.body.pk).update(valid_to=TODAY)
    assert [
        may(cast.supervisor, "own", document),
        document in Document.objects.visible_to(cast.supervisor),
    ] == [True, True]


def test_the_page_of_a_document_says_whose_it_is(cast, paper, sign_in):
    page = sign_in(cast.staff).get(reverse("document", args=[paper.document_id]))
    assert f"登记单位：{cast.centre.name_hans}" in page.content.decode()


# how it came about


def migrated(function):
    module = import_module("directives.migrations.0023_document_owner")
    getattr(module, function)(apps, connection.schema_editor())


def test_the_migration_finds_whose_each_document_is(cast, middle):
    far = make_body("F000")
    alone = make_body("A000", parent=far)
    documents = [
        make_document(organisation=None, registered_by=by)
        for by in (middle, make_user(), None, None, None, None)
    ]
    of_middle, of_nobody, of_two, of_one, of_top, of_both = documents
    Membership.objects.create(user=middle, organisation=cast.child, role="supervisor")
    owing = {
        of_two: (cast.body, cast.sibling),
        of_one: (cast.child,),
        of_top: (cast.body, cast.child),
        of_both: (cast.child, alone),
    }
    for document, bodies in owing.items():
        directive = make_directive(make_section(document))
        for body in bodies:
            make_obligation(directive, body)
    kept = make_document(organisation=alone)
    migrated("own")
    found = [
        Document.objects.get(pk=document.pk).organisation.code for document in (*documents, kept)
    ]
    assert found == ["Q01", "C000", "C000", "Q01", "C000", "C000", "A000"]


def test_without_a_body_the_migration_leaves_documents_to_nobody(db):
    document = make_document()
    migrated("own")
    document.refresh_from_db()
    assert document.organisation is None
