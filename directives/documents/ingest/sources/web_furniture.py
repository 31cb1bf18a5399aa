"""Which parts of a page belong to its site, not to the document, and which nobody sees."""

import re
from collections.abc import Iterator

from directives.documents.ingest.sources.ooxml import Element

HIDDEN, NAVIGATION, CONTENTS = "hidden text", "navigation", "contents"
FORM, OUTSIDE, NOTE, DELETED = "form", "outside the main part", "footnote", "deleted text"

# Neither text nor a picture of text.
SILENT = frozenset({"script", "style", "head", "template", "meta", "link", "title", "base"})
_FORM = frozenset({"select", "option", "button", "textarea", "input", "datalist", "iframe"})
# What a container never is: the main part of a page is at least what contains one of these.
_LEAF_NAMES = (
    "p h1 h2 h3 h4 h5 h6 li td th tr tbody thead tfoot table ul ol dl dd dt blockquote pre a span "
    "font b strong i em u center big small"
)
_LEAVES = frozenset(_LEAF_NAMES.split())
_HIDING = re.compile(
    r"(?i)(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)"
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_AT_RULE = re.compile(r"@[^{};]+(?:;|\{(?:[^{}]|\{[^{}]*\})*\})")
_SIMPLE = re.compile(r"(?:[a-z][a-z0-9]*)?([.#])([\w-]+)", re.I)
_HINT = re.compile(
    r"(?i)(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|crumbs?|footer|foot|sidebar|aside"
    r"|share|bdsharebuttonbox|btn|pager|pagination|copyright|toolbar|login|banner)(?:$|[\s_-])"
)
_NOTE_OF_OFFICE = re.compile(r"sd(?:foot|end)note(?:\d+$|anc|sym)")  # as LibreOffice saves them
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_FILE = re.compile(r"(?i)\.(?:docx?|pdf|xlsx?|zip|rar|wps|ofd|et)(?:$|[?#])|^data:")
_DENSE = 0.7  # share of links in the text of a menu
_SENTENCES = 200  # characters of sentences from which a page has a main part
_MAIN = 0.9  # share of them that the main part has
_AROUND = 1.3  # the text of what surrounds the main part, with it, for it to belong to it


def han(text: str) -> int:
    return len(_HAN.findall(text))


def words_of(element: Element) -> str:
    """The text below an element without scripts."""
    parts = []
    for node in element.iter():
        if not isinstance(node.tag, str):
            continue
        if node.tag not in SILENT:
            parts.append(node.text or "")
        if node is not element:
            parts.append(" " + (node.tail or "") if node.tag in _BROKEN else node.tail or "")
    return "".join(parts)


_BROKEN = frozenset({"p", "div", "br", "li", "tr", "td", "th", "dd", "dt"})


def hiding_classes(root: Element) -> tuple[frozenset[str], frozenset[str]]:
    """The classes and the ids that the style sheets of a page hide on a screen."""
    classes: set[str] = set()
    ids: set[str] = set()
    for sheet in root.iter("style"):
        text = _AT_RULE.sub("", re.sub(r"/\*.*?\*/|<!--|-->", "", sheet.text or "", flags=re.S))
        for selectors, body in _RULE.findall(text):
            if not _HIDING.search(body):
                continue
            for selector in selectors.split(","):
                found = _SIMPLE.fullmatch(selector.strip())
                if found:
                    (classes if found[1] == "." else ids).add(found[2])
    return frozenset(classes), frozenset(ids)


class Furniture:
    """Says of each element of a page why it is left out."""

    def __init__(self, root: Element) -> None:
        self.hidden_classes, self.hidden_ids = hiding_classes(root)
        self.weights: dict[Element, int] = {}
        self.total = self._weigh(root)
        self.reasons: dict[Element, str] = {}
        body = root.find("body")
        if body is not None:
            self._leave_out_around(body)

    def reason(self, element: Element) -> str:
        """Why an element is left out with all that is below it; "" if it is not."""
        return self._seen(element) or self.reasons.get(element, "") or self._by_structure(element)

    def _seen(self, element: Element) -> str:
        style = element.get("style") or ""
        classes = (element.get("class") or "").split()
        if (
            element.get("hidden") is not None
            or element.get("aria-hidden", "").lower() == "true"
            or _HIDING.search(style)
            or not self.hidden_classes.isdisjoint(classes)
            or element.get("id") in self.hidden_ids
            or element.tag == "noscript"
        ):
            return HIDDEN
        if element.tag == "del":
            return DELETED
        if element.tag in _FORM:
            return FORM
        if re.search(r"(?i)mso-element\s*:\s*(?:footnote|endnote|comment)", style):
            return NOTE
        if _NOTE_OF_OFFICE.match(element.get("id") or "") or any(
            map(_NOTE_OF_OFFICE.match, classes)
        ):
            return NOTE
        if re.search(r"(?i)mso-element\s*:\s*(?:header|footer)\b", style):
            return "header"
        if any(name.lower().startswith("msotoc") for name in classes):
            return CONTENTS
        return ""

    def _by_structure(self, element: Element) -> str:
        tag, role = str(element.tag), (element.get("role") or "").lower()
        if tag == "nav" or role in ("navigation", "menu", "menubar", "search"):
            return NAVIGATION
        if self._main_share(element) > 1 - _MAIN:
            return ""
        within = next(element.iterancestors("article", "main"), None) is not None
        if tag in ("aside", "footer") and not within:
            return tag
        if tag == "header" and not within and next(element.iter("h1", "h2"), None) is None:
            return "header"
        if _HINT.search(f"{element.get('class') or ''} {element.get('id') or ''}") and tag not in (
            "body",
            "html",
        ):
            return NAVIGATION
        return self._menu(element)

    def _menu(self, element: Element) -> str:
        """A block that is mostly links is a menu, or leads to places of the same page."""
        if element.tag not in ("div", "ul", "ol", "dl", "table", "section", "p", "center"):
            return ""
        links = list(element.iter("a"))
        if len(links) < 3 or any(_FILE.search(link.get("href") or "") for link in links):
            return ""
        text = words_of(element)
        linked = sum(han(words_of(link)) for link in links)
        annexes = "附件" in text or "附件" in _words_before(element)
        if "。" in text or annexes or linked < _DENSE * han(text):
            return ""
        inside = all((link.get("href") or "").startswith("#") for link in links)
        return CONTENTS if inside else NAVIGATION

    # The main part

    def _weigh(self, element: Element) -> int:
        """Characters of sentences below an element, not counting links and what is not seen."""
        if not isinstance(element.tag, str) or element.tag in SILENT or element.tag == "a":
            return 0
        if element.getparent() is not None and self._seen(element):
            return 0
        own = element.text or ""
        below = 0
        for node in element:
            below += self._weigh(node)
            own += node.tail or ""
        weight = below + (han(own) if re.search("[。；，：]", own) else 0)
        self.weights[element] = weight
        return weight

    def _main_share(self, element: Element) -> float:
        return self.weights.get(element, 0) / self.total if self.total else 0

    def _leave_out_around(self, body: Element) -> None:
        if self.total < _SENTENCES:
            return
        main = body
        while True:
            inner = (node for node in main if self._main_share(node) >= _MAIN)
            found = next(inner, None)
            if found is None:
                break
            main = found
        text = self._text_size(main)
        while main is not body and (
            main.tag in _LEAVES or self._text_size(main.getparent()) <= _AROUND * text
        ):
            main = main.getparent()
        if main is not body:
            self._outside(body, main)

    def _text_size(self, element: Element) -> int:
        """Characters that would be read below an element, before the main part is known."""
        if not isinstance(element.tag, str) or element.tag in SILENT or self.reason(element):
            return 0
        return han(element.text or "") + sum(
            self._text_size(node) + han(node.tail or "") for node in element
        )

    def _outside(self, body: Element, main: Element) -> None:
        """Leave out what surrounds the main part, but not the headings before it."""
        path = {main, *main.iterancestors()}
        for parent in path - {main}:
            if parent is not body and body not in parent.iterancestors():
                continue
            before = True
            for node in parent:
                if node in path:
                    before = False
                elif isinstance(node.tag, str) and not (before and _has_heading(node)):
                    self.reasons[node] = OUTSIDE


def _words_before(element: Element) -> str:
    """The text of its parent, or of the element, that an element follows."""
    before = element.getprevious()
    if before is None:
        return (element.getparent().text or "") if element.getparent() is not None else ""
    return (before.tail or "").strip() or words_of(before)


def _has_heading(element: Element) -> bool:
    return next(element.iter("h1", "h2", "h3"), None) is not None or any(
        re.search("(?i)title|biaoti|tit$", node.get("class") or "")
        for node in element.iter()
        if isinstance(node.tag, str)
    )


def style_value(element: Element, name: str) -> str:
    """The value of a property of the style attribute, in lower case."""
    found = re.search(rf"(?i)(?:^|;)\s*{name}\s*:\s*([^;]+)", element.get("style") or "")
    return found[1].strip().lower() if found else ""


def grid_number(element: Element, name: str) -> int:
    """colspan or rowspan: at least 1; 0 and nonsense count as 1."""
    text = (element.get(name) or "").strip()
    return min(max(1, int(text)), 1000) if re.fullmatch(r"\d{1,4}", text) else 1


def elements(parent: Element, *names: str) -> Iterator[Element]:
    return (node for node in parent if isinstance(node.tag, str) and node.tag in names)
