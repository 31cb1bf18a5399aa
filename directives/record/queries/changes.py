"""The changes of an event in words: names of fields and their values."""

import re
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

from directives.base.wording import join_words, localized_text
from directives.documents.commands.correcting import NamedAddressee
from directives.models import Event

# Shown elsewhere in the row (who, when), or derived from other fields.
LEFT_OUT = frozenset(
    {"submitted_by", "decided_by", "moved_at", "light_reason", "sha256", "list", "query", "export"}
)
# Names of fields whose model has no suitable verbose_name, or no such field.
FIELDS: dict[str, str | Promise] = {
    "state": pgettext_lazy("change", "State"),
    "reason": pgettext_lazy("change", "Reason"),
    "number": pgettext_lazy("change", "Number"),
    "plan": pgettext_lazy("change", "Plan"),
    "report": pgettext_lazy("change", "Report"),
    "measure": pgettext_lazy("change", "Measure"),
    "corrects": pgettext_lazy("change", "Corrects the entry with record ID"),
    "corrected_by": pgettext_lazy("change", "Corrected by the entry with record ID"),
    "item": pgettext_lazy("change", "Item"),
    "body": pgettext_lazy("change", "Organisation"),
    "entries": pgettext_lazy("change", "Entries"),
    "reports": pgettext_lazy("change", "Reports"),
    "directives": pgettext_lazy("change", "Directives"),
    "corrected": pgettext_lazy("change", "Directives corrected by a person"),
    "begun_at": pgettext_lazy("change", "Started"),
    "submitted_at": pgettext_lazy("change", "Submitted"),
    "decided_at": pgettext_lazy("change", "Decided"),
    "completed_at": pgettext_lazy("change", "Completed"),
    "plan_returned": pgettext_lazy("change", "Plan returned"),
    "report_returned": pgettext_lazy("change", "Report returned"),
    "unchanged": pgettext_lazy("change", "No change"),
    "unchanged_reason": pgettext_lazy("change", "Reason for no change"),
    "name": pgettext_lazy("change", "Name"),
    "size": pgettext_lazy("change", "Size"),
    "parent": pgettext_lazy("change", "Parent"),
    "line": pgettext_lazy("change", "Line"),
    "start": pgettext_lazy("change", "Place"),
    "page": pgettext_lazy("change", "As saved"),
    "after": pgettext_lazy("change", "Corrected to"),
    "addressees": pgettext_lazy("change", "Addressees"),
    "items": pgettext_lazy("change", "Items"),
    "format": pgettext_lazy("change", "Format"),
    "rows": pgettext_lazy("change", "Rows"),
    "columns": pgettext_lazy("change", "Columns"),
    "indicator": pgettext_lazy("change", "Indicator"),
    "note": pgettext_lazy("change", "Remarks"),
    "order": pgettext_lazy("change", "Order"),
    "ended_at": pgettext_lazy("change", "Stopped"),
    "alone": pgettext_lazy("change", "No one else could confirm it"),
    "address": pgettext_lazy("change", "IP address"),
    "where": pgettext_lazy("change", "Page requested"),
    "method": pgettext_lazy("change", "Method"),
    "status": pgettext_lazy("change", "Answer"),
    "left_out": pgettext_lazy("change", "Refusals not listed"),
    "since": pgettext_lazy("change", "Since"),
    "events": pgettext_lazy("change", "Entries in the audit log"),
    "filter": pgettext_lazy("change", "Filter"),
    "manifest": pgettext_lazy("change", "SHA-256 of the list of files"),
    "key": pgettext_lazy("change", "Key"),
    "seal": pgettext_lazy("change", "Tamper check"),
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")


def changed(event: Event) -> tuple[tuple[str, str, str], ...]:
    """Each field that changed, with its value before and after, sorted by name."""
    subject = event.subject_type
    return tuple(
        (
            str(_label(subject, name)),
            _in_words(subject, name, event.before.get(name)),
            _in_words(subject, name, event.after.get(name)),
        )
        for name in sorted(event.after)
        if name not in LEFT_OUT
    )


def _field(subject: str, name: str) -> Field | None:
    try:
        field = apps.get_model("directives", subject)._meta.get_field(name.removesuffix("_id"))
    except (LookupError, FieldDoesNotExist):
        return None
    return field if isinstance(field, Field) else None


def _label(subject: str, name: str) -> str | Promise:
    """The name of a field for people; an unknown one keeps its key."""
    if name in FIELDS:
        return FIELDS[name]
    field = _field(subject, name)
    return field.verbose_name if field else name


def _in_words(subject: str, name: str, value: Any) -> str:
    """A stored value in words: a choice by its label, a time in Asia/Shanghai, yes or no."""
    if name == "addressees" and isinstance(value, list):
        return join_words(_addressee_in_words(part) for part in value)
    match value:
        case None | "" | []:
            return ""
        case bool():
            return pgettext("change", "yes") if value else pgettext("change", "no")
        case list():
            return join_words(_in_words(subject, name, part) for part in value)
        case dict():
            return join_words(_in_words(subject, name, part) for part in value.values())
        case str() if INSTANT.match(value):
            return f"{timezone.localtime(parse_datetime(value)):%Y-%m-%d %H:%M}"
    field = _field(subject, name)
    labels = dict(field.flatchoices) if field else {}
    return str(labels[value]) if value in labels else localized_text(str(value))


def _addressee_in_words(value: Any) -> str:
    """A name, basis, source and, in later events, role: 群团组织（承前 九.1.1，牵头）."""
    match value:
        case [name, basis, source]:
            return NamedAddressee(name, basis, source, role="").in_words
        case [name, basis, source, role]:
            return NamedAddressee(name, basis, source, role).in_words
    return localized_text(str(value))
