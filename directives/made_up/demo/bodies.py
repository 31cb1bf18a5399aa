"""The bodies of the demo: committees of every level, and the mass organisations of each."""

from collections.abc import Iterator
from dataclasses import dataclass

from directives.made_up.demo.places import PROVINCES, SUFFIXES, Place, Province, made_up, place
from directives.made_up.sample import BODIES
from directives.made_up.sample.people import TOP
from directives.models.organisations import step
from directives.organisations import commands as organising

HOME = "P33"  # the province that every scale shows down to its counties
LEFT_OUT = ("P66",)  # stands under another province
SMALL_PROVINCES = (
    "P33",
    "P37",
    "P44",
    "P51",
)  # of the smallest scale: provinces with something below them
SCALES = ("small", "province", "nation")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mass organisation: its letter in codes, and how its names are made from a place's.

    The everyday name is the place's between `prefix` and `suffix`; `full_name` has a {} for it.
    """

    letter: str
    prefix: str
    suffix: str
    full_name: str


MASS_ORGANISATIONS = (
    Kind("G", "", "总工会", "{}总工会"),
    Kind("T", "共青团", "委", "中国共产主义青年团{}委员会"),
    Kind("F", "", "妇联", "{}妇女联合会"),
    Kind("K", "", "科协", "{}科学技术协会"),
    Kind("Q", "", "侨联", "{}归国华侨联合会"),
    Kind("W", "", "文联", "{}文学艺术界联合会"),
    Kind("Z", "", "作协", "{}作家协会"),
    Kind("C", "", "残联", "{}残疾人联合会"),
    Kind("L", "", "台联", "{}台湾同胞联谊会"),
    Kind("H", "", "红十字会", "{}红十字会"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """A body to be made; `province` is the code of its province."""

    code: str
    name: Place
    full_name: str
    level: str
    kind: str
    parent_code: str
    province: str


@dataclass(slots=True)
class TreeNode:
    """A body with its id and its place in the tree."""

    body: Body
    pk: int
    path: str
    branch: bool = False


def tree(scale: str) -> list[Body]:
    """Every body of a scale, each after its parent, with the same code and names at each scale."""
    return [
        *_top(),
        *(body for province in _provinces() for body in province if _in_scale(scale, body)),
    ]


def _top() -> Iterator[Body]:
    """The centre, its mass organisations and the provinces, by their own names."""
    for row in organising.read_table(BODIES.read_bytes(), name=BODIES.name):
        if row.code == TOP or (row.code[0] in "PQ" and row.code not in LEFT_OUT):
            province = row.code if row.code[0] == "P" else ""
            name = Place(row.name_hans, row.name_hant)
            full_name = row.full_name_hans or row.name_hans
            yield Body(row.code, name, full_name, row.level, row.kind, row.parent, province)


def _in_scale(scale: str, body: Body) -> bool:
    if scale == "nation":
        return True
    if scale == "province":
        return body.province == HOME
    return body.province in SMALL_PROVINCES and _in_small_scale(body.code.removeprefix("P"))


def _in_small_scale(code: str) -> bool:
    """Twelve for a province: three mass organisations and a city with three, a county with four."""
    line, _dash, letter = code.partition("-")
    letters = {2: "GTF", 4: "GTF", 6: "GTFK"}[len(line)]
    return line.endswith({2: "", 4: "01", 6: "0101"}[len(line)]) and (
        not letter or letter in letters
    )


def _provinces() -> Iterator[list[Body]]:
    """The bodies below each province. Names are numbered over all, the same at each scale."""
    names_used = 0
    for province in PROVINCES:
        bodies: list[Body] = list(
            _mass_organisations(province.code, place(province.name), "provincial", province.code)
        )
        cities_by_code, names_used = _cities(province, names_used)
        for code, name in cities_by_code[: province.cities]:
            bodies += _committee(code, name, "municipal", province.code, province.code)
        for number in range(province.counties):
            city = cities_by_code[number % len(cities_by_code)][0]
            code = city if province.cities else f"{province.code}00"
            suffix = SUFFIXES[number % len(SUFFIXES)] if province.cities else "区"
            name = place(made_up(names_used), suffix)
            names_used += 1
            code = f"{code}{number // len(cities_by_code) + 1:02}"
            bodies += _committee(code, name, "county", city, province.code)
        yield bodies


def _cities(province: Province, names_used: int) -> tuple[list[tuple[str, Place]], int]:
    """The cities by code, and the number of the next name; without any, the province itself."""
    if not province.cities:
        return [(province.code, place(province.name))], names_used
    cities_by_code = [
        (f"{province.code}{number + 1:02}", place(made_up(names_used + number), "市"))
        for number in range(province.cities)
    ]
    return cities_by_code, names_used + province.cities


def _committee(
    code: str, name: Place, level: str, parent_code: str, province: str
) -> Iterator[Body]:
    body_name = _joined(place("中共"), name, place("委员会"))
    yield Body(code, body_name, body_name.hans, level, "committee", parent_code, province)
    yield from _mass_organisations(code, name, level, province)


def _mass_organisations(code: str, name: Place, level: str, province: str) -> Iterator[Body]:
    for kind in MASS_ORGANISATIONS:
        body_name = _joined(place(kind.prefix), name, place(kind.suffix))
        full_name = kind.full_name.format(name.hans)
        yield Body(
            f"{code}-{kind.letter}",
            body_name,
            full_name,
            level,
            "mass_organisation",
            code,
            province,
        )


def _joined(*parts: Place) -> Place:
    return Place("".join(part.hans for part in parts), "".join(part.hant for part in parts))


def place_in_tree(bodies: list[Body], first: int) -> list[TreeNode]:
    """The bodies with ids from `first` on, their paths, and which of them have others below."""
    by_code: dict[str, TreeNode] = {}
    for pk, body in enumerate(bodies, first):
        parent_code = by_code.get(body.parent_code)
        by_code[body.code] = TreeNode(
            body, pk, (parent_code.path if parent_code else "") + step(pk)
        )
        if parent_code:
            parent_code.branch = True
    return list(by_code.values())
