"""The answers 403 and 404. Those to a signed-in person are recorded in the audit log."""

import logging

from django.apps import apps
from django.db import Error
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.views.defaults import page_not_found, permission_denied

from directives.base.numbers import whole_number
from directives.core import denials
from directives.models import (
    Attachment,
    Directive,
    Document,
    Export,
    Indicator,
    Intake,
    JobProgress,
    LogEntry,
    Measure,
    Notice,
    Obligation,
    OpenSession,
    Organisation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    User,
)

logger = logging.getLogger(__name__)
# The model of the id in an address, by the beginning of the address; the first match counts.
NUMBERED: dict[str, type[Model]] = {
    "documents/": Document,
    "directives/": Directive,
    "organisations/": Organisation,
    "obligations/": Obligation,
    "plans/": Plan,
    "measures/": Measure,
    "files/": Attachment,
    "reports/": ProgressReport,
    "submissions/": Submission,
    "entries/": ReportEntry,
    "statistics/report/": Organisation,
    "statistics/": Indicator,
    "indicators/": Indicator,
    "exports/": Export,
    "intakes/": Intake,
    "log/": LogEntry,
    "jobs/": JobProgress,
    "notices/": Notice,
    "sessions/": OpenSession,
}


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    note(request, 403)
    return permission_denied(request, exception)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. Hidden rows are answered as missing; the record tells them apart."""
    note(request, 404)
    return page_not_found(request, exception)


def note(request: HttpRequest, status: int) -> None:
    """Record that this request was refused. A failure to do so is logged and raises nothing."""
    match = request.resolver_match
    # A request may fail before the middleware has set these.
    user, now = getattr(request, "user", None), getattr(request, "now", None)
    if match is None or now is None or user is None or not user.is_authenticated:
        return
    try:
        model, pk = _row_named_by(match)
        if status == 404 and not (model and model._base_manager.filter(pk=pk).exists()):
            return
        subject = (model, pk) if model else (User, user.pk)
        denials.record_refusal(
            *subject,
            by=user,
            now=now,
            where=match.view_name,
            method=request.method or "",
            status=status,
        )
    except (Error, OSError) as error:
        logger.warning("A refusal could not be recorded: %s", str(error).strip())


def _row_named_by(match: ResolverMatch) -> tuple[type[Model] | None, int]:
    """The model and the id of the row that an address names; None and 0 if it names none."""
    arguments = match.kwargs
    pk = whole_number(
        str(arguments.get("pk") or arguments.get("object_id") or arguments.get("id") or "")
    )
    if pk is None:
        return None, 0
    if match.app_names == ["admin"]:  # admin/directives/user/<id>/…
        return apps.get_app_config("directives").models.get(match.route.split("/")[2]), pk
    models = (model for start, model in NUMBERED.items() if match.route.startswith(start))
    return next(models, None), pk
