"""The frame of a document in forms that real papers have."""

import json
import time

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


def test_what_a_portal_lists_with_bullets() -> None:
    reading = reading_of(
        "返回顶部",
        "青河县人民政府工作规则",
        "• 索引号:",
        "7107280000/2031-001005",
        "• 发文机构:",
        "青河县人民政府",
        "• 发文字号:",
        "青政发〔2031〕7号",
        "• 发文日期:",
        "2031年04月06日 16:40",
        "• 内容概述:",
        "青河县人民政府工作规则",
        "第一章 总则",
        "一、各部门要依法履行职责。",
    )
    frame = reading.frame
    assert (frame.title, frame.number) == ("青河县人民政府工作规则", "青政发〔2031〕7号")
    assert (frame.issuers, frame.date) == (("青河县人民政府",), "2031-04-06")
    assert [section.title for section in reading.sections] == ["总则", ""]


def test_keys_in_brackets_are_a_portal_s() -> None:
    frame = reading_of(
        "青河县津贴办法（节选）",
        "【发布机构】青河县民政局",
        "【实施日期】2031年1月1日",
        "第一条 民政部门应当按月发放。",
    ).frame
    assert frame.issuers == ("青河县民政局",)


def test_the_name_above_the_title_of_a_law_is_its_issuer() -> None:
    frame = reading_of(
        "青河省渡口规定",
        "下载地址：点击此处下载",
        "青河省人民政府",
        "青河省渡口规定",
        "政府令〔2031〕第15号",
        "第一条 船员应当持证。",
    ).frame
    assert (frame.title, frame.issuers) == ("青河省渡口规定", ("青河省人民政府",))


def test_a_number_before_a_title_in_quotes() -> None:
    frame = reading_of(
        "青政办发〔2031〕26号《青河县人民政府办公室关于印发〈节水要点〉的通知》",
        "浏览量：  时间：2031-01-10 21:15:53",
        "《青河县人民政府办公室关于印发〈节水要点〉的通知》",
        "青政办发〔2031〕26号",
        "各镇人民政府：",
        "现将要点印发给你们。",
        "一、节水",
        "各镇要节水。",
    ).frame
    assert frame.title == "青河县人民政府办公室关于印发〈节水要点〉的通知"
    assert (frame.number, frame.issuers) == ("青政办发〔2031〕26号", ("青河县人民政府办公室",))


def test_the_trail_of_a_page_is_no_title() -> None:
    frame = reading_of(
        "【关于建立渡口价格机制的通知（青价〔2031〕65号）】-青河省价格局",
        "政务公开",
        ">",
        "政策",
        ">",
        "通知",
        "关于建立渡口价格机制的通知（青价〔2031〕65号）",
        "青河省价格局 青河省交通厅关于建立",
        "渡口价格机制的通知",
        "青价〔2031〕65号",
        "各县价格局：",
        "一、定价",
        "各县要定价。",
    ).frame
    assert frame.title == "青河省价格局 青河省交通厅关于建立渡口价格机制的通知"
    assert frame.issuers == ("青河省价格局", "青河省交通厅")


def test_a_first_line_that_runs_on() -> None:
    reading = reading_of(
        "关于整治渡口的通知",
        "青交〔2031〕38号各县交通局，省港航中心：为保障渡运安全，现通知如下：",
        "一、排查",
        "各县要排查渡口。本通知自2031年9月1日起施行。青河省交通厅2031年7月26日",
    )
    frame = reading.frame
    assert (frame.number, frame.date) == ("青交〔2031〕38号", "2031-07-26")
    assert frame.recipients == ("各县交通局", "省港航中心")
    assert frame.signature == ("青河省交通厅",)
    assert [one.text for one in reading.sentences][-1] == "本通知自2031年9月1日起施行。"


def test_names_spread_over_their_lines_sign() -> None:
    end = (
        "青河省价格局",
        "青 河 交 通 局",
        "2031年3月5日",
        "附件：",
        "相关政策与解读",
        "就三份文件答记者问",
    )
    frame = reading_of(*NOTICE, "一、节水", "各镇要节水。", *end).frame
    assert frame.signature == ("青河省价格局", "青河交通局")
    assert frame.date == "2031-03-05"


def test_a_signature_behind_which_a_text_without_a_title_goes_on() -> None:
    reading = reading_of(
        *NOTICE,
        "青河县人民政府办公室",
        "2031年5月28日",
        "2031年是节水之年。",
        "一、节水",
        "各镇要节水。",
    )
    assert (reading.frame.date, reading.frame.issuers) == ("2031-05-28", ("青河县人民政府办公室",))
    assert [one.text for one in reading.sentences][1:] == ["2031年是节水之年。", "各镇要节水。"]


def test_an_introduction_of_the_page_above_a_paper() -> None:
    reading = reading_of(
        "白水镇渡口通知",
        "简介：小编为你整理了多篇《白水镇渡口通知》，希望有帮助。",
        "第一篇：白水镇渡口通知",
        "白水镇人民政府",
        "关于做好2031年渡口检查的通知",
        "各村民委员会：",
        "汛期将至，为保障安全，现通知如下：",
        "一、检查",
        "各村要检查渡口。",
    )
    assert reading.frame.title == "白水镇人民政府关于做好2031年渡口检查的通知"
    assert reading.frame.recipients == ("各村民委员会",)
    assert [(one.code, one.statement) for one in reading.sentences] == [
        ("引.1.1", True),
        ("一.1.1", False),
    ]


def test_number_and_recipients_below_what_a_newspaper_says() -> None:
    frame = reading_of(
        "教育厅发布预警",
        "本网消息：省教育厅印发第1号预警，如下。",
        "青教〔2031〕1号",
        "各县教育局：",
        "一、防汛",
        "各县要防汛。",
    ).frame
    assert (frame.number, frame.recipients) == ("青教〔2031〕1号", ("各县教育局",))


def test_a_paper_that_is_passed_on_is_a_part() -> None:
    reading = reading_of(
        "青河縣教育局轉發省教育廳關於渡口安全的緊急通知",
        "各學校：",
        "現將通知轉發給你們，請貫徹落實。",
        "省教育廳關於渡口安全的緊急通知",
        "青教〔2031〕5號",
        "各縣教育局：",
        "一、切實提高認識。",
        "各縣要研究新情況，採取措施。",
    )
    assert [part.title for part in reading.parts] == ["省教育廳關於渡口安全的緊急通知"]
    assert (reading.frame.number, reading.frame.recipients) == ("", ("各學校",))
    assert [section.title for section in reading.sections if section.title] == ["切實提高認識"]


def test_a_paper_without_a_title_has_that_of_the_plan_it_carries() -> None:
    reading = reading_of(
        "各镇人民政府：",
        "现将《青河县渡口方案》印发给你们。",
        "青河县人民政府",
        "2031年3月5日",
        "青河县渡口方案",
        "一、检查",
        "各镇要检查。",
    )
    assert reading.title == "青河县渡口方案"


def test_the_signature_names_more_issuers_than_the_title() -> None:
    frame = reading_of(
        "青河县水利局关于节水的通知",
        "各镇：",
        "一、节水",
        "各镇要节水。",
        "青河县水利局 青河县财政局",
        "2031年3月5日",
    ).frame
    assert frame.issuers == ("青河县水利局", "青河县财政局")


def test_the_day_of_a_page_is_not_that_of_the_paper() -> None:
    frame = reading_of(
        "青河县人民政府关于节水的通知",
        "发布日期：   2031-10-13",
        "青发〔2031〕34号",
        "各镇委、人民政府：",
        "一、节水",
        "各镇要节水。",
        "青河县人民政府",
        "2031年9月9日",
    ).frame
    assert (frame.number, frame.date) == ("青发〔2031〕34号", "2031-09-09")
    assert frame.recipients == ("各镇委", "人民政府")


def test_a_number_that_stands_right_behind_a_title() -> None:
    frame = reading_of(
        "青河县关于节水的实施意见",
        "122人看过",
        "青河县关于节水的实施意见青政发[2031]52号",
        "各镇人民政府：",
        "一、节水",
        "各镇要节水。",
    ).frame
    assert (frame.title, frame.number) == ("青河县关于节水的实施意见", "青政发[2031]52号")


def test_a_headline_that_names_the_paper_is_not_its_title() -> None:
    frame = reading_of(
        "青河印发《关于节水的意见》和《关于护林的意见》",
        "关于节水的意见",
        "为了节水，现提出如下意见。",
        "一、节水",
        "各镇要节水。",
    ).frame
    assert (frame.title, frame.issuers) == ("关于节水的意见", ())


def test_rows_of_a_portal_with_strokes() -> None:
    frame = reading_of(
        "[ 索引号 ] | 1150/2031-00007 | [ 发文字号 ] | 青府发〔2031〕2号 |",
        "[ 有效性 ] | | [ 成文日期 ] | 2031-02-22 |",
        "青河镇人民政府关于节水的通知",
        "各村民委员会：",
        "一、节水",
        "各村要节水。",
    ).frame
    assert (frame.number, frame.date) == ("青府发〔2031〕2号", "2031-02-22")


def test_a_kind_of_paper_above_its_title_is_the_page_s() -> None:
    reading = reading_of(
        *NOTICE,
        "青河县水利局",
        "2031年3月5日",
        "方案",
        "青河县节水方案",
        "一、节水",
        "各镇要节水。",
    )
    assert [part.title for part in reading.parts] == ["青河县节水方案"]


def test_what_stands_under_the_title_of_a_speech() -> None:
    reading = reading_of(
        "青河镇人民政府关于印发2031年政府工作报告的通知",
        "各村民委员会：",
        "现印发给你们。",
        "青河镇人民政府",
        "2031年2月22日",
        "2031年政府工作报告",
        "——2031年1月23日在青河镇第十届",
        "人民代表大会第八次会议上",
        "青河镇人民政府镇长 王某某",
        "各位代表：",
        "现在，我向大会作工作报告。",
        "一、2030年工作回顾",
        "工业总产值84亿元，增长1.2%。",
        "二、2031年任务",
        "各村要节水。",
    )
    assert [(one.code, one.statement) for one in reading.sentences] == [
        ("引.1.1", True),
        ("报告·引.1.1", True),
        ("报告·一.1.1", True),
        ("报告·二.1.1", False),
    ]


def test_two_keys_of_a_portal_on_one_line() -> None:
    reading = reading_of(
        "发文单位：青河县人民政府",
        "发布部门: 青河县人民政府办公室 发布文号: 青政办[2031]14号",
        "各镇人民政府，县政府各部门： 王某县长所作的报告已经通过。"
        "具体情况请于3月30日、6月30日分两次向县政府报告。",
        "一、节水",
        "各镇要节水。",
    )
    assert reading.frame.number == "青政办[2031]14号"
    assert reading.frame.recipients == ("各镇人民政府", "县政府各部门")
    [told] = [one for one in reading.sentences if one.due]
    assert told.due is not None and told.due.words == "3月30日、6月30日"


def test_what_a_page_says_below_a_signature() -> None:
    end = ("附件：节水表", "青河县水利局", "2031年7月17日", "微信公众号：qinghe", "关注前沿信息！")
    frame = reading_of(*NOTICE, "一、节水", "各镇要节水。", *end).frame
    assert (frame.date, frame.annexes) == ("2031-07-17", ("节水表",))


def test_a_law_that_an_announcement_puts_in_force() -> None:
    reading = reading_of(
        "青河市渡口条例",
        "青河市人民代表大会常务委员会公告",
        "第三十七号",
        "《青河市渡口条例》业经批准，现予公布，自2032年1月1日起施行。",
        "青河市人民代表大会常务委员会",
        "2031年12月26日",
        "（2031年10月17日青河市人民代表大会常务委员会第十一次会议通过",
        "2031年12月3日青河省人民代表大会常务委员会第二十九次会议批准）",
        "第一章 总则",
        "第一条 为了安全，制定本条例。",
    )
    frame = reading.frame
    assert frame.number == "青河市人民代表大会常务委员会公告第三十七号"
    assert (frame.title, frame.date) == ("青河市渡口条例", "2031-12-26")
    assert (reading.parts, [one.code for one in reading.sentences]) == ((), ["引.1.1", "第一条.1"])


def test_a_day_and_who_under_the_title() -> None:
    frame = reading_of(
        "青河渡口证管理办法", "2031年3月10日，青河省交通厅", "第1条 船员应当持证。"
    ).frame
    assert frame.date == "2031-03-10"


def test_bullets_of_a_page_begin_no_text() -> None:
    frame = reading_of(
        "青河县水利局关于印发 2031年节水要点的通知",
        "• 时间:2031-05-04 08:58:16",
        "• 发布:青河县水利局",
        "slider image 629",
        ":::",
        "青水发〔2031〕1号",
        "青河县水利局关于印发",
        "2031年节水要点的通知",
        "各镇水利站，局机关各科室：",
        "现将要点印发给你们。",
        "青河县水利局",
        "2031年4月26日",
        "2031年节水要点",
        "一、节水",
        "1.各镇要节水。",
    ).frame
    assert (frame.number, frame.recipients) == ("青水发〔2031〕1号", ("各镇水利站", "局机关各科室"))


def test_a_paper_below_what_an_archive_says_of_it() -> None:
    frame = reading_of(
        "國務院關於落實《綱要》工作分工的通知",
        "自由的圖書館",
        "本文件已於2035年宣布失效。",
        "國務院關於落實《綱要》工作分工的通知",
        "國發〔2031〕29號",
        "2031年8月24日",
        "國務院關於落實《水利",
        "綱要》",
        "工作分工的通知",
        "國發〔2031〕29號",
        "各省人民政府：",
        "現就有關事項通知如下：",
        "一、節水",
        "各省要節水。",
    ).frame
    assert (frame.recipients, frame.date) == (("各省人民政府",), "2031-08-24")
    assert frame.title == "國務院關於落實《水利綱要》工作分工的通知"


def test_a_note_without_brackets_dates_a_law() -> None:
    frame = reading_of(
        "青河县政协工作条例", "2031年10月18日青河县政协第一次会议通过", "第一条 委员应当到会。"
    ).frame
    assert frame.date == "2031-10-18"


def test_names_under_the_title_of_what_is_carried() -> None:
    reading = reading_of(
        *NOTICE,
        "青河县人民政府",
        "2031年5月19日",
        "青河县节水方案",
        "县水利局 县财政局",
        "一、节水",
        "各镇要节水。",
    )
    assert [one.title for one in reading.sections if one.title] == ["节水"]


def test_a_portal_s_line_of_spaces_takes_no_time() -> None:
    start = time.monotonic()
    reading_of("发文字号：青政发〔2031〕5号" + " " * 30_000 + "。", "一、节水", "各镇要节水。")
    assert time.monotonic() - start < 5
