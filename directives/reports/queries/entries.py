"""What stands around the rows of a report: where each entry stands, how many stand where, what is to be done next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import ACCEPTED, AWAITING, EDITABLE, RETURNED, SUBMITTED
from directives.core.captions import Words
from directives.core.files import FileList, file_list
from directives.core.rules import is_above, may
from directives.models import Attachment, ProgressReport, ReportEntry, Submission, User, Verdict
from directives.models.reports import CARRIED
from directives.reports.commands import LACKS, Earlier, earlier_entries, missing
from directives.reports.queries.revisions import Revision, copies_of, returns_of, revision_of_entry

# The chips over the report, in their order. An entry may stand under several.
FILTERS: dict[str, Words] = {
    "all": pgettext_lazy("entries", "All"),
    "missing": pgettext_lazy("entries", "To complete"),
    "returned": pgettext_lazy("entries", "Returned"),
    "blank": pgettext_lazy("entries", "Blank"),
    "ready": pgettext_lazy("entries", "Ready"),
    "unchanged": pgettext_lazy("entries", "Of these unchanged"),
    "awaiting": pgettext_lazy("entries", "Awaiting signature"),
    "submitted": pgettext_lazy("entries", "Submitted"),
    "accepted": pgettext_lazy("entries", "Accepted"),
}
FROM_ABOVE = frozenset(
    {"all", "returned", "submitted", "accepted"}
)  # chips for those who only read
ALWAYS = frozenset(
    {"all", "missing", "ready", "accepted"}
)  # shown though nothing stands under them
TONES = {
    "returned": "y",
    "blank": "y",
    "missing": "y",
    "ready": "g",
    "accepted": "g",
    "submitted": "a",
    "awaiting": "a",
    "unchanged": "",
}
STATUS: dict[str, Words] = {
    "returned": _("Returned, to be revised"),
    "blank": pgettext_lazy("entry", "Blank"),
    "missing": pgettext_lazy("entry", "Incomplete"),
    "ready": pgettext_lazy("entry", "Ready"),
    "unchanged": pgettext_lazy("entry", "No change"),
    "awaiting": pgettext_lazy("filing", "Awaiting signature"),
    "submitted": pgettext_lazy("filing", "Submitted"),
    "accepted": pgettext_lazy("filing", "Accepted"),
}
NAMED = 4  # entries that the hand-in bar names


class Stands:
    """How an entry stands, for whatever knows its state and what it lacks."""

    __slots__ = ()

    pk: int
    code: str  # of the directive
    state: str
    lacks: tuple[str, ...]  # keys of LACKS
    written: bool  # says what was done
    unchanged: bool
    saved_at: datetime | None

    @property
    def blank(self) -> bool:
        return self.state in EDITABLE and not self.written and not self.unchanged

    @property
    def ready(self) -> bool:
        return self.state in EDITABLE and not self.lacks

    @property
    def status(self) -> str:
        """A key of STATUS."""
        if self.state not in EDITABLE:
            return str(self.state)
        if not self.lacks:
            return "unchanged" if self.unchanged else "ready"
        return "returned" if self.state == RETURNED else "blank" if self.blank else "missing"

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
    def filters(self) -> tuple[str, ...]:
        """The keys of FILTERS under which the entry stands."""
        if self.state not in EDITABLE:
            return ("all", self.state)
        under = [
            ("missing", bool(self.lacks)),
            ("returned", self.state == RETURNED),
            ("blank", self.blank),
            ("ready", not self.lacks),
        ]
        under.append(("unchanged", self.unchanged and not self.lacks))
        return ("all", *(name for name, stands in under if stands))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the report, with how many entries stand under it."""

    key: str
    label: Words
    count: int


@dataclass(frozen=True)
class Around:
    """A report's entries, and what this person may do with the whole."""

    report: ProgressReport
    lines: tuple[Stands, ...]
    works: bool  # fills in
    signs: bool  # the manager
    direct: bool  # hands in without a further signature
    reviews: bool  # a supervisor above
    last_number: int  # of the last submission; 0 where there is none

    @cached_property
    def counts(self) -> Mapping[str, int]:
        return Counter(name for line in self.lines for name in line.filters)

    def showing(self, name: str) -> list[Stands]:
        return [line for line in self.lines if name in line.filters]

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def chips(self) -> list[Chip]:
        counted = [
            Chip(key, label, self.count(key))
            for key, label in FILTERS.items()
            if self.works or key in FROM_ABOVE
        ]
        return [chip for chip in counted if chip.count or (chip.key in ALWAYS and self.works)]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def ready(self) -> int:
        return self.count("ready")

    @cached_property
    def missing(self) -> list[Stands]:
        """Entries that cannot go in yet, the returned ones first."""
        return sorted(self.showing("missing"), key=lambda line: line.state != RETURNED)

    @property
    def named(self) -> list[Stands]:
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
        return self.last_number + 1

    @cached_property
    def saved_at(self) -> datetime | None:
        if not self.works:
            return None
        return max((line.saved_at for line in self.lines if line.saved_at), default=None)


def rights(report: ProgressReport, user: User) -> dict[str, Any]:
    """What this person may do with a report, as the fields of an Around."""
    works = may(user, "work", report)
    return {
        "report": report, "works": works, "signs": may(user, "sign", report), "direct": works and may(user, "hand_in", report),
        "reviews": is_above(user, report),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryTexts:
    """What the fields of an entry show: as stored, or as somebody just typed it."""

    progress: str = ""
    problems: str = ""
    next_steps: str = ""
    percent: str = ""
    unchanged: bool = False
    unchanged_reason: str = ""

    @classmethod
    def of(cls, entry: ReportEntry) -> "EntryTexts":
        percent = "" if entry.percent is None else str(entry.percent)
        return cls(
            entry.progress,
            entry.problems,
            entry.next_steps,
            percent,
            entry.unchanged,
            entry.unchanged_reason,
        )


@dataclass(frozen=True, slots=True)
class EntryLine(Stands):
    """One entry as the page shows it. `lacks` are keys of LACKS; `errors` are those of a save that was refused."""

    entry: ReportEntry
    earlier: Earlier
    lacks: tuple[str, ...]
    files: FileList
    writes: bool  # this person may fill it in now
    shown: EntryTexts
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    revision: Revision | None = None  # since the last return of its submission

    @property
    def key(self) -> str:
        return str(self.entry.pk)

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """The words that a folded row keeps out of sight."""
        return (
            ("progress", self.shown.progress),
            ("problems", self.shown.problems),
            ("next_steps", self.shown.next_steps),
        )

    @property
    def last(self) -> ReportEntry | None:
        """The last accepted entry on the same obligation."""
        return self.earlier.accepted

    @property
    def pk(self) -> int:
        return self.entry.pk

    @property
    def code(self) -> str:
        return self.entry.obligation.directive.code

    @property
    def state(self) -> str:
        return self.entry.state

    @property
    def written(self) -> bool:
        return bool(self.entry.progress)

    @property
    def unchanged(self) -> bool:
        return self.entry.unchanged

    @property
    def saved_at(self) -> datetime | None:
        return self.entry.saved_at

    @property
    def row_class(self) -> str:
        """How the row looks: what is missing, what was returned, what was carried over."""
        if self.entry.state not in EDITABLE:
            return "is-ok"
        look = {
            "returned": "is-back",
            "blank": "is-need",
            "missing": "is-need",
            "unchanged": "is-ok",
        }.get(self.status, "")
        return (
            f"{look} kept".strip()
            if self.entry.origin == CARRIED and not self.entry.saved_at
            else look
        )

    @property
    def fell(self) -> bool:
        """The percentage is below that of the last accepted entry."""
        last, now = self.earlier.percent, self.entry.percent
        return last is not None and now is not None and now < last

    @property
    def quoted(self) -> str:
        """The reason for which it was last returned, while that matters."""
        return self.entry.reason if self.entry.state in EDITABLE else ""

    @property
    def answers(self) -> bool:
        """The quoted reason is the reviewer's, since which the revision tells what was changed; else the manager's."""
        return (
            bool(self.quoted)
            and self.revision is not None
            and self.revision.at == self.entry.decided_at
        )

    @property
    def quoted_of(self) -> str:
        """Who gave the quoted reason, a reviewer by the name of then."""
        return (
            self.revision.reviewer if self.revision and self.answers else str(self.entry.decided_by)
        )


@dataclass(frozen=True)
class ReportSheet(Around):
    """The whole report as this person sees it; a page shows `showing(…)` of it."""

    lines: tuple[EntryLine, ...]
    submissions: tuple[
        Submission, ...
    ]  # newest first, without their content; how many entries each has, and who handed it in

    @property
    def untouched(self) -> int:
        """Drafts that can be drawn anew from the log."""
        return sum(
            line.writes and line.entry.saved_at is None and line.entry.state != RETURNED
            for line in self.lines
        )


def report_sheet(report: ProgressReport, user: User) -> ReportSheet:
    """The report, its entries and what this person may do with it. The report comes with cycle, document and body."""
    rows = (
        ReportEntry.objects.visible_to(user).owed().filter(report=report).prefetch_related("files")
    )
    rows = rows.select_related("obligation__directive", "decided_by", "saved_by").order_by(
        "obligation__directive__order"
    )
    handed_in = report.submissions.select_related("submitted_by").defer("content")
    works, earlier = may(user, "work", report), earlier_entries(report)
    lines = [_line(row, report, earlier, user, works) for row in rows]
    lines = _with_revisions(report, lines) if works else _as_handed_in(report, lines)
    facts = {"count": KT("content__count"), "person": KT("content__submitted_by__name")}
    submissions = tuple(handed_in.annotate(**facts).order_by("-number"))
    last = submissions[0].number if submissions else 0
    return ReportSheet(
        lines=tuple(lines), submissions=submissions, **rights(report, user), last_number=last
    )


def _line(
    row: ReportEntry,
    report: ProgressReport,
    earlier: Mapping[int, Earlier],
    user: User,
    works: bool,
) -> EntryLine:
    row.report = report
    before = earlier.get(row.obligation_id, Earlier())
    files = file_list(row, user)
    return EntryLine(
        row,
        before,
        missing(row, before.percent, last_file_at(files.files)),
        files,
        works and row.state in EDITABLE,
        EntryTexts.of(row),
    )


def _with_revisions(report: ProgressReport, lines: list[EntryLine]) -> list[EntryLine]:
    """The lines with what was changed since a return; at most two queries, none where nothing was decided on."""
    returned = returns_of(report, [line.entry for line in lines if line.state != ACCEPTED])
    copies = copies_of(report, returned)
    return [
        replace(line, revision=_revision(line, returned, copies)) if line.pk in copies else line
        for line in lines
    ]


def _revision(
    line: EntryLine, returned: Mapping[int, Verdict], copies: Mapping[int, Mapping[str, Any]]
) -> Revision:
    files = [file.name for file in line.files.files]
    return revision_of_entry(returned[line.pk], copies[line.pk], line.entry, files)


def _as_handed_in(report: ProgressReport, lines: list[EntryLine]) -> list[EntryLine]:
    """The lines for a reader from above: a returned entry shows what was handed in, never what its body is writing now."""
    copies = {}
    for content in report.submissions.order_by("number").values_list("content", flat=True):
        copies |= {one["entry"]: one for one in content["entries"]}
    return [
        _frozen(line, copies[line.entry.pk])
        if line.entry.state == RETURNED and line.entry.pk in copies
        else line
        for line in lines
    ]


def _frozen(line: EntryLine, copy: Mapping[str, Any]) -> EntryLine:
    for name in EntryTexts.__dataclass_fields__:
        setattr(line.entry, name, copy[name])
    kept = {file["id"] for file in copy["files"]}
    files = replace(line.files, files=tuple(file for file in line.files.files if file.pk in kept))
    return replace(line, files=files, lacks=("revision",), shown=EntryTexts.of(line.entry))


def last_file_at(files: Iterable[Attachment]) -> datetime | None:
    """When the last of the files was added."""
    return max((file.at for file in files), default=None)


def entry_line(
    page: ReportSheet,
    pk: int,
    *,
    shown: EntryTexts | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> EntryLine:
    """One entry of the sheet, with what was just typed in its place. Raises StopIteration for one that is not on it."""
    line = next(line for line in page.lines if line.entry.pk == pk)
    return replace(line, shown=shown or line.shown, errors=errors or {})


def saved_line(entry: ReportEntry, percent: int | None) -> EntryLine:
    """How an entry stands after a save, for somebody of the body itself: no query, one for a returned entry.

    `percent` is the one last accepted in an earlier cycle.
    """
    filed_at = last_file_at(entry.files.all()) if entry.state == RETURNED else None
    lacks = missing(entry, percent, filed_at)
    return EntryLine(
        entry,
        Earlier(percent=percent),
        lacks,
        FileList("", ()),
        entry.state in EDITABLE,
        EntryTexts.of(entry),
    )
