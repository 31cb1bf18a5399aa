"""A body's report on one screen: its entries, what each still lacks, and what is to be done next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.models import Attachment, ProgressReport, ReportEntry, Submission, User
from directives.models.reports import CARRIED
from directives.overview.captions import Words
from directives.overview.files import FileList, file_list
from directives.reporting import LACKS, Earlier, earlier_entries, missing
from directives.rules import is_above, may
from directives.states import ACCEPTED, AWAITING, EDITABLE, RETURNED, SUBMITTED

# The chips over the report, in their order. An entry may stand under several.
FILTERS: dict[str, Words] = {
    "all": pgettext_lazy("entries", "All"),
    "missing": pgettext_lazy("entries", "To complete"),
    "returned": pgettext_lazy("entries", "Returned"),
    "blank": pgettext_lazy("entries", "Blank"),
    "ready": pgettext_lazy("entries", "Ready"),
    "unchanged": pgettext_lazy("entries", "Of these unchanged"),
    "awaiting": pgettext_lazy("entries", "Awaiting signature"),
    "submitted": pgettext_lazy("entries", "Handed in"),
    "accepted": pgettext_lazy("entries", "Accepted"),
}
FROM_ABOVE = frozenset({"all", "returned", "submitted", "accepted"})  # chips for those who only read
ALWAYS = frozenset({"all", "missing", "ready", "accepted"})  # shown though nothing stands under them
TONES = {"returned": "y", "blank": "y", "missing": "y", "ready": "g", "accepted": "g", "submitted": "a", "awaiting": "a", "unchanged": ""}
STATUS: dict[str, Words] = {
    "returned": _("Returned, to be revised"),
    "blank": pgettext_lazy("entry", "Blank"),
    "missing": pgettext_lazy("entry", "Incomplete"),
    "ready": pgettext_lazy("entry", "Ready"),
    "unchanged": pgettext_lazy("entry", "No change"),
    "awaiting": pgettext_lazy("filing", "Awaiting signature"),
    "submitted": pgettext_lazy("filing", "Handed in"),
    "accepted": pgettext_lazy("filing", "Accepted"),
}
NAMED = 4  # entries that the hand-in bar names


@dataclass(frozen=True, slots=True)
class Shown:
    """What the fields of an entry show: as stored, or as somebody just typed it."""

    progress: str = ""
    problems: str = ""
    next_steps: str = ""
    percent: str = ""
    unchanged: bool = False
    unchanged_reason: str = ""

    @classmethod
    def of(cls, entry: ReportEntry) -> "Shown":
        percent = "" if entry.percent is None else str(entry.percent)
        return cls(entry.progress, entry.problems, entry.next_steps, percent, entry.unchanged, entry.unchanged_reason)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the page shows it. `lacks` are keys of LACKS; `errors` are those of a save that was refused."""

    entry: ReportEntry
    earlier: Earlier
    lacks: tuple[str, ...]
    files: FileList
    writes: bool  # this person may fill it in now
    shown: Shown
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.entry.pk)

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """The words that a folded row keeps out of sight."""
        return (("progress", self.shown.progress), ("problems", self.shown.problems), ("next_steps", self.shown.next_steps))

    @property
    def last(self) -> ReportEntry | None:
        """The last accepted entry on the same obligation."""
        return self.earlier.accepted

    @property
    def blank(self) -> bool:
        return self.entry.state in EDITABLE and not self.entry.progress and not self.entry.unchanged

    @property
    def ready(self) -> bool:
        return self.entry.state in EDITABLE and not self.lacks

    @property
    def status(self) -> str:
        """A key of STATUS."""
        if self.entry.state not in EDITABLE:
            return str(self.entry.state)
        if not self.lacks:
            return "unchanged" if self.entry.unchanged else "ready"
        return "returned" if self.entry.state == RETURNED else "blank" if self.blank else "missing"

    @property
    def word(self) -> Words:
        return STATUS[self.status]

    @property
    def tone(self) -> str:
        return TONES[self.status]

    @property
    def missing_words(self) -> list[Words]:
        return [LACKS[lack] for lack in self.lacks]

    @property
    def row_class(self) -> str:
        """How the row looks: what is missing, what was returned, what was carried over."""
        if self.entry.state not in EDITABLE:
            return "is-ok"
        look = {"returned": "is-back", "blank": "is-need", "missing": "is-need", "unchanged": "is-ok"}.get(self.status, "")
        return f"{look} kept".strip() if self.entry.origin == CARRIED and not self.entry.saved_at else look

    @property
    def fell(self) -> bool:
        """The percentage is below that of the last accepted entry."""
        last, now = self.earlier.percent, self.entry.percent
        return last is not None and now is not None and now < last

    @property
    def quoted(self) -> str:
        """The reason for which it was last returned, while that matters."""
        return self.entry.reason if self.entry.state in EDITABLE else ""

    def under(self, name: str) -> bool:
        """Whether the entry stands under this filter."""
        match name:
            case "all":
                return True
            case "missing":
                return self.entry.state in EDITABLE and bool(self.lacks)
            case "returned":
                return self.entry.state == RETURNED
            case "blank":
                return self.blank
            case "ready":
                return self.ready
            case "unchanged":
                return self.ready and self.entry.unchanged
        return self.entry.state == name


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the report, with how many entries stand under it."""

    key: str
    label: Words
    count: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole report as this person sees it; a page shows `showing(…)` of it."""

    report: ProgressReport
    lines: tuple[Line, ...]
    works: bool  # fills in
    signs: bool  # the manager
    direct: bool  # hands in without a further signature
    reviews: bool  # a supervisor above
    submissions: tuple[Submission, ...]  # newest first, without their content; `count` is how many entries each has

    def showing(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.under(name)]

    def count(self, name: str) -> int:
        return sum(line.under(name) for line in self.lines)

    @property
    def chips(self) -> list[Chip]:
        counted = [Chip(key, label, self.count(key)) for key, label in FILTERS.items() if self.works or key in FROM_ABOVE]
        return [chip for chip in counted if chip.count or (chip.key in ALWAYS and self.works)]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def ready(self) -> int:
        return self.count("ready")

    @property
    def missing(self) -> list[Line]:
        """Entries that cannot go in yet, the returned ones first."""
        return sorted(self.showing("missing"), key=lambda line: line.entry.state != RETURNED)

    @property
    def named(self) -> list[Line]:
        """The first of them, for the hand-in bar."""
        return self.missing[:NAMED]

    @property
    def open(self) -> int:
        """Entries that this hand-in is about: ready, or still missing something."""
        return self.ready + self.count("missing")

    @property
    def awaiting(self) -> int:
        return self.count(AWAITING)

    @property
    def waiting_review(self) -> int:
        return self.count(SUBMITTED)

    @property
    def accepted(self) -> int:
        return self.count(ACCEPTED)

    @property
    def next_number(self) -> int:
        """Of the next submission."""
        return max((one.number for one in self.submissions), default=0) + 1

    @property
    def saved_at(self) -> datetime | None:
        if not self.works:
            return None
        return max((line.entry.saved_at for line in self.lines if line.entry.saved_at), default=None)

    @property
    def untouched(self) -> int:
        """Drafts that can be drawn anew from the log."""
        return sum(line.writes and line.entry.saved_at is None and line.entry.state != RETURNED for line in self.lines)


def sheet(report: ProgressReport, user: User, *, now: datetime) -> Sheet:
    """The report, its entries and what this person may do with it. The report comes with cycle, document and body."""
    rows = ReportEntry.objects.visible_to(user).owed().filter(report=report).prefetch_related("files")
    rows = rows.select_related("obligation__directive", "decided_by", "saved_by").order_by("obligation__directive__order")
    handed_in = report.submissions.select_related("submitted_by").defer("content")
    works, earlier = may(user, "work", report), earlier_entries(report)
    lines = [_line(row, report, earlier, user, works, now) for row in rows]
    if not works:
        lines = _as_handed_in(report, lines)
    return Sheet(
        report, tuple(lines), works, may(user, "sign", report), works and may(user, "hand_in", report), is_above(user, report),
        tuple(handed_in.annotate(count=KT("content__count")).order_by("-number")),
    )  # fmt: skip


def _line(row: ReportEntry, report: ProgressReport, earlier: Mapping[int, Earlier], user: User, works: bool, now: datetime) -> Line:
    row.report = report
    before = earlier.get(row.obligation_id, Earlier())
    files = file_list(row, user, now=now)
    return Line(row, before, missing(row, before.percent, last_filed(files.files)), files, works and row.state in EDITABLE, Shown.of(row))


def _as_handed_in(report: ProgressReport, lines: list[Line]) -> list[Line]:
    """The lines for a reader from above: a returned entry shows what was handed in, never what its body is writing now."""
    copies = {}
    for content in report.submissions.order_by("number").values_list("content", flat=True):
        copies |= {one["entry"]: one for one in content["entries"]}
    return [_frozen(line, copies[line.entry.pk]) if line.entry.state == RETURNED and line.entry.pk in copies else line for line in lines]


def _frozen(line: Line, copy: Mapping[str, Any]) -> Line:
    for name in Shown.__dataclass_fields__:
        setattr(line.entry, name, copy[name])
    kept = {file["id"] for file in copy["files"]}
    files = replace(line.files, files=tuple(file for file in line.files.files if file.pk in kept))
    return replace(line, files=files, lacks=("revision",), shown=Shown.of(line.entry))


def last_filed(files: Iterable[Attachment]) -> datetime | None:
    """When the last of the files was added."""
    return max((file.at for file in files), default=None)


def line_of(page: Sheet, pk: int, *, shown: Shown | None = None, errors: Mapping[str, Sequence[str]] | None = None) -> Line:
    """One entry of the sheet, with what was just typed in its place. Raises StopIteration for one that is not on it."""
    line = next(line for line in page.lines if line.entry.pk == pk)
    return replace(line, shown=shown or line.shown, errors=errors or {})
