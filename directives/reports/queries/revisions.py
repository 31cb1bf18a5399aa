"""What became of something that was returned: the reason, and field by field what was changed since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from directives.base.wording import join_words
from directives.models import ProgressReport, ReportEntry, Verdict

Label = str | Promise
# The fields of an entry in the order of its page.
ENTRY_FIELDS: dict[str, Label] = {
    "unchanged": pgettext_lazy("entry", "No change"),
    "progress": gettext_lazy("Progress"),
    "problems": gettext_lazy("Problems"),
    "next_steps": gettext_lazy("Next steps"),
    "percent": gettext_lazy("Percent complete"),
    "files": gettext_lazy("Evidence"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field as it was returned and as it is now; the same where nobody changed it."""

    label: Label
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that belong together; `title` says of what they are, where there are several parts."""

    changes: tuple[Change, ...]
    title: Label = ""

    @property
    def changed(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.changed)

    @property
    def unchanged(self) -> tuple[Label, ...]:
        """The names of the fields that say what they said; without those that are empty in both."""
        return tuple(
            change.label for change in self.changes if not change.changed and change.before
        )


@dataclass(frozen=True, slots=True)
class Revision:
    """A return, and what was changed since. `number`: of the submission that was returned."""

    number: int
    reason: str
    reviewer: str
    at: datetime
    parts: tuple[Part, ...]

    @property
    def any(self) -> bool:
        return any(part.changed for part in self.parts)


def returns_of(report: ProgressReport, entries: Iterable[ReportEntry]) -> dict[int, Verdict]:
    """By entry: the last verdict by which it was returned, with the `number` of its submission; one query if any was decided on."""
    decided = [entry.pk for entry in entries if entry.decided_at is not None]
    if not decided:
        return {}
    rows = Verdict.objects.filter(
        entry__in=decided, accepted=False, submission__report=report
    ).select_related("by")
    return {
        row.entry_id: row
        for row in rows.annotate(number=F("submission__number")).order_by("submission__number")
    }


def copies_of(
    report: ProgressReport, returned: Mapping[int, Verdict]
) -> dict[int, Mapping[str, Any]]:
    """By entry: its copy in the submission that was returned; one query if there is one."""
    numbers = {verdict.number for verdict in returned.values()}
    rows = (
        report.submissions.filter(number__in=numbers).values_list("number", "content")
        if numbers
        else ()
    )
    copies = {(number, one["entry"]): one for number, content in rows for one in content["entries"]}
    return {
        pk: copies[verdict.number, pk]
        for pk, verdict in returned.items()
        if (verdict.number, pk) in copies
    }


def revision_of_entry(
    verdict: Verdict, copy: Mapping[str, Any], entry: ReportEntry, files: Sequence[str]
) -> Revision:
    """What was changed in an entry since its submission was returned; `files` are the names of those that it has now."""
    before = _said(copy, [file["name"] for file in copy["files"]])
    after = _said(vars(entry), files)
    changes = tuple(
        Change(label, before[name], after[name]) for name, label in ENTRY_FIELDS.items()
    )
    return Revision(verdict.number, verdict.reason, verdict.reviewer, verdict.at, (Part(changes),))


def _said(fields: Mapping[str, Any], files: Sequence[str]) -> dict[str, str]:
    """The fields of an entry as text."""
    percent, why = fields["percent"], fields["unchanged_reason"]
    return {
        **{name: fields[name] for name in ("progress", "problems", "next_steps")},
        "unchanged": (why or pgettext("change", "yes")) if fields["unchanged"] else "",
        "percent": "" if percent is None else f"{percent}%",
        "files": join_words(files),
    }
