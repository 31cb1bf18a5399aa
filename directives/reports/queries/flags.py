"""Credibility flags (可信度提示): what a reviewer should look at twice in an entry, and why.

A flag never decides: the reviewer does. Each has one rule, which is shown beside it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.states import ESTABLISHED, GREEN
from directives.base.wording import format_day, localized
from directives.models import (
    Attachment,
    ItemState,
    Measure,
    Organisation,
    ProgressReport,
    ReportEntry,
    User,
)
from directives.reports.commands import Earlier

JUMP = 50  # percentage points since the last accepted entry
SIMILAR = 0.9  # share of equal characters, as SequenceMatcher.ratio
SHORTEST = 12  # characters; shorter texts are alike without meaning anything
ALIKE = 5  # entries of one report with the same text
ROWS_COMPARED = 5_000  # entries of organisations beside this one
_NO_WORDS = re.compile(r"[\W\d_]+")

# Flag → its name, and its rule in words
FLAGS: dict[str, tuple[Promise, Promise]] = {
    "no_evidence": (
        _("100% without evidence"),
        _("Complete, but no file is added to the entry or to the log entries it was drafted from."),
    ),
    "same_as_last": (
        _("Text as last time"),
        _("At least 90% of the progress is word for word that of %(cycle)s, without “no change”."),
    ),
    "same_as_other": (
        _("Text as another organisation’s"),
        _("The progress is, but for figures, that of %(body)s on the same directive."),
    ),
    "fell": (_("Percent fell"), _("%(before)s%% last time, %(now)s%% now.")),
    "jumped": (
        _("Percent jumped"),
        _("%(before)s%% last time, %(now)s%% now: by 50 points or more."),
    ),
    "milestone": (
        _("Green, but a measure is late"),
        _("%(count)s measures of its plan are past their date and not done; the first by %(on)s."),
    ),
    "items": (
        _("100%, items not established"),
        _("Complete, but %(open)s of %(total)s items are not established."),
    ),
    "alike": (
        _("Entries all alike"),
        _("The progress is, but for figures, the same in %(count)s entries of this report."),
    ),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of an entry; `params` are those of its rule."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> Promise:
        return FLAGS[self.code][0]

    @property
    def rule(self) -> str:
        return str(FLAGS[self.code][1]) % self.params if self.params else str(FLAGS[self.code][1])


def flags_of(
    report: ProgressReport,
    entries: Sequence[ReportEntry],
    earlier: Mapping[int, Earlier],
    *,
    user: User,
    today: date,
) -> dict[int, tuple[Flag, ...]]:
    """The flags of submitted entries of one report, by entry. At most four queries.

    The entries come with their obligations and files; `earlier` is by obligation.
    """
    complete = [entry for entry in entries if entry.percent == 100]
    with_evidence = _with_evidence(complete)
    open_items = _open_items(complete)
    late_measures = _late_measures(entries, today)
    cores = {entry.pk: _core(entry.progress) for entry in entries}
    same_text = _same_text_elsewhere(report, entries, cores, user)
    alike = Counter(cores.values())
    result = {}
    for entry in entries:
        flags = _flags_of_change(entry, earlier.get(entry.obligation_id, Earlier()))
        if entry in complete and entry.pk not in with_evidence:
            flags.append(Flag("no_evidence"))
        if entry.obligation_id in open_items:
            flags.append(Flag("items", open_items[entry.obligation_id]))
        if entry.obligation_id in late_measures:
            flags.append(Flag("milestone", late_measures[entry.obligation_id]))
        if entry.pk in same_text:
            flags.append(Flag("same_as_other", {"body": localized(same_text[entry.pk], "name")}))
        core = cores[entry.pk]
        if alike[core] >= ALIKE and len(core) >= SHORTEST:
            flags.append(Flag("alike", {"count": alike[core]}))
        result[entry.pk] = tuple(flags)
    return result


def _core(text: str) -> str:
    """A text without figures, punctuation and spaces."""
    return _NO_WORDS.sub("", text)


def _flags_of_change(entry: ReportEntry, earlier: Earlier) -> list[Flag]:
    """The flags of an entry beside the last accepted one."""
    flags, last = [], earlier.accepted
    if last is not None and not entry.unchanged and _is_similar(last.progress, entry.progress):
        flags.append(Flag("same_as_last", {"cycle": last.report.cycle.name}))
    if earlier.percent is not None and entry.percent is not None:
        gain = entry.percent - earlier.percent
        params = {"before": earlier.percent, "now": entry.percent}
        if gain < 0:
            flags.append(Flag("fell", params))
        elif gain >= JUMP:
            flags.append(Flag("jumped", params))
    return flags


def _is_similar(before: str, after: str) -> bool:
    if min(len(_core(before)), len(_core(after))) < SHORTEST:
        return False
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    # The first two are upper bounds that cost little.
    return (
        matcher.real_quick_ratio() >= SIMILAR
        and matcher.quick_ratio() >= SIMILAR
        and matcher.ratio() >= SIMILAR
    )


def _with_evidence(complete: Collection[ReportEntry]) -> set[int]:
    """Which of these entries have a file, of their own or of a log entry they were drafted from."""
    own = {entry.pk for entry in complete if entry.files.all()}
    others = [entry.pk for entry in complete if entry.pk not in own]
    if not others:
        return own
    logged = Attachment.objects.filter(log_entry__uses__entry__in=others)
    return own | set(logged.values_list("log_entry__uses__entry", flat=True))


def _open_items(complete: Collection[ReportEntry]) -> dict[int, dict[str, int]]:
    """Obligation → how many of its items are not established, if any."""
    if not complete:
        return {}
    states: dict[int, list[str]] = defaultdict(list)
    rows = ItemState.objects.filter(obligation__in=[entry.obligation_id for entry in complete])
    for obligation, state in rows.values_list("obligation", "state"):
        states[obligation].append(state)
    counts = {
        obligation: {"open": len(of_row) - of_row.count(ESTABLISHED), "total": len(of_row)}
        for obligation, of_row in states.items()
    }
    return {obligation: count for obligation, count in counts.items() if count["open"]}


def _late_measures(entries: Sequence[ReportEntry], today: date) -> dict[int, dict[str, Any]]:
    """Obligation with a green light → its measures that are late, if any."""
    green = [entry.obligation_id for entry in entries if entry.obligation.light == GREEN]
    if not green:
        return {}
    late = Measure.objects.filter(
        obligations__in=green, plan__live=True, done_on=None, due_on__lt=today
    )
    days: dict[int, list[date]] = defaultdict(list)
    for obligation, due_on in late.values_list("obligations", "due_on"):
        if obligation in green and due_on is not None:
            days[obligation].append(due_on)
    return {
        obligation: {"count": len(late_days), "on": format_day(min(late_days), today)}
        for obligation, late_days in days.items()
    }


def _same_text_elsewhere(
    report: ProgressReport, entries: Sequence[ReportEntry], cores: Mapping[int, str], user: User
) -> dict[int, Organisation]:
    """Entry → an organisation beside this one whose entry in the cycle says the same.

    `cores` are those of the texts, by entry.
    """
    by_directive = {entry.obligation.directive_id: entry for entry in entries}
    texts = {pk: cores[entry.pk] for pk, entry in by_directive.items()}
    rows = (
        ReportEntry.objects.visible_to(user)
        .filter(
            report__cycle=report.cycle_id,
            report__organisation__parent=report.organisation.parent_id,
            obligation__directive__in=[pk for pk, text in texts.items() if len(text) >= SHORTEST],
        )
        .exclude(report=report.pk)
    )
    # Sorted here, because the database would read all of them to sort them.
    others = rows.order_by().values_list(
        "pk", "obligation__directive", "report__organisation", "progress"
    )
    same: dict[int, int] = {}
    for _pk, directive, body, progress in sorted(others[:ROWS_COMPARED]):
        if _core(progress) == texts[directive]:
            same.setdefault(by_directive[directive].pk, body)
    bodies = Organisation.objects.in_bulk(set(same.values())) if same else {}
    return {entry: bodies[body] for entry, body in same.items()}
