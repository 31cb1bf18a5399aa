"""Passwords and second factors in the hands of an administrator."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from directives import audit
from directives.models import OpenSession, User
from directives.rules import can_administer


def own_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One's own password is changed where everybody changes it."""
    return redirect("account_change_password")


class GivenPasswords(admin.ModelAdmin):
    """A password that somebody else knows is good for one sign-in, at which its bearer chooses another."""

    actions = ("forget_factors",)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            obj.password_given = obj.has_usable_password()
        super().save_model(request, obj, form, change)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if id == str(request.user.pk):
            return own_password(request)
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if request.method == "POST" and answer.status_code == 302:
                self._given(User.objects.get(pk=id), request)
        return answer

    def _given(self, person: User, request: HttpRequest) -> None:
        """Their sessions until now end, too."""
        person.password_given = person.has_usable_password()
        person.save(update_fields=["password_given"])
        ended = OpenSession.objects.filter(user=person).end()
        audit.record("set_password", person, by=request.user, now=request.now, after={"sessions_ended": ended})

    @admin.action(description=_("Take away the second step (lost telephone or key)"), permissions=["change"])
    @transaction.atomic
    def forget_factors(self, request: HttpRequest, queryset: QuerySet) -> None:
        """They set up another at the next sign-in. Nobody's own, and nobody's who may more."""
        people = queryset.exclude(pk=request.user.pk).exclude(authenticator=None).distinct()
        for person in [person for person in people if can_administer(request.user, person)]:
            for factor in person.authenticator_set.all():
                factor.delete()
            OpenSession.objects.filter(user=person).end()
