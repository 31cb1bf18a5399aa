"""The text of a saved web page."""

import re
from html.parser import HTMLParser


class _Page(HTMLParser):
    """Collects the text of a page, one line for each block."""

    BLOCKS = re.compile("p|div|br|li|tr|td|h[1-6]|title|section|article|header|footer|table|ul|ol")
    SILENT = re.compile("script|style|head|noscript|template")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.SILENT.fullmatch(tag):
            self.silent += 1
        elif self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.SILENT.fullmatch(tag):
            self.silent = max(0, self.silent - 1)
        elif self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            # Line breaks in the markup are not part of the text.
            self.parts.append(re.sub(r"[ \t]*[\r\n]+[ \t]*", "", data))


def text_of_html(markup: str) -> str:
    page = _Page()
    page.feed(markup)
    page.close()
    lines = (line.strip() for line in "".join(page.parts).split("\n"))
    return "\n".join(line for line in lines if line) + "\n"
