"""Columns of the spreadsheet of inputs and instructions."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from directives.base.wording import localized
from directives.models import ReplyRequest
from directives.tables.book import Column, path_to

PAGE = path_to("reply_request")


def _name(row: Any) -> str:
    return localized(row, "name") if row else ""


def _person(person: Any) -> str:
    return str(person) if person else ""


def _code(request: ReplyRequest) -> str:
    return request.directive.code if request.directive else ""


def _title(request: ReplyRequest) -> str:
    return localized(request.document, "title") if request.document else ""


REQUEST_COLUMNS = (
    Column("kind", _("Kind"), lambda row: row.get_kind_display(), width=10),
    Column(
        "text", _("What is asked"), lambda row: row.text, width=48, link=lambda row: PAGE(row.pk)
    ),
    Column("organisation", _("Organisation"), lambda row: _name(row.organisation), width=24),
    Column("document", _("Document"), _title, width=30),
    Column("code", _("Directive code"), _code, width=12),
    Column(
        "asking_body", _("Organisation that asks"), lambda row: _name(row.asking_body), width=24
    ),
    Column("asked_by", _("Asked by"), lambda row: _person(row.asked_by), width=12),
    Column("asked_at", _("Asked at"), lambda row: row.asked_at, kind="moment"),
    Column("due_on", _("Reply due"), lambda row: row.due_on, kind="date"),
    Column("state", _("State"), lambda row: row.get_state_display(), width=10),
    Column("reply", _("Text of the reply"), lambda row: row.reply, width=48),
    Column("replied_by", _("Replied by"), lambda row: _person(row.replied_by), width=12),
    Column("replied_at", _("Replied at"), lambda row: row.replied_at, kind="moment"),
    Column("decided_at", _("Decided at"), lambda row: row.decided_at, kind="moment"),
    Column("reason", _("Reason"), lambda row: row.reason, width=30),
)
