"""Sentences to requirements: whether each asks something, of whom, by when, and what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from directives.documents.ingest import deadlines
from directives.documents.ingest.addressees import (
    UNSTATED,
    AddresseeRead,
    addressees_of,
    is_carried_on,
    named_in,
)
from directives.documents.ingest.deadlines import Dated, Due
from directives.documents.ingest.headings import AMOUNT, GUIDING, TARGETS
from directives.documents.ingest.items import ItemRead, items_of
from directives.documents.ingest.modality import (
    MODAL,
    STATEMENT,
    cadence_of,
    is_statement,
    kind_of,
    modality_of,
)
from directives.documents.ingest.outline import Paragraph, Section, Structure
from directives.documents.ingest.responsibility import (
    Responsibility,
    says_first_leads,
    without_bracket,
)
from directives.documents.ingest.structure import OPENING
from directives.documents.ingest.words import Words, aligned

NAME = 100  # characters of the longest name that the register takes

_CONDITIONS = re.compile(
    "(?:情形|条件|情况|行为)之一(?:的|者)?[^。]*[：:]$|(?:符合|具备|满足)(?:下列|以下)[^。]*[：:]$"
    "|所称[^。]{2,40}(?:包括|是指|系指|指)[^。]*[：:]$"
)
_ANY_CONDITIONS = re.compile(
    "(?:下列|以下)[^，。：]{2,10}之一|(?:有|存在|具有)(?:下列|以下)(?:情形|行为|情况)的"
)
_SUBJECT = re.compile("主旨[：:].*[，。]请")  # of a letter
_DEFINES = re.compile("(?:是指|系指|所称|所指)[^。]*包括[：:]$")
_TARGET = re.compile("(?:力争)?(?:到|至|截至)?(?:20[0-9]{2}年)|(?:力争|确保|实现|全[市县区省年])")
_BY_YEAR = re.compile("，20[0-9]{2}年[^，]{0,6}前，")
_PUNISHES = re.compile("(?:处罚|处分|处理)[：:]$")
_LISTS = re.compile("[：:]$")
_DUTIES = re.compile("(?:职责|职权|责任|任务|义务)(?:主要)?如下[：:]$")
_FORBIDS = re.compile("不得|禁止|严禁|不准|不许")
_ANNOUNCES = re.compile(
    "(?:下列|以下|如下)[^，。；]*[：:]$|(?:任务|目标|要求|内容|重点|措施)(?:是|为|有)[：:]$"
)


@dataclass(frozen=True, slots=True)
class SentenceRead:
    """One sentence in the document's own words.

    A statement has no addressees, no modality, no cadence, no items and no deadline. A sentence
    with `title` could be a heading. `source` is its range in the text as read; `fields` are those
    of the other cells of its row, where it stands in a table.
    """

    code: str
    text: str
    text_hans: str
    statement: bool
    addressees: tuple[AddresseeRead, ...]
    modality: str
    kind: str
    cadence: str
    items: tuple[ItemRead, ...]
    title: bool = False
    due: Due | None = None
    source: tuple[int, int] = (0, 0)
    fields: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SectionRead:
    """A section of a document; `number` is "" for the opening and closing paragraphs.

    `part` is the label of its part, "" for the first one. `level` counts from 1, `first` is the
    number of its first paragraph, `source` the range of its heading.
    """

    number: str
    title: str
    paragraphs: tuple[tuple[SentenceRead, ...], ...]
    part: str = ""
    level: int = 1
    first: int = 1
    source: tuple[int, int] | None = None


@dataclass(slots=True)
class _Before:
    """The requirement before in the paragraph, whose addressees can be carried."""

    addressees: tuple[AddresseeRead, ...] = ()
    code: str = ""


@dataclass(slots=True)
class _Announcer:
    """A sentence that announces a list: 应当履行下列职责："""

    before: _Before
    conditions: bool  # 有下列情形之一的：
    defines: bool = False  # 本办法所称…，是指…，包括：
    fresh: bool = True  # no paragraph stands behind it yet


def sections_of(
    structure: Structure, part: str, dated: Dated, *, carries: bool = False
) -> Iterator[SectionRead]:
    """The sections of a part; one that `carries` others only opens them where it has no section."""
    reader = _Reader(part, dated, alone=len(structure.sections) == 1 and not carries)
    for section in structure.sections:
        yield reader.section(section)


class _Reader:
    """Reads the sentences of a part, from the first to the last."""

    def __init__(self, part: str, dated: Dated, *, alone: bool) -> None:
        self.part = part
        self.dated = dated
        self.alone = alone
        self.announcer: _Announcer | None = None
        self.defines = False  # whether the paragraph is what a definition announced
        self.before = _Before()

    def section(self, section: Section) -> SectionRead:
        if section.source:
            self.announcer = self.announcer if section.level > 1 else None
        paragraphs = tuple(self._paragraph(row, section) for row in section.paragraphs)
        return SectionRead(
            section.number,
            section.title,
            paragraphs,
            self.part,
            section.level,
            section.first,
            section.source,
        )

    def _paragraph(self, paragraph: Paragraph, section: Section) -> tuple[SentenceRead, ...]:
        prefix = f"{self.part}·{paragraph.code}" if self.part else paragraph.code
        sentences: list[SentenceRead] = []
        opening = section.prefix == OPENING and not self.alone and not section.number
        for at, words in enumerate(paragraph.sentences):
            if at in paragraph.starts or at == 0:
                self.before = _Before()
                self._begin_paragraph(at in paragraph.labels or bool(paragraph.titles or at))
            sentence = self._sentence(
                words,
                f"{prefix}.{at + 1}",
                paragraph.who[at],
                paragraph.labels.get(at, 0),
                "opening" if opening else paragraph.about,
                title=at in paragraph.titles,
                caption=at in paragraph.captions,
            )
            sentences.append(replace(sentence, fields=paragraph.fields))
        return tuple(sentences)

    def _begin_paragraph(self, listed: bool) -> None:
        """What was announced is for the items behind it, and in an article for all paragraphs."""
        self.defines = False
        if not listed:
            self.announcer = None
        elif self.announcer is not None:
            self.before = self.announcer.before
            self.defines = self.announcer.fresh and self.announcer.defines
            self.announcer.fresh = False

    def _sentence(
        self,
        words: Words,
        code: str,
        who: Responsibility | None,
        label: int,
        about: str,
        *,
        title: bool,
        caption: bool,
    ) -> SentenceRead:
        body = without_bracket(words)[0]
        request = body.cut(label) if label < len(body.text) else body
        due = self._due(request, who) or (_year_of_target(request) if about == TARGETS else None)
        named = bool(named_in(request.text, request.hans))
        condition = (
            self.defines or self.announcer is not None and self.announcer.conditions and label > 0
        )
        item = label > 0 and bool(self.before.addressees)
        fact = bool(about) and not named and who is None and self._is_past(due)
        states = _is_statement(request.hans, about, who, due, named=named, item=item)
        if condition or fact or caption or states:
            self._announce(request.hans, _Before())
            hans, source = aligned(words.text), words.source
            return SentenceRead(
                code, words.text, hans, True, (), "", STATEMENT, "", (), source=source
            )
        addressees = self._addressees(request, who)
        carried_on = is_carried_on(request.text, request.hans)
        self.before = _Before(addressees, code) if carried_on else _Before()
        self._announce(request.hans, self.before)
        return _requirement(words, request, code, addressees, due, title=title)

    def _addressees(self, request: Words, who: Responsibility | None) -> tuple[AddresseeRead, ...]:
        before = self.before
        addressees = addressees_of(request.text, request.hans, before.addressees, before.code, who)
        kept = tuple(addressee for addressee in addressees if len(addressee.name) <= NAME)
        return kept or (AddresseeRead("", UNSTATED, ""),)

    def _due(self, request: Words, who: Responsibility | None) -> Due | None:
        due = deadlines.due_in(request.text, request.hans, self.dated)
        if due or who is None or not who.due:
            return due
        return deadlines.due_of(who.due, aligned(who.due), self.dated)

    def _is_past(self, due: Due | None) -> bool:
        """Whether a day is before that of the document: 2030年末，… is a fact."""
        issued = self.dated.issued
        return bool(due and due.on and issued and due.on < issued.isoformat())

    def _announce(self, hans: str, before: _Before) -> None:
        last = self.announcer
        if _PUNISHES.search(hans):
            before = _Before()
        if _LISTS.search(hans):
            goes_on = last is not None and last.conditions and last.fresh and "列" not in hans
            looks = (_CONDITIONS, _ANY_CONDITIONS)
            conditions = goes_on or any(look.search(hans) for look in looks)
            self.announcer = _Announcer(before, conditions, _DEFINES.search(hans) is not None)
        elif _ANY_CONDITIONS.search(hans):
            self.announcer = _Announcer(before, conditions=True)


def _year_of_target(words: Words) -> Due | None:
    """By when a target is met: 2031年基本完成改革。"""
    year = re.match("(?:到|至)?(20[0-9]{2})年(?![0-9度的])", words.hans)
    if year is None:
        return None
    return Due(f"{year[1]}-12-31", None, deadlines.YEAR, words.text[: year.end()])


def _requirement(
    words: Words,
    request: Words,
    code: str,
    addressees: tuple[AddresseeRead, ...],
    due: Due | None,
    *,
    title: bool,
) -> SentenceRead:
    """What a sentence asks; `asked` are its words without label and bracket."""
    hans = aligned(words.text)
    owners = tuple(
        aligned(addressee.name) for addressee in addressees if addressee.basis != UNSTATED
    )
    length = words.text.find(request.text) + len(request.text)
    items = tuple(
        item
        for item in items_of(words.text[:length], hans[:length], owners)
        if len(item.name) <= NAME
    )
    modality = modality_of(request.hans)
    verbs = [(aligned(item.verb), aligned(item.name)) for item in items]
    kind = kind_of(request.hans, modality, verbs)
    return SentenceRead(
        code,
        words.text,
        hans,
        False,
        addressees,
        modality,
        kind,
        cadence_of(request.hans, kind),
        items,
        title,
        due,
        words.source,
    )


def _is_statement(
    hans: str,
    about: str,
    who: Responsibility | None,
    due: Due | None,
    *,
    named: bool,
    item: bool,
) -> bool:
    """Whether a sentence asks for nothing, in a section about what `about` says."""
    if who is not None and who.names:
        return False
    if about == TARGETS and due is not None and due.on and hans.startswith(due.words):
        return False
    if named and _DUTIES.search(hans) or _SUBJECT.match(hans):
        return False
    if is_statement(hans, item=item) or says_first_leads(hans) and not named:
        return True
    if _ANNOUNCES.search(hans) and not named and not _FORBIDS.search(hans):
        return True
    asks = named and (
        MODAL.search(hans) is not None or due is not None or hans.startswith(("请", "希望", "望"))
    )
    if about == GUIDING and due is not None and _BY_YEAR.search(hans):
        return False
    if about == GUIDING and _TARGET.match(hans) and (due is not None or AMOUNT.search(hans)):
        return False
    if hans.endswith("！") and not named and not MODAL.search(hans):
        return True
    if about in (GUIDING, "opening"):
        return not (asks or about == "opening" and (due is not None or MODAL.search(hans)))
    if about == TARGETS:
        return not (
            named
            or due
            or AMOUNT.search(hans)
            or MODAL.search(hans)
            or hans.startswith(("鼓励", "国家鼓励"))
        )
    return False
