"""Tags of my work, of the log and of revisions: days left, reasons of lights, texts of notices."""

from datetime import date
from typing import Any

from django import template
from django.template.context import Context

from directives.base.differences import Piece, differences
from directives.base.states import LOG_STATES
from directives.base.wording import describe_light, localized_text
from directives.core.notices import render_text
from directives.models import LogEntry, Notice
from directives.plans.queries.log import acts_open
from directives.plans.queries.plan_page import measure_overdue
from directives.reports.queries.revisions import Change

register = template.Library()


@register.simple_tag(takes_context=True)
def workdays_left(context: Context, due_on: date) -> int:
    """Working days from today until the day."""
    request = context["request"]
    return request.workdays.between(request.today, due_on)


@register.simple_tag(takes_context=True)
def workdays_overdue(context: Context, due_on: date) -> int:
    """Working days since the day; 0 on days off that follow it directly."""
    return -workdays_left(context, due_on)


@register.simple_tag(takes_context=True)
def light_reason(context: Context, row: Any) -> str:
    """The reason of a row's light, in words."""
    return describe_light(context["request"], row)[1]


register.filter("measure_overdue", measure_overdue)


@register.filter
def notice_words(notice: Notice) -> str:
    return render_text(notice)


@register.simple_tag(takes_context=True)
def log_acts(context: Context, entry: LogEntry) -> tuple[str, ...]:
    """What the reader may do with an entry of the work log: keys of LOG_ACTS."""
    return acts_open(entry, context["request"].user)


@register.filter
def log_state(entry: LogEntry) -> str:
    """The name of the state of an entry of the work log."""
    return str(dict(LOG_STATES)[entry.state])


@register.filter
def pieces(change: Change) -> list[Piece]:
    """The differences between two versions of a field, in the reader's script."""
    return differences(localized_text(change.before), localized_text(change.after))
