"""Evidence files: download, add, delete. A file is visible to those who see its parent."""

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid
from directives.core import audit, evidence
from directives.core.files import file_list
from directives.models import Attachment, LogEntry, Plan, ReplyRequest, ReportEntry
from directives.web.doors import page, redirect_back, write

# The models that have files, and the path from each to its organisation.
PARENTS: dict[str, tuple[type[Plan | LogEntry | ReportEntry | ReplyRequest], str]] = {
    "plan": (Plan, "organisation"),
    "log_entry": (LogEntry, "measure__plan__organisation"),
    "report_entry": (ReportEntry, "report__organisation"),
    "reply_request": (ReplyRequest, "organisation"),
}


def _parent(request, name):
    """The row named plan-12, log_entry-3, report_entry-5, reply_request-7. Raises Http404."""
    kind, _dash, pk = name.partition("-")
    if kind not in PARENTS or whole_number(pk) is None:
        raise Http404
    model, organisation = PARENTS[kind]
    rows = model.objects.visible_to(request.user).select_related(organisation)
    return get_object_or_404(rows, pk=whole_number(pk))


@require_GET
def attachment(request, pk):
    row = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    try:
        content = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    parent = evidence.parent_of(row)
    audit.record_taken(
        "download", parent, by=request.user, now=request.now, file=row.name, sha256=row.sha256
    )
    response = FileResponse(content, as_attachment=True, filename=row.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _answer(request, parent, fallback, *, errors=(), status=200):
    if not request.htmx:
        return redirect_back(request, fallback)
    context = {"list": file_list(parent, request.user, errors=errors)}
    return page(request, "directives/_files.html", context, status=status)


def _first_page(request, pk=None):
    """The page for GET: many pages have these forms, and /files/3/ above is the file itself."""
    return reverse("my_work")


@write(form=_first_page)
def attachment_add(request):
    parent = _parent(request, request.POST.get("parent", ""))
    uploads = request.FILES.getlist("files")
    try:
        evidence.attach_all(parent, uploads, by=request.user, now=request.now)
    except Invalid as refused:
        if not request.htmx:
            raise
        return _answer(request, parent, "", errors=refused.errors["files"], status=422)
    if not request.htmx:
        messages.success(request, _("Added."))
    return _answer(request, parent, reverse("my_work"))


@write(form=_first_page)
def attachment_remove(request, pk):
    row = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    parent = evidence.parent_of(row)
    evidence.remove(row, by=request.user, now=request.now)
    if not request.htmx:
        messages.success(request, _("Deleted “%(name)s”.") % {"name": row.name})
    return _answer(request, parent, reverse("my_work"))
