"""One word for one thing, in English, 简体 and 繁體.

What the interface does not say, and what it says instead.

A word of the lists below is a fault wherever a message of the product holds it: in templates,
Python, forms, mails. What a text may hold nevertheless stands in ALLOWED, with its reason.
Placeholders and addresses are left out.
"""

import re
from functools import cache

import pytest
from django.conf import settings
from django.utils.translation import gettext, override

from directives.base.clocks import _SHORT, COLOUR_NAMES, PHRASES
from directives.base.states import OBLIGATION_STATES
from directives.management.commands.translations import PLACEHOLDER, find_strings, read_catalogue
from directives.models import Document, Obligation

HAN = "[\u3400-\u9fff]"
# What is not said → what is said instead.
ENGLISH = {
    r"bod(?:y|ies)": "organisation",
    r"hand(?:ed|s|ing)? (?:it |them |all |this |one )?in|hand-ins?|filings?|filed": (
        "submit, submission, item"
    ),
    r"ow(?:e|es|ed|ing)": "is responsible for, due",
    r"verdicts?": "review result",
    r"mend(?:s|ed)?": "correct",
    r"br(?:ing|ings|ought|inging) (?:\w+ ){0,3}in(?:to)?": "import",
    r"t(?:ake|akes|aken|ook) (?:[\w“”]+ ){0,3}(?:away|off|out|back)": (
        "export, delete, undo, withdraw, clear"
    ),
    r"passed over": "skipped",
    r"anew|once more": "again",
    r"meanwhile": "since you opened this",
    r"clocks?": "deadline",
    r"stands?|stood": "is, appears, is listed",
    r"nobody|somebody|anybody": "no one, another user",
    r"cadence": "frequency",
    r"modality": "how binding",
    r"clauses?": "directive code",
    r"close-outs?": "close request",
    r"(?:the|your) views?|in view": "scope",
    r"ceased|ceases": "abolished",
    r"tick(?:ed|s)?": "select",
    r"e-mail": "email",
    r"ids?(?<!record id)": "record ID",
    r"the record(?! id)|records": "audit log, log entries",
    r"'": "’",
}
HANS = {
    "条任务": "项任务",
    "校勘|识读": "文字修复、解析",
    "待签发|(?<!审)送签": "待审签、送审签",
    "超期": "逾期",
    "移除|删去": "删除",
    "暂缓": "中止",
    "点到": "明示",
    "名册": "单位名录",
    "单位代码": "单位编码",
    "条款号": "条款编号",
    "封存|封印": "防篡改校验",
    "报送期限|签收期限": "时限",
    "情态|语气": "要求程度",
    "佐证(?!材料)": "佐证材料",
    "变灯": "亮灯变化",
    "记一笔": "登记工作",
    "报送件": "报送记录",
    "直属下级|下属单位": "直接下级、下级单位",
    "可见范围": "查看范围",
    "账号管理员|管理账号的人员": "系统管理员",
    "无须": "无需",
    "再试一次": "重试",
    "统计周期|周期类型|统计时期": "统计期、填报频次",
    "机构树|机构": "单位树、单位",
    "责任角色": "责任类型",
    "指标解释": "指标口径",
    "文件字体": "简体／繁体",
    "办结": "销号",
    "停表": "停止计时",
    "夜深": "您好",
    "重新打开(?!页|；|。)": "重新启动",
    "(?<!任)何人(?!何时)": "操作人",
    "接着": "继续",
    "一字不差": "完全相同",
    "对象编号": "系统编号",
    "(?<!电子)邮箱": "电子邮箱",
}
HANT = {
    "導入|導出": "匯入、匯出",
    "保存": "儲存",
    "搜索|查找": "搜尋",
    "登錄": "登入、登出",
    "賬號": "帳號",
    "用戶": "使用者",
    "郵箱": "電子郵件",
    "單元格|工作簿|表頭": "儲存格、活頁簿、欄位標題",
    "打印|粘貼|刷新": "列印、貼上、重新整理",
    "字節|字符|文本": "位元組、字元、文字",
    "內存|服務器|二進制|校驗值": "記憶體、伺服器、二進位、雜湊值",
    "後臺": "背景",
    "軟件|網絡|電子表格": "程式、連線、試算表",
    "鏈接|導航|標籤頁|下拉列表": "連結、導覽、分頁、下拉選單",
    "設置|模板|創建": "設定、範本、建立",
    "投屏": "大螢幕顯示",
    "全角|半角": "全形、半形",
    "(?<![期])同比": "與上年同期比",
    "數據截至|演示": "資料截至、示範",
    "[“”‘’]": "「」",
    "信息": "資訊",
    "表格文件|導出文件|我的文件": "檔案",
    "(?<=[最至大]多)隻": "只",
    "複議|複核": "復議、覆核",
    "佔": "占",
    "[公發]佈": "公布、發布",
    "注釋": "註釋",
    "幾周|[0-9] 周": "週",
    "乾部": "幹部",
}
# Text, or a part of it → why it may hold a word of the lists.
ALLOWED = {
    "Reload": "a page is opened again (重新打开), nothing is reopened",
    "then reload it": "the same",
    "仍由%(body)s保存": "an organisation keeps plans and records; nothing is saved",
}


@cache
def places() -> dict[str, list[str]]:
    """Where the product says each of its strings."""
    found: dict[str, list[str]] = {}
    for key, lines in find_strings().items():
        found.setdefault(key.english, []).extend(lines)
    return found


@cache
def messages() -> dict[str, dict[tuple[str, str], str]]:
    """What the product says, by language.

    Its own strings, not those that it translates for other packages.
    """
    own = {(key.context, key.english) for key in find_strings()}
    said = {"en": {key: key[1] for key in own}}
    for locale in ("zh_Hans", "zh_Hant"):
        said[locale] = {
            (key.context, key.english): text for key, text in read_catalogue(locale).items()
        }
    return said


def bare(text: str) -> str:
    """The words alone: no placeholders, no tags."""
    return re.sub(r"<[^>]*>", " ", PLACEHOLDER.sub("%", text))


def faults(language: str, words: dict[str, str], *, whole: bool) -> list[str]:
    lines = []
    for wrong, right in words.items():
        pattern = re.compile(
            rf"(?<![\w-])(?:{wrong})(?![\w-])" if whole and wrong != "'" else wrong, re.I
        )
        lines += [
            f"{pattern.search(bare(text))[0]} → {right}: {text}"
            for key, text in messages()[language].items()
            if pattern.search(bare(text))
            and not any(part in text or part in key[1] for part in ALLOWED)
        ]
    return sorted(lines)


def test_english_says_one_word_for_one_thing():
    assert faults("en", ENGLISH, whole=True) == []


def test_simplified_says_one_word_for_one_thing():
    assert faults("zh_Hans", HANS, whole=False) == []


def test_traditional_says_the_words_of_traditional_interfaces():
    assert faults("zh_Hant", HANT, whole=False) == []


def test_a_number_has_a_space_beside_it_and_a_name_or_a_date_has_none():
    """Not in papers, which follow the rules of official documents."""
    papers = {
        english
        for english, lines in places().items()
        if any("/papers/" in line or "/papers.py" in line for line in lines)
    }
    number, name = (
        r"%\((?:n|count|total|limit|percent|done|rows|cells|left)\)s",
        r"%\((?:body|into|who|person|day|moment)\)s",
    )
    wrong = re.compile(rf"{HAN}{number}|{number}(?!季度){HAN}|{HAN} {name}|{name} {HAN}")
    assert [
        text
        for (_context, english), text in messages()["zh_Hans"].items()
        if wrong.search(text) and english not in papers
    ] == []


def test_a_sentence_ends_with_a_stop_in_both_languages_or_in_neither():
    """Texts without one are put into longer sentences."""
    unlike = [
        (english, text)
        for (_context, english), text in messages()["zh_Hans"].items()
        if english in places() and english != "No." and not english.endswith(("?", ":", "…", ". "))
        if english.endswith(".") != text.endswith(("。", "……"))
    ]
    assert unlike == []


def test_the_readme_says_the_same_words():
    text = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|```.*?```", " ", text, flags=re.S)
    english, chinese = prose.split("# 中文说明")
    pattern = re.compile(
        (
            r"(?<![\w-])(?:bod(?:y|ies)|handed in|hands? in|owes?|owed|mend|anew|once more|"
            r"verdicts?|nobody)(?![\w-])"
        ),
        re.I,
    )
    assert (pattern.findall(english), re.findall("|".join(HANS), chinese)) == ([], [])


@pytest.mark.parametrize(
    ("field", "hans", "english"),
    [
        (Obligation._meta.get_field("issued_on"), "交办日期", "assigned on"),
        (Document._meta.get_field("issued_on"), "印发日期", "issued on"),
        (Obligation._meta.get_field("deliverable"), "报送材料", "deliverable"),
        (Obligation._meta.get_field("part"), "责任类型", "responsibility"),
    ],
)
def test_a_field_is_called_what_it_is(field, hans, english):
    with override("zh-hans"):
        assert str(field.verbose_name) == hans
    with override("en"):
        assert str(field.verbose_name) == english


@pytest.mark.parametrize(
    ("label", "hans"),
    [
        ("Deliverable", "报送材料"),
        ("Script of the document", "简体／繁体"),
        ("Responsibility", "责任类型"),
    ],
)
def test_a_label_says_what_its_values_are(label, hans):
    with override("zh-hans"):
        assert gettext(label) == hans


def test_a_state_has_one_name_in_lights_reasons_and_tables():
    names = dict(OBLIGATION_STATES)
    with override("zh-hans"):
        assert (gettext(_SHORT["suspended"]), gettext(_SHORT["withdrawn"])) == (
            str(names["suspended"]),
            str(names["withdrawn"]),
        )
        assert (gettext(PHRASES["suspended"]), gettext(PHRASES["withdrawn"])) == (
            "已中止，时限暂停计算",
            "责任事项已撤回",
        )
        assert gettext(COLOUR_NAMES["closed"]) == str(names["closed"])
