"""The frame of a document in forms that real papers have."""

import json

import pytest

from directives.documents.ingest.json_output import json_of
from directives.documents.ingest.reading import Reading, read

pytestmark = pytest.mark.once


def reading_of(*lines: str) -> Reading:
    return read("\n".join(lines).encode(), name="a.txt")


NOTICE = ("关于印发《青河县节水方案》的通知", "各镇人民政府：", "现将方案印发给你们。")


def test_copies_and_signature_are_fields_of_the_frame() -> None:
    end = ("青河县水利局", "2031年3月5日", "抄送：县委办公室，县人大常委会办公室。")
    frame = reading_of(*NOTICE, "一、节水", "各镇要节水。", *end).frame
    assert frame.signature == ("青河县水利局",)
    assert frame.copies == ("县委办公室", "县人大常委会办公室")


def test_copies_without_commas_are_cut_between_names() -> None:
    end = ("青河县水利局", "2031年3月5日", "抄送：县委办公室、县政协办公室。")
    reading = reading_of(*NOTICE, "一、节水", "各镇要节水。", *end)
    frame = json.loads(json_of(reading))["frame"]
    assert frame["copies"] == ["县委办公室", "县政协办公室"]


def test_several_issuers_above_what_the_paper_is_about() -> None:
    frame = reading_of(
        "青河县教育局", "青河县财政局", "关于做好学校供水的通知", "各学校：", "各学校要节水。"
    ).frame
    assert frame.issuers == ("青河县教育局", "青河县财政局")
    assert frame.title == "青河县教育局青河县财政局关于做好学校供水的通知"


def test_recipients_of_a_paper_without_a_title() -> None:
    frame = reading_of(
        "青政办〔2031〕5号", "各镇人民政府，县政府各部门：", "各镇要节水。", "青河县人民政府"
    ).frame
    assert frame.recipients == ("各镇人民政府", "县政府各部门")
    assert frame.title == ""


def test_a_number_behind_the_title() -> None:
    reading = reading_of(
        "县委办公室县政府办公室印发《节水意见》的通知（青办发〔2031〕2号）",
        "各镇党委：",
        "请各镇节水。",
        "一、节水",
        "各镇要节水。",
        "县委办公室",
        "县政府办公室",
        "2031年3月5日",
    )
    assert reading.frame.number == "青办发〔2031〕2号"
    assert reading.title == "县委办公室县政府办公室印发《节水意见》的通知"
    assert reading.frame.issuers == ("县委办公室", "县政府办公室")


@pytest.mark.parametrize(
    "lines",
    [
        ("青河县水利局关于印发", "2031年节水工作要点的通知"),
        ("关于印发青河县节水行动计划", "（2031—2033年）的通知"),
    ],
)
def test_a_title_over_two_lines(lines: tuple[str, str]) -> None:
    reading = reading_of(
        *lines, "各镇人民政府：", "现将要点印发给你们。", "一、节水", "各镇要节水。"
    )
    assert reading.title == "".join(lines)


def test_places_before_one_body_are_one_recipient() -> None:
    frame = reading_of(
        "关于节水的通知", "总会各省、自治区、直辖市委：", "一、节水", "各地要节水。"
    ).frame
    assert frame.recipients == ("总会各省、自治区、直辖市委",)


def test_an_order_between_the_title_and_the_first_article() -> None:
    reading = reading_of(
        "青河省节水办法",
        "青河省人民政府令",
        "第8号",
        "《青河省节水办法》已经省政府常务会议通过，现予发布。",
        "省长 王某某",
        "2031年3月5日",
        "第一章 总则",
        "第一条 各镇应当节水。",
    )
    assert reading.frame.number == "青河省人民政府令第8号"
    assert reading.frame.date == "2031-03-05"
    assert [one.code for one in reading.sentences] == ["引.1.1", "第一条.1"]
    assert reading.parts == ()


def test_the_text_says_what_the_paper_carries() -> None:
    reading = reading_of(
        "关于做好节水工作的通知",
        "各镇人民政府：",
        "现将《二〇三一年节水任务分解》印发给你们。",
        "二〇三一年节水任务分解",
        "一、节水",
        "各镇要节水。",
    )
    assert [part.title for part in reading.parts] == ["二〇三一年节水任务分解"]


def test_a_line_above_numbered_lines_is_their_heading() -> None:
    reading = reading_of(
        "关于节水的意见",
        "为做好节水，提出以下意见。",
        "“十五五”节水9项任务",
        "（一）用水",
        "各镇要节水。",
    )
    titles = [section.title for section in reading.sections]
    assert titles == ["", "“十五五”节水9项任务", "用水"]
