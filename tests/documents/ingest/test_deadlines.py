"""Words to days and cadences."""

from datetime import date

import pytest

from directives.documents.ingest.deadlines import Dated, day_in, due_in, due_of, number

pytestmark = pytest.mark.once

DATED = Dated(date(2031, 3, 5))


@pytest.mark.parametrize(
    ("words", "on", "quoted"),
    [
        ("各镇要在3月底前明确专人。", "2031-03-31", "3月底前"),
        ("2030年底前完成。", "2030-12-31", "2030年底前"),
        ("2月28日前完成。", "2032-02-28", "2月28日前"),  # the first on or after the issue
        ("上半年完成。", "2031-06-30", "上半年"),
        ("三季度末建成。", "2031-09-30", "三季度末"),
        ("6月上旬开工。", "2031-06-10", "6月上旬"),
        ("6月中旬开工。", "2031-06-20", "6月中旬"),
        ("到2033年，达到60家。", "2033-12-31", "到2033年"),
        ("今年年底前建成。", "2031-12-31", "今年年底前"),
        ("明年6月底前建成。", "2032-06-30", "明年6月底前"),
        ("二〇三一年六月底前建成。", "2031-06-30", "二〇三一年六月底前"),
        ("民国120年6月30日前办理。", "2031-06-30", "民国120年6月30日前"),
        ("自印发之日起30日内报送。", "2031-04-04", "自印发之日起30日内"),
        ("本意见印发后3个月内出台。", "2031-06-05", "本意见印发后3个月内"),
        ("1月15日前报方案，12月15日前报总结。", "2032-01-15", "1月15日前"),
        ("请于120年3月10日（星期一）完成填报。", "2031-03-10", "120年3月10日（星期一）"),
        ("到 2032 年，达到60家。", "2032-12-31", "到 2032 年"),
    ],
)
def test_days(words: str, on: str, quoted: str) -> None:
    due = due_in(words, words, DATED)
    assert due is not None
    assert (due.on, due.cadence, due.words) == (on, None, quoted)


@pytest.mark.parametrize(
    ("words", "cadence", "quoted"),
    [
        ("每季度末报送。", "quarter", "每季度末"),
        ("每月25日前报送。", "month", "每月25日前"),
        ("每半年检查一次。", "half", "每半年"),
        ("每年12月底前报送。", "year", "每年12月底前"),
        ("每周调度一次。", "week", "每周"),
        ("每日巡查。", "day", "每日"),
    ],
)
def test_what_returns(words: str, cadence: str, quoted: str) -> None:
    due = due_in(words, words, DATED)
    assert due is not None
    assert (due.on, due.cadence, due.words) == (None, cadence, quoted)


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("应当在30个工作日内答复。", "30个工作日内"),
        ("收到申请之日起5日内办结。", "收到申请之日起5日内"),
    ],
)
def test_what_is_no_day_stays_words(words: str, quoted: str) -> None:
    due = due_in(words, words, DATED)
    assert due is not None
    assert (due.on, due.cadence, due.words) == (None, None, quoted)


@pytest.mark.parametrize(
    "words",
    [
        "本办法自2031年5月1日起施行。",
        "提前24小时公告。",
        "当日整改。",
        "及时报告。",
        "每年增长5%。",
    ],
)
def test_no_deadline(words: str) -> None:
    assert due_in(words, words, DATED) is None


@pytest.mark.parametrize(
    ("words", "on"),
    [
        ("2031年10月底", "2031-10-31"),
        ("2031年10月", "2031-10-31"),
        ("2031.6.30", "2031-06-30"),
        ("2031年3月至6月", "2031-06-30"),
        ("长期坚持", None),
    ],
)
def test_a_field_for_deadlines_needs_no_word_before(words: str, on: str | None) -> None:
    due = due_of(words, words, DATED)
    assert due is not None
    assert due.on == on


def test_without_a_date_the_year_of_the_title_counts() -> None:
    assert due_of("6月底前", "6月底前", Dated(None, 2033)).on == "2033-06-30"  # type: ignore[union-attr]
    assert due_of("6月底前", "6月底前", Dated()).on == "--06-30"  # type: ignore[union-attr]


def test_a_blank_field_is_no_deadline() -> None:
    assert due_of("——", "——", DATED) is None


def test_days_and_numbers_in_words() -> None:
    assert day_in("二〇三一年三月五日") == date(2031, 3, 5)
    assert day_in("中华民国120年3月5日") == date(2031, 3, 5)
    assert [number(words) for words in ("十二", "二十", "一百二十", "廿一", "８")] == [
        *(12, 20, 120, 21, 8)
    ]


@pytest.mark.parametrize(
    ("words", "cadence", "quoted"),
    [
        ("每周五前汇总一次。", "week", "每周五前"),
        ("应在每日7时前报告。", "day", "每日7时前"),
        (
            "要在每个季度第1个月的20日前报送进展。",
            "quarter",
            "每个季度第1个月的20日前",
        ),
    ],
)
def test_a_day_within_what_returns(words: str, cadence: str, quoted: str) -> None:
    due = due_in(words, words, DATED)
    assert due is not None
    assert (due.on, due.cadence, due.words) == (None, cadence, quoted)


@pytest.mark.parametrize("words", ["在12小时内抢修。", "明确每季度对应的工作量。"])
def test_hours_and_shares_are_no_deadline(words: str) -> None:
    assert due_in(words, words, DATED) is None


def test_a_field_without_a_day_is_kept_without_the_verb() -> None:
    due = due_of("近期完成", "近期完成", DATED)
    assert due is not None and due.words == "近期"


def test_a_zero_written_as_a_letter() -> None:
    assert day_in("二OO八年二月二十六日") == date(2008, 2, 26)


def test_what_is_counted_begins_with_since() -> None:
    words = "承办单位可以自收到申请之日起十日内办结。"
    due = due_in(words, words, DATED)
    assert due is not None and due.words == "自收到申请之日起十日内"


@pytest.mark.parametrize(
    "text",
    ["补贴标准为每人每月400元。", "给予每年5000元的补助。", "情节严重的，在1至3年内禁止参加采购。"],
)
def test_rates_and_bans_are_no_deadlines(text: str) -> None:
    assert due_in(text, text, Dated()) is None


def test_years_before_something_are_no_deadline() -> None:
    text = "编制需求前一年内，采购人已开展过调查的可以不再开展。"
    assert due_in(text, text, Dated()) is None
