"""Writing an instruction on an obligation, a directive or a body."""

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import IllegalMove, Invalid
from directives.replies.commands import instruct as write_instruction
from directives.replies.forms import InstructionForm
from directives.replies.queries.instructing import OFFERED, Target, find_target
from directives.web.doors import page, write
from directives.web.requests import SignedInRequest


def _target(request: SignedInRequest, query: Mapping[str, str]) -> Target:
    target = find_target(request.user, query)
    if target is None:
        raise Http404
    if not target.may_be_instructed(request.user):
        raise PermissionDenied
    return target


def _page(
    request: SignedInRequest, target: Target, form: InstructionForm, status: int = 200
) -> HttpResponse:
    context = {"target": target, "choices": target.choices, "form": form, "offered": OFFERED}
    return page(request, "directives/replies/instruct.html", context, status=status)


@require_GET
def instruct(request: SignedInRequest) -> HttpResponse:
    target = _target(request, request.GET)
    return _page(request, target, InstructionForm(rows=target.rows))


def _lists(request: HttpRequest) -> str:
    """The page for GET: the form names what it is about in its fields."""
    return reverse("reply_requests")


@write(form=_lists)
def instruct_save(request: SignedInRequest) -> HttpResponse:
    target = _target(request, request.POST)
    form = InstructionForm(request.POST, rows=target.rows)
    if form.is_valid():
        try:
            written = write_instruction(
                obligations=form.obligations,
                bodies=[target.body] if target.body else [],
                text=form.cleaned_data["text"],
                due_on=form.cleaned_data["due_on"],
                by=request.user,
                now=request.now,
            )
        except Invalid as refusal:
            refusal.add_to(form)
        except IllegalMove as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Instructions written: %(n)s.") % {"n": len(written)})
            return redirect(reverse(_PAGES[target.name], args=[target.pk]))
    return _page(request, target, form, status=422)


_PAGES = {"obligation": "obligation", "directive": "directive", "body": "organisation"}
