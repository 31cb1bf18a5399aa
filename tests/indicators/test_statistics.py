"""Figures: what may be reported, corrected, taken back.

Every total up the tree is what a recount would give.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.indicators import commands as statistics
from directives.indicators.commands import (
    FigureFaults,
    IndicatorFields,
    Period,
    ReportedFigure,
    number_of,
)
from directives.models import Event, Figure, FigureTotal, Indicator, Organisation
from directives.organisations import commands as organising
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_indicator,
    make_obligation,
    make_section,
)

LAST = Period(2025, "year")


def given(indicator, body, value, period=LAST, **more):
    return ReportedFigure(
        indicator, body, period, None if value is None else Decimal(value), **more
    )


def totals(indicator, period=LAST):
    """Scope code → how many reported, and their sum."""
    rows = FigureTotal.objects.filter(
        indicator=indicator, year=period.year, period=period.cadence, number=period.number
    )
    return {row.scope.code: (row.count, row.sum) for row in rows.select_related("scope")}


@pytest.fixture
def indicator(cast):
    """An indicator that the centre asks of everybody who owes something under the document.

    All but the sibling's nobody.
    """
    document = make_document()
    directive = make_directive(make_section(document))
    for body in (cast.centre, cast.body, cast.child, cast.sibling):
        make_obligation(directive, body)
    return make_indicator(document, cast.centre)


# periods


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026q3", Period(2026, "quarter", 3)),
        ("2026h2", Period(2026, "half", 2)),
        ("2025y", Period(2025, "year", 1)),
        ("2026q5", None),
        ("2026h3", None),
        ("1900y", None),
        ("２０２５y", None),
        ("", None),
        ("2026", None),
    ],
)
def test_how_addresses_spell_a_period(text, wanted):
    found = Period.of(text)
    assert found == wanted
    assert found is None or found.key == text


def test_periods_follow_one_another():
    quarter = Period(2026, "quarter", 1)
    assert (quarter.before(), quarter.year_before(), quarter.shifted(-5)) == (
        Period(2025, "quarter", 4),
        Period(2025, "quarter", 1),
        Period(2024, "quarter", 4),
    )
    assert (quarter.first_day, quarter.last_day) == (date(2026, 1, 1), date(2026, 3, 31))
    assert Period.last_ended(TODAY, "quarter") == Period(2026, "quarter", 3)
    assert Period.last_ended(TODAY, "half") == Period(2026, "half", 1)
    assert Period.last_ended(date(2026, 1, 1), "year") == Period(2025, "year")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1234", "1234"),
        ("１２３４", "1234"),
        ("1,234.50", "1234.50"),
        ("1，234", "1234"),
        (" 12 ", "12"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("", None),
        ("十二", None),
        ("12人", None),
        ("1E+15", None),
        ("NaN", None),
        ("1.2.3", None),
        ("12万", None),
    ],
)
def test_what_a_number_is(text, wanted):
    assert number_of(text) == (None if wanted is None else Decimal(wanted))


# figures


def test_a_figure_counts_for_its_body_and_everybody_above(cast, indicator):
    filed = statistics.file_figures(
        [given(indicator, cast.child, "12"), given(indicator, cast.sibling, "30")],
        by=cast.supervisor,
        now=NOW,
    )
    assert (filed.new, filed.changed, filed.unchanged) == (2, 0, 0)
    assert [row.organisation for row in filed.figures] == [cast.child, cast.sibling]
    assert totals(indicator) == {"Q01A": (1, 12), "Q01": (1, 12), "C000": (2, 42), "Q02": (1, 30)}
    assert tallies.drift() == []


def test_a_correction_moves_the_totals_and_stays_in_the_record(cast, indicator):
    (first,) = statistics.file_figures(
        [given(indicator, cast.body, "12")], by=cast.staff, now=NOW
    ).figures
    filed = statistics.file_figures(
        [given(indicator, cast.body, "15", note="补报", version=1)], by=cast.manager, now=NOW
    )
    assert (filed.new, filed.changed, filed.figures[0].pk) == (0, 1, first.pk)
    row = Figure.objects.get()
    assert (row.value, row.note, row.version, row.by) == (15, "补报", 2, cast.manager)
    assert totals(indicator) == {"Q01": (1, 15), "C000": (1, 15)}
    told = Event.objects.filter(subject_type="figure").order_by("pk")
    assert [(event.action, event.before.get("value"), event.after["value"]) for event in told] == [
        ("report_figure", None, "12"),
        ("correct_figure", "12", "15"),
    ]
    assert {event.document_id for event in told} == {indicator.document_id}
    assert (
        statistics.file_figures(
            [given(indicator, cast.body, "15", note="补报")], by=cast.staff, now=NOW
        ).unchanged
        == 1
    )
    assert Event.objects.filter(subject_type="figure").count() == 2
    assert tallies.drift() == []


def test_somebody_was_first(cast, indicator):
    statistics.file_figures([given(indicator, cast.body, "12", version=0)], by=cast.staff, now=NOW)
    with pytest.raises(Stale) as stale:
        statistics.file_figures(
            [given(indicator, cast.body, "13", version=0)], by=cast.manager, now=NOW
        )
    assert [row.value for row in stale.value.theirs] == [12]
    assert Figure.objects.get().value == 12


def test_figures_are_taken_back(cast, indicator):
    filed = statistics.file_figures(
        [given(indicator, cast.body, "12"), given(indicator, cast.child, "3")],
        by=cast.supervisor,
        now=NOW,
    )
    with pytest.raises(NotAllowed):
        statistics.take_back_figures(filed.figures, by=cast.staff, now=NOW)
    assert statistics.take_back_figures(filed.figures[:1], by=cast.supervisor, now=NOW) == 1
    assert totals(indicator) == {"Q01": (1, 3), "Q01A": (1, 3), "C000": (1, 3)}
    assert Event.objects.get(action="take_back_figure").before["value"] == "12"
    with pytest.raises(Stale):
        statistics.take_back_figures(filed.figures[:1], by=cast.supervisor, now=NOW)
    assert tallies.drift() == []


def faulty(cast, indicator):
    half = make_indicator(indicator.document, cast.centre, cadence="half", places=1)
    ended = make_indicator(indicator.document, cast.centre, ended_at=NOW)
    other = make_indicator(indicator.document, cast.sibling)
    idle, gone = make_body(parent=cast.centre), make_body(parent=cast.centre, valid_to=TODAY)
    make_obligation(make_directive(make_section(indicator.document)), gone)
    return {
        "unknown": (given(None, cast.body, "1"), "indicator"),
        "ended indicator": (given(ended, cast.body, "1"), "indicator"),
        "not a number": (given(indicator, cast.body, None, text="十二"), "value"),
        "NaN": (given(indicator, cast.body, "NaN"), "value"),
        "negative": (given(indicator, cast.body, "-1"), "value"),
        "too large": (given(indicator, cast.body, "1e11"), "value"),
        "a decimal too many": (given(indicator, cast.body, "1.5"), "value"),
        "two decimals": (given(half, cast.body, "1.55", Period(2026, "half", 1)), "value"),
        "another cadence": (given(indicator, cast.body, "1", Period(2026, "half", 1)), "period"),
        "no such period": (given(half, cast.body, "1", Period(2026, "half", 3)), "period"),
        "still to come": (given(indicator, cast.body, "1", Period(2027, "year")), "period"),
        "another's body": (given(indicator, cast.sibling, "1"), "organisation"),
        "not below": (given(other, cast.body, "1"), "organisation"),
        "owes nothing": (given(indicator, idle, "1"), "organisation"),
        "has ended": (given(indicator, gone, "1"), "organisation"),
        "a long note": (given(indicator, cast.body, "1", note="注" * 201), "note"),
    }


def test_every_fault_by_itself(cast, indicator):
    found = {}
    table = faulty(cast, indicator)
    for name, (figure, _field) in table.items():
        by = cast.staff if name == "another's body" else None
        with pytest.raises(FigureFaults) as faults:
            statistics.file_figures([figure], by=by, now=NOW)
        found[name] = [fault.field for fault in faults.value.faults]
    assert found == {name: [field] for name, (_figure, field) in table.items()}
    assert (Figure.objects.count(), FigureTotal.objects.count()) == (0, 0)


def test_all_faults_of_all_figures_at_once_and_nothing_is_written(cast, indicator):
    wrong = given(indicator, cast.sibling, "-1.5", Period(2026, "half", 1))
    good = given(indicator, cast.body, "7")
    with pytest.raises(FigureFaults) as faults:
        statistics.file_figures([good, wrong, good], by=cast.staff, now=NOW)
    assert [(fault.place, fault.field) for fault in faults.value.faults] == [
        (1, "period"),
        (1, "value"),
        (1, "value"),
        (1, "organisation"),
        (2, "indicator"),
    ]
    assert all(fault.expected for fault in faults.value.faults)
    assert Figure.objects.count() == 0


def test_a_period_that_runs_may_be_reported_early(cast, indicator):
    assert (
        statistics.file_figures(
            [given(indicator, cast.body, "7", Period(2026, "year"))], by=cast.staff, now=NOW
        ).new
        == 1
    )


@pytest.mark.parametrize("who", ["viewer", "stranger", "below", "outsider"])
def test_whoever_is_not_of_the_body_nor_supervises_it_reports_nothing(cast, indicator, who):
    with pytest.raises(FigureFaults):
        statistics.file_figures([given(indicator, cast.body, "7")], by=getattr(cast, who), now=NOW)
    assert Figure.objects.count() == 0


def test_many_figures_cost_few_queries(cast, indicator):
    directive = make_directive(make_section(indicator.document))
    bodies = [make_body(parent=cast.body) for _number in range(30)]
    for body in bodies:
        make_obligation(directive, body)
    counts = []
    for size in (3, 30):
        with CaptureQueriesContext(connection) as queries:
            statistics.file_figures(
                [
                    given(indicator, body, "1", Period(1990 + size, "year"))
                    for body in bodies[:size]
                ],
                by=None,
                now=NOW,
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert tallies.drift() == []


# totals


def test_decimals_add_up_exactly(cast, indicator):
    indicator.places = 2
    for number, value in enumerate(("0.1", "0.2", "0.3", "1234567.89")):
        statistics.file_figures(
            [given(indicator, cast.child, value, Period(2020 + number, "year"))], by=None, now=NOW
        )
        for step in ("0.7", "0.07", value):
            statistics.file_figures(
                [given(indicator, cast.child, step, Period(2020 + number, "year"))],
                by=None,
                now=NOW,
            )
        assert totals(indicator, Period(2020 + number, "year"))["C000"] == (1, Decimal(value))
    assert tallies.drift() == []


def test_the_check_tells_of_figures_and_a_rebuild_mends_them(cast, indicator):
    statistics.file_figures(
        [given(indicator, cast.body, "12"), given(indicator, cast.child, "3")], by=None, now=NOW
    )
    before = totals(indicator)
    FigureTotal.objects.filter(scope=cast.centre).update(sum=Decimal("15.5"), count=3)
    FigureTotal.objects.filter(scope=cast.child).delete()
    assert [line.split()[0] for line in tallies.drift()] == ["FigureTotal", "FigureTotal"]
    assert tallies.rebuild() == 2
    assert (totals(indicator), tallies.drift()) == (before, [])
    FigureTotal.objects.all().delete()
    tallies.rebuild()
    assert (totals(indicator), tallies.drift()) == (before, [])


def test_a_body_that_moves_takes_its_figures_along(cast, indicator):
    statistics.file_figures(
        [given(indicator, cast.body, "12"), given(indicator, cast.child, "3")], by=None, now=NOW
    )
    organising.move_body(cast.child, new_parent=cast.sibling, by=None, now=NOW)
    assert {code: row for code, row in totals(indicator).items() if row[0]} == {
        "C000": (2, 15),
        "Q01": (1, 12),
        "Q01A": (1, 3),
        "Q02": (1, 3),
    }
    assert tallies.drift() == []


def test_a_register_loaded_anew_takes_figures_along(cast, indicator):
    statistics.file_figures([given(indicator, cast.child, "3")], by=None, now=NOW)
    Organisation.objects.filter(pk=cast.child.pk).update(parent=cast.sibling)
    organising.refresh_paths()
    assert {code: row for code, row in totals(indicator).items() if row[0]} == {
        "C000": (1, 3),
        "Q01A": (1, 3),
        "Q02": (1, 3),
    }
    assert tallies.drift() == []


def test_a_body_that_is_merged_leaves_its_figures_where_they_were_reported(cast, indicator):
    statistics.file_figures([given(indicator, cast.child, "3")], by=None, now=NOW)
    before = totals(indicator)
    organising.merge_bodies(cast.child, successor=cast.sibling, by=None, now=NOW)
    assert (totals(indicator), tallies.drift()) == (before, [])


def test_whatever_is_reported_and_moved_the_totals_are_a_recount(cast, indicator):
    rng = Random(7)
    directive = make_directive(make_section(indicator.document))
    indicator.places = 4
    bodies = [cast.body, cast.child, cast.sibling]
    for _number in range(40):
        if rng.random() < 0.3:
            bodies.append(make_body(parent=rng.choice(bodies)))
            make_obligation(directive, bodies[-1])
        elif rng.random() < 0.3:
            body, to = (Organisation.objects.get(pk=rng.choice(bodies).pk) for _side in range(2))
            if not to.path.startswith(body.path):
                organising.move_body(body, new_parent=to, by=None, now=NOW)
        else:
            chosen = Organisation.objects.filter(
                pk__in={rng.choice(bodies).pk for _figure in range(4)}
            )
            period = Period(rng.randint(2020, 2025), "year")
            values = [
                given(indicator, body, f"{rng.random() * 10 ** rng.randint(0, 6):.4f}", period)
                for body in chosen
            ]
            statistics.file_figures(values, by=None, now=NOW)
    assert FigureTotal.objects.count() > 20
    assert tallies.drift() == []
    assert tallies.rebuild() == 0


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_totals_do_not_wait_for_each_other_for_ever(cast, indicator):
    """Each in an order of its own, in several steps of one transaction.

    A table that is brought in does so.
    """
    directive = make_directive(make_section(indicator.document))
    bodies = [make_body(parent=cast.body) for _number in range(12)]
    for body in bodies:
        make_obligation(directive, body)

    def report(turn):
        try:
            with tallies.counted():
                for year in (2010, 2011) if turn % 2 else (2011, 2010):
                    values = [
                        given(indicator, body, "1", Period(year, "year"))
                        for body in reversed(bodies[turn::6])
                    ]
                    statistics.file_figures(values, by=None, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(report, range(6)))
    assert (
        totals(indicator, Period(2010, "year"))["C000"]
        == totals(indicator, Period(2011, "year"))["C000"]
        == (12, 12)
    )
    assert tallies.drift() == []


# indicators

FIELDS = IndicatorFields(
    "RS-01", "專職工作人員數", "人", "年末在編在崗的專職人員", "sum", "year", 0
)


def test_a_supervisor_defines_changes_orders_and_ends(cast, indicator):
    one = statistics.define_indicator(
        document=indicator.document,
        organisation=cast.centre,
        fields=FIELDS,
        by=cast.supervisor,
        now=NOW,
    )
    assert (one.name_hans, one.name_hant, one.order) == (
        "专职工作人员数",
        "專職工作人員數",
        indicator.order + 1,
    )
    fields = IndicatorFields("RS-01", "专职人员数", "人", "", "mean", "half", 1)
    one = statistics.change_indicator(one, fields=fields, version=1, by=cast.supervisor, now=NOW)
    assert (one.name_hans, one.aggregation, one.cadence, one.places, one.version) == (
        "专职人员数",
        "mean",
        "half",
        1,
        2,
    )
    statistics.shift_indicator(one, up=True, version=2, by=cast.supervisor, now=NOW)
    assert list(Indicator.objects.order_by("order").values_list("pk", flat=True)) == [
        one.pk,
        indicator.pk,
    ]
    statistics.end_indicator(one, version=3, by=cast.supervisor, now=NOW)
    with pytest.raises(IllegalMove):
        statistics.end_indicator(one, version=4, by=cast.supervisor, now=NOW)
    statistics.resume_indicator(one, version=4, by=cast.supervisor, now=NOW)
    one.refresh_from_db()
    assert (one.ended_at, one.version) == (None, 5)
    told = (
        Event.objects.filter(subject_type="indicator", subject_id=one.pk)
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(told) == ["define", "change", "change", "end", "resume"]


def test_every_fault_of_an_indicator_at_once(cast, indicator):
    with pytest.raises(Invalid) as refused:
        fields = IndicatorFields("第一", " ", aggregation="max", cadence="week", places=5)
        statistics.define_indicator(
            document=indicator.document,
            organisation=cast.centre,
            fields=fields,
            by=cast.supervisor,
            now=NOW,
        )
    assert sorted(refused.value.errors) == ["aggregation", "cadence", "code", "name", "places"]
    with pytest.raises(Invalid) as taken:
        again = IndicatorFields(indicator.code, "又一个")
        statistics.define_indicator(
            document=indicator.document,
            organisation=cast.centre,
            fields=again,
            by=cast.supervisor,
            now=NOW,
        )
    assert list(taken.value.errors) == ["code"]
    assert Indicator.objects.count() == 1


def test_what_was_reported_by_the_year_stays_by_the_year(cast, indicator):
    statistics.file_figures([given(indicator, cast.body, "12")], by=cast.staff, now=NOW)
    with pytest.raises(Invalid) as refused:
        fields = IndicatorFields(indicator.code, "人数", cadence="quarter")
        statistics.change_indicator(
            indicator, fields=fields, version=indicator.version, by=cast.supervisor, now=NOW
        )
    assert list(refused.value.errors) == ["cadence"]


def test_an_indicator_that_somebody_changed_first(cast, indicator):
    with pytest.raises(Stale):
        statistics.end_indicator(indicator, version=7, by=cast.supervisor, now=NOW)
    indicator.refresh_from_db()
    assert indicator.ended_at is None


@pytest.mark.parametrize("who", ["staff", "manager", "viewer", "admin", "outsider"])
def test_nobody_else_defines(cast, indicator, who):
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        statistics.define_indicator(
            document=indicator.document, organisation=cast.body, fields=FIELDS, by=by, now=NOW
        )
    with pytest.raises(NotAllowed):
        statistics.end_indicator(indicator, version=1, by=by, now=NOW)
    assert Indicator.objects.get() == indicator


def test_who_sees_an_indicator(cast, indicator):
    own = make_indicator(indicator.document, cast.body)
    names = ("staff", "below", "stranger", "supervisor", "outsider")
    seen = {name: set(Indicator.objects.visible_to(getattr(cast, name))) for name in names}
    assert seen == {
        "staff": {indicator, own},
        "below": {indicator, own},
        "stranger": {indicator},
        "supervisor": {indicator, own},
        "outsider": set(),
    }
