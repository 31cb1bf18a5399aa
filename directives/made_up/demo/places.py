"""The places of the demo: the provinces, and made-up cities and counties in their true number."""

from dataclasses import dataclass
from functools import cache

from directives.base.script import to_hant


@dataclass(frozen=True, slots=True)
class Province:
    """A province: its code as in the sample, its name, and how many cities and counties it has."""

    code: str
    name: str
    cities: int
    counties: int


PROVINCES = (
    Province("P11", "北京市", 0, 16),
    Province("P12", "天津市", 0, 16),
    Province("P13", "河北省", 11, 167),
    Province("P14", "山西省", 11, 117),
    Province("P15", "内蒙古自治区", 12, 103),
    Province("P21", "辽宁省", 14, 100),
    Province("P22", "吉林省", 9, 60),
    Province("P23", "黑龙江省", 13, 121),
    Province("P31", "上海市", 0, 16),
    Province("P32", "江苏省", 13, 95),
    Province("P33", "浙江省", 11, 90),
    Province("P34", "安徽省", 16, 104),
    Province("P35", "福建省", 9, 84),
    Province("P36", "江西省", 11, 100),
    Province("P37", "山东省", 16, 136),
    Province("P41", "河南省", 17, 157),
    Province("P42", "湖北省", 13, 103),
    Province("P43", "湖南省", 14, 122),
    Province("P44", "广东省", 21, 122),
    Province("P45", "广西壮族自治区", 14, 111),
    Province("P46", "海南省", 4, 25),
    Province("P50", "重庆市", 0, 38),
    Province("P51", "四川省", 21, 183),
    Province("P52", "贵州省", 9, 88),
    Province("P53", "云南省", 16, 129),
    Province("P54", "西藏自治区", 7, 74),
    Province("P61", "陕西省", 10, 107),
    Province("P62", "甘肃省", 14, 86),
    Province("P63", "青海省", 8, 44),
    Province("P64", "宁夏回族自治区", 5, 22),
    Province("P65", "新疆维吾尔自治区", 14, 108),
)
FIRST = (
    "云青临安永清东华新长宁平广兴龙金玉石松柳桃梅竹兰荷枫杉桐槐杨锦秀"
    "嘉瑞祥和顺泰康福德仁义礼智信文武明景春夏秋晴澄凤鹤鹿燕鸿雁莲菊葵芳"
)
SECOND = (
    "阳州川江河原源泽远城昌丰陵台溪湖港桥岭峰谷湾浦塘"
    "林泉沙洲坪田水关屏门峡岗池津渡岩岸堤坝渠丘冈岛屿滩潭"
)
# A prime that divides neither length: each pair comes once, and neighbours differ in both.
STRIDE = 1009
SUFFIXES = "县县区县县区县"  # two counties in seven are districts of a city


@dataclass(frozen=True, slots=True)
class Place:
    """A place, in both scripts."""

    hans: str
    hant: str


@cache
def hant(word: str) -> str:
    """A word in Traditional script, converted once, because that takes long."""
    return to_hant(word)


def place(*words: str) -> Place:
    """A place whose name is made of these words."""
    return Place("".join(words), "".join(map(hant, words)))


def made_up(number: int) -> str:
    """The number-th made-up name of a place, without its suffix; 3,250 of them differ."""
    pair = number * STRIDE % (len(FIRST) * len(SECOND))
    return FIRST[pair % len(FIRST)] + SECOND[pair // len(FIRST)]
