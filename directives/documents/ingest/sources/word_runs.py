"""The words of a paragraph of a .docx: runs, fields, tracked changes, notes, text boxes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from directives.documents.ingest.sources.ooxml import (
    Element,
    attribute,
    child,
    children,
    is_on,
    local,
    value_of,
)
from directives.documents.ingest.sources.word_styles import Styles

_INSIDE = {"hyperlink", "ins", "moveTo", "smartTag", "customXml", "sdtContent", "dir", "bdo"}
_NOTES = {
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
}
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


@dataclass(slots=True)
class Inline:
    """What a paragraph consists of."""

    shown: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (reason, words)
    boxes: list[Element] = field(default_factory=list)  # w:txbxContent

    def leave_out(self, reason: str, words: str) -> None:
        """Words of one reason that follow each other are one line."""
        if self.left_out and self.left_out[-1][0] == reason:
            words = self.left_out.pop()[1] + words
        self.left_out.append((reason, words))


@dataclass(slots=True)
class TablesOfContents:
    """Fields that are open, over paragraphs too, and whether one of them is a table of contents."""

    known: bool  # that every field is closed; else none is left out
    open: list[tuple[str, bool]] = field(default_factory=list)  # (instruction, in its result)

    @classmethod
    def in_body(cls, body: Element) -> "TablesOfContents":
        kinds = [attribute(one, "fldCharType") for one in body.iter("{*}fldChar")]
        return cls(kinds.count("begin") == kinds.count("end"))

    def mark(self, kind: str) -> None:
        """A w:fldChar."""
        if kind == "begin":
            self.open.append(("", False))
        elif kind == "separate" and self.open:
            self.open[-1] = (self.open[-1][0], True)
        elif kind == "end" and self.open:
            self.open.pop()

    def instruct(self, words: str) -> None:
        if self.open and not self.open[-1][1]:
            self.open[-1] = (self.open[-1][0] + words, False)

    @property
    def in_contents(self) -> bool:
        return self.known and any(is_toc(instruction) for instruction, _result in self.open)

    @property
    def in_instruction(self) -> bool:
        """Whether what follows tells a field what to show, and is not shown itself."""
        return any(not result for _instruction, result in self.open)


def is_toc(instruction: str) -> bool:
    return instruction.split()[:1] in (["TOC"], ["toc"])


@dataclass(slots=True)
class RunReader:
    styles: Styles
    notes: Mapping[tuple[str, str], str]
    fields: TablesOfContents

    def read(self, paragraph: Element, style: str) -> Inline:
        inline = Inline()
        names = [one.name for one in self.styles.chain(style)]
        contents = any(name.startswith("toc ") for name in names)
        self._walk(paragraph, inline, hidden=self.styles.hidden(style))
        if contents and inline.shown:
            inline.leave_out("contents", inline.shown)
            inline.shown = ""
        return inline

    def _walk(self, element: Element, inline: Inline, *, hidden: bool) -> None:
        for node in element:
            match local(node):
                case "r":
                    self._run(node, inline, hidden=hidden)
                case "del" | "moveFrom":
                    inline.leave_out("deleted text", words_in(node))
                case "sdt":
                    content = child(node, "sdtContent")
                    if content is not None:
                        self._walk(content, inline, hidden=hidden)
                case "fldSimple":
                    if is_toc(attribute(node, "instr")):
                        inline.leave_out("contents", words_in(node))
                    else:
                        self._walk(node, inline, hidden=hidden)
                case "oMath" | "oMathPara":
                    self._say(words_in(node), inline, hidden=hidden)
                case "AlternateContent":
                    self._walk(chosen(node), inline, hidden=hidden)
                case name if name in _INSIDE:
                    self._walk(node, inline, hidden=hidden)

    def _run(self, run: Element, inline: Inline, *, hidden: bool) -> None:
        properties = child(run, "rPr")
        vanish = child(properties, "vanish")
        style = value_of(properties, "rStyle")
        if vanish is not None:
            hidden = is_on(vanish)
        elif style:
            hidden = hidden or self.styles.hidden(style)
        self._inside_run(run, inline, hidden=hidden)

    def _inside_run(self, run: Element, inline: Inline, *, hidden: bool) -> None:
        for node in run:
            match name := local(node):
                case "t":
                    self._say((node.text or "").replace("\xad", ""), inline, hidden=hidden)
                case "sym":
                    self._say(_symbol(node), inline, hidden=hidden)
                case "fldChar":
                    self.fields.mark(attribute(node, "fldCharType"))
                case "instrText":
                    self.fields.instruct(node.text or "")
                case "ruby":
                    for base in children(node, "rubyBase"):
                        self._walk(base, inline, hidden=hidden)
                case "drawing" | "pict" | "object":
                    inline.boxes += _boxes(node)
                case "AlternateContent":
                    self._inside_run(chosen(node), inline, hidden=hidden)
                case _ if name in _NOTES:
                    kind = _NOTES[name]
                    inline.leave_out(kind, self.notes.get((kind, attribute(node, "id")), ""))
                case _ if name in _SIGNS:
                    self._say(_SIGNS[name], inline, hidden=hidden)

    def _say(self, words: str, inline: Inline, *, hidden: bool) -> None:
        if self.fields.in_contents:
            inline.leave_out("contents", words)
        elif self.fields.in_instruction and self.fields.known:
            return
        elif hidden:
            inline.leave_out("hidden text", words)
        else:
            inline.shown += words


def _symbol(element: Element) -> str:
    """The character of a w:sym, which is of a font's own where it is in the private area."""
    try:
        return chr(int(attribute(element, "char"), 16))
    except (ValueError, OverflowError):
        return "\ufffd"


def _boxes(element: Element) -> Iterator[Element]:
    """The text boxes of a drawing, each once though it is there for old programs too."""
    for node in element:
        name = local(node)
        if name == "txbxContent":
            yield node
        elif name == "AlternateContent":
            yield from _boxes(chosen(node))
        else:
            yield from _boxes(node)


def chosen(alternate: Element) -> Element:
    """The content of mc:AlternateContent that a present-day program shows."""
    choice = child(alternate, "Choice")
    fallback = child(alternate, "Fallback")
    return next((one for one in (choice, fallback) if one is not None and len(one)), alternate[:0])


def words_in(element: Element) -> str:
    """All words below an element, of deleted text too, with a space between paragraphs."""
    parts = []
    for node in element.iter("{*}t", "{*}delText", "{*}p", "{*}tab", "{*}br"):
        parts.append(node.text or "" if local(node) in ("t", "delText") else " ")
    return "".join(parts).strip()
