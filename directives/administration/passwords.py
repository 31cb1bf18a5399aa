"""Passwords, second factors and sessions of other people, for security administrators."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import whole_number
from directives.core import audit
from directives.core.rules import can_give, can_reset, keeps_rights
from directives.models import OpenSession, User
from directives.signin.limits import forget_failures
from directives.web.requests import SignedInRequest, signed_in


class PasswordAdmin(UserAdmin):
    """Passwords set by an administrator must be changed at the next sign-in."""

    actions = ("forget_factors", "end_sessions", "unlock")
    change_form_template = "admin/directives/user/change_form.html"

    @admin.display(description=_("Password"))
    def password_state(self, person: User) -> str:
        """Whether there is a password; Django would show a part of its hash."""
        if not person.has_usable_password():
            return gettext("Not set")
        return (
            gettext("Given by an administrator; changed at the next sign-in")
            if person.password_given
            else gettext("Set")
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        request = signed_in(request)
        person = context.get("original")
        context["may_set_password"] = (
            person is not None
            and person.pk != request.user.pk
            and self._may_reset(request, str(person.pk))
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return keeps_rights(signed_in(request).user)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            if not obj.password:
                obj.set_unusable_password()
            obj.password_given = obj.has_usable_password()
        super().save_model(request, obj, form, change)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        if id == str(request.user.pk):
            return redirect("account_change_password")
        if not self._may_reset(request, id):
            raise PermissionDenied
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                self._note_given_password(User.objects.get(pk=id), signed_in(request))
        return response

    def _note_given_password(self, person: User, request: SignedInRequest) -> None:
        person.password_given = person.has_usable_password()
        person.save(update_fields=["password_given"])
        ended = OpenSession.objects.filter(user=person).end()
        audit.record(
            "set_password",
            person,
            by=request.user,
            now=request.now,
            after={"sessions_ended": ended},
        )

    def _may_reset(self, request: HttpRequest, pk: str) -> bool:
        person = None if whole_number(pk) is None else User.objects.filter(pk=pk).first()
        return self.has_reset_permission(request) and (
            person is None or can_reset(signed_in(request).user, person)
        )

    @admin.action(
        description=_("Remove the second step (lost phone or key)"), permissions=["reset"]
    )
    @transaction.atomic
    def forget_factors(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Remove the factors of these people, except one's own and of more powerful accounts."""
        request = signed_in(request)
        for person in queryset.exclude(authenticator=None).distinct():
            if not can_reset(request.user, person):
                continue
            for factor in Authenticator.objects.filter(user=person):
                factor.delete()
            OpenSession.objects.filter(user=person).end()

    @admin.action(description=_("End all sessions"), permissions=["reset"])
    @transaction.atomic
    def end_sessions(self, request: HttpRequest, queryset: QuerySet) -> None:
        """End the sessions of these people; one's own are ended in “My sessions”."""
        request = signed_in(request)
        for person in [person for person in queryset if can_give(request.user, person)]:
            ended = OpenSession.objects.filter(user=person).end()
            audit.record(
                "end_sessions_of",
                person,
                by=request.user,
                now=request.now,
                after={"sessions_ended": ended},
            )

    @admin.action(description=_("Unlock after failed sign-ins"), permissions=["reset"])
    @transaction.atomic
    def unlock(self, request: HttpRequest, queryset: QuerySet) -> None:
        request = signed_in(request)
        for person in [person for person in queryset if can_give(request.user, person)]:
            audit.record(
                "unlock",
                person,
                by=request.user,
                now=request.now,
                after={"attempts": forget_failures(person.username)},
            )
