"""Merging a body into another in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from directives.base.refusals import Refusal
from directives.models import Organisation
from directives.organisations import commands as organising
from directives.organisations.forms import MergeForm
from directives.web.requests import SignedInRequest, signed_in


class MergingAdmin(admin.ModelAdmin):
    """Adds the page that merges a body, and the links and the action that lead to it."""

    actions = ("merge_chosen",)
    change_form_template = "admin/directives/organisation/change_form.html"

    def get_urls(self) -> list[Any]:
        merge_url = path(
            "<int:pk>/merge/",
            self.admin_site.admin_view(self.merge),
            name="directives_organisation_merge",
        )
        return [merge_url, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        body, now = context.get("original"), signed_in(request).now
        context["obstacles"] = organising.reasons_unmergeable(body, now) if body else []
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(
        description=_("Merge the chosen organisation into another"), permissions=["change"]
    )
    def merge_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        if queryset.count() != 1:
            self.message_user(
                request, _("Choose exactly one organisation to merge."), messages.ERROR
            )
            return None
        body = queryset.get()
        obstacles = organising.reasons_unmergeable(body, signed_in(request).now)
        for text in obstacles:
            self.message_user(request, text, messages.ERROR)
        return None if obstacles else redirect("admin:directives_organisation_merge", body.pk)

    def merge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the successor, show a preview, then merge."""
        body = get_object_or_404(Organisation.objects.select_related("successor"), pk=pk)
        if not self.has_change_permission(request, body):
            raise PermissionDenied
        form = MergeForm(request.POST or None, initial={"version": body.version})
        request, preview = signed_in(request), None
        obstacles = organising.reasons_unmergeable(body, request.now)
        if request.method == "POST" and not obstacles and form.is_valid():
            successor = form.cleaned_data["into"]
            try:
                if "confirm" in request.POST:
                    return self._merged(request, body, successor, form.cleaned_data["version"])
                for text in organising.merge_obstacles(body, successor, request.now):
                    form.add_error("into", text)
                preview = (
                    organising.preview_merge(body, successor=successor) if form.is_valid() else None
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge into another organisation"),
            "opts": self.opts,
            "body": body,
            "form": form,
            "preview": preview,
            "obstacles": obstacles,
        }
        return render(request, "admin/directives/organisation/merge.html", context)

    def _merged(
        self, request: SignedInRequest, body: Organisation, successor: Organisation, version: int
    ) -> HttpResponse:
        merged = organising.merge_bodies(
            body, successor=successor, by=request.user, now=request.now, version=version
        )
        message = _(
            "%(body)s was merged into %(into)s: %(over)s obligations transferred, "
            "%(withdrawn)s withdrawn."
        ) % {
            "body": body.name_hans,
            "into": successor.name_hans,
            "over": merged.transferred,
            "withdrawn": merged.withdrawn,
        }
        self.message_user(request, message)
        return redirect("admin:directives_organisation_change", successor.pk)
