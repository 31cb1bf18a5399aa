"""Answers to a signed-in person who may not have what they ask for: 403 and 404, which stand in the record."""

import logging

from django.apps import apps
from django.db import Error
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.views.defaults import page_not_found, permission_denied

from directives.base.numbers import whole
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
# Of what the number in an address is, by how the address begins; the first that fits.
NUMBERED: dict[str, type[Model]] = {
    "documents/": Document, "directives/": Directive, "organisations/": Organisation, "obligations/": Obligation, "plans/": Plan,
    "measures/": Measure, "files/": Attachment, "reports/": ProgressReport, "submissions/": Submission, "entries/": ReportEntry,
    "statistics/report/": Organisation, "statistics/": Indicator, "indicators/": Indicator, "exports/": Export, "intakes/": Intake,
    "log/": LogEntry, "jobs/": JobProgress, "notices/": Notice, "sessions/": OpenSession,
}  # fmt: skip


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of PermissionDenied."""
    note(request, 403)
    return permission_denied(request, exception)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of Http404. What is hidden is answered as what there is not; the record tells them apart."""
    note(request, 404)
    return page_not_found(request, exception)


def note(request: HttpRequest, status: int) -> None:
    """Write into the record that this request was refused. Where that cannot be written the answer stays what it is."""
    match, user, now = (
        request.resolver_match,
        getattr(request, "user", None),
        getattr(request, "now", None),
    )
    if match is None or now is None or user is None or not user.is_authenticated:
        return
    try:
        subject, pk = _thing(match)
        if status == 404 and not (subject and subject._base_manager.filter(pk=pk).exists()):
            return
        about = (subject, pk) if subject else (User, user.pk)
        denials.note(
            *about, by=user, now=now, where=match.view_name, method=request.method, status=status
        )
    except (Error, OSError) as error:
        logger.warning("A refusal could not be recorded: %s", str(error).strip())


def _thing(match: ResolverMatch) -> tuple[type[Model] | None, int]:
    """The table and the number of the row that an address names; no table where it names none."""
    number = str(
        match.kwargs.get("pk") or match.kwargs.get("object_id") or match.kwargs.get("id") or ""
    )
    if whole(number) is None:
        return None, 0
    if match.app_names == ["admin"]:  # admin/directives/user/<id>/…
        name = match.route.split("/")[2]
        return apps.get_app_config("directives").models.get(name), int(number)
    return next(
        (model for start, model in NUMBERED.items() if match.route.startswith(start)), None
    ), int(number)
