"""The columns of an export of the audit record."""

import json

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.wording import localized, localized_text
from directives.models import User
from directives.record.queries.events import sees_origin
from directives.tables.book import Column

COMMON = (
    Column("at", gettext_lazy("When"), lambda line: line.event.at, "moment"),
    Column(
        "by",
        gettext_lazy("User"),
        lambda line: localized_text(str(line.event.by)) if line.event.by else _("The system"),
        width=12,
    ),
    Column("action", gettext_lazy("What was done"), lambda line: line.word, width=18),
    Column(
        "subject",
        gettext_lazy("Object"),
        lambda line: f"{line.subject} {localized_text(line.name)}",
        width=16,
    ),
    Column(
        "organisation",
        pgettext_lazy("column", "Organisation"),
        lambda line: localized(line.event.organisation, "name") if line.event.organisation else "",
        width=24,
    ),
    Column("reason", gettext_lazy("Reason"), lambda line: line.event.reason, width=40),
    Column("before", gettext_lazy("Before"), lambda line: _as_json(line.event.before), width=40),
    Column("after", gettext_lazy("After"), lambda line: _as_json(line.event.after), width=40),
)
ORIGIN = (
    Column("address", gettext_lazy("IP address"), lambda line: line.event.address, width=16),
    Column("request", gettext_lazy("Request"), lambda line: line.event.request, width=14),
)


def columns(user: User) -> tuple[Column, ...]:
    """The columns that this user may see."""
    return COMMON + ORIGIN if sees_origin(user) else COMMON


def _as_json(values: dict) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
