"""Pages of background jobs: progress, resuming and cancelling."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from directives.base.refusals import Stale
from directives.core import jobs
from directives.downloads.queries.jobs import jobs_of, progress_of, title
from directives.models import JobProgress
from directives.web.doors import page, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/jobs/"


def _own_job(request: SignedInRequest, pk: int) -> JobProgress:
    """Return a job of the user. Raises Stale if it has changed since the page was shown."""
    row = get_object_or_404(jobs_of(request.user).select_related("by"), pk=pk)
    if request.method == "POST" and request.POST.get("version") != str(row.version):
        raise Stale(theirs=row)
    return row


@require_GET
def job(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _own_job(request, pk)
    context = {"job": row, "title": title(row), "progress": progress_of([row], now=request.now)[0]}
    return page(request, TEMPLATES + "job.html", context, fragment=TEMPLATES + "_job.html")


@write
def job_go_on(request: SignedInRequest, pk: int) -> HttpResponse:
    jobs.resume_job(_own_job(request, pk), by=request.user, now=request.now)
    return redirect("job", pk)


@write
def job_call_off(request: SignedInRequest, pk: int) -> HttpResponse:
    jobs.cancel_job(_own_job(request, pk), by=request.user, now=request.now)
    return redirect("job", pk)
