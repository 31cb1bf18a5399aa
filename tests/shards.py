"""Which rows of which document a statement asks for: does it name the document, or something that belongs to one alone?

Reads the SQL that Django and our own few statements write: nested selects, unions, joins, top-level conditions joined by AND.
A condition under OR or NOT holds nothing. What it does not understand counts as not held.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

COLUMN = "document_id"
# columns whose value belongs to one document alone
KEYS = frozenset(
    (
        "id", "directive_id", "section_id", "cycle_id", "obligation_id", "plan_id", "measure_id", "report_id", "submission_id", "entry_id",
        "report_entry_id", "log_entry_id", "event_id", "subject_id", "indicator_id",
    )
)  # fmt: skip
TABLE = re.compile(
    r"""(?:\b(?:FROM|JOIN|INTO|UPDATE)|,)\s+(?:ONLY\s+)?"?(?P<table>directives_\w+)\b"?(?!["\w.])(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|SET\b|INNER\b|LEFT\b|CROSS\b"""
    r"""|JOIN\b|ORDER\b|GROUP\b|LIMIT\b|VALUES\b|USING\b|UNION\b|SELECT\b|FOR\b|HAVING\b|RETURNING\b)"?(?P<alias>[A-Za-z_]\w*)"?)?"""
)
TERM = r"""(?:"?(?P<{0}a>\w+)"?\.)?"?(?P<{0}c>\w+)"?"""
EQUALS = re.compile(rf"^{TERM.format('l')}\s*=\s*\(?{TERM.format('r')}\)?$")
GIVEN = re.compile(rf"""^{TERM.format("l")}\s*(?:=|IN)\s*(?P<value>.+)$""", re.DOTALL)
CONSTANT = re.compile(r"""^\(*\s*(?:-?\d+|%s|'[^']*'(?:::\w+)?)(?:\s*,\s*(?:-?\d+|%s|'[^']*'(?:::\w+)?))*\s*\)*$|^=?\s*ANY\b""")
ENDS = ("GROUP BY", "ORDER BY", "LIMIT", "HAVING", "RETURNING", "ON CONFLICT", "FOR UPDATE", "FOR SHARE", "WINDOW")
INSERT = re.compile(r"""\s*(?:WITH\b[^()]*?§\)?\s*)?(?:INSERT|REPLACE)\b.*?INTO\s+"?(directives_\w+)"?\s*\(([^)]*)\)""", re.DOTALL)
SUBQUERY = "§"  # stands where a select was taken out


@dataclass(slots=True)
class Select:
    """One select (or the statement itself), without those inside it."""

    text: str
    outer: "Select | None" = None
    tables: dict[str, str] = field(default_factory=dict)  # alias: table
    held: dict[str, str] = field(default_factory=dict)  # alias: how, "column" or "key"

    def owner(self, alias: str | None, column: str) -> "tuple[Select, str] | None":
        """The select and alias that a column is of; without an alias it is of the only table there is."""
        if alias is None:
            return (self, next(iter(self.tables))) if len(self.tables) == 1 else None
        if alias in self.tables:
            return self, alias
        return self.outer.owner(alias, column) if self.outer else None


def loose(statement: str, distributed: frozenset[str]) -> dict[str, str]:
    """Distributed tables of a statement that nothing holds to a document; each with the conditions of its select."""
    return {table: select.text for select, alias, table in _read(statement, distributed) if alias not in select.held}


def held_by(statement: str, distributed: frozenset[str]) -> dict[str, str]:
    """Distributed tables of a statement, each with what holds it: "column", "key" or ""."""
    return {table: select.held.get(alias, "") for select, alias, table in _read(statement, distributed)}


def _read(statement: str, distributed: frozenset[str]) -> list[tuple[Select, str, str]]:
    selects = [select for one in statement.split(";\n") for select in _selects(one)]  # what was sent in one message
    for select in selects:
        select.tables = {(m["alias"] or m["table"]): m["table"] for m in TABLE.finditer(select.text)}
    for _round in range(4):  # what is held by something held, however deep that is
        for select in selects:
            _hold(select)
    return [(select, alias, table) for select in selects for alias, table in select.tables.items() if table in distributed]


def _hold(select: Select) -> None:
    insert = INSERT.match(select.text)
    if insert:
        columns = {name.strip(' "') for name in insert[2].split(",")}
        if columns & (KEYS | {COLUMN}):
            select.held[insert[1]] = "column" if COLUMN in columns else "key"
    for condition in _conditions(select.text):
        both = EQUALS.match(condition)
        if both and not both["rc"].isdigit():
            left, right = select.owner(both["la"], both["lc"]), select.owner(both["ra"], both["rc"])
            if left and right:
                _pass_on(left, both["lc"], right, both["rc"])
                _pass_on(right, both["rc"], left, both["lc"])
                continue
        one = GIVEN.match(condition)
        if one and (CONSTANT.match(one["value"]) or SUBQUERY in one["value"]):
            owner = select.owner(one["la"], one["lc"])
            if owner and one["lc"] in KEYS | {COLUMN}:
                _keep(owner, "column" if one["lc"] == COLUMN else "key")


def _pass_on(source: tuple[Select, str], named: str, target: tuple[Select, str], column: str) -> None:
    """A row that refers to a held row, or is referred to by it, is of the same document."""
    how = source[0].held.get(source[1])
    if how and (named == COLUMN) == (column == COLUMN) and {named, column} & (KEYS | {COLUMN}) and _speaks(named) and _speaks(column):
        _keep(target, how if named == COLUMN else "key")


def _speaks(column: str) -> bool:
    return column in KEYS or column == COLUMN


def _keep(owner: tuple[Select, str], how: str) -> None:
    select, alias = owner
    if select.held.get(alias) != "column":
        select.held[alias] = how


def _selects(text: str, outer: Select | None = None) -> Iterator[Select]:
    """The statement and every select inside it; the parts of a union are selects of their own."""
    inner: list[str] = []
    own = _without(text, inner)
    parts = [Select(part, outer) for part in re.split(r"\bUNION(?: ALL)?\b", own)]
    yield from parts
    for part in parts:
        for _place in range(part.text.count(SUBQUERY)):
            yield from _selects(inner.pop(0), part)


def _without(text: str, inner: list[str]) -> str:
    """The text with every select in parentheses taken out, in order, and what is quoted made harmless."""
    result, at = [], 0
    text = re.sub(r"'(?:[^']|'')*'", lambda m: "'" + re.sub(r"\W", "_", m[0][1:-1]) + "'", text)
    while at < len(text):
        if text[at] == "(" and re.match(r"\(\s*(?:SELECT|WITH|INSERT)\b", text[at:]):
            end = _closing(text, at)
            inner.append(text[at + 1 : end])
            result.append(SUBQUERY)
            at = end + 1
        else:
            result.append(text[at])
            at += 1
    return "".join(result)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    return len(text)


def _conditions(text: str) -> Iterator[str]:
    """Every condition of WHERE and ON that must hold, bare of its parentheses."""
    for match in re.finditer(r"\b(?:WHERE|ON)\b(?! CONFLICT)", text):
        if _depth(text, match.start()) == 0:
            yield from _conjuncts(_clause(text[match.end() :]))


def _depth(text: str, at: int) -> int:
    return text.count("(", 0, at) - text.count(")", 0, at)


def _clause(text: str) -> str:
    """As far as the condition goes."""
    ends = [m.start() for m in re.finditer("|".join([*ENDS, "INNER JOIN", "LEFT OUTER JOIN", "LEFT JOIN", r"\bJOIN", r"\bWHERE"]), text)]
    return text[: min((end for end in ends if _depth(text, end) == 0), default=len(text))]


def _conjuncts(text: str) -> Iterator[str]:
    text = text.strip()
    while text.startswith("(") and _closing(text, 0) == len(text) - 1:
        text = text[1:-1].strip()
    if len(_split(text, " OR ")) > 1 or text.startswith("NOT "):
        return
    parts = _split(text, " AND ")
    if len(parts) == 1:
        yield text
        return
    for part in parts:
        yield from _conjuncts(part)


def _split(text: str, word: str) -> list[str]:
    """The text at each such word that stands outside parentheses."""
    parts, start = [], 0
    for match in re.finditer(word, text):
        if _depth(text, match.start()) == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]
