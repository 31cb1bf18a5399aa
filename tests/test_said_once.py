"""Rules that are said in two forms, for speed or for another engine, say the same of any rows.

Each test compares the second form with the first over an office drawn at random: a tree of bodies,
people with roles, obligations with any state and days, several documents.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.sessions.backends.db import SessionStore as StoredSession
from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    Max,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate
from django.utils.translation import gettext, override

from directives import accounts, tallies
from directives.base import clocks, states
from directives.base.workdays import Workdays
from directives.core import notices, rules
from directives.core.scope import Scope
from directives.core.transitions import LIGHT_FACTS as FACTS
from directives.core.transitions import relight, tolerances
from directives.dashboard.queries import counts, sql
from directives.dashboard.queries.sql import FactRow
from directives.models import (
    ALWAYS,
    CalendarDay,
    Cycle,
    Directive,
    Document,
    Event,
    ItemState,
    Mark,
    Membership,
    Notice,
    Obligation,
    Organisation,
    OverallDay,
    OverallMark,
    ProgressReport,
    ReportEntry,
    Tally,
    TallyDay,
    User,
    documents,
    exports,
    intakes,
    jobs,
)
from directives.models.obligations import CLOCKS
from directives.models.scope import in_subtree, in_view, in_worked_for
from directives.obligations.commands import choosing
from directives.obligations.imports.obligations import ObligationChecker
from directives.record.queries.events import _may_read
from directives.reports import commands as reporting
from directives.reports.commands.handing_in import _percents
from directives.signin.sql import PERSON_COLUMNS
from directives.tables.fields import IntakeContext
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_plan,
    make_section,
    make_user,
)
from tests.sources import ROOT

OBLIGATION_STATES = [state for state, _label in states.OBLIGATION_STATES]
FILING_STATES = [state for state, _label in states.FILING_STATES]
ROLES = [role for role, _label in states.ROLES]
FIRST = date(2026, 3, 2)
SEEDS = range(2)


@dataclass(frozen=True)
class Office:
    """A random tree of bodies with people, obligations, plans and reports."""

    random: Random
    bodies: list[Organisation]
    people: list[User]
    entries: list[ReportEntry]


def day(random: Random) -> date | None:
    return random.choice([None, TODAY + timedelta(days=random.randint(-60, 60))])


def obligation(
    random: Random, directive: Directive, body: Organisation, workdays: Workdays
) -> Obligation:
    """Any state with any days, also such that the moves would not leave; not stored."""
    days = {field: day(random) for field, _stopped in CLOCKS.values()}
    fields = {
        "state": random.choice(OBLIGATION_STATES),
        "percent": random.randint(0, 100),
        "reason": "不归我们",
        "closed_on": TODAY,
    }
    fields |= {name: random.random() < 0.2 for name in ("plan_returned", "report_returned")}
    fields |= {"issued_on": FIRST, "starts_on": FIRST + timedelta(days=random.randint(0, 300))}
    row = Obligation(
        document=directive.document,
        section=directive.section,
        directive=directive,
        organisation=body,
        deliverable=random.choice(["", "plan", "measures"]),
        **days,
        **fields,
    )
    relight(row, today=TODAY, workdays=workdays)
    return row


def entry_fields(random: Random, people: list[User]) -> dict[str, Any]:
    state, someone = random.choice([*FILING_STATES, "accepted"]), random.choice(people)
    decided = (
        {"decided_at": NOW, "decided_by": someone, "reason": "请改"}
        if state in ("accepted", "returned")
        else {}
    )
    submitted = {"submitted_at": NOW, "submitted_by": someone} if state in states.HANDED_IN else {}
    percent = random.choice([None, random.randint(0, 100)])
    return {"state": state, "percent": percent, "progress": "办了", **decided, **submitted}


def report_on(random: Random, people: list[User], cycle: Cycle, rows: list[Obligation]) -> None:
    """Store a report, whatever its state.

    It has entries of any state for some of these obligations.
    """
    met = random.choice(
        [{}, {"first_submitted_at": NOW}, {"first_submitted_at": NOW, "completed_at": NOW}]
    )
    report = ProgressReport(
        organisation=rows[0].organisation, cycle=cycle, document=cycle.document, begun_at=NOW, **met
    )
    report.save()
    chosen = random.sample(rows, random.randint(1, len(rows)))
    entries = [
        ReportEntry(report=report, obligation=row, **entry_fields(random, people)) for row in chosen
    ]
    ReportEntry.objects.bulk_create(entries)
    for mark_key in (report.mark_key, *(entry.mark_key for entry in entries)):
        tallies.pending_delta().count_mark(report.organisation_id, report.document_id, mark_key)


def make_papers(
    random: Random, bodies: list[Organisation], people: list[User], *, fictional: bool
) -> None:
    """A document of which some bodies owe everything, with plans and the reports of four cycles."""
    document, workdays = make_document(fictional=fictional), CalendarDay.objects.workdays(TODAY)
    directives = [make_directive(make_section(document), items=("制度",)) for _number in range(3)]
    # Some fall due on one day, as a quarter and a half-year do.
    due = sorted(TODAY - timedelta(days=30 * random.randint(0, 3)) for _number in range(4))
    cycles = [
        make_cycle(document, number=place, opens_on=on, due_on=on)
        for place, on in enumerate(due, 1)
    ]
    for body in random.sample(bodies, 5):
        made = [obligation(random, directive, body, workdays) for directive in directives]
        rows = Obligation.objects.bulk_create(made)
        items = [
            ItemState(obligation=row, item=item)
            for row in rows
            for item in row.directive.items.all()
        ]
        ItemState.objects.bulk_create(items)
        tallies.count_new(rows)
        make_plan(body, document, state=random.choice(["draft", "submitted", "awaiting"]))
        for cycle in cycles:
            report_on(random, people, cycle, rows)


@pytest.fixture
def office(db: None, request: pytest.FixtureRequest) -> Office:
    random = Random(request.param)
    with tallies.counted():
        bodies = [make_body()]
        for _number in range(9):
            bodies.append(make_body(parent=Organisation.objects.get(pk=random.choice(bodies).pk)))
        bodies = list(Organisation.objects.order_by("pk"))
        people = [make_user(is_active=random.random() < 0.8) for _number in range(6)]
        posts = {
            (person, body, role)
            for person in people
            for body in bodies
            for role in ROLES
            if random.random() < 0.08
        }
        Membership.objects.bulk_create(
            Membership(user=user, organisation=body, role=role) for user, body, role in posts
        )
        for fictional in (False, True):
            make_papers(random, bodies, people, fictional=fictional)
    entries = list(
        ReportEntry.objects.select_related(
            "report__organisation", "report__cycle", "obligation"
        ).order_by("pk")
    )
    return Office(random, bodies, list(User.objects.order_by("pk")), entries)


every_office = pytest.mark.parametrize("office", SEEDS, indirect=True)


@every_office
def test_an_entry_is_on_the_desk_of_whoever_fills_it_in(office):
    """`reporting.sql` says it in SQL; `worked`, `owed` and `earlier_entries` in the ORM."""
    earlier = {
        report: reporting.earlier_entries(report)
        for report in ProgressReport.objects.select_related("cycle")
    }
    nothing = reporting.Earlier()
    for person in office.people:
        found = {
            entry.pk: to_save
            for entry in office.entries
            if (to_save := reporting.entry_to_save(entry.pk, by=person))
        }
        rows = ReportEntry.objects.filter(in_worked_for(person, "report__organisation")).owed()
        assert sorted(found) == list(rows.order_by("pk").values_list("pk", flat=True))
        assert all(
            rules.may(person, "draft", entry) for entry in office.entries if entry.pk in found
        )
        wanted = {
            pk: earlier[entry.report].get(entry.obligation_id, nothing).percent
            for pk, (entry, _percent) in found.items()
        }
        assert {pk: percent for pk, (_entry, percent) in found.items()} == wanted
    for report, last_by_row in earlier.items():
        percents = _percents(
            report, [entry for entry in office.entries if entry.report_id == report.pk]
        )
        owed = {entry.obligation_id for entry in office.entries if entry.report_id == report.pk}
        last = {pk: entry.percent for pk, entry in last_by_row.items() if entry.accepted}
        assert {pk: percents.get(pk) for pk in owed} == {pk: last.get(pk) for pk in owed}


@every_office
def test_a_person_is_who_the_rows_say(office):
    """`signin.sql.person` reads in one statement what the models read in four."""
    Notice.objects.bulk_create(
        Notice(
            user=office.random.choice(office.people),
            kind="accepted",
            url="/",
            at=NOW,
            read_at=office.random.choice([None, NOW]),
        )
        for _number in range(300)
    )
    for row in office.people:
        person = accounts.person(row.pk)
        assert [getattr(person, name) for name in PERSON_COLUMNS] == [
            getattr(row, name) for name in PERSON_COLUMNS
        ]
        assert (person.held_memberships, person.unread) == (row.held_memberships, row.unread)
        places = [
            [(m.role, m.organisation.path, m.user.pk) for m in user.held_memberships]
            for user in (person, row)
        ]
        assert places[0] == places[1]
        assert person.among_fiction == Document.objects.filter(fictional=True).exists()
    assert accounts.person(10**9) is None


@every_office
def test_a_session_is_loaded_as_django_loads_it(office):
    for number in range(6):
        ends = NOW + timedelta(days=office.random.randint(-300, 300), hours=number)
        store = accounts.SessionStore()
        store["n"] = number
        store.save()
        store.model.objects.filter(pk=store.session_key).update(expire_date=ends)
        ours, theirs = (
            kind(session_key=store.session_key) for kind in (accounts.SessionStore, StoredSession)
        )
        assert (ours.load(), ours.session_key) == (theirs.load(), theirs.session_key)


@every_office
def test_who_stands_above_a_body_is_told_alike_everywhere(office):
    """`rules.is_above` and `can_work` of one row, and the same of many as conditions on a query."""
    reportable = Obligation.objects.filter(state__in=states.REPORTABLE)
    document = office.entries[0].report.document
    for person in office.people:
        above = {body.pk for body in office.bodies if rules.may(person, "oversee", body)}
        assert set(choosing.candidates(person).values_list("pk", flat=True)) == above
        reporting_bodies = reporting.cycles._organisations(document, person).values_list(
            "pk", flat=True
        )
        owing = set(reportable.filter(document=document).values_list("organisation", flat=True))
        assert set(reporting_bodies) == above & owing
        rows = reporting.cycles._obligations(document, person).values_list(
            "organisation", flat=True
        )
        assert set(rows) == above & owing
        checker = ObligationChecker(IntakeContext(person, NOW, TODAY), frozenset())
        assert {body.pk for body in office.bodies if checker.may_assign_to(body.path)} == above
        works = {body.pk for body in office.bodies if rules.may(person, "work", body)}
        assert (
            set(
                Organisation.objects.filter(in_worked_for(person, "pk")).values_list(
                    "pk", flat=True
                )
            )
            == works
        )
    for body in office.bodies:
        readers = {reader.pk for reader in notices.supervisors_of(body)}
        assert readers == {
            person.pk for person in office.people if rules.may(person, "oversee", body)
        }


@every_office
def test_what_is_in_view_is_told_alike_everywhere(office):
    """`scope.in_view` is a condition on a query, `Scope` asks the paths.

    `_around` follows the parents.
    """
    for person in office.people:
        seen = set(Organisation.objects.filter(in_view(person, "")).values_list("pk", flat=True))
        assert {body.pk for body in office.bodies if Scope.of(person).sees(body)} == seen
    for body in office.bodies:
        near = {
            other.pk
            for other in office.bodies
            if other.pk in body.ancestor_ids or other.parent_id == body.pk
        }
        assert set(counts.bodies_around(body.pk)) == near


@every_office
def test_who_reads_the_words_of_an_event_is_told_alike_everywhere(office):
    """`readable_by` is a condition on a query, `_may_read` asks an event at hand."""
    for number, body in enumerate([*office.bodies, None] * 3):
        Event.objects.create(
            at=NOW,
            action="change",
            subject_type="obligation",
            subject_id=number + 1,
            organisation=body,
        )
    events = list(Event.objects.select_related("organisation"))
    for person in office.people:
        person.is_auditor, person.is_staff = (
            office.random.random() < 0.3,
            office.random.random() < 0.5,
        )
        readable = set(Event.objects.readable_by(person).values_list("pk", flat=True))
        assert {event.pk for event in events if _may_read(person, event)} == readable
        assert readable <= set(Event.objects.visible_to(person).values_list("pk", flat=True))
    assert len({person.is_auditor for person in office.people}) == 2


@every_office
def test_what_counts_is_said_alike_in_python_and_in_sql(office):
    """Everything here was counted by `delta.mark_keys_of` and by `point`.

    `drift` recounts it in SQL.
    """
    assert tallies.drift() == []


@every_office
def test_a_clock_runs_where_the_light_heeds_it(office):
    """`models.obligations.CLOCKS` names the states in which a clock stands still.

    So does `clocks`.
    """
    workdays, tolerance = CalendarDay.objects.workdays(TODAY), tolerances()
    for row in Obligation.objects.open().exclude(state=states.SUSPENDED):
        facts = clocks.Facts(**{name: getattr(row, name) for name in FACTS})
        running = {
            (clock.name, clock.on)
            for clock in clocks._running(facts, workdays, tolerance)
            if clock.on is not None  # a paper that came back without a day: no clock runs
        }
        points = {
            (word, on) for topic, word, on in tallies.delta.mark_keys_of(row) if topic == "owes"
        }
        assert running == points
        assert all(
            row.pk in Obligation.objects.with_clock_running(name, on).values_list("pk", flat=True)
            for name, on in running
        )


def test_states_and_colours_are_those_of_the_table():
    assert set(OBLIGATION_STATES) == clocks.STATES
    assert set(states.COLOURS) == set(clocks.COLOUR_NAMES)
    assert set(states.COLOURS) >= set(clocks._STOPPED_STATES.values())
    for language in ("zh-hans", "zh-hant", "en"):
        with override(language):
            labels = {colour: str(label) for colour, label in states.LIGHTS}
            assert labels == {colour: gettext(word) for colour, word in clocks.COLOUR_NAMES.items()}


def test_templates_ask_for_states_that_there_are():
    tables = (
        states.OBLIGATION_STATES,
        states.FILING_STATES,
        states.ITEM_STATES,
        states.EXTENSION_STATES,
        states.REPLY_STATES,
        states.CLOSE_OUT_STATES,
        states.LOOK_BACK_STATES,
        states.LIGHTS,
        states.PARTS,
        states.ROLES,
        intakes.INTAKE_STATES,
        intakes.VERDICTS,
        exports.EXPORT_STATES,
        documents.REPAIR_STATES,
        jobs.JOB_STATES,
        states.LOG_STATES,
    )
    # A verdict as a form sends it.
    known = {word for table in tables for word, _label in table} | {"accept", "return"}
    comparison = re.compile(
        r"\b(?:state|light|colour|part|role|verdict)(?:\.value)? (?:==|!=) [\"'](\w*)[\"']"
    )
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")]
    words = {word for page in pages for word in comparison.findall(page)}
    assert (words - known, len(words) > 10) == (set(), True)


LIGHT_AFTER, LIGHT_BEFORE = (
    Coalesce(KeyTextTransform("light", name), Value(""), output_field=TextField())
    for name in ("after", "before")
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
RECENT = TODAY - timedelta(days=7)


def facts(rows: QuerySet, topic: str, word: Any, on: Any, n: Any, p: Any = 0) -> list[FactRow]:
    """The rows of a part of the dashboard's statement, through the ORM."""
    named = {
        "f_topic": Value(topic) if topic else F("topic"),
        "f_word": word if hasattr(word, "resolve_expression") else Value(word),
        "f_on": on,
    }
    grouped = rows.order_by().annotate(**named).values("f_topic", "f_word", "f_on")
    counted = grouped.annotate(f_n=n, f_p=p if hasattr(p, "resolve_expression") else Value(p))
    cells = counted.values_list("f_topic", "f_word", "f_on", "f_n", "f_p")
    return [FactRow(topic, word, on or ALWAYS, n, int(p)) for topic, word, on, n, p in cells]


def cycle_facts(document: int) -> list[FactRow]:
    names = ("id", "due_on", "year", "period", "number")
    rows = Cycle.objects.filter(document=document, opens_on__range=(TODAY - sql.BACK, TODAY))
    cells = rows.values_list(*names, "opens_on")
    return [FactRow("cycle", " ".join(map(str, row[:-1])), row[-1], 0, 0) for row in cells]


def copy_facts(body: int, first: date, **where: int) -> list[FactRow]:
    days = TallyDay if where else OverallDay
    rows = days.objects.filter(scope=body, day__lt=TODAY, **where)
    begin = rows.filter(day__lte=first).aggregate(day=Max("day"))["day"] or first
    on_time = sum((F(colour) for colour in sorted(states.ON_TIME)), Value(0))
    total = sum((F(colour) for colour in states.COLOURS), Value(0))
    rows = rows.filter(day__gte=begin).values("day").annotate(r=Sum("red"), n=Sum(on_time))
    return [
        FactRow("day", str(row["r"]), row["day"], row["n"], row["p"])
        for row in rows.annotate(p=Sum(total)).order_by()
    ]


def mark_facts(body: int, document: int | None) -> list[FactRow]:
    if document is None:
        rows = OverallMark.objects.filter(scope=body, count__gt=0)
        return facts(rows.exclude(topic="act", day__lt=RECENT), "", F("word"), F("day"), F("count"))
    reported = Q(topic="report") & (Q(day=ALWAYS) | Q(day__gte=TODAY - sql.BACK))
    wanted = Q(topic__in=[*sql.ONCE, "owes"]) | Q(topic="act", day__gte=RECENT) | reported
    rows = Mark.objects.filter(wanted, scope=body, document=document, count__gt=0)
    return facts(rows, "", F("word"), F("day"), F("count"))


def owed_facts(body: int, document: int) -> list[FactRow]:
    owed = Tally.objects.filter(scope=body, document=document, count__gt=0)
    number = owed.aggregate(n=Count("directive", distinct=True))["n"]
    return [FactRow("directives", "", ALWAYS, number, 0)]


def event_facts(body: int, document: int | None, since: date) -> list[FactRow]:
    start = datetime.combine(since, time.min, SHANGHAI)
    which = {"document_id": document} if document else {"document_id__isnull": False}
    word = Concat(
        *("subject_type", Value(":"), "action", Value(">"), LIGHT_BEFORE, Value(">"), LIGHT_AFTER),
        output_field=TextField(),
    )
    rows = Event.objects.filter(organisation=body, at__gte=start, **which)
    return facts(rows, "event", word, TruncDate("at", tzinfo=SHANGHAI), Count("pk"))


def entry_facts(bodies: QuerySet, document: int, **narrowing: object) -> list[FactRow]:
    rows = ReportEntry.objects.filter(
        report__organisation__in=bodies, report__document=document, **narrowing
    )
    submitted = TruncDate("submitted_at", tzinfo=SHANGHAI)
    on = Case(When(state__in=states.IN, then=submitted), default=None, output_field=DateField())
    cycle = Cast("report__cycle_id", TextField())
    return facts(rows, "report", cycle, on, Count("pk"))


def make_history(office: Office, documents: list[Document]) -> None:
    """Copies of earlier days, acts and events of any day, for the first bodies."""
    random, days = office.random, [TODAY - timedelta(days=number) for number in range(20)]
    sections = {document: document.sections.first() for document in documents}
    for body in office.bodies[:4]:
        for on in random.sample(days, 6):
            lights = {colour: random.randint(0, 9) for colour in states.COLOURS}
            OverallDay.objects.create(scope=body, day=on, **lights)
            document = random.choice(documents)
            where = {"document": document, "section": sections[document]}
            TallyDay.objects.create(scope=body, day=on, **where, **lights)
            act = {"topic": "act", "word": "issued", "day": on, "count": random.randint(0, 3)}
            Mark.objects.create(scope=body, document=document, **act)
            OverallMark.objects.create(scope=body, **act)
        for _number in range(30):
            at = NOW - timedelta(hours=random.randint(0, 400))
            seen = {} if random.random() < 0.5 else {"light": random.choice(states.COLOURS)}
            Event.objects.create(
                at=at,
                action=random.choice(["issue", "relight"]),
                subject_type="obligation",
                subject_id=1,
                organisation=body,
                document_id=random.choice([None, *(document.pk for document in documents)]),
                before=seen,
                after={"light": "red", "percent": 3},
            )


@every_office
def test_the_dashboard_reads_what_the_orm_reads(office):
    """Each part of the union in `dashboard.queries.sql`."""
    documents = list(Document.objects.order_by("pk"))
    make_history(office, documents)
    first, found = TODAY - timedelta(days=10), 0
    for body in office.bodies:
        subtree = Organisation.objects.filter(in_subtree(body.path, "path"))
        pairs = [
            (sql.copies(body.pk, None, None, first, TODAY), copy_facts(body.pk, first)),
            (sql.overall_marks(body.pk, RECENT), mark_facts(body.pk, None)),
            (sql.events(body.pk, None, first), event_facts(body.pk, None, first)),
        ]
        for document in documents:
            pk, section = document.pk, document.sections.first().pk
            one = {"document": pk, "section": section}
            narrowing = {"obligation__section": section, "obligation__light": "red"}
            kind = subtree.filter(kind=body.kind)
            pairs += [
                (sql.cycles(pk, TODAY), cycle_facts(pk)),
                (
                    sql.copies(body.pk, pk, None, first, TODAY),
                    copy_facts(body.pk, first, document=pk),
                ),
                (
                    sql.copies(body.pk, pk, section, first, TODAY),
                    copy_facts(body.pk, first, **one),
                ),
                (sql.marks(body.pk, pk, RECENT, TODAY), mark_facts(body.pk, pk)),
                (sql.directives_owed(body.pk, pk), owed_facts(body.pk, pk)),
                (sql.events(body.pk, pk, first), event_facts(body.pk, pk, first)),
                (sql.entries(sql.body(body.pk), pk), entry_facts(subtree.filter(pk=body.pk), pk)),
                (
                    sql.entries(
                        sql.below(body.path, body.kind), pk, o__section_id=section, o__light="red"
                    ),
                    entry_facts(kind, pk, **narrowing),
                ),
            ]
        for part, rows in pairs:
            assert sorted(sql.read([part])) == sorted(rows)
            found += len(rows)
        together = [part for part, _rows in pairs]
        assert sorted(sql.read(together)) == sorted(row for _part, rows in pairs for row in rows)
    assert found > 500
