"""The labels that the numbering of a .docx generates, as Word shows them.

Word keeps one counter for each level of an abstract numbering, which all lists made from it share;
a list that overrides the start of a level begins there when it is first used. A level begins anew
after any level above it, unless w:lvlRestart says otherwise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from directives.documents.ingest.sources.numerals import numeral
from directives.documents.ingest.sources.ooxml import (
    Element,
    attribute,
    child,
    children,
    is_on,
    number_of,
    value_of,
)

_PLACE = re.compile("%([1-9])")
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Level:
    start: int = 1
    style: str = "decimal"
    text: str = ""  # %1 stands for the number of the first level
    restart: int | None = None  # the level, from 1, after which it begins anew; 0: never
    legal: bool = False  # the numbers of all levels in decimal digits
    hidden: bool = False
    paragraph_style: str = ""


@dataclass(slots=True)
class _List:
    """A w:num: what a paragraph refers to."""

    abstract: str
    levels: dict[int, Level]
    starts: dict[int, int]  # by level, and used up when the level is first used


@dataclass(slots=True)
class Numbering:
    """The lists of a document with the state of their counters."""

    lists: dict[str, _List] = field(default_factory=dict)
    counts: dict[str, list[int | None]] = field(default_factory=dict)  # by abstract numbering

    @classmethod
    def of(cls, root: Element | None, style_lists: Mapping[str, str]) -> "Numbering":
        """`style_lists`: the list (w:numId) of each numbering style by its id."""
        numbering = cls()
        if root is None:
            return numbering
        levels: dict[str, dict[int, Level]] = {}
        links: dict[str, str] = {}  # abstract → the numbering style that defines it instead
        for abstract in children(root, "abstractNum"):
            key = attribute(abstract, "abstractNumId")
            levels[key] = _levels_of(abstract)
            if link := value_of(abstract, "numStyleLink"):
                links[key] = link
        abstracts = {
            attribute(one, "numId"): value_of(one, "abstractNumId") for one in children(root, "num")
        }
        for one in children(root, "num"):
            key = attribute(one, "numId")
            abstract_key = abstracts[key]
            if abstract_key in links:
                abstract_key = abstracts.get(style_lists.get(links[abstract_key], ""), abstract_key)
            numbering.lists[key] = _list_of(one, abstract_key, levels.get(abstract_key, {}))
        return numbering

    def level_of_style(self, list_key: str, style: str) -> int | None:
        """The level that a list gives to the paragraphs of a style."""
        found = self.lists.get(list_key)
        levels = found.levels.items() if found else ()
        return next((at for at, level in levels if level.paragraph_style == style), None)

    def next_label(self, list_key: str, at: int) -> str:
        """Count a paragraph and return its label, "" if it shows none."""
        found = self.lists.get(list_key)
        if found is None or at not in found.levels:
            return ""
        counts = self.counts.setdefault(found.abstract, [None] * _LEVELS)
        level, before = found.levels[at], counts[at]
        if at in found.starts:
            counts[at] = found.starts.pop(at)
        else:
            counts[at] = level.start if before is None else before + 1
        for deeper in range(at + 1, _LEVELS):
            restart = found.levels.get(deeper, Level()).restart
            if restart is None or at < restart:
                counts[deeper] = None
        return "" if level.hidden else self._shown(found, level, counts)

    def _shown(self, found: _List, level: Level, counts: list[int | None]) -> str:
        def shown(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            other = found.levels.get(place, Level())
            count = counts[place]
            number = other.start if count is None else count
            return numeral(number, "decimal" if level.legal else other.style)

        return "" if level.style == "bullet" else _PLACE.sub(shown, level.text).strip()


def _levels_of(parent: Element) -> dict[int, Level]:
    levels = {}
    for element in children(parent, "lvl"):
        at = number_of(attribute(element, "ilvl"))
        if at is not None and 0 <= at < _LEVELS:
            levels[at] = _level_of(element)
    return levels


def _level_of(element: Element) -> Level:
    start = number_of(value_of(element, "start"))
    # An own format stands in mc:AlternateContent, the nearest known one in its fallback.
    formats = [value for value in map(_format_of, element.iter()) if value]
    run = child(element, "rPr")
    return Level(
        start=0 if start is None else start,
        style=formats[-1] if formats else "decimal",
        text=value_of(element, "lvlText"),
        restart=number_of(value_of(element, "lvlRestart")),
        legal=is_on(child(element, "isLgl")),
        hidden=run is not None and is_on(child(run, "vanish")),
        paragraph_style=value_of(element, "pStyle"),
    )


def _format_of(element: Element) -> str:
    if not isinstance(element.tag, str) or not element.tag.endswith("}numFmt"):
        return ""
    value = attribute(element, "val")
    return "" if value == "custom" else value


def _list_of(element: Element, abstract: str, inherited: Mapping[int, Level]) -> _List:
    levels, starts = dict(inherited), {}
    for override in children(element, "lvlOverride"):
        at = number_of(attribute(override, "ilvl"))
        if at is None:
            continue
        own = child(override, "lvl")
        if own is not None:
            levels[at] = _level_of(own)
        start = number_of(value_of(override, "startOverride"))
        if start is not None:
            starts[at] = start
            levels[at] = replace(levels.get(at, Level()), start=start)
    return _List(abstract, levels, starts)
