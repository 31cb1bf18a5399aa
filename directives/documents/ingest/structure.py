"""Headings, paragraphs and articles of a part of a document.

A numbered line is a heading where it has text under it or behind it and asks nothing definite;
otherwise it is a sentence. Rules match Simplified script, so both scripts take one path.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from directives.documents.ingest import responsibility, tables
from directives.documents.ingest.deadlines import Dated
from directives.documents.ingest.frame import left_out
from directives.documents.ingest.frame_lines import is_day
from directives.documents.ingest.headings import (
    about,
    can_be_heading,
    closes,
    has_text_under,
    heading_on,
    is_caption,
    is_definite,
    is_heading_of_list,
    who_of,
)
from directives.documents.ingest.labels import (
    ABOVE_DECIMALS,
    ARTICLE,
    BULLET,
    DECIMAL,
    FRAME_KINDS,
    Label,
    label_of,
    roots_of_decimals,
    starts_again,
)
from directives.documents.ingest.outline import Open, Paragraph, Section, Structure
from directives.documents.ingest.responsibility import (
    BRACKET,
    Responsibility,
    content_of,
    without_bracket,
)
from directives.documents.ingest.sentences import sentences_of
from directives.documents.ingest.sources import LeftOut
from directives.documents.ingest.words import Line, Words

# The first part of the codes of unnumbered sections: 引.1.1, 結.1.1.
OPENING, CLOSING = "引", "結"


_MEMBER = re.compile(
    r"^(?:第一)?(?:常务)?副?\s*(?:组\s*长|主\s*任|总?指挥|指挥长|召集人|成\s*员)"
    r"(?:单位)?\s*[：:][^。]*$"
)
_OFFICE = re.compile("^(?:[省市县区州]长|主席|主任|院长|校长|局长|董事长)$")  # of a signature
_LONGEST_CAPTION = 30  # characters
_BLANK_FIELD = re.compile(r"^[\u4e00-\u9fff（）]{1,10}[：:][\s_＿年月日]*$")


class Builder:
    """Puts the lines of one part together, from the first to the last."""

    def __init__(
        self, dated: Dated, doubtful: Collection[int], *, first_leads: bool = False, about: str = ""
    ) -> None:
        self.dated = dated
        self.about = about  # what the whole part is about
        self.doubtful = doubtful
        self.sections: list[Section] = []
        self.left_out: list[LeftOut] = []
        self.open: list[Open] = []
        self.counts: dict[str, int] = {}  # of paragraphs, by the first part of codes
        self.article: Paragraph | None = None
        self.item: list[Paragraph] = []  # since the last label
        self.first_leads = first_leads
        self.starts_again = self.subchapters_again = False  # the numbers, in each chapter
        self.prefixes: set[str] = set()
        self.decimals: set[int] = set()  # 4 where the text has a 4.1
        self.prefix = OPENING

    def build(self, lines: Sequence[Line]) -> Structure:
        closing = len(lines)
        has_articles = any(_label(line, ARTICLE) for line in lines)
        numbered = any(label_of(line.words) for line in lines)
        while numbered and not has_articles and closing > 1 and closes(lines[closing - 1]):
            closing -= 1
        at = 0
        labels = [
            label for line in lines if not line.markup.cell and (label := label_of(line.words))
        ]
        self.starts_again = starts_again(labels)
        self.decimals = roots_of_decimals(labels)
        codes = [label.code for label in labels if label.kind == "subchapter"]
        self.subchapters_again = len(set(codes)) < len(codes)
        while at < closing:
            if lines[at].markup.cell:
                at = self._table(lines, at, closing)
            else:
                self._line(lines, at, closing)
                at += 1
        if closing < len(lines):
            self.open, self.article, self.item = [], None, []
            self.sections.append(Section("", "", CLOSING))
            self.prefix = CLOSING
            for line in lines[closing:]:
                self._paragraph(line.words, None)
        return Structure(
            [section for section in self.sections if section.paragraphs or section.source],
            self.left_out,
        )

    def _label(self, words: Words) -> Label | None:
        """The label of words; a 4. with a 4.1 in the text stands above it."""
        label = label_of(words)
        if label is not None and label.kind == "figure" and label.count in self.decimals:
            return replace(label, rank=ABOVE_DECIMALS)
        return label

    def _table(self, lines: Sequence[Line], at: int, stop: int) -> int:
        """Read the table that begins at a line; returns where it ends."""
        end, cell = at, lines[at].markup.cell
        while end < stop and cell is not None:
            other = lines[end].markup.cell
            if other is None or other.table != cell.table:
                break
            end += 1
        rows = tables.rows_of(lines[at:end])
        above, columns = tables.header_rows(rows)
        if not columns:
            self.left_out += tables.left_out_of(rows, "table")
            return end
        self.left_out += tables.left_out_of(rows[:above], "table head")
        first_leads = self.first_leads or tables.first_leads(lines[at:end])
        self.article, self.item = None, []
        prefix = self.prefix if self.sections else ""
        for task in tables.tasks_of(rows[above:], columns, first_leads=first_leads):
            self._task(task, prefix)
        return end

    def _task(self, task: tables.Task, prefix: str) -> None:
        """A row of a table as the sentences of a paragraph."""
        if task.group is not None:
            self._category(task.group)
        elif not self.sections:
            self.sections.append(Section("", "", ""))
        sentences = [
            sentence for line in task.lines for sentence in sentences_of(line.words, self.doubtful)
        ]
        count = self.counts.get("table", 0) + 1
        self.counts["table"] = count
        number = task.number if re.fullmatch(r"[0-9]{1,4}", task.number) else str(count)
        code = self._free_code(f"{prefix}·{number}" if prefix else number)
        paragraph = Paragraph(sentences, code, starts={0}, fields=task.fields)
        paragraph.who = [task.who] * len(sentences)
        self.sections[-1].paragraphs.append(paragraph)

    def _category(self, line: Line) -> None:
        label = label_of(line.words)
        length = label.length if label is not None else 0
        number = label.number if label is not None else ""
        section = Section(number, line.words.cut(length).text, "", 1, line.words.source)
        self.sections.append(section)

    def _free_code(self, code: str) -> str:
        """A first part of codes that no other paragraph has."""
        base, count = code, 1
        while code in self.prefixes:
            count += 1
            code = f"{base}（{count}）"
        self.prefixes.add(code)
        return code

    def _line(self, lines: Sequence[Line], at: int, stop: int) -> None:
        line = lines[at]
        label = self._label(line.words)
        if label is not None and label.length >= len(line.text) and label.kind != ARTICLE:
            label = None
        if label is None and (
            self._only_who(line) or self._is_blank_field(lines, at) or self._is_member(line)
        ):
            return
        if label is None:
            if self._is_plain_heading(lines, at, stop):
                self._plain_heading(line)
            else:
                self._paragraph(line.words, None)
            return
        if label.kind == BULLET:
            self._paragraph(line.words, label)
            return
        while self.open and self.open[-1].label.rank >= label.rank:
            self.open.pop()
        if label.kind == ARTICLE:
            self._begin_article(line, label)
            self._caption(lines[at : min(at + 2, stop)], label)
            return
        if self.article is not None and label.kind not in FRAME_KINDS:
            self._paragraph(line.words, label)
            self._caption(lines[at : min(at + 2, stop)], label)
            return
        self.article, self.item = None, []
        self._labelled(lines, at, stop, label)

    def _labelled(self, lines: Sequence[Line], at: int, stop: int, label: Label) -> None:
        """A numbered line that is no article: a heading, a sentence, or both on one line."""
        line = lines[at]
        words = line.words.cut(label.length)
        heading, rest = heading_on(words)
        body, who = without_bracket(words)
        under = has_text_under(lines, at, stop, label, self._label)
        frame_kind = label.kind in FRAME_KINDS
        listed = rest is not None and _goes_on_a_list(lines, at, label)
        if rest is not None and not listed and not is_definite(heading, self.dated):
            head = line.words.cut(0, len(line.text) - len(rest.text))
            self._open(label, head, heading, who_of(heading))
            self._paragraph(rest, None)
        elif frame_kind and not re.search("[。；].", words.hans):
            self._open(label, line.words, body, who)
        elif under and rest is None and can_be_heading(body):
            if not is_definite(body, self.dated):
                self._open(label, line.words, body, who or who_of(body))
            else:
                self._open_without_title(label, line.words, who)
                may_be_title = not re.search("[。；！？…：:]$", body.hans)
                self._numbered_sentence(line.words, words, label, title=may_be_title)
        else:
            self._open_without_title(label, line.words, None)
            self._numbered_sentence(line.words, words, label, title=False)

    def _open(self, label: Label, heading: Words, title: Words, who: Responsibility | None) -> None:
        """A heading opens a section."""
        text = title.text.rstrip("。．.：: ")
        self._begin_scope(label, who, about(title.hans), heading=True)
        level = sum(row.heading for row in self.open)
        section = Section(label.number, text, self.prefix, level, heading.source)
        section.first = self.counts.get(self.prefix, 0) + 1
        self.sections.append(section)

    def _open_without_title(self, label: Label, line: Words, who: Responsibility | None) -> None:
        """A numbered sentence; on the level of sections it makes one without a title."""
        on_top = not any(row.label.kind not in FRAME_KINDS for row in self.open)
        self._begin_scope(label, who, self._about_here(), heading=on_top)
        if on_top or label.kind == DECIMAL and self.prefix == label.number:
            level = sum(row.heading for row in self.open)
            mark = line.cut(0, label.length)
            section = Section(label.number, "", self.prefix, level, mark.source)
            section.first = self.counts.get(self.prefix, 0) + 1
            if on_top:
                self.sections.append(section)

    def _begin_scope(
        self, label: Label, who: Responsibility | None, about: str, *, heading: bool
    ) -> None:
        decimal_root = any(
            row.label.kind in ("figure", "bare figure", DECIMAL) for row in self.open[:1]
        )
        on_top = not any(row.label.kind not in FRAME_KINDS for row in self.open)
        self.open.append(Open(label, who, about, heading))
        if on_top:
            self.prefix = self._own_prefix(label)
        elif label.kind == DECIMAL and decimal_root:
            self.prefix = label.number.replace("．", ".")

    def _own_prefix(self, label: Label) -> str:
        """The label of a section as the first part of codes, with 第一章· where it comes again."""
        code = label.code
        again = self.subchapters_again if label.kind == "subchapter" else self.starts_again
        if again or code in self.prefixes:
            frames = [row.label.code for row in self.open[:-1] if row.label.kind in FRAME_KINDS]
            if frames:
                code = f"{frames[-1]}·{code}"
        return self._free_code(code)

    def _begin_article(self, line: Line, label: Label) -> None:
        code = self._free_code(label.code)
        self.item = []
        self.article = Paragraph([], code, about=self._about_here())
        section = self._section()
        if section.prefix == OPENING and section.paragraphs:
            section = Section("", "", "")
            self.sections.append(section)
        elif section.prefix == OPENING:
            section.prefix = ""
        section.paragraphs.append(self.article)
        words = line.words.cut(label.length)
        self._add_to_article(words, None)

    def _caption(self, lines: Sequence[Line], label: Label) -> None:
        """Note that the line just taken only says what the lines below it are about."""
        if self.article is None or len(lines) < 2 or lines[1].markup.cell:
            return
        words, below = lines[0].words.cut(label.length), label_of(lines[1].words)
        stands_above = below is not None and below.rank > label.rank
        if label.kind == ARTICLE:
            stands_above = below is None or stands_above
        if stands_above and 0 < len(words.text) <= _LONGEST_CAPTION and is_caption(words):
            self.article.captions.add(len(self.article.sentences) - 1)

    def _add_to_article(self, words: Words, label: Label | None) -> None:
        assert self.article is not None
        article = self.article
        first = len(article.sentences)
        sentences = list(sentences_of(words, self.doubtful))
        article.sentences += sentences
        article.starts.add(first)
        if label is not None:
            article.labels[first] = label.length
        article.who += self._who_of(sentences)

    def _paragraph(self, words: Words, label: Label | None) -> None:
        """The sentences of a line."""
        if self.article is not None:
            self._add_to_article(words, label)
            return
        sentences = list(sentences_of(words, self.doubtful))
        section = self._section()
        decimal = bool(self.open) and self.open[-1].label.kind == DECIMAL and "." in self.prefix
        if decimal and section.paragraphs and section.paragraphs[-1].code == self.prefix:
            paragraph = section.paragraphs[-1]
            paragraph.starts.add(len(paragraph.sentences))
        else:
            code = self.prefix
            if not decimal:
                self.counts[self.prefix] = self.counts.get(self.prefix, 0) + 1
                code = f"{self.prefix}.{self.counts[self.prefix]}"
            paragraph = Paragraph([], code, about=self._about_here())
            paragraph.starts.add(0)
            section.paragraphs.append(paragraph)
        first = len(paragraph.sentences)
        paragraph.sentences += sentences
        paragraph.who += self._who_of(sentences)
        if label is not None:
            paragraph.labels[first] = label.length
        self.item.append(paragraph)

    def _numbered_sentence(self, line: Words, words: Words, label: Label, *, title: bool) -> None:
        """A numbered line as sentences; the label that a code has is not among their words."""
        in_code = self.prefix.split("·")[-1].split("（")[0] == label.code and (
            self.sections
            and self.sections[-1].number == label.number
            and not self.sections[-1].title
        )
        in_code = in_code or (label.kind == DECIMAL and self.prefix == label.number)
        self._paragraph(words if in_code else line, None if in_code else label)
        paragraph = self._section().paragraphs[-1]
        if title:
            paragraph.titles.add(len(paragraph.sentences) - 1)

    def _section(self) -> Section:
        """The section that text belongs to; text before the first one makes an opening."""
        if not self.sections:
            self.sections.append(Section("", "", OPENING if self.article is None else ""))
            self.prefix = OPENING
        return self.sections[-1]

    def _about_here(self) -> str:
        return next((row.about for row in reversed(self.open) if row.about), self.about)

    # -- who is responsible ---------------------------------------------------------------------

    def _who_of(self, sentences: Sequence[Words]) -> list[Responsibility | None]:
        """What the brackets in a paragraph say, for each of its sentences.

        A bracket is that of the sentences since the one before it; the last one, of all that
        follow, too. Without one, it is the heading's.
        """
        rows: list[Responsibility | None] = [None] * len(sentences)
        since = 0
        for at, words in enumerate(sentences):
            _, who = without_bracket(words)
            if who is None:
                continue
            who = self._with_first_lead(who)
            rows[since : at + 1] = [who] * (at + 1 - since)
            since = at + 1
        of_heading = next((row.who for row in reversed(self.open) if row.who), None)
        return [row or of_heading for row in rows]

    def _with_first_lead(self, who: Responsibility) -> Responsibility:
        self.first_leads = self.first_leads or who.from_here_on and who.first_leads
        return who.led_by_the_first() if self.first_leads else who

    def _only_who(self, line: Line) -> bool:
        """Take a line that only says who is responsible, or by when, for the item above it."""
        words = line.words
        bracket = BRACKET.fullmatch(words.hans)
        content = content_of(bracket) if bracket else words.hans
        keyed = responsibility.is_keyed(content) and (bracket or not re.search("。.", content))
        if not keyed and not (bracket and responsibility.is_responsibility(content)):
            return False
        if not keyed and not self.item and self.article is None:
            return False
        inner = words
        if bracket:
            group = next(
                name for name in ("content", "round", "square") if bracket[name] is not None
            )
            inner = words.cut(bracket.start(group), bracket.end(group))
        who = self._with_first_lead(responsibility.read(inner.text, inner.hans))
        targets = [self.article] if self.article is not None else self._of_whom(line)
        for paragraph in targets:
            paragraph.who = [_both(row, who) for row in paragraph.who]
        self.left_out.append(left_out(line, "responsibility"))
        return True

    def _of_whom(self, line: Line) -> list[Paragraph]:
        """The paragraphs that a line below them is about.

        The first such line below several items of a heading is about all of them.
        """
        under = self.sections[-1].paragraphs if self.sections else []
        several = len(under) > 1 and self.item and under[-1] is self.item[-1]
        numbered = [paragraph for paragraph in under if paragraph.labels]
        if (
            several
            and len(numbered) > 1
            and self.sections[-1].title
            and not any(row for paragraph in under for row in paragraph.who)
        ):
            return under
        return self.item

    def _is_blank_field(self, lines: Sequence[Line], at: int) -> bool:
        """Take a line of a form to fill in: 联系人： with nothing behind it or below."""
        beside = lines[at + 1 : at + 2]
        if not _BLANK_FIELD.match(lines[at].hans):
            return False
        if any(not _BLANK_FIELD.match(line.hans) for line in beside):
            return False
        self.left_out.append(left_out(lines[at], "form"))
        return True

    def _is_member(self, line: Line) -> bool:
        """Take a line that says who sits in a group: 组长：张某某."""
        if not (_MEMBER.match(line.hans) or _OFFICE.match(line.hans)):
            return False
        self.left_out.append(left_out(line, "names"))
        return True

    # -- headings without a number --------------------------------------------------------------

    def _is_plain_heading(self, lines: Sequence[Line], at: int, stop: int) -> bool:
        """Whether a line without a number is a heading: short, without a mark, text under it."""
        line = lines[at]
        marked = line.markup.kind == "heading"
        if at + 1 >= stop or len(line.text) > (40 if marked else 26) or self.article is not None:
            return False
        below = label_of(lines[at + 1].words)
        if below is not None and below.count == 1 and below.kind != ARTICLE:
            return is_heading_of_list(line.words, self.dated)
        if (
            re.search("[。；，：！？、“”]", line.hans)
            or is_day(line.hans)
            or is_definite(line.words, self.dated)
        ):
            return False
        return (
            marked
            or bool(lines[at + 1].markup.cell)
            or re.search("[。；：]$", lines[at + 1].hans) is not None
        )

    def _plain_heading(self, line: Line) -> None:
        level = sum(row.heading for row in self.open) + 1
        section = Section("", line.text, self.prefix, level, line.words.source)
        section.first = self.counts.get(self.prefix, 0) + 1
        self.sections.append(section)
        self.item = []


def _both(row: Responsibility | None, who: Responsibility) -> Responsibility:
    if row is None:
        return who
    names = [*row.names, *(name for name in who.names if name not in row.names)]
    return Responsibility(tuple(names), row.due or who.due, row.first_leads, row.from_here_on)


def _goes_on_a_list(lines: Sequence[Line], at: int, label: Label) -> bool:
    """Whether the line above is an item of the same list: （九）…；"""
    above = lines[at - 1] if at else None
    if above is None or above.markup.cell or not above.hans.endswith("；"):
        return False
    other = label_of(above.words)
    return other is not None and other.kind == label.kind and other.count == label.count - 1


def _label(line: Line, kind: str) -> bool:
    if line.markup.cell:
        return False
    label = label_of(line.words)
    return label is not None and label.kind == kind
