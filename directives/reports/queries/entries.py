"""The page of one report: its entries, what each still lacks, and what the person may do."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import ACCEPTED, AWAITING, DRAFT, EDITABLE, LEAD, RETURNED, SUBMITTED
from directives.core.captions import Caption
from directives.core.files import FileList, file_list
from directives.core.rules import may
from directives.models import (
    Attachment,
    ProgressReport,
    ReplyRequest,
    ReportEntry,
    Submission,
    User,
)
from directives.models.reports import CARRIED
from directives.replies.queries.inputs import inputs_for_lead
from directives.reports.commands import LACKS, Earlier, earlier_entries, lacks
from directives.reports.queries.revisions import Revision, revisions_of

# The filter chips of a report, in order. An entry may be counted under several.
FILTERS: dict[str, Caption] = {
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
FROM_ABOVE = {"all", "returned", "submitted", "accepted"}  # for those who only read
ALWAYS = {"all", "missing", "ready", "accepted"}  # shown even with a count of 0
FIRST_MISSING = 4  # entries that the hand-in bar names


class Status(NamedTuple):
    """The status of an entry: its word, the colour of its tag, the class of its row."""

    word: Caption
    tone: str
    row_class: str


STATUS = {
    "returned": Status(_("Returned, to be revised"), "y", "is-back"),
    "blank": Status(pgettext_lazy("entry", "Blank"), "y", "is-need"),
    "missing": Status(pgettext_lazy("entry", "Incomplete"), "y", "is-need"),
    "ready": Status(pgettext_lazy("entry", "Ready"), "g", ""),
    "unchanged": Status(pgettext_lazy("entry", "No change"), "", "is-ok"),
    "awaiting": Status(pgettext_lazy("filing", "Awaiting signature"), "a", "is-ok"),
    "submitted": Status(pgettext_lazy("filing", "Submitted"), "a", "is-ok"),
    "accepted": Status(pgettext_lazy("filing", "Accepted"), "g", "is-ok"),
}


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
        fields = {name: getattr(entry, name) for name in cls.__dataclass_fields__}
        return cls(**fields | {"percent": "" if entry.percent is None else str(entry.percent)})


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as the page shows it."""

    entry: ReportEntry
    earlier: Earlier
    lacks: tuple[str, ...]  # keys of LACKS
    files: FileList
    can_edit: bool  # this person may fill it in now
    texts: EntryTexts = field(default_factory=EntryTexts)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of a save that was refused
    inputs: tuple[ReplyRequest, ...] = ()  # that a lead may draw into its entry
    revision: Revision | None = None  # since the last return of its submission

    @property
    def pk(self) -> int:
        return self.entry.pk

    @property
    def key(self) -> str:
        return str(self.entry.pk)

    @property
    def code(self) -> str:
        return self.entry.obligation.directive.code

    @property
    def last_accepted(self) -> ReportEntry | None:
        """The last accepted entry on the same obligation."""
        return self.earlier.accepted

    @property
    def ready(self) -> bool:
        return self.entry.state in EDITABLE and not self.lacks

    @property
    def status(self) -> Status:
        entry = self.entry
        if entry.state not in EDITABLE:
            return STATUS[entry.state]
        if not self.lacks:
            return STATUS["unchanged" if entry.unchanged else "ready"]
        if entry.state == RETURNED:
            return STATUS["returned"]
        return STATUS["missing" if entry.progress or entry.unchanged else "blank"]

    @property
    def row_class(self) -> str:
        """The class of the row; `kept`: its texts were carried over and not edited since."""
        css_class = self.status.row_class
        entry = self.entry
        carried = entry.origin == CARRIED and not entry.saved_at and entry.state in EDITABLE
        return f"{css_class} kept".strip() if carried else css_class

    @property
    def filters(self) -> tuple[str, ...]:
        """The keys of FILTERS that the entry belongs to."""
        entry = self.entry
        if entry.state not in EDITABLE:
            return ("all", entry.state)
        under = {
            "missing": self.lacks,
            "returned": entry.state == RETURNED,
            "blank": not entry.progress and not entry.unchanged,
            "ready": not self.lacks,
            "unchanged": entry.unchanged and not self.lacks,
        }
        return ("all", *(name for name, applies in under.items() if applies))

    @property
    def missing_words(self) -> list[Caption]:
        return [LACKS[lack] for lack in self.lacks]

    @property
    def folded_texts(self) -> tuple[tuple[str, str], ...]:
        """The texts that a folded row hides, by field."""
        names = ("progress", "problems", "next_steps")
        return tuple((name, getattr(self.texts, name)) for name in names)

    @property
    def quoted(self) -> str:
        """The reason of the last return, while the entry can be edited."""
        return self.entry.reason if self.entry.state in EDITABLE else ""

    @property
    def quotes_reviewer(self) -> bool:
        """Whether the quoted reason is the reviewer's, whose return starts `revision`.

        Otherwise it is the manager's.
        """
        revision = self.revision
        return bool(self.quoted) and revision is not None and revision.at == self.entry.decided_at

    @property
    def quoted_by(self) -> str:
        """Who gave the quoted reason; a reviewer under the name of that time."""
        if self.revision and self.quotes_reviewer:
            return self.revision.reviewer
        return str(self.entry.decided_by)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the report, with the number of its entries."""

    key: str
    label: Caption
    count: int


@dataclass(frozen=True)
class ReportSheet:
    """The whole report as this person sees it; a page shows `showing(…)` of it."""

    report: ProgressReport
    lines: tuple[EntryLine, ...]
    # Newest first, without content; `count` is the number of entries, `person` who handed it in.
    submissions: tuple[Submission, ...]
    is_own: bool  # fills in
    can_sign: bool  # the manager
    hands_in_directly: bool  # hands in without a further signature
    can_review: bool  # a supervisor above

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(name for line in self.lines for name in line.filters)

    def showing(self, name: str) -> list[EntryLine]:
        return [line for line in self.lines if name in line.filters]

    @property
    def chips(self) -> list[Chip]:
        offered = FILTERS if self.is_own else FROM_ABOVE
        counted = [
            Chip(key, label, self.counts[key]) for key, label in FILTERS.items() if key in offered
        ]
        return [chip for chip in counted if chip.count or (self.is_own and chip.key in ALWAYS)]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def ready(self) -> int:
        return self.counts["ready"]

    @cached_property
    def missing(self) -> list[EntryLine]:
        """Entries that cannot be handed in yet, returned ones first."""
        return sorted(self.showing("missing"), key=lambda line: line.entry.state != RETURNED)

    @property
    def first_missing(self) -> list[EntryLine]:
        """The first entries of `missing`, which the hand-in bar names."""
        return self.missing[:FIRST_MISSING]

    @property
    def open(self) -> int:
        """The number of entries not handed in: ready, or still missing something."""
        return self.ready + self.counts["missing"]

    @property
    def awaiting(self) -> int:
        return self.counts[AWAITING]

    @property
    def waiting_review(self) -> int:
        return self.counts[SUBMITTED]

    @property
    def accepted(self) -> int:
        return self.counts[ACCEPTED]

    @property
    def next_number(self) -> int:
        """The number of the next submission."""
        return self.submissions[0].number + 1 if self.submissions else 1

    @property
    def saved_at(self) -> datetime | None:
        """When an entry was last saved, for those who fill in."""
        if not self.is_own:
            return None
        return max(
            (line.entry.saved_at for line in self.lines if line.entry.saved_at), default=None
        )

    @property
    def redraftable(self) -> int:
        """The number of drafts that can be drafted again from the log."""
        return sum(
            line.can_edit and line.entry.saved_at is None and line.entry.state != RETURNED
            for line in self.lines
        )

    @property
    def carried(self) -> int:
        """The number of entries that were carried over from an earlier report and not edited."""
        return sum(
            line.can_edit and line.entry.saved_at is None and line.entry.origin == CARRIED
            for line in self.lines
            if line.entry.state == DRAFT
        )


def report_sheet(report: ProgressReport, user: User) -> ReportSheet:
    """The page of a report that comes with its cycle, document and organisation."""
    rows = ReportEntry.objects.visible_to(user).owed().filter(report=report)
    rows = rows.select_related("obligation__directive", "decided_by", "saved_by")
    is_own, earlier = may(user, "work", report), earlier_entries(report)
    lines = []
    for row in rows.prefetch_related("files").order_by("obligation__directive__order"):
        row.report = report
        if row.obligation.parts and row.state in EDITABLE:  # it is submitted with that of the parts
            row.percent = row.obligation.percent
        before, files = earlier.get(row.obligation_id, Earlier()), file_list(row, user)
        missing = lacks(row, before.percent, last_file_at(files.files))
        can_edit = is_own and row.state in EDITABLE
        lines.append(EntryLine(row, before, missing, files, can_edit, EntryTexts.of(row)))
    lines = _with_inputs(user, lines)
    lines = _with_revisions(report, lines) if is_own else _as_handed_in(report, lines)
    submissions = report.submissions.select_related("submitted_by").defer("content")
    copied = {"count": KT("content__count"), "person": KT("content__submitted_by__name")}
    return ReportSheet(
        report=report,
        lines=tuple(lines),
        submissions=tuple(submissions.annotate(**copied).order_by("-number")),
        is_own=is_own,
        can_sign=may(user, "sign", report),
        hands_in_directly=is_own and may(user, "hand_in", report),
        can_review=may(user, "review", report),
    )


def last_file_at(files: Iterable[Attachment]) -> datetime | None:
    """When the last of the files was added."""
    return max((file.at for file in files), default=None)


def _with_inputs(user: User, lines: list[EntryLine]) -> list[EntryLine]:
    """The lines with the inputs given since their last hand-in; two queries, if the body leads."""
    leading = {
        line.entry.obligation.directive_id: line
        for line in lines
        if line.can_edit and line.entry.obligation.part == LEAD
    }
    if not leading:
        return lines
    given = defaultdict(list)
    for request in inputs_for_lead(user, leading):
        since = leading[request.directive_id or 0].earlier.handed_in_at
        if since is None or (request.replied_at and request.replied_at > since):
            given[request.directive_id].append(request)
    return [
        replace(line, inputs=tuple(given[line.entry.obligation.directive_id]))
        if leading.get(line.entry.obligation.directive_id) is line
        else line
        for line in lines
    ]


def _with_revisions(report: ProgressReport, lines: list[EntryLine]) -> list[EntryLine]:
    """The lines with the changes since a return. At most two queries; none without verdicts."""
    file_names = {
        line.entry: [file.name for file in line.files.files]
        for line in lines
        if line.entry.state != ACCEPTED
    }
    revisions = revisions_of(report, file_names)
    return [
        replace(line, revision=revisions[line.pk]) if line.pk in revisions else line
        for line in lines
    ]


def _as_handed_in(report: ProgressReport, lines: list[EntryLine]) -> list[EntryLine]:
    """The lines for supervisors: a returned entry shows what was handed in, not the draft."""
    copies: dict[int, Mapping[str, Any]] = {}
    for content in report.submissions.order_by("number").values_list("content", flat=True):
        copies |= {copy["entry"]: copy for copy in content["entries"]}
    return [
        _from_copy(line, copies[line.pk])
        if line.entry.state == RETURNED and line.pk in copies
        else line
        for line in lines
    ]


def _from_copy(line: EntryLine, copy: Mapping[str, Any]) -> EntryLine:
    for name in EntryTexts.__dataclass_fields__:
        setattr(line.entry, name, copy[name])
    copied = {file["id"] for file in copy["files"]}
    files = replace(line.files, files=tuple(file for file in line.files.files if file.pk in copied))
    return replace(line, files=files, lacks=("revision",), texts=EntryTexts.of(line.entry))


def entry_line(
    sheet: ReportSheet,
    pk: int,
    *,
    texts: EntryTexts | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> EntryLine:
    """One entry of the sheet; `texts` are what was just typed instead of the stored ones.

    Raises StopIteration if the sheet does not have it.
    """
    line = next(line for line in sheet.lines if line.pk == pk)
    return replace(line, texts=texts or line.texts, errors=errors or {})


def saved_line(entry: ReportEntry, earlier_percent: int | None) -> EntryLine:
    """The line of an entry after a save, without texts, for those who fill it in.

    `earlier_percent` is the one last accepted in an earlier cycle. One query for a returned entry.
    """
    file_at = last_file_at(entry.files.all()) if entry.state == RETURNED else None
    missing = lacks(entry, earlier_percent, file_at)
    earlier, no_files = Earlier(percent=earlier_percent), FileList("", ())
    return EntryLine(entry, earlier, missing, no_files, entry.state in EDITABLE)
