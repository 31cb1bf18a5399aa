"""What was changed since a return, field by field, and the reason of the return."""

from collections.abc import Mapping, Sequence
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
    """One field as it was returned and as it is now."""

    label: Label
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that belong together; `title` names their object if there are several parts."""

    changes: tuple[Change, ...]
    title: Label = ""

    @property
    def changed(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.changed)

    @property
    def unchanged(self) -> tuple[Label, ...]:
        """The labels of unchanged fields, without those that are empty in both."""
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
    def has_changes(self) -> bool:
        return any(part.changed for part in self.parts)


def revisions_of(
    report: ProgressReport, file_names: Mapping[ReportEntry, Sequence[str]]
) -> dict[int, Revision]:
    """What was changed in each entry (id) since it was last returned.

    `file_names` are those of the entries' present files. Two queries, or none without verdicts.
    """
    decided = [entry.pk for entry in file_names if entry.decided_at is not None]
    if not decided:
        return {}
    returns = Verdict.objects.filter(
        entry__in=decided, accepted=False, submission__report=report
    ).annotate(number=F("submission__number"))
    returned = {
        verdict.entry_id: (verdict.number, verdict)
        for verdict in returns.select_related("by").order_by("submission__number")
    }
    numbers = {number for number, _verdict in returned.values()}
    contents = report.submissions.filter(number__in=numbers).values_list("number", "content")
    copies = {
        (number, copy["entry"]): copy
        for number, content in (contents if numbers else ())
        for copy in content["entries"]
    }
    revisions = {}
    for entry, names in file_names.items():
        number, verdict = returned.get(entry.pk, (0, None))
        if verdict is not None and (copy := copies.get((number, entry.pk))):
            part = Part(_changes(copy, entry, names))
            revisions[entry.pk] = Revision(
                number, verdict.reason, verdict.reviewer, verdict.at, (part,)
            )
    return revisions


def _changes(
    copy: Mapping[str, Any], entry: ReportEntry, file_names: Sequence[str]
) -> tuple[Change, ...]:
    """The fields of an entry in the copy that was handed in, and now."""
    before = _texts(copy, [file["name"] for file in copy["files"]])
    after = _texts(vars(entry), file_names)
    return tuple(Change(label, before[name], after[name]) for name, label in ENTRY_FIELDS.items())


def _texts(fields: Mapping[str, Any], file_names: Sequence[str]) -> dict[str, str]:
    """The fields of an entry as text."""
    percent, reason = fields["percent"], fields["unchanged_reason"]
    return {
        **{name: fields[name] for name in ("progress", "problems", "next_steps")},
        "unchanged": (reason or pgettext("change", "yes")) if fields["unchanged"] else "",
        "percent": "" if percent is None else f"{percent}%",
        "files": join_words(file_names),
    }
