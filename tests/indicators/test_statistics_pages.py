"""Pages of statistics: what is shown to whom, in how many queries.

Figures reported on a form; indicators defined on another.
"""

import csv
import io
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from directives import tallies
from directives.core import transitions
from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.indicators.queries.figures_due import figures_due
from directives.indicators.queries.indicator import indicator_view, missing
from directives.indicators.queries.statistics import Choice, Compared, IndicatorLine, Measured
from directives.indicators.queries.statistics import statistics as figures_of
from directives.models import Event, Figure, Indicator, Obligation, Owing
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_indicator,
    make_member,
    make_obligation,
    make_section,
)

LAST = Period(2025, "year")


@pytest.fixture(autouse=True)
def on_that_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def indicator(cast):
    """The centre asks everybody for the number of people, once a year."""
    directive = make_directive(make_section(make_document()))
    for body in (cast.body, cast.child, cast.sibling):
        make_obligation(directive, body)
    return make_indicator(
        directive.document, cast.centre, name_hans="专职人员数", name_hant="專職人員數"
    )


def report(indicator, body, value, period=LAST):
    statistics.file_figures(
        [ReportedFigure(indicator, body, period, Decimal(value))], by=None, now=NOW
    )


def read(client, address, **query):
    return client.get(address, query).content.decode()


# what figures come to


def test_a_sum_a_mean_and_what_is_not_added_up():
    some = Measured(4, Decimal(10))
    assert [some.value(how) for how in ("sum", "mean", "each")] == [10, Decimal("2.5"), None]
    assert [Measured().value(how) for how in ("sum", "mean", "each")] == [None, None, None]


def test_a_change_has_its_denominator():
    grown = Compared(Decimal(110), Decimal(100))
    assert (grown.change, grown.share) == (10, 10)
    assert (Compared(Decimal(3), Decimal(0)).change, Compared(Decimal(3), Decimal(0)).share) == (
        3,
        None,
    )
    assert (Compared(None, Decimal(1)).change, Compared(Decimal(1), None).share) == (None, None)


def test_a_percentage_changes_by_points(cast, indicator, sign_in):
    rate = make_indicator(indicator.document, cast.centre, unit="%", aggregation="mean", places=1)
    for one, now, then in ((rate, "92.5", "90"), (indicator, 110, 100)):
        report(one, cast.body, now)
        report(one, cast.body, then, Period(2024, "year"))
    client = sign_in(cast.supervisor)
    for page in (read(client, "/statistics/"), read(client, reverse("indicator", args=[rate.pk]))):
        assert '+2.50 <small class="nb">个百分点（上年 90.00%）</small>' in page
    assert '+10 <small class="nb">（+10.0%，上年 100）</small>' in read(client, "/statistics/")
    told = {row[0]: row[7:9] for row in table_of(client.get("/statistics/?export=csv"))[1:]}
    assert told == {rate.code: ["2.5", ""], indicator.code: ["10", "10%"]}
    heads = {
        one: table_of(client.get(f"/statistics/{one.pk}/?export=csv"))[0]
        for one in (rate, indicator)
    }
    assert {one.code: "同比增减（占上年同期的 %）" in head for one, head in heads.items()} == {
        rate.code: False,
        indicator.code: True,
    }


def test_sums_of_unlike_many_bodies_are_marked(cast, indicator):
    values = Compared(Decimal(1), Decimal(2))
    uneven = {
        (n, then): IndicatorLine(indicator, values, values, n, then).uneven
        for n in (0, 2, 3)
        for then in (0, 2)
    }
    assert uneven == {
        (0, 0): False,
        (0, 2): False,
        (2, 0): False,
        (2, 2): False,
        (3, 0): False,
        (3, 2): True,
    }
    mean = make_indicator(indicator.document, cast.centre, aggregation="mean")
    assert IndicatorLine(mean, values, values, 3, 2).uneven is False


# the table


def test_the_table_of_a_subtree(cast, indicator):
    for body, value, year in ((cast.body, 12, 2025), (cast.child, 3, 2025), (cast.body, 10, 2024)):
        report(indicator, body, value, Period(year, "year"))
    it = figures_of(cast.supervisor, Choice(), today=TODAY)
    (line,) = it.lines
    assert (it.vantage.body.pk, it.document, it.period) == (
        cast.centre.pk,
        indicator.document,
        LAST,
    )
    assert (
        line.own_values.current,
        line.total.current,
        line.total.year_before,
        line.total.change,
        line.total.share,
    ) == (
        None,
        15,
        10,
        5,
        50,
    )
    assert (line.reported, line.reported_then, line.expected, line.missing, line.uneven) == (
        2,
        1,
        3,
        1,
        True,
    )
    below = figures_of(cast.supervisor, Choice(scope=cast.body.pk), today=TODAY).lines[0]
    assert (below.own_values.current, below.total.current, below.reported, below.expected) == (
        12,
        15,
        2,
        2,
    )


def test_who_reported_is_always_among_who_is_asked(cast, indicator, sign_in):
    """A body that reported and owes nothing any more counts on both sides.

    Who is missing is who the list names.
    """
    report(indicator, cast.body, 12)
    report(indicator, cast.child, 3)
    left = Obligation.objects.filter(organisation__in=[cast.body, cast.child])
    left.update(state="disputed", reason="重复交办")
    tallies.rebuild()
    for row in left:
        transitions.move(row, "withdraw", by=cast.supervisor, now=NOW, reason="重复交办")
    it = figures_of(cast.supervisor, Choice(), today=TODAY)
    (line,) = it.lines
    assert (line.total.current, line.reported, line.expected, line.missing) == (15, 2, 3, 1)
    assert (it.reported, it.expected, it.complete) == (2, 3, 0)
    view = indicator_view(cast.supervisor, indicator, Choice(), today=TODAY)
    told = {row.body.pk: (row.reported, row.expected) for row in view.rows}
    assert told == {cast.body.pk: (2, 2), cast.sibling.pk: (0, 1)}
    assert list(missing(indicator, cast.centre, LAST)) == [cast.sibling]
    below = indicator_view(cast.supervisor, indicator, Choice(scope=cast.body.pk), today=TODAY)
    assert (below.line.reported, below.line.expected) == (2, 2)
    assert {row.body.pk: (row.reported, row.expected) for row in below.rows} == {
        cast.child.pk: (1, 1)
    }
    client = sign_in(cast.supervisor)
    assert "66.7%（2/3）" in read(client, reverse("statistics"))
    assert "虽不再承担但已填报的单位" in read(client, reverse("statistics"))


def test_counts_that_were_made_anew_never_say_more_than_all(cast, indicator):
    report(indicator, cast.body, 12)
    Obligation.objects.all().delete()
    Owing.objects.all().delete()
    tallies.rebuild()
    (line,) = figures_of(cast.supervisor, Choice(), today=TODAY).lines
    assert (line.reported, line.expected, line.missing) == (1, 1, 0)


def test_staff_see_their_own_body_alone(cast, indicator):
    report(indicator, cast.body, 12)
    report(indicator, cast.child, 3)
    it = figures_of(cast.staff, Choice(), today=TODAY)
    assert (it.vantage.whole, it.lines[0].total.current) == (False, 12)
    assert figures_of(cast.staff, Choice(scope=cast.child.pk), today=TODAY) is None
    assert figures_of(cast.stranger, Choice(scope=cast.body.pk), today=TODAY) is None
    assert figures_of(cast.outsider, Choice(), today=TODAY) is None
    assert figures_of(cast.manager, Choice(), today=TODAY).lines[0].total.current == 15


def test_an_indicator_of_a_province_is_asked_of_the_province(cast, indicator):
    own = make_indicator(indicator.document, cast.body)
    report(own, cast.child, 3)
    lines = {
        line.indicator: line for line in figures_of(cast.supervisor, Choice(), today=TODAY).lines
    }
    assert (
        lines[indicator].expected,
        lines[own].expected,
        lines[own].reported,
        lines[own].total.current,
    ) == (
        3,
        2,
        1,
        3,
    )
    assert own not in {
        line.indicator
        for line in figures_of(cast.supervisor, Choice(scope=cast.sibling.pk), today=TODAY).lines
    }


def test_the_period_that_ended_last_is_shown_unless_another_is_chosen(cast, indicator):
    quarterly = make_indicator(indicator.document, cast.centre, cadence="quarter")
    it = figures_of(cast.supervisor, Choice(), today=TODAY)
    assert (it.period, [line.indicator for line in it.lines]) == (
        Period(2026, "quarter", 3),
        [quarterly],
    )
    assert [period.key for _key, _label, period in it.cadence_choices] == ["2026q3", "2025y"]
    chosen = figures_of(cast.supervisor, Choice(period=Period(2024, "year")), today=TODAY)
    assert [line.indicator for line in chosen.lines] == [indicator]
    assert chosen.periods[0] == Period(2026, "year") and Period(2024, "year") in chosen.periods


def test_an_indicator_that_ended_is_shown_for_the_periods_before(cast, indicator):
    Indicator.objects.filter(pk=indicator.pk).update(
        ended_at=timezone.make_aware(timezone.datetime(2025, 6, 1))
    )
    shown = [
        len(figures_of(cast.supervisor, Choice(period=Period(year, "year")), today=TODAY).lines)
        for year in (2025, 2026)
    ]
    assert shown == [1, 0]


def test_the_page_says_what_is_a_percentage_of_what(cast, indicator, sign_in):
    report(indicator, cast.body, 1500)
    report(indicator, cast.body, 1450, Period(2024, "year"))
    page = read(sign_in(cast.supervisor), "/statistics/")
    assert "专职人员数" in page and "1,500" in page
    assert "（+3.4%，上年 1,450）" in page
    assert "33.3%（1/3）" in page
    assert "今天承担本文件任务的单位" in page
    assert "專職人員數" in sign_in(cast.supervisor, "zh-hant").get("/statistics/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_table_takes_a_constant_number_of_queries(
    cast, indicator, sign_in, django_assert_num_queries, number
):
    for _more in range(number):
        body = make_body(parent=cast.body)
        make_obligation(indicator.document.directives.first(), body)
        report(make_indicator(indicator.document, cast.centre), body, 5)
        report(make_indicator(indicator.document, cast.body), body, 5)
    for person, expected in ((cast.supervisor, 9), (cast.manager, 12), (cast.staff, 9)):
        client = sign_in(person)
        with django_assert_num_queries(expected):
            assert client.get("/statistics/").status_code == 200


def test_empty_pages_say_what_comes_next(cast, sign_in):
    assert "指标按文件设定" in read(sign_in(cast.supervisor), "/statistics/")
    assert "设置单位和角色" in read(sign_in(cast.outsider), "/statistics/")
    make_obligation(organisation=cast.body)
    assert "设定指标" in read(sign_in(cast.supervisor), "/statistics/")
    page = read(sign_in(cast.staff), "/statistics/")
    assert "督查员为文件设定指标后" in page and "/indicators/" not in page


@pytest.mark.parametrize("query", ["scope=999999", "document=999999", "scope=x&document=999999"])
def test_what_is_not_there_is_not_found(cast, indicator, sign_in, query):
    assert sign_in(cast.supervisor).get(f"/statistics/?{query}").status_code == 404


@pytest.mark.parametrize("query", ["period=2026q9", "scope=²", "document=-1", "period=9999y"])
def test_what_makes_no_sense_is_left_out(cast, indicator, sign_in, query):
    assert sign_in(cast.supervisor).get(f"/statistics/?{query}").status_code == 200


# one indicator


@pytest.fixture
def wide(cast, indicator):
    """Sixty bodies below one, fifty-five of which reported 1, 2, 3 …; the first two the same."""
    directive = indicator.document.directives.first()
    bodies = [make_body(f"W{number:02}", parent=cast.sibling) for number in range(60)]
    for body in bodies:
        make_obligation(directive, body)
    values = [
        ReportedFigure(indicator, body, LAST, Decimal(max(1, number)))
        for number, body in enumerate(bodies[:55])
    ]
    statistics.file_figures(values, by=None, now=NOW)
    return bodies


def test_the_ranking_of_those_right_below(cast, indicator, wide):
    it = indicator_view(cast.supervisor, indicator, Choice(scope=cast.sibling.pk), today=TODAY)
    assert [(row.rank, row.body.code) for row in it.rows[:2]] == [(1, "W54"), (2, "W53")]
    assert [(row.rank, row.body.code) for row in it.rows[53:56]] == [
        (54, "W00"),
        (54, "W01"),
        (0, "W55"),
    ]
    assert (it.largest_value, it.line.reported, it.line.expected) == (54, 55, 61)
    above = indicator_view(cast.supervisor, indicator, Choice(), today=TODAY)
    assert [
        (row.body.code, row.reported, row.expected, row.values.current) for row in above.rows
    ] == [
        ("Q02", 55, 61, sum(range(55)) + 1),
        ("Q01", 0, 2, None),
    ]


def test_the_ranking_is_paged_by_key(cast, indicator, wide, sign_in):
    client, address = sign_in(cast.supervisor), reverse("indicator", args=[indicator.pk])
    first = client.get(address, {"scope": cast.sibling.pk}).context["page"]
    assert (len(first.rows), first.total, first.before, first.last) == (50, 60, "", 50)
    second = client.get(address, {"scope": cast.sibling.pk, "after": first.after}).context["page"]
    assert (second.rows[0].body.code, len(second.rows), second.after, second.first) == (
        "W04",
        10,
        "",
        51,
    )
    back = client.get(address, {"scope": cast.sibling.pk, "before": second.before}).context["page"]
    assert [row.body.code for row in back.rows] == [row.body.code for row in first.rows]


def test_what_is_not_added_up_is_ranked_by_each_bodys_own(cast, indicator):
    each = make_indicator(indicator.document, cast.centre, aggregation="each")
    report(each, cast.body, 5)
    report(each, cast.child, 50)
    report(each, cast.sibling, 9)
    it = indicator_view(cast.supervisor, each, Choice(), today=TODAY)
    assert [(row.body.code, row.values.current) for row in it.rows] == [("Q02", 9), ("Q01", 5)]
    assert (it.line.total.current, it.line.reported) == (None, 3)


def test_the_trend_leaves_a_gap_where_nothing_was_reported(cast, indicator, sign_in):
    for year, value in ((2021, 5), (2023, 7), (2025, 9)):
        report(indicator, cast.body, value, Period(year, "year"))
    it = indicator_view(cast.supervisor, indicator, Choice(), today=TODAY)
    assert [(point.period.year, point.value) for point in it.points] == [
        (2020, None),
        (2021, 5),
        (2022, None),
        (2023, 7),
        (2024, None),
        (2025, 9),
    ]
    page = read(sign_in(cast.supervisor), reverse("indicator", args=[indicator.pk]))
    assert "2021年度：5，2022年度：—" in page.replace("、", "，")
    assert "style=" not in page


@pytest.mark.parametrize("number", [1, 30])
def test_an_indicator_takes_a_constant_number_of_queries(
    cast, indicator, sign_in, django_assert_num_queries, number
):
    directive = indicator.document.directives.first()
    for _more in range(number):
        for parent in (cast.centre, cast.sibling):
            body = make_body(parent=parent)
            make_obligation(directive, body)
            report(indicator, body, 5)
    for person, expected in ((cast.supervisor, 12), (cast.manager, 11), (cast.staff, 6)):
        client = sign_in(person)
        with django_assert_num_queries(expected):
            assert client.get(reverse("indicator", args=[indicator.pk])).status_code == 200


# who has not reported


def test_who_has_not_reported_is_listed_in_the_order_of_the_tree(cast, indicator, sign_in):
    idle = make_body(parent=cast.centre)  # owes nothing
    report(indicator, cast.sibling, 5)
    address = reverse("indicator_missing", args=[indicator.pk])
    page = sign_in(cast.supervisor).get(address)
    assert [body.code for body in page.context["page"].rows] == ["Q01", "Q01A"]
    assert idle.name_hans not in page.content.decode()
    assert (
        sign_in(cast.supervisor).get(address, {"scope": cast.sibling.pk}).context["page"].rows == ()
    )
    assert "已全部填报" in read(sign_in(cast.supervisor), address, scope=cast.sibling.pk)
    assert sign_in(cast.manager).get(address, {"scope": cast.centre.pk}).status_code == 404
    assert [body.code for body in sign_in(cast.manager).get(address).context["page"].rows] == [
        "Q01",
        "Q01A",
    ]
    assert sign_in(cast.staff).get(address).status_code == 403


@pytest.mark.parametrize("number", [1, 120])
def test_who_has_not_reported_takes_a_constant_number_of_queries(
    cast, indicator, sign_in, django_assert_num_queries, number
):
    directive = indicator.document.directives.first()
    for _more in range(number):
        make_obligation(directive, make_body(parent=cast.sibling))
    client = sign_in(cast.viewer)
    with django_assert_num_queries(12):
        page = client.get(reverse("indicator_missing", args=[indicator.pk]))
    assert len(page.context["page"].rows) == min(50, 3 + number)


# taken away


def table_of(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_tables_are_taken_away_with_the_same_figures(cast, indicator, sign_in):
    report(indicator, cast.body, 12)
    report(indicator, cast.body, 10, Period(2024, "year"))
    client = sign_in(cast.supervisor)
    head, line = table_of(client.get("/statistics/", {"export": "csv"}))
    shown = dict(zip(head, line, strict=True))
    headings = ("指标", "本级及下级", "上年同期", "已填单位", "应填单位数")
    assert [shown[heading] for heading in headings] == ["专职人员数", "12", "10", "1", "3"]
    ranking = table_of(client.get(reverse("indicator", args=[indicator.pk]), {"export": "csv"}))
    assert [row[1] for row in ranking[1:]] == ["Q01", "Q02"]
    missing = table_of(
        client.get(reverse("indicator_missing", args=[indicator.pk]), {"export": "csv"})
    )
    assert [row[0] for row in missing[1:]] == ["Q01A", "Q02"]
    assert b"".join(client.get("/statistics/", {"export": "xlsx"}).streaming_content).startswith(
        b"PK"
    )


@pytest.mark.parametrize("name", ["statistics", "indicator", "indicator_missing"])
def test_a_viewer_takes_nothing_away(cast, indicator, sign_in, name):
    address = reverse(name, args=[] if name == "statistics" else [indicator.pk])
    assert sign_in(cast.viewer).get(address, {"export": "csv"}).status_code == 403


# reporting


def send(client, body, key, indicator, value, *, seen=0, note="", period="2025y", **more):
    pk = indicator.pk
    typed = {
        f"value-{pk}": value,
        f"seen-{pk}": seen,
        f"note-{pk}": note,
        "document": indicator.document_id,
        "period": period,
    }
    return client.post(reverse("figures_save", args=[body.pk]), typed | key() | more)


def test_staff_report_and_correct(cast, indicator, sign_in, key):
    client = sign_in(cast.staff)
    answer = send(client, cast.body, key, indicator, "１,２３４", note="含借调")
    assert (answer.status_code, answer.url) == (
        302,
        f"/statistics/report/{cast.body.pk}/?document={indicator.document_id}&period=2025y",
    )
    row = Figure.objects.get()
    assert (row.value, row.note, row.by, row.year, row.period) == (
        1234,
        "含借调",
        cast.staff,
        2025,
        "year",
    )
    page = read(client, answer.url)
    assert 'value="1234"' in page and 'value="含借调"' in page and "林晓岚" in page
    assert send(client, cast.body, key, indicator, "1240", seen=1).status_code == 302
    row.refresh_from_db()
    assert (row.value, row.version) == (1240, 2)
    told = (
        Event.objects.filter(subject_type="figure").order_by("pk").values_list("action", flat=True)
    )
    assert list(told) == ["report_figure", "correct_figure"]


def test_last_years_figure_stands_beside(cast, indicator, sign_in):
    report(indicator, cast.body, 98765, Period(2024, "year"))
    page = read(sign_in(cast.staff), reverse("figures", args=[cast.body.pk]))
    assert "98,765" in page and "2024年度" in page


def test_all_faults_are_told_at_once_and_what_was_typed_is_kept(cast, indicator, sign_in, key):
    more = make_indicator(indicator.document, cast.centre)
    kept = make_indicator(indicator.document, cast.centre)
    report(kept, cast.body, 7)
    typed = {f"value-{more.pk}": "-1.5", f"value-{kept.pk}": "", f"seen-{kept.pk}": "1"}
    answer = send(
        sign_in(cast.staff), cast.body, key, indicator, "十二人", note="口径说明", **typed
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    for text in (
        "不是数字",
        "数据不能小于 0",
        "请填整数",
        "只能更正，不能清空",
        'value="十二人"',
        'value="-1.5"',
        'value="口径说明"',
    ):
        assert text in page
    assert Figure.objects.count() == 1


def test_some_may_be_left_for_later(cast, indicator, sign_in, key):
    make_indicator(indicator.document, cast.centre)
    assert send(sign_in(cast.staff), cast.body, key, indicator, "12").status_code == 302
    assert Figure.objects.get().indicator == indicator


def test_somebody_saved_meanwhile(cast, indicator, sign_in, key):
    report(indicator, cast.body, 7)
    answer = send(sign_in(cast.staff), cast.body, key, indicator, "8", seen=0)
    page = " ".join(answer.content.decode().split())
    assert answer.status_code == 409
    assert (
        'value="8"' in page
        and "已保存为 7" in page
        and f'name="seen-{indicator.pk}" value="1"' in page
    )
    assert Figure.objects.get().value == 7
    assert send(sign_in(cast.staff), cast.body, key, indicator, "8", seen=1).status_code == 302


def test_a_form_that_is_sent_twice_acts_once(cast, indicator, sign_in, key):
    client, once = sign_in(cast.staff), key()
    for _time in range(2):
        assert send(client, cast.body, lambda: once, indicator, "12").status_code == 302
    assert Event.objects.filter(subject_type="figure").count() == 1


def test_periods_that_are_not_asked_for(cast, indicator, sign_in, key):
    client = sign_in(cast.staff)
    early = send(client, cast.body, key, indicator, "12", period="2027y")
    assert early.status_code == 422 and "尚未开始" in early.content.decode()
    other = send(client, cast.body, key, indicator, "12", period="2026h1")
    assert "没有要填报的指标" in read(client, other.url)
    assert Figure.objects.count() == 0


def test_a_supervisor_does_not_fill_in_the_form_of_another(cast, indicator, sign_in, key):
    for name in ("supervisor", "viewer", "stranger"):
        assert (
            send(sign_in(getattr(cast, name)), cast.body, key, indicator, "12").status_code == 403
        )
    assert Figure.objects.count() == 0


def test_a_body_that_is_not_asked_is_told_so(cast, indicator, sign_in):
    # Their body registered the document and owes nothing under it.
    person = make_member(cast.centre, "manager")
    page = sign_in(person).get(
        reverse("figures", args=[cast.centre.pk]), {"document": indicator.document_id}
    )
    assert "本单位无需填报" in page.content.decode() and 'name="value-' not in page.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_form_takes_a_constant_number_of_queries(
    cast, indicator, sign_in, django_assert_num_queries, number
):
    for _more in range(number):
        report(make_indicator(indicator.document, cast.centre), cast.body, 5)
    client = sign_in(cast.staff)
    with django_assert_num_queries(7):
        assert (
            client.get(
                reverse("figures", args=[cast.body.pk]), {"document": indicator.document_id}
            ).status_code
            == 200
        )


def test_what_is_still_to_be_reported_stands_on_my_work(cast, indicator, sign_in):
    quarterly = make_indicator(indicator.document, cast.centre, cadence="quarter")
    found = figures_due(cast.staff, today=TODAY)
    assert [(one.body, one.period.key, one.reported, one.expected) for one in found] == [
        (cast.body, "2026q3", 0, 1),
        (cast.body, "2025y", 0, 1),
    ]
    report(quarterly, cast.body, 5, Period(2026, "quarter", 3))
    report(indicator, cast.body, 5, Period(2024, "year"))
    assert [one.period.key for one in figures_due(cast.staff, today=TODAY)] == ["2025y"]
    page = read(sign_in(cast.staff), "/")
    assert (
        "1 项数据待填报" in page
        and f"/statistics/report/{cast.body.pk}/?document={indicator.document_id}&amp;period=2025y"
        in page
    )
    assert figures_due(cast.supervisor, today=TODAY) == ()
    statistics.end_indicator(indicator, version=1, by=cast.supervisor, now=NOW)
    assert figures_due(cast.staff, today=TODAY) == ()


# defining


def definition(**more):
    words = {"code": "RS-02", "name": "志愿者数", "unit": "人", "meaning": "年末数"}
    return words | {"places": "0", "cadence": "year", "aggregation": "sum"} | more


def test_a_supervisor_defines_an_indicator(cast, indicator, sign_in, key):
    client = sign_in(cast.supervisor)
    answer = client.post(
        reverse("indicator_add", args=[indicator.document_id]),
        definition(organisation=cast.centre.pk) | key(),
    )
    assert (answer.status_code, answer.url) == (
        302,
        f"/documents/{indicator.document_id}/indicators/",
    )
    made = Indicator.objects.get(code="RS-02")
    assert (made.name_hans, made.organisation, made.meaning) == ("志愿者数", cast.centre, "年末数")
    assert "志愿者数" in read(client, answer.url)


def test_not_for_a_body_that_they_do_not_supervise(cast, indicator, sign_in, key):
    type(indicator.document).objects.update(organisation=cast.sibling)
    client = sign_in(make_member(cast.sibling, "supervisor"))
    answer = client.post(
        reverse("indicator_add", args=[indicator.document_id]),
        definition(organisation=cast.centre.pk) | key(),
    )
    assert (answer.status_code, Indicator.objects.count()) == (422, 1)
    assert (
        client.post(
            reverse("indicator_move", args=[indicator.pk, "end"]), {"version": 1} | key()
        ).status_code
        == 403
    )


def test_every_fault_of_a_definition_at_once_with_what_was_typed(cast, indicator, sign_in, key):
    wrong = definition(organisation=cast.centre.pk, code=indicator.code, name="", places="9")
    answer = sign_in(cast.supervisor).post(
        reverse("indicator_add", args=[indicator.document_id]), wrong | key()
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请填写指标名称" in page and f'value="{indicator.code}"' in page and 'value="9"' in page
    answer = sign_in(cast.supervisor).post(
        reverse("indicator_add", args=[indicator.document_id]),
        definition(organisation=cast.centre.pk, code=indicator.code) | key(),
    )
    assert "请换一个编码" in answer.content.decode()
    assert Indicator.objects.count() == 1


def test_editing_ordering_and_ending(cast, indicator, sign_in, key):
    client, other = sign_in(cast.supervisor), make_indicator(indicator.document, cast.centre)
    address = reverse("indicator_save", args=[indicator.pk])
    assert client.post(address, definition() | {"version": 1} | key()).status_code == 302
    indicator.refresh_from_db()
    assert (indicator.name_hans, indicator.version, indicator.organisation) == (
        "志愿者数",
        2,
        cast.centre,
    )
    stale = client.post(address, definition(name="别的") | {"version": 1} | key())
    assert stale.status_code == 409 and 'value="别的"' in stale.content.decode()
    assert (
        client.post(
            reverse("indicator_move", args=[indicator.pk, "down"]), {"version": 2} | key()
        ).status_code
        == 302
    )
    assert list(Indicator.objects.order_by("order")) == [other, indicator]
    assert (
        client.post(
            reverse("indicator_move", args=[indicator.pk, "end"]), {"version": 3} | key()
        ).status_code
        == 302
    )
    assert (
        client.post(
            reverse("indicator_move", args=[indicator.pk, "sideways"]), {"version": 4} | key()
        ).status_code
        == 404
    )
    indicator.refresh_from_db()
    assert indicator.ended_at == NOW


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_indicators_takes_a_constant_number_of_queries(
    cast, indicator, sign_in, django_assert_num_queries, number
):
    for _more in range(number):
        make_indicator(indicator.document, cast.centre)
    client = sign_in(cast.supervisor)
    with django_assert_num_queries(6):
        assert client.get(reverse("indicators", args=[indicator.document_id])).status_code == 200


def test_the_record_tells_of_figures_in_words(cast, indicator, sign_in, key):
    send(sign_in(cast.staff), cast.body, key, indicator, "12")
    page = read(sign_in(cast.supervisor), "/events/")
    assert "填报数据" in page and "统计数据" in page
