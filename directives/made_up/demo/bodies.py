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
SMALL = ("P33", "P37", "P44", "P51")  # of the smallest scale: provinces with something below them
SCALES = ("small", "province", "nation")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mass organisation: its letter in codes, and its names with that of a place.

    `before` and `after` the place in its everyday name, and its full name with a {}.
    """

    letter: str
    before: str
    after: str
    full: str


MASS = (
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
    """A body to be made; `above` is the code of its parent, `province` that of its province."""

    code: str
    name: Place
    full: str
    level: str
    kind: str
    above: str
    province: str


@dataclass(slots=True)
class Placed:
    """A body with its id and its place in the tree."""

    body: Body
    pk: int
    path: str
    branch: bool = False


def tree(scale: str) -> list[Body]:
    """Every body of a scale, each after its parent, with the same code and names at each scale."""
    return [
        *_top(),
        *(body for province in _provinces() for body in province if _wanted(scale, body)),
    ]


def _top() -> Iterator[Body]:
    """The centre, its mass organisations and the provinces, by their own names."""
    for row in organising.read_table(BODIES.read_bytes(), name=BODIES.name):
        if row.code == TOP or (row.code[0] in "PQ" and row.code not in LEFT_OUT):
            province = row.code if row.code[0] == "P" else ""
            name = Place(row.name_hans, row.name_hant)
            full = row.full_name_hans or row.name_hans
            yield Body(row.code, name, full, row.level, row.kind, row.parent, province)


def _wanted(scale: str, body: Body) -> bool:
    if scale == "nation":
        return True
    if scale == "province":
        return body.province == HOME
    return body.province in SMALL and _few(body.code.removeprefix("P"))


def _few(code: str) -> bool:
    """Twelve for a province: three mass organisations and a city with three, a county with four."""
    line, _dash, letter = code.partition("-")
    wanted = {2: "GTF", 4: "GTF", 6: "GTFK"}[len(line)]
    return line.endswith({2: "", 4: "01", 6: "0101"}[len(line)]) and (
        not letter or letter in wanted
    )


def _provinces() -> Iterator[list[Body]]:
    """What lies below each province. Names run over all, so they are the same at each scale."""
    used = 0
    for province in PROVINCES:
        bodies: list[Body] = list(
            _mass(province.code, place(province.name), "provincial", province.code)
        )
        seats, used = _cities(province, used)
        for code, name in seats[: province.cities]:
            bodies += _committee(code, name, "municipal", province.code, province.code)
        for number in range(province.counties):
            city = seats[number % len(seats)][0]
            code = city if province.cities else f"{province.code}00"
            suffix = SUFFIXES[number % len(SUFFIXES)] if province.cities else "区"
            name = place(made_up(used), suffix)
            used += 1
            code = f"{code}{number // len(seats) + 1:02}"
            bodies += _committee(code, name, "county", city, province.code)
        yield bodies


def _cities(province: Province, used: int) -> tuple[list[tuple[str, Place]], int]:
    """The cities by code, and the number of the next name; without any, the province itself."""
    if not province.cities:
        return [(province.code, place(province.name))], used
    seats = [
        (f"{province.code}{number + 1:02}", place(made_up(used + number), "市"))
        for number in range(province.cities)
    ]
    return seats, used + province.cities


def _committee(code: str, name: Place, level: str, above: str, province: str) -> Iterator[Body]:
    body_name = _joined(place("中共"), name, place("委员会"))
    yield Body(code, body_name, body_name.hans, level, "committee", above, province)
    yield from _mass(code, name, level, province)


def _mass(code: str, name: Place, level: str, province: str) -> Iterator[Body]:
    for kind in MASS:
        body_name = _joined(place(kind.before), name, place(kind.after))
        full = kind.full.format(name.hans)
        yield Body(
            f"{code}-{kind.letter}", body_name, full, level, "mass_organisation", code, province
        )


def _joined(*parts: Place) -> Place:
    return Place("".join(part.hans for part in parts), "".join(part.hant for part in parts))


def place_in_tree(bodies: list[Body], first: int) -> list[Placed]:
    """The bodies with ids from `first` on, their paths, and which of them have others below."""
    by_code: dict[str, Placed] = {}
    for pk, body in enumerate(bodies, first):
        above = by_code.get(body.above)
        by_code[body.code] = Placed(body, pk, (above.path if above else "") + step(pk))
        if above:
            above.branch = True
    return list(by_code.values())
