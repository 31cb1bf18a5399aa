"""What the styles of a .docx say of a paragraph."""

from collections.abc import Iterator
from dataclasses import dataclass

from directives.documents.ingest.sources.ooxml import (
    Element,
    attribute,
    child,
    children,
    is_on,
    number_of,
    value_of,
)


@dataclass(frozen=True, slots=True)
class Style:
    key: str
    name: str  # in lower case: "heading 1", "toc 2", "title"
    based_on: str
    list_key: str  # w:numId
    list_level: int | None
    outline: int | None  # from 0
    align: str
    hidden: bool | None  # None: as in the style that it is based on


class Styles:
    def __init__(self, root: Element | None) -> None:
        self.by_key: dict[str, Style] = {}
        self.default = ""
        for element in children(root, "style") if root is not None else ():
            style = _style_of(element)
            self.by_key[style.key] = style
            if attribute(element, "type") == "paragraph" and attribute(element, "default") in (
                "1",
                "true",
                "on",
            ):
                self.default = style.key

    def chain(self, key: str) -> Iterator[Style]:
        """A style and those that it is based on."""
        seen: set[str] = set()
        while key in self.by_key and key not in seen:
            seen.add(key)
            yield self.by_key[key]
            key = self.by_key[key].based_on

    def hidden(self, key: str) -> bool:
        """Whether a style hides its text."""
        return next((one.hidden for one in self.chain(key) if one.hidden is not None), False)

    def numbering_lists(self) -> dict[str, str]:
        """The list of each style that has one."""
        return {key: style.list_key for key, style in self.by_key.items() if style.list_key}


def align_of(properties: Element | None) -> str:
    """ "center" or "right"; "left" for any other that is named, "" where none is."""
    value = value_of(properties, "jc")
    return {"": "", "center": "center", "right": "right", "end": "right"}.get(value, "left")


def _style_of(element: Element) -> Style:
    paragraph, run = child(element, "pPr"), child(element, "rPr")
    numbers = child(paragraph, "numPr")
    vanish = child(run, "vanish")
    return Style(
        key=attribute(element, "styleId"),
        name=value_of(element, "name").lower(),
        based_on=value_of(element, "basedOn"),
        list_key=value_of(numbers, "numId"),
        list_level=number_of(value_of(numbers, "ilvl")),
        outline=number_of(value_of(paragraph, "outlineLvl")),
        align=align_of(paragraph),
        hidden=None if vanish is None else is_on(vanish),
    )
