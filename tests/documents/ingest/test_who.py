"""Who must act: subjects of sentences, headings and lines that say who."""

import pytest

from directives.documents.ingest.addressees import named_in
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.words import aligned

pytestmark = pytest.mark.once


def reading_of(*lines: str) -> Reading:
    return read("\n".join(("关于工作的意见", *lines)).encode(), name="a.txt")


def who_by_code(reading: Reading) -> dict[str, list[tuple[str, str]]]:
    return {
        one.code: [(body.name, body.role) for body in one.addressees if body.name]
        for one in reading.sentences
        if not one.statement
    }


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("各牵头单位要于每月底前报送进展。", ["各牵头单位"]),
        ("从明年起，各牵头单位要按月报送。", ["各牵头单位"]),
        ("各牵头领导、责任单位要抓紧推进。", ["各牵头领导", "责任单位"]),
        ("各乡镇各部门要围绕目标落实。", ["各乡镇", "各部门"]),
        ("水务、农业等部门和有关军事机关应当做好工作。", ["水务、农业等部门", "有关军事机关"]),
        ("青河市水务局是河道的监督管理机关，负责日常巡查。", ["青河市水务局"]),
        ("县水务局在县人民政府领导下，负责河道管理。", ["县水务局"]),
        ("县水务局主管本行政区域内的河道工作。", ["县水务局"]),
        ("市河道管理处（以下简称河道处）负责河道清淤。", ["市河道管理处"]),
        ("學生於午休時間應將手機關機。", ["學生"]),
        ("學生因病不能參加朝會者，應向導師報告。", ["學生"]),
        ("家長、學生需定期聯繫時，可約定時間。", ["家長", "學生"]),
        ("教師因教學需要，得允許學生使用平板。", ["教師"]),
        ("家長得向學務處申請。", ["家長"]),
        ("上課前，由值日學生收齊後通知老師。", ["值日學生"]),
        ("學生伙食費應每學期公布。", []),
        ("凡本校學生如需攜帶手機到校者，均需申請。", ["本校學生"]),
        ("請假須由家長或監護人來校辦理。", ["家長", "監護人"]),
        ("由生活輔導組轉請學務主任核准。", ["生活輔導組"]),
        ("进入学校须立即关机。", []),
        ("规划、公安等部门依据各自职责，做好监督工作。", ["规划、公安等部门"]),
        ("县水利局在各自职责范围内负责河道工作。", ["县水利局"]),
        ("企业（特别是小微企业）要主动报告。", ["企业"]),
        ("任何单位和个人都有依法护河的义务。", ["任何单位和个人"]),
        ("请青河中学、白石镇小学等单位做好发言准备。", ["青河中学、白石镇小学等单位"]),
        ("由县河道机构编制管理机关事先组织有关部门论证。", ["县河道机构编制管理机关"]),
        ("护河队由党员、民兵组成。", []),
        ("县长主持河长会议。", ["县长"]),
        ("组长由县长担任，副组长由副县长兼任。", []),
        ("各部门需严格按照本制度落实。", ["各部门"]),
        ("安全管理委员会（成员：各部门主管）负责统筹工作。", ["安全管理委员会"]),
        ("生产副厂长负责组织工作。", ["生产副厂长"]),
        ("本所應編列預算。", ["本所"]),
        ("安全主管的主要职责包括但不限于：", ["安全主管"]),
        ("各村对护河形势要有清醒认识。", ["各村"]),
        ("汛期各单位要保证有人值班。", ["各单位"]),
        ("请教务处、研究生院、各学院结合实际安排课程。", ["教务处", "研究生院", "各学院"]),
        ("各学院各班级应召开班会。", ["各学院", "各班级"]),
        ("年级辅导员需进一步加强管理。", ["年级辅导员"]),
        ("全校师生要做好防护。", ["全校师生"]),
        ("各村重点清理河边垃圾。", ["各村"]),
        ("各镇完成情况纳入考核。", []),
        ("国务院水行政部门主管全国节水工作。", ["国务院水行政部门"]),
        ("各级人民政府领导节水工作，应当保障经费。", ["各级人民政府"]),
        (
            "工会、青年团、妇女联合会等群团组织应当宣传节水。",
            ["工会、青年团、妇女联合会等群团组织"],
        ),
        ("取水口管理人、进口商发现漏水的，应当报告。", ["取水口管理人", "进口商"]),
        ("县人民政府如需跨县调水，必须经省人民政府批准。", ["县人民政府"]),
        ("用水者享有知情的权利。", ["用水者"]),
        ("房屋所有权人是安全责任人。", ["房屋所有权人"]),
        ("各队人数不得少于50人。", []),
        ("尽早向教育行政部门汇报情况。", []),
        ("由副院长担任组长。", []),
        ("包村领导为清淤责任人，村书记为直接责任人。", ["包村领导", "村书记"]),
        ("每个村民小组在路口刷写标语。", ["每个村民小组"]),
        ("乡、村干部在接到通知半小时内必须到场。", ["乡", "村干部"]),
        ("县数据局牵头，6月底前建成平台，各部门按照标准接入。", ["县数据局", "各部门"]),
        ("各级党委和政府河道管护责任主要包括：", ["各级党委", "各级政府"]),
    ],
)
def test_subjects(sentence: str, names: list[str]) -> None:
    assert [name for name, _ in named_in(sentence, aligned(sentence))] == names


def test_a_heading_that_is_a_body_or_its_duties_says_who() -> None:
    reading = reading_of(
        "一、市水利局职责",
        "（一）组织编制预案。",
        "二、职责分工",
        "（一）市教育局。组织学校停课。督促学校排查。",
        "（二）工作任务",
        "编制规划。",
    )
    assert who_by_code(reading) == {
        "一.1.1": [("市水利局", "responsible")],
        "二.1.1": [("市教育局", "responsible")],
        "二.1.2": [("市教育局", "responsible")],
        "二.2.1": [],
    }


def test_a_line_of_who_below_several_items_is_about_all_of_them() -> None:
    lines = ("一、应急", "1.完善体系", "（1）修订预案。", "（2）开展演练。")
    reading = reading_of(*lines, "（责任单位：市应急局）", "2.健全机制", "（1）补齐人员。")
    assert who_by_code(reading) == {
        "一.1.1": [("市应急局", "responsible")],
        "一.2.1": [("市应急局", "responsible")],
        "一.3.1": [],
    }


def test_a_key_with_roles_behind_it() -> None:
    reading = reading_of(
        "一、住房", "1、扩大保障范围。", "责任部门：市住建局牵头，市民政局、市财政局配合。"
    )
    assert who_by_code(reading)["一.1.1"] == [
        ("市住建局", "lead"),
        ("市民政局", "supporting"),
        ("市财政局", "supporting"),
    ]


def test_the_first_one_leads_in_the_words_of_a_line() -> None:
    reading = reading_of(
        "一、招投标",
        "（一）清理壁垒。",
        "责任单位：县住建局、县财政局（第一责任单位为牵头单位，下同）",
        "时限要求：2031年6月底前",
        "（二）修订办法。",
        "责任单位：县发改委、县司法局",
    )
    assert who_by_code(reading) == {
        "一.1.1": [("县住建局", "lead"), ("县财政局", "responsible")],
        "一.2.1": [("县发改委", "lead"), ("县司法局", "responsible")],
    }
    first = next(reading.sentences)
    assert first.due is not None and first.due.on == "2031-06-30"


def test_a_day_among_the_names_of_a_key_is_the_deadline() -> None:
    reading = reading_of(
        "一、许可", "修订规定。（责任单位：县住建局、县司法局，2031年6月底前完成）"
    )
    assert who_by_code(reading)["一.1.1"] == [
        ("县住建局", "responsible"),
        ("县司法局", "responsible"),
    ]
    [one] = list(reading.sentences)
    assert one.due is not None and one.due.on == "2031-06-30"


def test_a_line_that_names_a_leader_is_no_directive() -> None:
    reading = reading_of(
        "一、目标", "1.用水下降7%。", "牵头负责领导：刘某。", "牵头责任单位：县水利局。"
    )
    assert who_by_code(reading) == {"一.1.1": [("县水利局", "lead")]}


def test_a_bracket_that_says_where_names_nobody() -> None:
    reading = reading_of("一、防汛", "名单报县防汛办公室（地点设在县水利站）。")
    assert who_by_code(reading) == {"一.1.1": []}


def test_a_note_in_a_bracket_names_nobody() -> None:
    reading = reading_of(
        "一、数据",
        "建成平台。（牵头单位：县数据局；责任单位：各部门。以下任务均需各镇落实，不再一一列出）",
    )
    assert who_by_code(reading) == {"一.1.1": [("县数据局", "lead"), ("各部门", "responsible")]}


def test_a_bracket_that_explains_a_word_says_nobody() -> None:
    reading = reading_of("一、设施", "推动各镇建设综合体（社区服务中心）。")
    assert who_by_code(reading) == {"一.1.1": []}


@pytest.mark.parametrize(
    "sentence",
    [
        "如需外出，须遵守以下规定：",
        "本办法所称河道，泛指江河、湖泊。",
        "遵循“统一规划、分级负责”的基本原则。",
        "坚持以习近平新时代中国特色社会主义思想为指导，推动治理现代化。",
        "河长办由县长、副县长、县水利局主要负责人组成。",
        "水是生命之源，对于全县发展，具有基础性、先导性的重要作用。",
        "河道工作的指导思想是，坚持绿色发展，全面保护河湖。",
        "2031年是河道治理收官之年，有不少必须完成的硬任务。",
        "办公室成员包括县水利局、县林业局代表。",
        "河道：系指江河、湖泊及其岸线。",
        "本要點如有未盡事宜得隨時修正。",
        "依據教育部112年3月23日臺教師字第1122600652號函辦理。",
    ],
)
def test_what_asks_nothing(sentence: str) -> None:
    [one, _] = list(reading_of("一、河道", sentence, "二、巡查", "市水利局要巡查。").sentences)
    assert one.statement


@pytest.mark.parametrize(
    "sentence",
    [
        "在全市河道内禁止下列行为：",
        "对存在的困难和问题，牵头单位适时向县政府报告，提请研究解决。",
    ],
)
def test_what_asks_something(sentence: str) -> None:
    [one] = list(reading_of("一、河道", sentence).sentences)
    assert not one.statement


def test_a_day_before_that_of_the_document_is_a_fact() -> None:
    reading = reading_of(
        "一、发展背景",
        "2030年末，全县用水普及率达到90%。",
        "二、总体要求",
        "-建设水网，2033年底前，普及率达到99%。",
        "青河县水利局",
        "2031年3月5日",
    )
    assert [one.statement for one in reading.sentences] == [True, False]


def test_bullets_have_those_whose_duties_they_are() -> None:
    reading = reading_of(
        "第一条 河道专管员的主要职责包括：", "- 每周巡查河道；", "- 监督问题的整改情况。"
    )
    assert who_by_code(reading) == {
        "第一条.1": [("河道专管员", "responsible")],
        "第一条.2": [("河道专管员", "responsible")],
        "第一条.3": [("河道专管员", "responsible")],
    }


def test_tasks_that_are_as_follows_are_those_of_the_body() -> None:
    reading = reading_of("一、本中心之任務如下：", "（一）掌握災情。", "（二）調度物資。")
    assert [*who_by_code(reading).values()] == [[("本中心", "responsible")]] * 3


def test_who_is_encouraged_by_the_state_or_a_company() -> None:
    reading = reading_of("一、节水", "各厂要节水。公司鼓励员工参加培训。")
    assert who_by_code(reading)["一.1.2"] == [("员工", "responsible")]


@pytest.mark.parametrize("title", ["确保完成目标任务", "整改存在问题", "推动形势好转"])
def test_a_heading_that_asks_to_do_something_is_no_guiding_one(title: str) -> None:
    reading = reading_of(f"一、{title}", "加强日常巡查。")
    assert [one.statement for one in reading.sentences] == [False]


def test_a_figure_stands_above_its_decimals() -> None:
    reading = reading_of("1. 权责：", "1.1 水利科负责巡查；", "2. 内容：", "2.1 巡查", "每日巡查。")
    titles = [(row.level, row.number, row.title) for row in reading.sections if row.title]
    assert titles == [(1, "1", "权责"), (1, "2", "内容"), (2, "2.1", "巡查")]


def test_items_of_a_definition_ask_nothing() -> None:
    reading = reading_of(
        "第一条 本规定所称河道设施包括：", "（一）堤防、护岸；", "（二）水闸、泵站。"
    )
    assert [one.statement for one in reading.sentences] == [True, True, True]
