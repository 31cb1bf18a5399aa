"""The demo: what the commands would have left, on both engines, the same for the same seed."""

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from directives import tallies
from directives.base.states import COLOURS, OPEN, REPORTABLE
from directives.core import audit
from directives.core.relighting import tick
from directives.core.sealing import verify
from directives.core.transitions import relight
from directives.indicators.commands import Period, ReportedFigure, faults_of
from directives.indicators.commands.figures import recorded_values
from directives.indicators.queries.indicator import indicator_view
from directives.indicators.queries.statistics import Choice
from directives.made_up.demo import further_documents
from directives.made_up.demo.bodies import tree
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.draw import Draws
from directives.made_up.demo.people import accounts
from directives.made_up.demo.sink import CopySink, ManySink
from directives.made_up.demo.terms import terms_of
from directives.made_up.sample.checking import check
from directives.models import (
    Cycle,
    Directive,
    Document,
    Event,
    Figure,
    FigureTotal,
    Indicator,
    ItemState,
    LogEntry,
    Measure,
    Obligation,
    Organisation,
    OverallDay,
    Plan,
    ProgressReport,
    ReportEntry,
    Seal,
    Submission,
    TallyDay,
    Total,
    Unsealed,
    User,
    Verdict,
)
from directives.reports import commands as reporting
from directives.reports.commands import report_clocks, reviewing
from tests.factories import make_member

pytestmark = (
    pytest.mark.django_db
)  # each test in a savepoint of the one transaction that holds the demo

END = datetime(2026, 10, 13, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SEED = 7
FIELDS = (
    "organisation__code",
    "directive__code",
    "state",
    "percent",
    "light",
    "light_code",
    "light_changes_on",
    "progress",
    "version",
)
FIGURE = (
    "indicator__code",
    "organisation__code",
    "year",
    "number",
    "by__username",
    "at",
    "version",
    "value",
)
TOTAL = ("scope__code", "indicator__code", "year", "number", "count", "sum")


def load() -> None:
    call_command("demo", scale="small", seed=SEED, now=END, verbosity=0, stdout=StringIO())


def digest() -> str:
    """What the obligations, the entries and the history say, without their ids."""
    told = hashlib.sha256()
    entries = ReportEntry.objects.order_by(
        "report__cycle__due_on", "report__organisation__code", "obligation__directive__order"
    )
    for rows in (
        Obligation.objects.order_by("organisation__code", "directive__order").values_list(*FIELDS),
        entries.values_list(
            "obligation__organisation__code",
            "state",
            "percent",
            "progress",
            "submitted_at",
            "reason",
        ),
        TallyDay.objects.order_by("scope__code", "section__order", "day").values_list(
            "scope__code", "day", *COLOURS, "percent_sum"
        ),
        Event.objects.order_by("id").values_list("at", "action", "organisation__code", "reason"),
        (
            (*row[:-1], f"{row[-1]:.4f}")
            for row in Figure.objects.order_by("id").values_list(*FIGURE)
        ),
        (
            (*row[:-1], f"{row[-1]:.4f}")
            for row in FigureTotal.objects.order_by(*TOTAL[:4]).values_list(*TOTAL)
        ),
    ):
        for row in rows.iterator(chunk_size=5000) if isinstance(rows, QuerySet) else rows:
            told.update(repr(row).encode())
    return told.hexdigest()


@pytest.fixture(scope="module")
def first_told(module_transaction) -> str:
    """The digest of a demo of the same seed, which was taken back."""
    with transaction.atomic():
        load()
        found = digest()
        transaction.set_rollback(True)
    return found


@pytest.fixture(scope="module")
def demo(request, module_transaction) -> Document:
    if connection.vendor == "sqlite":  # both engines are told the same, and making it takes seconds
        request.getfixturevalue("first_told")
    load()
    return Document.objects.get()


def test_what_there_is(demo):
    assert demo.fictional and "演示" in demo.title
    assert (
        Directive.objects.count(),
        Directive.objects.filter(statement=True).count(),
        demo.sections.count(),
    ) == (100, 0, 7)
    assert (Organisation.objects.count(), Obligation.objects.count()) == (101, 10_000)
    assert Cycle.objects.count() == 2
    assert ProgressReport.objects.count() == 200
    assert (
        ItemState.objects.count() == sum(row.items.count() for row in Directive.objects.all()) * 100
    )
    assert Organisation.objects.filter(parent__code="C000").count() == 52


def test_every_state_and_colour_has_its_share(demo):
    shares = Counter(dict(Obligation.objects.order_by().values_list("light").annotate(Count("pk"))))
    assert set(shares) == set(COLOURS)
    assert 300 < shares["red"] < 1300
    # Supporting bodies, which do not report, are silent more often.
    assert 400 < shares["yellow"] < 1900
    states = Counter(dict(Obligation.objects.order_by().values_list("state").annotate(Count("pk"))))
    assert (
        min(
            states[state]
            for state in (
                "assigned",
                "acknowledged",
                "closing",
                "closed",
                "disputed",
                "suspended",
                "withdrawn",
            )
        )
        > 5
    )
    clocks = {
        code.split("_")[0]
        for code in Obligation.objects.filter(light="red").values_list("light_code", flat=True)
    }
    assert clocks == {"receipt", "plan", "report", "completion"}
    assert set(ReportEntry.objects.values_list("state", flat=True)) == {
        "draft",
        "submitted",
        "accepted",
        "returned",
    }


def test_nothing_is_left_to_do(demo):
    assert tallies.drift() == []
    assert tick(now=END, everything=True) == 0
    assert verify() == []
    assert (Unsealed.objects.count(), Seal.objects.count() > 1) == (0, True)
    connection.check_constraints()


def test_it_keeps_the_rules_of_the_product(demo):
    """Of closed work every item is settled.

    Every light, state and day is one that an office could have entered.
    """
    check(timezone.localdate(END))
    assert Obligation.objects.filter(light_code="silent").exists()


def test_no_line_is_repeated_too_often(demo):
    for model, column, share in (
        (Measure, "text", 0.06),
        (LogEntry, "text", 0.01),
        (ReportEntry, "progress", 0.005),
    ):
        lines = Counter(model.objects.values_list(column, flat=True))
        assert lines.most_common(1)[0][1] < share * lines.total(), lines.most_common(1)


def test_further_documents_stand_beside_the_large_one(demo):
    supervisor = User.objects.get(username="supervisor")
    further = [further_documents.register(number, by=supervisor, now=END) for number in (1, 2, 3)]
    models = list(Directive.objects.filter(document=demo).order_by("order"))
    made = further_documents.assign(further, models, include_leaves=True)
    tallies.rebuild()
    since = timezone.localdate(END) - timedelta(days=91)
    further_documents.copy_days(further, since)
    rows = Obligation.objects.filter(document__in=further).select_related("organisation")
    assert made == rows.count() > 300
    assert set(rows.values_list("document", flat=True)) <= {document.pk for document in further}
    before, workdays = (
        {row.pk: (row.light, row.light_code, row.light_on) for row in rows},
        Calendar(END).workdays,
    )
    for row in rows:
        relight(row, today=timezone.localdate(END), workdays=workdays)
    assert {row.pk: (row.light, row.light_code, row.light_on) for row in rows} == before
    assert tallies.drift() == []
    reported = rows.exclude(progress="").select_related("directive")
    assert {further_documents.matter_of(row.directive) in row.progress for row in reported} == {
        True
    }
    first = OverallDay.objects.filter(scope__parent=None).order_by("day").first()
    of_all = TallyDay.objects.filter(scope=first.scope, day=since).aggregate(
        **{colour: Sum(colour) for colour in COLOURS}
    )
    assert {colour: getattr(first, colour) for colour in COLOURS} == of_all


def test_every_row_passes_its_model(demo):
    for model in (
        Obligation,
        ReportEntry,
        Plan,
        Submission,
        Verdict,
        ProgressReport,
        Organisation,
        ItemState,
        Figure,
        Indicator,
    ):
        for row in model.objects.filter(
            pk__in=list(model.objects.order_by("pk").values_list("pk", flat=True))[::211]
        ):
            row.validate_constraints()
    assert (
        Obligation.objects.filter(Q(due_on__lt=timezone.localdate(END)), light="green")
        .exclude(state="closing")
        .count()
        == 0
    )


def test_report_clocks_are_what_the_entries_say(demo):
    wrong = []
    for report in ProgressReport.objects.filter(cycle=Cycle.objects.latest("due_on")):
        rows = Obligation.objects.filter(
            organisation=report.organisation_id,
            state__in=REPORTABLE,
            issued_on__lt=report.cycle.opens_on,
        )
        clocks = report_clocks(report, [row.pk for row in rows])
        wrong += [
            row.pk for row in rows if (row.report_due_on, row.report_returned) != clocks[row.pk]
        ]
    assert wrong == []


def test_supporting_bodies_report_nothing(demo):
    supporting = Obligation.objects.filter(part="supporting")
    assert supporting.filter(state__in=REPORTABLE).count() > 100
    assert set(Cycle.objects.values_list("asks_supporting", flat=True)) == {False}
    assert ReportEntry.objects.filter(obligation__in=supporting).count() == 0
    assert supporting.exclude(report_due_on=None).count() == 0
    assert supporting.filter(light_code="behind").count() == 0


def test_an_obligation_says_what_was_last_accepted(demo):
    accepted = {}
    for entry in ReportEntry.objects.filter(state="accepted").order_by("report__cycle__due_on"):
        accepted[entry.obligation_id] = entry
    said = [(row, accepted.get(row.pk)) for row in Obligation.objects.all()]
    assert [
        row.pk for row, entry in said if row.progress != (entry.progress if entry else "")
    ] == []
    assert [
        row.pk
        for row, entry in said
        if row.state not in ("closed", "withdrawn")
        and row.percent != (entry.percent if entry else 0)
    ] == []
    assert {row.percent for row, _entry in said if row.state == "closed"} == {100}


def test_plans_and_their_clocks_agree(demo):
    owed = Obligation.objects.filter(deliverable="plan", state__in=OPEN)
    running = dict(
        owed.order_by()
        .values_list("organisation")
        .annotate(n=Count("pk", filter=Q(plan_due_on__isnull=False)))
    )
    states = dict(Plan.objects.values_list("organisation", "state"))
    assert {body for body, n in running.items() if n} >= {
        body for body in running if states.get(body) in (None, "draft")
    }
    assert {states.get(body) for body, n in running.items() if n} <= {None, "draft", "returned"}
    assert Plan.objects.filter(state="accepted").count() > 80


def test_what_was_handed_in_was_kept_and_decided(demo):
    for submission in Submission.objects.exclude(report=None):
        entries = submission.content["entries"]
        assert submission.content["count"] == len(entries)
        decided = ReportEntry.objects.filter(
            pk__in=[one["entry"] for one in entries], state__in=("accepted", "returned")
        ).count()
        assert submission.verdicts.count() == decided
    handed_in = ReportEntry.objects.exclude(state="draft").count()
    assert sum(one.content["count"] for one in Submission.objects.exclude(report=None)) == handed_in


def test_indicators_are_reported_and_added_up_the_tree(demo):
    supervisor = User.objects.get(username="supervisor")
    indicators = list(Indicator.objects.order_by("order"))
    assert {one.aggregation for one in indicators} == {"sum", "mean"}
    assert {one.cadence for one in indicators} == {"quarter", "half", "year"}
    assert all(one.name_hant and one.unit and one.meaning for one in indicators)
    for one in indicators:
        view = indicator_view(supervisor, one, Choice(), today=timezone.localdate(END))
        assert 60 < view.line.reported < view.line.expected == 100, one.code
        assert view.line.total.current and view.line.total.year_before
        assert len(view.points_with_value) > 1
    assert tallies.drift() == []


def test_figures_are_such_as_the_commands_take(demo):
    """Each could have been reported as it stands, on a day after the end of its period."""
    rows = list(Figure.objects.select_related("indicator__organisation", "organisation"))
    assert (
        len(rows)
        == Figure.objects.values("indicator", "organisation", "year", "period", "number")
        .distinct()
        .count()
        > 1000
    )
    periods = {row.pk: Period(row.year, row.period, row.number) for row in rows}
    given = [
        ReportedFigure(row.indicator, row.organisation, periods[row.pk], row.value) for row in rows
    ]
    assert faults_of(given, by=None, now=END) == []
    assert [
        row
        for row in rows
        if not periods[row.pk].has_ended(timezone.localdate(row.at)) or row.at >= END
    ] == []


def test_the_record_tells_of_figures(demo):
    told = list(Event.objects.filter(action="report_figure"))
    rows = Figure.objects.select_related("indicator").in_bulk()
    assert len(told) == len(rows)
    for event in told:
        row = rows[event.subject_id]
        assert (event.organisation_id, event.document_id, event.by_id, event.at) == (
            row.organisation_id,
            demo.pk,
            row.by_id,
            row.at,
        )
        change = audit.Change(row, {}, recorded_values(row))
        assert (event.before, event.after) == (change.before, change.after)


def test_the_record_tells_every_turn_of_the_last_days(demo):
    """Yesterday's copy and what the record tells of today make today's totals."""
    yesterday = timezone.localdate(END) - timedelta(days=1)
    root = Organisation.objects.get(code="C000")
    totals = Counter()
    for section in demo.sections.all():
        copy = TallyDay.objects.filter(scope=root, section=section, day__lte=yesterday).latest(
            "day"
        )
        totals.update({colour: getattr(copy, colour) for colour in COLOURS})
    today = datetime.combine(timezone.localdate(END), datetime.min.time(), END.tzinfo)
    for event in Event.objects.filter(action="light", at__gte=today):
        totals[event.before["light"]] -= 1
        totals[event.after["light"]] += 1
    now = dict(
        Total.objects.filter(scope=root).order_by().values_list("light").annotate(Sum("count"))
    )
    assert {colour: totals[colour] for colour in now} == now


def test_the_history_of_a_body_is_that_of_those_below(demo):
    home = Organisation.objects.get(code="P330101")
    below = Organisation.objects.under(home)
    for section in demo.sections.all():
        own = TallyDay.objects.filter(scope=home, section=section).latest("day")
        assert sum(getattr(own, colour) for colour in COLOURS) > 0
        first = TallyDay.objects.filter(scope=home, section=section).earliest("day")
        rows = Obligation.objects.filter(
            organisation__in=below, section=section, issued_on__lt=first.day
        ).exclude(state="withdrawn")
        assert sum(getattr(first, colour) for colour in COLOURS) == rows.count()


@pytest.mark.once
def test_the_same_seed_tells_the_same_story(demo, first_told):
    assert digest() == first_told


def test_another_seed_tells_another(db):
    def colours(seed: int) -> list[str]:
        draws = Draws(Calendar(END), seed, [terms_of(place) for place in range(100)])
        bodies = [body for body in tree("small") if body.code in ("P11", "P33-G")]
        return [life.row["light"] for body in bodies for life in draws.draw(body).lives]

    assert colours(SEED) == colours(SEED)
    assert colours(SEED) != colours(SEED + 1)


@pytest.mark.parametrize("account", accounts(), ids=lambda account: account.username)
def test_everybody_can_look_at_it(demo, sign_in, account):
    user = User.objects.get(username=account.username)
    client = sign_in(user)
    work = [
        "/",
        "/dashboard/",
        "/obligations/",
        "/reports/",
        "/plans/",
        "/documents/",
        f"/documents/{demo.pk}/",
        "/organisations/",
    ]
    work += ["/statistics/"]
    pages = ["/admin/"] if user.is_staff else ["/events/"] if user.is_auditor else work
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_the_papers_of_a_body_open(demo, sign_in):
    client = sign_in(User.objects.get(username="supervisor"))
    handed_in = ReportEntry.objects.filter(state="submitted").values_list("report", flat=True)
    pages = [
        f"/submissions/{pk}/"
        for pk in Submission.objects.order_by("pk").values_list("pk", flat=True)[:6]
    ]
    pages += [
        f"/reports/{handed_in[0]}/",
        f"/reports/{handed_in[0]}/review/",
        f"/plans/{Plan.objects.filter(state='accepted')[0].pk}/",
    ]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_people_go_on_working_in_it(demo):
    waiting = ReportEntry.objects.filter(
        state="draft", obligation__state="underway", report__cycle=Cycle.objects.latest("due_on")
    )
    entry = (
        waiting.exclude(report__organisation__code="Q01")
        .select_related("report__organisation")
        .order_by("pk")[0]
    )
    writer, above = (
        make_member(entry.report.organisation, "staff"),
        User.objects.get(username="supervisor"),
    )
    fields = reporting.EntryFields(progress="已印发办法。", problems="无", percent=95)
    reporting.save_entry(entry=entry, fields=fields, version=entry.version, by=writer, now=END)
    reporting.hand_in(report=entry.report, entries=[entry.pk], by=writer, now=END)
    reviewing.decide(report=entry.report, decisions={entry.pk: (True, "")}, by=above, now=END)
    row = Obligation.objects.get(pk=entry.obligation_id)
    assert (row.percent, row.progress, row.report_due_on) == (95, "已印发办法。", None)
    assert tallies.drift() == []


def test_it_goes_into_an_empty_database_only(demo):
    with pytest.raises(CommandError, match="empty"):
        load()
    assert Document.objects.count() == 1


def test_production_refuses_it(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        load()


def test_a_nation_has_its_bodies():
    nation, small = tree("nation"), tree("small")
    names = {body.code: body.name for body in nation}
    assert (len(nation), len(names), len({name.hans for name in names.values()})) == (
        35_310,
        35_310,
        35_310,
    )
    assert Counter(body.level for body in nation if body.kind == "committee") == {
        "municipal": 333,
        "county": 2844,
    }
    assert len(tree("province")) == 1174
    assert all(names[body.code] == body.name for body in small)
    tops = [sum(body.parent_code == "C000" for body in bodies) for bodies in (nation, small)]
    assert tops == [52, 52]


def test_what_is_copied_is_escaped():
    assert CopySink.cells("a\tb\\c\nd", None, True, 3) == "a\\tb\\\\c\\nd\t\\N\tt\t3"
    assert ManySink.cells(END, None, True) == ("2026-10-13 01:30:00", None, True)
    assert CopySink.join(("1", "2\t3")) == "1\t2\t3"
    assert ManySink.join(((1,), (2, 3))) == (1, 2, 3)
