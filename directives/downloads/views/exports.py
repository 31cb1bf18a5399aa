"""Pages of exports: request, progress, download, deletion, and the columns of a list."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib import messages
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Stale
from directives.catalogue.lists import LISTS, find_list
from directives.core import audit
from directives.core.rules import may
from directives.downloads import exporting
from directives.downloads.exporting import RETENTION
from directives.downloads.forms import AskForm, ColumnsForm
from directives.downloads.queries.exports import exports_of, recent_exports, with_progress
from directives.models import Export
from directives.models.exports import UNFINISHED
from directives.tables.formats import FORMATS
from directives.tables.lists import ListKind, ListQuery
from directives.web.doors import demand, page, safe_address, write
from directives.web.refused import note
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/exports/"


def _list_query(request: SignedInRequest, query: str) -> ListQuery:
    return ListQuery(request.user, QueryDict(query), request.today, request.now, request.workdays)


@require_GET
def exports(request: SignedInRequest) -> HttpResponse:
    rows = recent_exports(request.user, now=request.now, retention=RETENTION)
    moving = any(row.unfinished for row in rows)
    return page(
        request,
        TEMPLATES + "list.html",
        {"rows": rows, "days": RETENTION.days, "moving": moving},
        fragment=TEMPLATES + "_list.html",
    )


@require_GET
def export_new(request: SignedInRequest) -> HttpResponse:
    """The page that offers to export a list that is too long to download at once."""
    demand(request.user, "export", request.GET.get("list", ""))
    if "list" not in request.GET:
        return redirect("exports")
    form = AskForm(request.GET)
    if not form.is_valid():
        raise Http404
    data = form.cleaned_data
    notes = find_list(data["list"], _list_query(request, data["query"]), form.place).filter_notes
    context = {
        "key": data["list"],
        "pk": data["pk"],
        "format": data["format"],
        "query": data["query"],
        "filter_notes": notes,
    }
    return page(
        request,
        TEMPLATES + "new.html",
        context | {"formats": FORMATS, "limit": exporting.AT_ONCE_ROWS, "days": RETENTION.days},
    )


@write
def export_ask(request: SignedInRequest) -> HttpResponse:
    demand(request.user, "export", request.POST.get("list", ""))
    form = AskForm(request.POST)
    if not form.is_valid():
        raise Http404
    data = form.cleaned_data
    row = exporting.ask(
        key=data["list"],
        place=form.place,
        query=data["query"],
        format_key=data["format"],
        list_request=_list_query(request, data["query"]),
        language=get_language(),
        by=request.user,
        now=request.now,
    )
    return redirect("export", row.pk)


def _page(request: SignedInRequest, row: Export, **more: Any) -> HttpResponse:
    context = {
        "item": with_progress([row], now=request.now, retention=RETENTION)[0],
        "days": RETENTION.days,
        "may_export": may(request.user, "export", row.list),
        **more,
    }
    status = more.pop("status", 200)
    return page(
        request,
        TEMPLATES + "export.html",
        context,
        fragment=TEMPLATES + "_export.html",
        status=status,
    )


@require_GET
def export(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(exports_of(request.user), pk=pk))


@require_GET
def export_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The file, for the user who requested it, as long as they may see every row."""
    row = get_object_or_404(exports_of(request.user), pk=pk)
    if row.state in UNFINISHED:
        return redirect("export", pk)
    reason = exporting.refusal(row, request.user, request.now)
    if reason:
        note(request, 403)
        return _page(request, row, refused=reason, status=403)
    try:
        content = row.file.open("rb")
    except FileNotFoundError:
        return _page(request, row, refused=_("The file has expired."), status=404)
    audit.record_taken("download", row, by=request.user, now=request.now, file=row.name)
    response = FileResponse(
        content,
        as_attachment=True,
        filename=row.name,
        content_type=FORMATS[row.format].content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@write
def export_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(exports_of(request.user), pk=pk)
    exporting.cancel(row, by=request.user, now=request.now)
    messages.success(request, _("Cancelled. The file was not kept."))
    return redirect("exports")


@write
def export_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(exports_of(request.user), pk=pk)
    exporting.remove(row, by=request.user, now=request.now)
    messages.success(request, _("The file is deleted."))
    return redirect("exports")


# columns


def _kind(key: str) -> ListKind:
    if key not in LISTS:
        raise Http404
    return LISTS[key]


def _columns_page(
    request: SignedInRequest,
    key: str,
    form: ColumnsForm,
    *,
    status: int = 200,
    theirs: Stale | None = None,
) -> HttpResponse:
    target = safe_address(request, request.POST.get("next") or request.GET.get("next", ""), "")
    context = {
        "key": key,
        "kind": _kind(key),
        "form": form,
        "next": target,
        "formats": FORMATS,
        "theirs": theirs,
    }
    return page(request, TEMPLATES + "columns.html", context, status=status)


@require_GET
def export_columns(request: SignedInRequest, key: str) -> HttpResponse:
    offered = _kind(key).columns(request)
    demand(request.user, "export", key)
    choice = exporting.choice_of(request.user, key)
    form = ColumnsForm(
        offered=offered,
        stored_keys=choice.columns,
        initial={"paper": choice.paper, "version": choice.version},
    )
    return _columns_page(request, key, form)


@write
def export_columns_save(request: SignedInRequest, key: str) -> HttpResponse:
    offered = _kind(key).columns(request)
    demand(request.user, "export", key)
    form = ColumnsForm(
        request.POST, offered=offered, stored_keys=exporting.choice_of(request.user, key).columns
    )
    keys, reset = [column.key for column in offered], "reset" in request.POST
    if not form.is_valid() and not (reset and "version" in form.cleaned_data):
        return _columns_page(request, key, form, status=422)
    common = {
        "key": key,
        "offered": keys,
        "version": form.cleaned_data["version"],
        "by": request.user,
        "now": request.now,
    }
    try:
        exporting.choose(
            columns=keys if reset else form.columns,
            paper="a4" if reset else form.cleaned_data["paper"],
            **common,
        )
    except Stale as stale:
        return _columns_page(request, key, form, status=409, theirs=stale)
    messages.success(request, _("Saved. Every export of this list will use it."))
    return HttpResponseRedirect(_return_url(request, key))


def _return_url(request: SignedInRequest, key: str) -> str:
    """The URL of the list, or of its file if a button of a format was pressed."""
    format_key = request.POST.get("then", "")
    target = safe_address(request, request.POST.get("next", ""), "")
    if "reset" in request.POST or not target:
        return f"{reverse('export_columns', args=[key])}?{urlencode({'next': target})}"
    if format_key not in FORMATS:
        return target
    parts = urlsplit(target)
    query = QueryDict(parts.query, mutable=True)
    query["export"] = format_key
    if key.startswith("board-"):
        query["table"] = key.removeprefix("board-")
    return urlunsplit(parts._replace(query=query.urlencode()))
