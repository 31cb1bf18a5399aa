"""Importing a table: its file, its columns, the result for each row, and the confirmation."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid, Stale
from directives.catalogue.kinds import KINDS
from directives.core.keyset import PageRequest, read_page
from directives.intakes import applying, pages, starting, undoing
from directives.intakes.forms import IntakeForm, submitted_answers, submitted_columns
from directives.models import Intake
from directives.models.intakes import UNDOING
from directives.tables import fault_list
from directives.tables.fields import TableKind
from directives.web.doors import page, redirect_back, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/intakes/"


def _kind(request: SignedInRequest, key: str) -> TableKind:
    kind = KINDS.get(key)
    if kind is None:
        raise Http404
    if not kind.may(request.user):
        raise PermissionDenied
    return kind


def _own_intake(request: SignedInRequest, pk: int) -> Intake:
    """Return an intake of the user. Raises Stale if it has changed since the page was shown."""
    intake_row: Intake = get_object_or_404(
        Intake.objects.visible_to(request.user).select_related("by"), pk=pk, kind__in=KINDS
    )
    if request.method == "POST" and request.POST.get("version") != str(intake_row.version):
        raise Stale(theirs=intake_row)
    return intake_row


@require_GET
def intakes(request: SignedInRequest) -> HttpResponse:
    rows = Intake.objects.visible_to(request.user).filter(kind__in=KINDS)
    listed_page = read_page(
        rows,
        pages.INTAKE_ORDER,
        PageRequest.from_query(request.GET, pages.INTAKE_ORDER),
        total=None,
        size=20,
    )
    context = {
        "kinds": pages.kinds_for(request.user),
        "page": listed_page,
        "kind_names": {key: kind.name for key, kind in KINDS.items()},
    }
    return page(request, TEMPLATES + "list.html", context)


@require_GET
def intake_new(request: SignedInRequest, kind: str) -> HttpResponse:
    table_kind = _kind(request, kind)
    initial = {
        need: request.GET[need] for need in (*table_kind.needs, "assign") if request.GET.get(need)
    }
    return page(
        request,
        TEMPLATES + "new.html",
        {"kind": table_kind, "form": IntakeForm(table_kind, request.user, initial=initial)},
    )


@write
def intake_upload(request: SignedInRequest, kind: str) -> HttpResponse:
    table_kind = _kind(request, kind)
    form = IntakeForm(table_kind, request.user, request.POST, request.FILES)
    try:
        if form.is_valid():
            file, language = form.cleaned_data["file"], get_language()
            intake_row = starting.start_intake(
                kind=table_kind,
                place=form.place,
                upload=file,
                language=language,
                by=request.user,
                now=request.now,
            )
            return redirect("intake", intake_row.pk)
    except Invalid as refusal:
        refusal.add_to(form)
    return page(request, TEMPLATES + "new.html", {"kind": table_kind, "form": form}, status=422)


@require_GET
def intake(request: SignedInRequest, pk: int) -> HttpResponse:
    intake_row = _own_intake(request, pk)
    if intake_row.state == "uploaded":
        return page(
            request,
            TEMPLATES + "intake.html",
            _columns_context(request, intake_row),
            fragment=TEMPLATES + "_state.html",
        )
    return _rows_page(request, intake_row)


def _rows_page(
    request: SignedInRequest,
    intake_row: Intake,
    errors: Sequence[str] = (),
    answers: Mapping[str, str] | None = None,
) -> HttpResponse:
    view = pages.view_of(intake_row, request.GET, request.now)
    context = {"intake": intake_row, "view": view, "kind": view.kind, "errors": errors}
    return page(
        request,
        TEMPLATES + "intake.html",
        context | {"answers": answers or {}},
        fragment=TEMPLATES + "_state.html",
        status=422 if errors else 200,
    )


def _columns_context(
    request: SignedInRequest,
    intake_row: Intake,
    fields: Mapping[str, str] | None = None,
    errors: Sequence[str] = (),
) -> dict[str, Any]:
    columns = pages.columns_of(intake_row, request.now, fields)
    return {
        "intake": intake_row,
        "columns": columns,
        "kind": columns.kind,
        "errors": errors or columns.faults,
        "place": pages.place_in_words(intake_row.place),
    }


@require_GET
def intake_columns(request: SignedInRequest, pk: int) -> HttpResponse:
    intake_row = _own_intake(request, pk)
    if not intake_row.fact.checkable or not intake_row.tables:
        return redirect("intake", pk)
    return page(request, TEMPLATES + "intake.html", _columns_context(request, intake_row))


@write
def intake_match(request: SignedInRequest, pk: int) -> HttpResponse:
    intake_row, fields = _own_intake(request, pk), submitted_columns(request.POST)
    try:
        starting.match(
            intake_row, fields, language=get_language(), by=request.user, now=request.now
        )
    except Invalid as refusal:
        return page(
            request,
            TEMPLATES + "intake.html",
            _columns_context(request, intake_row, fields, refusal.errors["columns"]),
            status=422,
        )
    return redirect("intake", pk)


@write
def intake_check(request: SignedInRequest, pk: int) -> HttpResponse:
    starting.check_again(_own_intake(request, pk), language=get_language(), now=request.now)
    return redirect("intake", pk)


@write
def intake_names(request: SignedInRequest, pk: int) -> HttpResponse:
    intake_row, answers = _own_intake(request, pk), submitted_answers(request.POST)
    try:
        starting.settle_names(
            intake_row, answers, language=get_language(), by=request.user, now=request.now
        )
    except Invalid as refusal:
        return _rows_page(request, intake_row, refusal.errors["names"], answers)
    return redirect("intake", pk)


@write
def intake_choose(request: SignedInRequest, pk: int) -> HttpResponse:
    number = whole_number(request.POST.get("number", ""), 10**9)
    applying.choose(_own_intake(request, pk), request.POST.get("choice", ""), number=number)
    return redirect_back(request, f"/intakes/{pk}/")


@write
def intake_apply(request: SignedInRequest, pk: int) -> HttpResponse:
    applying.apply(_own_intake(request, pk), by=request.user, now=request.now)
    return redirect("intake", pk)


@write
def intake_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    undoing.undo(_own_intake(request, pk), by=request.user, now=request.now)
    return redirect("intake", pk)


@write
def intake_discard(request: SignedInRequest, pk: int) -> HttpResponse:
    intake_row = _own_intake(request, pk)
    if intake_row.state == UNDOING:
        undoing.cancel_undo(intake_row)
        messages.success(request, _("The import was kept. Nothing was undone."))
        return redirect("intake", pk)
    starting.discard(intake_row)
    messages.success(request, _("Import discarded. Nothing was changed."))
    return redirect("intakes")


@require_GET
def intake_faults(request: SignedInRequest, pk: int) -> FileResponse:
    return fault_list.faults_file(_own_intake(request, pk), now=request.now)
