"""The admin's front page and menu: models in groups, each with its purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.admin.templatetags import admin_list
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from directives.base.wording import EMPTY


@dataclass(frozen=True, slots=True)
class Group:
    name: str | Promise
    purposes: Mapping[str, str | Promise]  # by the name of the model


@dataclass(frozen=True, slots=True)
class Task:
    """A link of the front page, for people with the permission `right` on the model."""

    name: str | Promise
    model: str
    right: str
    page: str = "changelist"


GROUPS = (
    Group(
        _("Accounts and roles"),
        {
            "User": _("Create and disable accounts, assign duties, reset passwords, end sessions."),
            "Membership": _("Give a person a role in an organisation, or remove it."),
            "PendingRight": _("Confirm or decline what another administrator gave."),
        },
    ),
    Group(
        _("Organisations and calendar"),
        {
            "Organisation": _(
                "Keep the register: names, levels, parents; merge or end an organisation."
            ),
            "BodyAlias": _(
                "What names in documents mean where the register does not say it. Supervisors add "
                "to it; remove what is wrong."
            ),
            "BodyClass": _(
                "Names for all organisations of some kinds and levels, such as “all counties”."
            ),
            "CalendarDay": _(
                "Holidays and shifted working days. Due dates and lights follow them."
            ),
        },
    ),
    Group(
        _("Documents and assignments"),
        {
            "Document": _("Which documents are registered, by whom, from which file."),
            "Directive": _("Correct how a directive was classified, one by one or from a file."),
            "Obligation": _(
                "Correct dates and contacts of what was assigned, one by one or from a file."
            ),
            "Measure": _("Correct measures of plans that are not submitted yet."),
            "Indicator": _("Which figures organisations report, and how they are added up."),
        },
    ),
    Group(
        pgettext_lazy("admin", "Audit log"),
        {
            "Event": _("Who did what, and when."),
            "Seal": _("The seals that prove that the audit log was not changed."),
        },
    ),
)
TASKS = (
    Task(_("Create an account"), "User", "add", "add"),
    Task(_("Disable accounts of people who left"), "User", "view"),
    Task(_("Give a role"), "Membership", "add", "add"),
    Task(_("Confirm roles and duties"), "PendingRight", "view"),
    Task(_("Keep the register of organisations"), "Organisation", "change"),
    Task(_("Enter next year’s working days"), "CalendarDay", "add"),
    Task(_("Read the audit log"), "Event", "view"),
)


def yes_or_no(value: bool | None) -> str:
    return EMPTY if value is None else gettext("Yes") if value else gettext("No")


# Django's icons have the labels True and False in every language.
admin_list._boolean_icon = yes_or_no  # type: ignore[attr-defined]  # it is private
FROM_DJANGO = (gettext_noop("Error:"),)  # which Django does not translate into Chinese


class Administration(AdminSite):
    """Django's admin with a menu by purpose instead of by app."""

    site_header = site_title = _("Administration")
    index_title = _("Administration")
    site_url = "/"
    enable_nav_sidebar = False  # its menu is nav_sidebar.html, without a script

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """The models that the person may open, in groups without empty ones."""
        models = {
            model["object_name"]: model
            for app in super().get_app_list(request)
            for model in app["models"]
            if model["admin_url"]
        }
        home = reverse("admin:index", current_app=self.name)
        groups = []
        for number, group in enumerate(GROUPS):
            lists = [
                models[name] | {"purpose": purpose}
                for name, purpose in group.purposes.items()
                if name in models
            ]
            if lists:
                groups.append(
                    {
                        "name": group.name,
                        "app_label": f"group{number}",
                        "app_url": home,
                        "models": lists,
                    }
                )
        return groups

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        groups = self.get_app_list(request)
        return super().index(request, {"tasks": list(_open_to(groups)), **(extra_context or {})})

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return secure_admin_login(super().login)(request, extra_context)

    def password_change(  # type: ignore[override]  # the stubs know no redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the page on which everybody changes their password."""
        return redirect("account_change_password")

    def app_index(  # type: ignore[override]  # the stubs know no redirect
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the front page: there are no pages of single apps."""
        return redirect("admin:index")


def _open_to(groups: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str | Promise, str]]:
    """The tasks that the person may do, each with its address."""
    rights = {model["object_name"]: model["perms"] for group in groups for model in group["models"]}
    for task in TASKS:
        if rights.get(task.model, {}).get(task.right):
            yield task.name, reverse(f"admin:directives_{task.model.lower()}_{task.page}")
