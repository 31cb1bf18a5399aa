"""The keys by which a body is found: its names folded, and the short forms that follow from them.

白云市教育局 is 市教育局 where it is clear which city is meant. Only forms that offices use
by rule are made (人民政府 → 政府, 委员会 → 委, 共青团白云市委员会 → 团市委), no customs (工信局).
"""

import re
from dataclasses import dataclass
from typing import TypedDict

from directives.base.script import fold

NAME, FULL_NAME, SHORT_NAME = BASES = "name", "full name", "short name"
LEVEL_WORDS = {  # word of a place → the levels at which such places are
    "自治区": ("provincial",),
    "自治州": ("municipal",),
    "自治县": ("county",),
    "自治旗": ("county",),
    "省": ("provincial",),
    "市": ("municipal", "provincial", "county"),
    "州": ("municipal",),
    "盟": ("municipal",),
    "地区": ("municipal",),
    "新区": ("county", "municipal"),
    "区": ("county", "municipal", "provincial"),
    "县": ("county",),
    "旗": ("county",),
    "街道": ("grassroots",),
    "镇": ("grassroots",),
    "乡": ("grassroots",),
}
_WORD = "|".join(LEVEL_WORDS)
# No places, though a level word is in them; 盐城市, 房山区 and 市民政局 are left alone.
_NO_PLACE = re.compile(
    "(?:^|(?<=[省市区县州盟旗]))城[市镇]|城乡|下乡|乡[村镇]|"
    "(?:社|园|开发|保税|示范|功能|风景|景|校|片|灾|库|老|牧|辖|小|试验|自贸|实验|合作|度假|保护|高新|经开)区|"
    "市(?:场|辖|民(?=中心|服务|热线|之家)|容(?=环境|管理)|域(?=社会|铁路|治理)|"
    "政(?=工程|公用|设施|园林|道路|养护|集团|建设))|"
    "[县区]域|[民联同]盟|街道办|旗帜|[省市县区镇乡]级"
)
_LEVEL = re.compile(_WORD)
_FULL_FORMS = tuple(
    (re.compile(full), short)
    for full, short in (
        (r"^(?:中国共产党|中共)(?=.)", ""),
        (r"^(?:中国共产主义青年团|共青团)(?=.)", "团"),
        (r"^(?:中国人民政治协商会议|人民政协)(?=.)", "政协"),
        (r"^政协全国委员会", "全国政协"),
        (r"^国家税务总局(?=.+税务局)", ""),
        (r"人民代表大会常务委员会|人民代表大会|人大常委会", "人大"),
        (r"人民政府", "政府"),
        (r"纪律检查委员会", "纪委"),
        (r"工作委员会", "工委"),
        (r"(?<=[省市区县州盟旗])直属机关", "直机关"),
        (r"监督管理", "监管"),
        (r"妇女联合会", "妇联"),
        (r"残疾人联合会", "残联"),
        (r"文学艺术界联合会", "文联"),
        (r"归国华侨联合会", "侨联"),
        (r"工商业联合会", "工商联"),
        (r"社会科学界联合会", "社科联"),
        (r"台湾同胞联谊会", "台联"),
        (r"科学技术协会", "科协"),
        (r"作家协会", "作协"),
        (r"新闻工作者协会", "记协"),
        (r"人民武装部", "人武部"),
        (r"(?:高级|中级)?人民法院", "法院"),
        (r"人民检察院", "检察院"),
        (r"办公[厅室]$", "办"),
        (r"办事处$", "办"),
        (r"管理委员会", "管委会"),
        (r"(?<=.)委员会", "委"),
        (r"(?<=.)党组$|(?<=[部局院署行办])党委$", ""),
        (r"(?<=.)和(?=.)", ""),
    )
)
_BRACKETS = re.compile(r"\([^()]*\)$")
# The place stands inside: 团白云市委, 政协白云市委, 民革白云市委
_AROUND_PLACE = re.compile(
    "^(团|政协|民革|民盟|民建|民进|农工党|致公党|九三学社|台盟)"
    rf"(?P<place>.*?(?:{_WORD}))(?P<rest>委会|委|)$"
)
_EACH = re.compile(rf"^各级?(?P<words>(?:{_WORD})(?:[(、]*(?:{_WORD})\)?)*)(?P<rest>[^()、]+)$")


def short_form(name: str) -> str:
    """The name as offices shorten it by rule, folded. The place stays, and is moved to the front.

    团市委 becomes 市团委, so that all names are compared in one order.
    """
    text = _BRACKETS.sub("", fold(name))
    for full, short in _FULL_FORMS:
        text = full.sub(short, text)
    if found := _AROUND_PLACE.match(text):
        return found["place"] + found[1] + ("" if found[1] == "政协" else "委")
    return text


@dataclass(frozen=True, slots=True)
class Cut:
    """A way to read a short form: 白云市 (with the word 市, at the end) and 教育局."""

    place: str  # empty in 市教育局
    word: str
    rest: str  # never empty

    @property
    def key(self) -> str:
        """The name where it is clear which place is meant: 市教育局."""
        return self.word + self.rest


def cuts(form: str) -> list[Cut]:
    """The ways to read a short form as the name of a body of a place, the widest place first."""
    no_places = [found.span() for found in _NO_PLACE.finditer(form)]
    starts = {
        found.start(): found.end()
        for found in _LEVEL.finditer(form)
        if not any(low <= found.start() and found.end() <= high for low, high in no_places)
    }
    return [
        Cut(form[:end] if start else "", form[start:end], form[end:])
        for start, end in starts.items()
        if end < len(form) and (not start or end not in starts)  # 沙市区 is one place
    ]


def places(name: str) -> dict[str, str]:
    """The places in a name, each with its level word, the nearest last: 广州市, 天河区."""
    found: dict[str, str] = {}
    wider = ""
    for cut in cuts(short_form(name)):
        if cut.place:
            found |= {cut.place: cut.word, cut.place.removeprefix(wider): cut.word}
            wider = cut.place
    return found


def keys_of_each(name: str) -> list[str]:
    """The keys of the bodies of a class named by their places: 各县（区）水利局, 各乡镇人民政府."""
    found = _EACH.match(fold(name))
    if found is None:
        return []
    return [short_form(word + found["rest"]) for word in _LEVEL.findall(found["words"])]


def short_keys(name: str) -> dict[str, str]:
    """The keys of a body beside its folded name, each with the place that it leaves out."""
    form = short_form(name)
    keys = {form: ""}
    for cut in cuts(form):
        if cut.place:
            keys[cut.key] = cut.place
            keys[cut.word[-1] + cut.rest] = cut.place  # 自治州 is 州, 新区 is 区
            if cuts(cut.rest):
                keys[cut.rest] = cut.place  # 广州市天河区教育局 → 天河区教育局
    keys.pop(fold(name), None)
    return keys


class Found(TypedDict):
    """How a key belongs to a body: one of BASES, and the place that a short name leaves out."""

    basis: str
    place: str


def keys_of(name_hans: str, name_hant: str, full_name: str) -> dict[str, Found]:
    """The keys by which the body of these names is found."""
    keys = {fold(name): Found(basis=NAME, place="") for name in (name_hans, name_hant)}
    keys.setdefault(fold(full_name), Found(basis=FULL_NAME, place=""))
    for name in (name_hans, full_name):
        for key, place in short_keys(name).items():
            keys.setdefault(key, Found(basis=SHORT_NAME, place=place))
    keys.pop("", None)
    return keys
