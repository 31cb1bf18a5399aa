"""Both directions of OpenCC on the words of policy documents, and the search key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directives.base.script import fold, to_hans, to_hant
from tests.documents.ingest.expected import sample_sentences

pytestmark = pytest.mark.once

CADRES = (
    "好干部 的好干部 当好干部 选好干部 用好干部 "
    "管好干部 好干部标准 建好干部队伍 老干部 骨干 团干部 "
    "群团干部 领导干部 干部们 让干部 晒干部"
)


@pytest.mark.parametrize("word", CADRES.split())
def test_a_cadre_is_never_dry(word: str) -> None:
    made = to_hant(word)
    assert "乾" not in made.replace("曬乾", "")
    assert "幹" in made
    assert "乾部" not in to_hant(f"信念坚定的{word}，")


@pytest.mark.parametrize(
    ("hans", "hant"),
    [
        ("若干部门", "若干部門"), ("饼干部门", "餅乾部門"), ("干部", "幹部"),
        ("干净", "乾淨"), ("干预", "干預"), ("实干", "實幹"),
        ("群众", "群眾"), ("群团组织", "群團組織"), ("联系", "聯繫"),
        ("关系", "關係"), ("系统", "系統"), ("体系", "體系"),
        ("准则", "準則"), ("标准", "標準"), ("批准", "批准"), ("发展", "發展"),
        ("头发", "頭髮"), ("制度", "制度"), ("制造", "製造"),
        ("台湾", "臺灣"), ("平台", "平臺"), ("这里", "這裡"), ("公里", "公里"),
        ("以后", "以後"), ("皇后", "皇后"), ("复查", "複查"),
        ("恢复", "恢復"), ("云南", "雲南"), ("松绑", "鬆綁"), ("松树", "松樹"),
        ("面粉", "麵粉"), ("方面", "方面"), ("征求", "徵求"),
        ("长征", "長征"), ("新征程", "新征程"), ("规范", "規範"),
        ("志愿者", "志願者"), ("依托", "依託"), ("信息", "信息"),
        ("网络", "網絡"), ("机构编制", "機構編制"), ("签批", "簽批"),
        ("签收", "簽收"), ("标签", "標籤"), ("家具", "家具"),
        ("部署", "部署"), ("只要", "只要"), ("一只", "一隻"), ("周期", "週期"),
        ("占有", "占有"), ("冲突", "衝突"), ("戏曲", "戲曲"),
        ("最多只接收", "最多只接收"), ("至多只报", "至多只報"),
        ("大多只是", "大多只是"), ("许多只有", "許多只有"), ("许多只羊", "許多隻羊"),
        ("行政复议", "行政復議"), ("复核", "覆核"), ("近几周", "近幾週"),
        ("近 13 周", "近 13 週"), ("每周", "每週"), ("一周内", "一週內"),
        ("周边", "周邊"), ("四周", "四周"), ("周年", "週年"),
        ("占人口", "占人口"), ("占上年同期", "占上年同期"), ("侵占", "侵占"),
        ("公布", "公布"), ("发布", "發布"), ("颁布", "頒布"),
        ("宣布", "宣布"), ("表下注释", "表下註釋"), ("表外注释", "表外註釋"),
        ("括注", "括註"), ("声明了", "聲明了"), ("在此系统", "在此系統"), ("本表", "本表"),
    ],
)  # fmt: skip
def test_to_hant(hans: str, hant: str) -> None:
    assert to_hant(hans) == hant
    assert to_hans(hant) == hans


@pytest.mark.parametrize(
    ("hant", "hans"),
    [
        # the sample's own Traditional is one-to-one and not standard
        ("聯系群眾", "联系群众"), ("規范實施", "规范实施"), ("干部標準", "干部标准"),
        ("便于參加", "便于参加"), ("建議征集", "建议征集"),
        ("職能后", "职能后"), ("志愿者", "志愿者"), ("依托", "依托"),
        ("戰斗力", "战斗力"), ("利益沖突", "利益冲突"), ("并予以", "并予以"),
        ("侵占", "侵占"), ("平臺", "平台"), ("鍛煉", "锻炼"),
        ("群衆", "群众"), ("羣眾", "群众"), ("裏面", "里面"),
        ("著力", "着力"), ("沿著", "沿着"), ("圍繞著", "围绕着"),
        ("顯著成效", "显著成效"), ("著作", "著作"), ("名著", "名著"),
        ("甚麼", "什么"), ("寫明覆蓋了", "写明覆盖了"), ("写明覆盖了", "写明覆盖了"),
        ("答覆蓋章", "答复盖章"), ("批复盖章", "批复盖章"),
    ],
)  # fmt: skip
def test_to_hans(hant: str, hans: str) -> None:
    assert to_hans(hant) == hans


def test_sample_converts_character_for_character() -> None:
    for sentence in sample_sentences():
        hans = to_hans(sentence.text)
        assert len(hans) == len(sentence.text)
        assert to_hans(hans) == hans
        assert to_hans(to_hant(hans)) == hans
        assert "乾" not in to_hant(hans)


def test_fold() -> None:
    assert fold("群團 組織\n工作") == fold("群团组织工作") == "群团组织工作"
    assert fold("ＡＢＣ１２３") == "abc123"
    assert fold("Straße") == "strasse"
    assert fold("九.3.3　制度") == "九.3.3制度"
    assert fold("") == ""


@given(st.text(alphabet=st.characters(codec="gb18030"), max_size=60))
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.sampled_from("群眾群众聯联系繫干幹部好的在 Aa１"), max_size=30))
def test_keys_do_not_depend_on_the_script(text: str) -> None:
    assert fold(to_hant(to_hans(text))) == fold(text)


def test_a_ledger_is_no_terrace():
    assert to_hant("台账和平台，台湾") == "台賬和平臺，臺灣"
