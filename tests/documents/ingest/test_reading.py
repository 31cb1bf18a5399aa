"""A second document, in Simplified script and of another kind.

Nothing in the reader knows the sample.
"""

from pathlib import Path

import pytest

from directives.base.script import to_hant
from directives.documents.ingest.addressees import AddresseeRead, addressees_of
from directives.documents.ingest.items import items_of
from directives.documents.ingest.modality import cadence_of, is_statement, kind_of, modality_of
from directives.documents.ingest.reading import Reading, SentenceRead, read, script_of

pytestmark = pytest.mark.once

SOURCE = Path(__file__).with_name("small_hans.txt")


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(SOURCE.read_bytes(), name="small.txt")


def by_code(reading: Reading, code: str) -> SentenceRead:
    return next(sentence for sentence in reading.sentences if sentence.code == code)


def who(sentence: SentenceRead) -> list[tuple[str, str, str]]:
    return [(one.name, one.basis, one.source) for one in sentence.addressees]


def test_front_and_back_matter(reading: Reading) -> None:
    assert reading.title == "某市人民政府办公室关于加强社区养老服务工作的通知"
    assert reading.issuer == "某市人民政府办公室"
    assert reading.script == "hans"
    assert reading.repairs == ()
    assert reading.text_repaired == reading.text_read
    assert [(row.line, row.reason) for row in reading.left_out] == [
        (3, "source"),
        (4, "recipient"),
        (13, "signature"),
        (14, "date"),
        (15, "signature"),
    ]


def test_sections(reading: Reading) -> None:
    assert [(one.number, one.title, one.level, one.first) for one in reading.sections] == [
        ("", "", 1, 1),
        ("一", "健全服务网络", 1, 1),
        ("（一）", "完善设施布局", 2, 1),
        ("二", "加强组织领导", 1, 1),
        ("", "", 1, 1),
    ]
    assert [sentence.code for sentence in reading.sentences] == [
        "引.1.1",
        "一.1.1",
        "一.1.2",
        "一.1.3",
        "一.2.1",
        "一.2.2",
        "一.2.3",
        "一.3.1",
        "二.1.1",
        "二.1.2",
        "二.1.3",
        "二.1.4",
        "結.1.1",
    ]


def test_what_asks_for_nothing(reading: Reading) -> None:
    assert [one.code for one in reading.sentences if one.statement] == [
        "引.1.1",
        "一.2.1",
    ]


def test_who_must_act(reading: Reading) -> None:
    assert {one.code: who(one) for one in reading.sentences if not one.statement} == {
        "一.1.1": [("各区人民政府", "named", "")],
        "一.1.2": [("", "unstated", "")],
        "一.1.3": [("", "unstated", "")],
        "一.2.2": [
            ("市民政局", "named", ""),
            ("市财政局", "named", ""),
            ("有关部门", "named", ""),
        ],
        "一.2.3": [("任何单位和个人", "named", "")],
        "一.3.1": [("社会组织", "inferred", "")],
        "二.1.1": [
            ("各级党委", "named", ""),
            ("各级政府", "named", ""),
            ("工会、共青团、妇联等群团组织", "named", ""),
        ],
        "二.1.2": [("市民政局", "named", "")],
        "二.1.3": [("若干部门", "named", "")],
        "二.1.4": [("若干部门", "carried", "二.1.3")],
        "結.1.1": [("各区", "named", ""), ("各部门", "named", "")],
    }


def test_what_is_asked(reading: Reading) -> None:
    asked = {
        one.code: (one.modality, one.kind, one.cadence, [item.name for item in one.items])
        for one in reading.sentences
    }
    assert asked["一.1.1"] == ("要", "institution", "regular", ["国土空间规划", "设施台账"])
    assert asked["一.1.2"] == ("應該", "resource", "continuing", [])
    assert asked["一.2.2"] == (
        "要",
        "institution",
        "once",
        ["扶持办法", "从业人员培训制度", "持证上岗制度", "薪酬激励制度"],
    )
    assert asked["一.2.3"] == ("不得", "prohibition", "continuing", [])
    assert asked["一.3.1"] == ("鼓勵", "encouragement", "continuing", [])
    assert asked["二.1.2"] == ("祈使", "institution", "once", ["社区养老服务联席会议制度"])
    assert asked["二.1.4"] == ("探索", "evaluation", "once", ["老年人能力综合评估机制"])
    assert asked["結.1.1"] == ("要", "deliverable", "once", ["具体落实方案"])


def test_both_scripts_take_one_path(reading: Reading) -> None:
    other = read(to_hant(SOURCE.read_text(encoding="utf-8")).encode(), name="small.txt")
    assert other.script == "hant"
    pairs = list(zip(reading.sentences, other.sentences, strict=True))
    for hans, hant in pairs:
        assert (hans.code, hans.statement, hans.modality, hans.kind, hans.cadence) == (
            hant.code,
            hant.statement,
            hant.modality,
            hant.kind,
            hant.cadence,
        )
        assert [(i.start, i.end) for i in hans.items] == [(i.start, i.end) for i in hant.items]
        assert [to_hant(name) for name, _, _ in who(hans)] == [name for name, _, _ in who(hant)]


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("各级党委和政府要加强领导。", ["各级党委", "各级政府"]),
        ("地方各级党委和政府要加强领导。", ["地方各级党委", "地方各级政府"]),
        ("县级以上人民政府及其有关部门应当组织检查。", ["县级以上人民政府", "其有关部门"]),
        ("党委、人大、政府、政协要支持人民团体。", ["党委", "人大", "政府", "政协"]),
        ("各级财政加大支持力度。", ["各级财政"]),
        ("教育部、财政部负责制定配套政策。", ["教育部", "财政部"]),
        ("中央财政要加大力度，地方财政要予以保障。", ["中央财政", "地方财政"]),
        ("在党委领导下，工会要维护职工权益。", ["工会"]),
        ("群团组织领导机关干部要带头。", ["群团组织领导机关干部"]),
        ("国务院有关部门要按照职责分工，加强协调。", ["国务院有关部门"]),
        ("完善经费保障制度。（财政部牵头，教育部配合）", ["财政部", "教育部"]),
    ],
)
def test_named(sentence: str, names: list[str]) -> None:
    assert [(one.name, one.basis) for one in addressees_of(sentence, sentence, (), "")] == [
        (name, "named") for name in names
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "支持群团组织参与社会治理。",  # the body supported owes nothing
        "发挥工会作用。",
        "加强对群团组织的领导。",
        "组织群众参加社区治理。",
        "结构要合理优化。",
        "完善人民团体工作制度。",
    ],
)
def test_mentioned_is_not_named(sentence: str) -> None:
    assert addressees_of(sentence, sentence, (), "") == (AddresseeRead("", "unstated", ""),)


def test_unstated_is_not_carried() -> None:
    before = (AddresseeRead("", "unstated", ""),)
    assert addressees_of("完善制度。", "完善制度。", before, "一.1.1") == before


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("工会是党联系职工群众的桥梁和纽带。", True),
        ("做好群团工作具有十分重要的意义。", True),
        ("群团组织要发挥桥梁作用。", False),
        ("要看到群团工作是党的事业的重要组成部分。", False),
        ("重点抓好基层，特别是非公企业的组织建设工作。", False),
        ("但是不得增加基层负担。", False),
    ],
)
def test_statement(sentence: str, statement: bool) -> None:
    assert is_statement(sentence) is statement


@pytest.mark.parametrize(
    ("sentence", "modality"),
    [
        ("按照有关要求，完善重要制度，满足群众需要。", "祈使"),
        ("必须坚持党的领导。", "要"),
        ("应当按时报送。", "應該"),
        ("可以适当调整。", "可"),
        ("许可范围内的事项，认可一批。", "祈使"),
        ("严禁弄虚作假。", "不得"),
        ("积极支持群团组织。", "支持"),
        ("鼓励和支持社会参与。", "鼓勵"),
        ("探索建立机制。", "探索"),
        ("主要新闻媒体加强宣传。", "祈使"),
    ],
)
def test_modality(sentence: str, modality: str) -> None:
    assert modality_of(sentence) == modality


def test_kind_and_cadence() -> None:
    assert kind_of("开展改革试点。", "祈使", []) == "pilot"
    assert kind_of("安排专项经费。", "祈使", []) == "resource"
    assert kind_of("加强考核。", "祈使", []) == "evaluation"
    assert kind_of("团结群众。", "祈使", []) == "recurring duty"
    assert cadence_of("每季度通报一次。", "recurring duty") == "regular"
    assert cadence_of("建立制度。", "institution") == "once"
    assert cadence_of("团结群众。", "recurring duty") == "continuing"


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("建立联席会议制度和信息通报制度。", ["联席会议制度", "信息通报制度"]),
        (
            "建立健全党委统一领导、政府分工负责的工作机制。",
            ["党委统一领导、政府分工负责的工作机制"],
        ),
        ("完善督查、考核、问责等机制。", ["督查机制", "考核机制", "问责机制"]),
        ("建设服务平台，打造工作品牌。", ["服务平台", "工作品牌"]),
        ("建立重点项目清单，年度任务清单。", ["重点项目清单", "年度任务清单"]),
        ("加强领导班子建设。", []),
        ("提高工作水平，维护合法权益。", []),
    ],
)
def test_items(sentence: str, names: list[str]) -> None:
    assert [item.name for item in items_of(sentence, sentence, ())] == names


def test_item_does_not_repeat_its_owner() -> None:
    sentence = "完善群团组织事务公开制度。"
    assert [item.name for item in items_of(sentence, sentence, ("群团组织",))] == ["事务公开制度"]
    assert [item.name for item in items_of(sentence, sentence, ())] == ["群团组织事务公开制度"]


def test_script() -> None:
    assert script_of("群众工作") == "hans"
    assert script_of("群眾工作") == "hant"
    assert script_of("") == "hans"
