"""Numbers as the numbering of Word writes them: the values of w:numFmt (ECMA-376, ST_NumberFormat).

A format that is not known here is written in decimal digits, as Word does.
"""

from collections.abc import Callable

_DIGITS = "〇一二三四五六七八九"
_LEGAL_HANS = ("零壹贰叁肆伍陆柒捌玖", "拾佰仟万")
_LEGAL_HANT = ("零壹貳參肆伍陸柒捌玖", "拾佰仟萬")
_COUNTING = ("零一二三四五六七八九", "十百千万")
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def numeral(number: int, style: str) -> str:
    """A number as a label shows it; `style` is a w:numFmt such as "chineseCounting"."""
    return _STYLES.get(style, str)(number)


def _counted(number: int, signs: tuple[str, str], *, short_ten: bool) -> str:
    """Words for a number up to 99,999,999: 一百零三; `short_ten` is 十二 for 12, else 一十二."""
    digits, units = signs
    if number >= 10_000:
        high = _counted(number // 10_000, signs, short_ten=short_ten)
        low = number % 10_000
        zero = digits[0] if 0 < low < 1_000 else ""
        return f"{high}{units[3]}{zero}" + (_counted(low, signs, short_ten=False) if low else "")
    text, gap = "", False  # a gap: places without a digit
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += (digits[0] if gap and text else "") + digits[digit]
            text += units[place - 1] if place else ""
        gap = digit == 0
    text = text or digits[0]
    return text[1:] if short_ten and 10 <= number < 20 else text


def _counting(number: int) -> str:
    """一 … 十 … 九十九, then digit by digit: 一〇〇."""
    return _counted(number, _COUNTING, short_ten=True) if number < 100 else _positional(number)


def _thousand(number: int) -> str:
    return _counted(number, _COUNTING, short_ten=True)


def _positional(number: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def _legal(signs: tuple[str, str]) -> Callable[[int], str]:
    return lambda number: _counted(number, signs, short_ten=False)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)] if number > 0 else str(number)


def _letters(first: str) -> Callable[[int], str]:
    """A … Z, AA, BB …"""
    return lambda number: (
        chr(ord(first) + (number - 1) % 26) * ((number - 1) // 26 + 1)
        if 0 < number <= 780
        else str(number)
    )


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def _full_width(number: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))


def _enclosed(*runs: tuple[int, int, str]) -> Callable[[int], str]:
    """Characters that hold a number; each run is first number, last number, first character."""

    def sign(number: int) -> str:
        for first, last, character in runs:
            if first <= number <= last:
                return chr(ord(character) + number - first)
        return str(number)

    return sign


def _padded(width: int) -> Callable[[int], str]:
    return lambda number: str(number).zfill(width)


def _ordinal(number: int) -> str:
    teen = 10 < number % 100 < 14
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_CIRCLE = _enclosed((0, 0, "⓪"), (1, 20, "①"), (21, 35, "㉑"), (36, 50, "㊱"))
_STYLES: dict[str, Callable[[int], str]] = {
    "none": lambda _number: "",
    "bullet": lambda _number: "",
    "decimalZero": _padded(2),
    "upperLetter": _letters("A"),
    "lowerLetter": _letters("a"),
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerRoman": _roman,
    "ordinal": _ordinal,
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _CIRCLE,
    "decimalEnclosedCircleChinese": _CIRCLE,
    "decimalEnclosedFullstop": _enclosed((1, 20, "⒈")),
    "decimalEnclosedParen": _enclosed((1, 20, "⑴")),
    "ideographEnclosedCircle": _enclosed((1, 10, "㊀")),
    "chineseCounting": _counting,
    "chineseCountingThousand": _thousand,
    "chineseLegalSimplified": _legal(_LEGAL_HANS),
    "ideographDigital": _positional,
    "japaneseDigitalTenThousand": _positional,
    "taiwaneseDigital": _positional,
    "taiwaneseCounting": _counting,
    "taiwaneseCountingThousand": _thousand,
    "japaneseCounting": _thousand,
    "ideographLegalTraditional": _legal(_LEGAL_HANT),
    "japaneseLegal": _legal(_LEGAL_HANT),
    "ideographTraditional": _cycle(_STEMS),
    "ideographZodiac": _cycle(_BRANCHES),
    "ideographZodiacTraditional": lambda number: (
        _STEMS[(number - 1) % 10] + _BRANCHES[(number - 1) % 12] if number > 0 else str(number)
    ),
}
