"""Where a sentence ends."""

import pytest

from directives.documents.ingest.reading import read
from directives.documents.ingest.sentences import sentences_of
from directives.documents.ingest.words import Words

pytestmark = pytest.mark.once


def cut(paragraph: str, doubtful: tuple[int, ...] = ()) -> tuple[str, ...]:
    size = len(paragraph)
    words = Words(paragraph, paragraph, range(size), range(1, size + 1))
    return tuple(one.text for one in sentences_of(words, doubtful))


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("甲。乙；丙。", ("甲。", "乙；", "丙。")),
        ("甲！乙？丙。", ("甲！", "乙？", "丙。")),
        ("他说：“甲。”乙。", ("他说：“甲。”", "乙。")),
        ("要牢记“小事。大事。”的要求。抓好。", ("要牢记“小事。大事。”的要求。", "抓好。")),
        (
            "学习《规定。修订稿》（试行；草案）。做好。",
            ("学习《规定。修订稿》（试行；草案）。", "做好。"),
        ),
        ("用「甲。乙」。", ("用「甲。乙」。",)),
        ("没有句号", ("没有句号",)),
        ("甲。（教育部牵头）乙。", ("甲。（教育部牵头）", "乙。")),
        (
            "甲。（牵头单位：教育部；责任单位：财政部）",
            ("甲。（牵头单位：教育部；责任单位：财政部）",),
        ),
        ("甲。（注）乙。", ("甲。", "（注）乙。")),
        ("甲（乙。丙；丁。", ("甲（乙。", "丙；", "丁。")),  # a bracket without its partner is none
        ("增长3.5%。甲。", ("增长3.5%。", "甲。")),
        ("", ()),
    ],
)
def test_sentences(paragraph: str, sentences: tuple[str, ...]) -> None:
    assert cut(paragraph) == sentences


def test_a_mark_that_may_be_a_lost_character_cuts_nothing() -> None:
    assert cut("建立制度？联席会议。", doubtful=(4,)) == ("建立制度？联席会议。",)


def states(*lines: str) -> list[bool]:
    """Whether each sentence of a law is a statement."""
    text = "\n".join(("青河县渡口办法", *lines))
    return [one.statement for one in read(text.encode(), name="a.txt").sentences]


@pytest.mark.parametrize(
    "line",
    [
        "在本省从事渡运活动，应当遵守本规定。",
        "在全县开展渡口登记，适用本规范。",
        "《纲要》确定的指标，是各级政府必须实现的要求。",
        "最高收入包括成本、利润和税金。",
        "其中，成本指渡船的购置支出。",
        "本办法中的术语含义：",
        "本办法自2031年3月1日施行。",
    ],
)
def test_scope_and_definitions_ask_nothing(line: str) -> None:
    assert states(f"第一条 {line}", "第二条 船员应当持证。") == [True, False]


def test_what_is_passed_before_it_is_carried_out_is_asked() -> None:
    assert states("第一条 实施方案应按程序审议通过后实施。", "第二条 船员应当持证。") == [
        False,
        False,
    ]


def test_conditions_behind_a_sentence_that_ends() -> None:
    assert states(
        "第一条 凡具备下列条件之一的，可授予称号。",
        "（一）经县交通局鉴定的。",
        "第二条 船主有下列情形之一的，处以罚款。构成犯罪的，移送司法机关：",
        "（一）未由主管部门检验的。",
        "第三条 船员应当持证。",
    ) == [False, True, False, False, True, False]


def test_what_a_definition_lists_asks_nothing() -> None:
    assert states(
        "第一条 本办法所称资金，是指用于渡口的资金，包括：",
        "县级预算安排的资金；其他资金。",
        "检查支出从资金中列支。",
    ) == [True, True, True, False]


def test_items_of_a_list_that_is_asked_are_asked() -> None:
    items = ("（一）台账的真实性；", "（二）合同的执行情况；")
    assert states("第一条 县交通局应当检查以下内容：", *items) == [False] * 3


def test_the_caption_of_an_article_asks_nothing() -> None:
    lines = ("第一条 渡船的营运条件", "（一）船主应当持证。", "第二条 船员应当持证。")
    assert states(*lines) == [True, False, False]


def test_captions_within_an_article_ask_nothing() -> None:
    assert states(
        "第一条 渡口管理",
        "一、检查与评估",
        "（一）县交通局",
        "1、负责推进各项检查工作。",
        "（二）各镇",
        "1、制定检查办法。",
    ) == [True, True, True, False, True, False]


def test_the_tasks_are_announced_by_what_asks_nothing() -> None:
    assert states("第一条 渡口改革的具体任务是：", "各镇要节水。") == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "邮寄地址：青河市湖滨路61号",
        "电子邮箱：a@example.org",
        "我省正处在航运加速发展阶段，潜力巨大。",
        "青河县是实行区域自治的地方。",
        "标准制定程序是指标准的编制、审查和发布的程序。",
        "用于运输的用具称为集装用具。",
        "本程序适用于渡口标准的制定工作。",
    ],
)
def test_what_tells_where_and_what_asks_nothing(line: str) -> None:
    assert states(f"第一条 {line}", "第二条 船员应当持证。") == [True, False]


def test_conditions_of_any_kind_and_on_one_line() -> None:
    assert states(
        "第一条 船主有下列情形的，列入名录：",
        "（一）提供虚假材料；",
        "第二条 专家与船主有下列关系之一的，应当回避：（一）担任董事；（二）有亲属关系。",
    ) == [False, True, False, True, True]


def test_a_notice_that_carries_a_plan_only_opens_it() -> None:
    text = (
        "关于《青河县渡口条例》公开征求意见的公告\n《青河县渡口条例（草案）》已经两次审议。"
        "\n青河县人大常委会\n2031年3月5日\n青河县渡口条例\n第一章 总则\n第一条 船员应当持证。"
    )
    assert [one.statement for one in read(text.encode(), name="a.txt").sentences] == [True, False]


def test_a_summary_of_work_done_asks_nothing() -> None:
    text = (
        "青河县水利局关于印发2030年节水工作总结的通知\n各镇：\n现印发给你们。\n青河县水利局\n2031年3月5日"
        "\n2030年节水工作总结\n一、突出重点\n实施节水制度，平均降幅5.6%。"
    )
    assert [one.statement for one in read(text.encode(), name="a.txt").sentences] == [True, True]


def test_the_subject_of_a_letter_asks() -> None:
    text = (
        "主旨：檢送節水計畫，請貴校踴躍投件。\n說明：\n一、依據前開辦法略以：「學校應節水」；"
        "\n二、各校應節水。"
    )
    sentences = list(read(text.encode(), name="a.txt").sentences)
    assert [one.statement for one in sentences] == [False, True, True, False]


def test_straight_quotes_are_quotes() -> None:
    text = '第二款修改为："渡运实行预防为主的方针。各镇负责。"'
    assert cut(text) == (text,)


def test_what_matters_much_can_be_asked_for() -> None:
    assert states("第一条 优先支持在意义重大的领域开展渡运。", "第二条 船员应当持证。") == [
        False,
        False,
    ]


def test_the_year_of_a_target_is_its_day() -> None:
    text = "青河县节水方案\n一、工作目标\n2031年在节水上取得进展。\n二、节水\n各镇要节水。"
    [target, _] = read(text.encode(), name="a.txt").sentences
    assert target.due is not None
    assert (target.due.on, target.due.words) == ("2031-12-31", "2031年")


def test_what_guides_a_government_asks_nothing() -> None:
    assert states("第一条 县政府工作的准则是：执政为民，务实清廉。", "第二条 船员应当持证。") == [
        True,
        False,
    ]
