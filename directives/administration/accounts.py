"""The admin's pages of accounts, roles and duties.

Nobody can gain rights here, neither for their own account nor through a more powerful one.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from directives.administration.base import AuditedAdmin, CheckedAutocomplete
from directives.administration.passwords import PasswordAdmin
from directives.base.duties import DUTIES
from directives.base.numbers import whole_number
from directives.base.refusals import Refusal
from directives.base.states import SUPERVISOR
from directives.base.wording import join_words
from directives.core.rules import can_administer, can_give, can_reset, keeps_accounts, keeps_rights
from directives.models import Membership, PendingRight, User
from directives.organisations import commands as organising
from directives.organisations.commands.rights import demand_other_confirmer, separation_fault
from directives.web.requests import signed_in

PERSON_FIELDS = ("username", "full_name", "phone", "language", "is_active")
DUTY_FIELDS = tuple(duty.field for duty in DUTIES.values())
IDLE_SUPERVISOR = _(
    "%(organisation)s has no organisations below it: a supervisor there reviews nothing."
)
NEEDS_CONFIRMATION = _("Takes effect once a second person confirms: %(right)s.")


class RefusalMessages(admin.ModelAdmin):
    """Shows the refusal of a command as a message on the list."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def warn_of_idle(self, request: HttpRequest, memberships: Iterable[Membership]) -> None:
        for row in memberships:
            if row.role == SUPERVISOR and not row.organisation.children.exists():
                text = IDLE_SUPERVISOR % {"organisation": row.organisation}
                self.message_user(request, text, messages.WARNING)

    def warn_of_pending(
        self, request: HttpRequest, pending_rights: Iterable[PendingRight | None]
    ) -> None:
        for right in filter(None, pending_rights):
            self.message_user(request, NEEDS_CONFIRMATION % {"right": right}, messages.WARNING)


def _may_edit(user: User, person: User) -> bool:
    return keeps_accounts(user) and can_administer(user, person)


class MembershipForm(ModelForm):
    class Meta:
        help_texts = {
            "role": _(
                "A supervisor reviews the organisations below: "
                "choose an organisation that has some."
            )
        }

    def clean(self) -> None:
        super().clean()
        person = (
            self.cleaned_data.get("user") or User.objects.filter(pk=self.instance.user_id).first()
        )
        fault = separation_fault(person, role=self.cleaned_data.get("role", "")) if person else ""
        if fault:
            self.add_error("role", fault)


class MembershipInline(CheckedAutocomplete, admin.TabularInline):
    """Roles are given or taken away, never changed into another."""

    model = Membership
    form = MembershipForm
    extra = 0
    autocomplete_fields = ("organisation",)

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        user = signed_in(request).user
        return (obj is None or can_give(user, obj)) and keeps_rights(user)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_add_permission(request, obj)


class PersonForm(UserChangeForm):
    password = None  # type: ignore[assignment]  # Django's way of removing a field: the hash

    def clean(self) -> None:
        """Refuse a duty that must be separate from one that the person keeps."""
        super().clean()
        person = User.objects.get(pk=self.instance.pk)
        changes = {
            duty: self.cleaned_data[duty.field]
            for duty in DUTIES.values()
            if duty.field in self.changed_data
        }
        # Duties that are taken away come first.
        for duty, has_duty in sorted(changes.items(), key=lambda change: change[1]):
            if has_duty and (fault := separation_fault(person, duty=duty.key)):
                self.add_error(duty.field, fault)
            setattr(person, duty.field, has_duty)


class PersonAdmin(PasswordAdmin, RefusalMessages, AuditedAdmin, UserAdmin):
    form = PersonForm
    list_display = ("username", "full_name", "phone", "is_active", "duties_held", "last_login")
    list_filter = ("is_active", *DUTY_FIELDS, "is_superuser")
    search_fields = ("username", "full_name", "phone")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password_state")}),
        (_("Person"), {"fields": ("full_name", "phone", "email", "language")}),
        (_("Access"), {"fields": ("is_active", *DUTY_FIELDS, "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "full_name", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.display(description=_("Duties"))
    def duties_held(self, person: User) -> str:
        return join_words(person.duty_names)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whether the fields, or at least the roles and duties, of this person may be changed."""
        if not super().has_change_permission(request, obj):
            return False
        user = signed_in(request).user
        return obj is None or _may_edit(user, obj) or can_give(user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or can_administer(signed_in(request).user, obj)
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody makes superusers here: that takes a command on the server."""
        user = signed_in(request).user
        fields = ["password_state", "last_login", "date_joined", "is_superuser"]
        if obj is not None and not _may_edit(user, obj):
            fields += PERSON_FIELDS
        # A new password can be requested by mail, so an email address gives access to the account.
        if obj is not None and obj.pk != user.pk and not can_reset(user, obj):
            fields.append("email")
        if obj is None or not can_give(user, obj):
            fields += DUTY_FIELDS
        return tuple(fields)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only those who manage rights set passwords: these give the rights of the account."""
        if obj is None and not keeps_rights(signed_in(request).user):
            return ((None, {"classes": ("wide",), "fields": ("username", "full_name")}),)
        return super().get_fieldsets(request, obj)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        if obj is None and not keeps_rights(signed_in(request).user):
            kwargs["form"] = ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        pk = whole_number(object_id or "")
        if request.method != "POST" or pk is None:
            return super().changeform_view(request, object_id, *args, **kwargs)
        with transaction.atomic():
            # The form stores the whole row: a duty taken away meanwhile must not come back.
            User.objects.select_for_update(no_key=True).filter(pk=pk).first()
            return super().changeform_view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Give and take duties by their commands, which write their own events."""
        request = signed_in(request)
        changes = {
            duty: form.cleaned_data[duty.field]
            for duty in DUTIES.values()
            if change and duty.field in form.changed_data
        }
        for duty in changes:
            setattr(obj, duty.field, form.initial[duty.field])
        form.changed_data = [name for name in form.changed_data if name not in DUTY_FIELDS]
        if "is_active" in form.changed_data and not obj.is_active:
            demand_other_confirmer(User.objects.get(pk=obj.pk), request.user)
        if form.changed_data or not change:
            super().save_model(request, obj, form, change)
        for duty in [duty for duty, has_duty in changes.items() if not has_duty]:
            organising.take_duty(obj, duty.key, by=request.user, now=request.now)
        pending_rights = [
            organising.give_duty(obj, duty.key, by=request.user, now=request.now)
            for duty, has_duty in changes.items()
            if has_duty
        ]
        self.warn_of_pending(request, pending_rights)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: Any, change: bool
    ) -> None:
        """Save memberships with the person, with an event for each."""
        request = signed_in(request)
        rows = formset.save(commit=False)
        organising.take_roles(formset.deleted_objects, by=request.user, now=request.now)
        self.warn_of_pending(request, organising.give_roles(rows, by=request.user, now=request.now))
        self.warn_of_idle(request, rows)
        formset.save_m2m()


class MembershipAdmin(RefusalMessages, AuditedAdmin):
    """Roles are given or taken away, never changed into another."""

    form = MembershipForm
    list_display = ("user", "organisation", "role")
    list_filter = ("role",)
    search_fields = (
        "user__username",
        "user__full_name",
        "organisation__name_hans",
        "organisation__code",
    )
    autocomplete_fields = ("user", "organisation")
    list_select_related = ("user", "organisation")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out the administrator's own roles, which somebody else has to change."""
        return super().get_queryset(request).exclude(user=signed_in(request).user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return keeps_rights(signed_in(request).user)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        user = signed_in(request).user
        return keeps_rights(user) and (obj is None or can_give(user, obj.user))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            powerful = User.objects.filter(
                Q(is_superuser=True) | Q(groups__isnull=False) | Q(user_permissions__isnull=False)
            )
            user = signed_in(request).user
            stronger = [person.pk for person in powerful.distinct() if not can_give(user, person)]
            kwargs["queryset"] = User.objects.exclude(pk__in=[user.pk, *stronger])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Membership, form: ModelForm, change: bool
    ) -> None:
        request = signed_in(request)
        pending_rights = organising.give_roles([obj], by=request.user, now=request.now)
        self.warn_of_pending(request, pending_rights)
        self.warn_of_idle(request, [obj])

    # A role that waits for a second person is not stored yet.

    def log_addition(self, request: HttpRequest, obj: Membership, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    def response_add(
        self, request: HttpRequest, obj: Membership, post_url_continue: str | None = None
    ) -> HttpResponse:
        if obj.pk is None:
            return redirect("admin:directives_pendingright_changelist")
        return super().response_add(request, obj, post_url_continue)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        request = signed_in(request)
        organising.take_roles([obj], by=request.user, now=request.now)


class PendingRightAdmin(admin.ModelAdmin):
    """Rights that wait until a second person confirms or declines them."""

    list_display = ("person", "right", "organisation", "asked_by", "asked_at")
    list_select_related = ("person", "organisation", "asked_by")
    list_filter = ("right",)
    actions = ("confirm", "decline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PendingRight]:
        return PendingRight.objects.visible_to(signed_in(request).user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PendingRight | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PendingRight | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return keeps_rights(signed_in(request).user)

    @admin.action(description=_("Confirm: grant the right"), permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[PendingRight]) -> None:
        self._decide(request, queryset, organising.confirm_right, _("Granted: %(right)s."))

    @admin.action(description=_("Decline, or withdraw your own request"), permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[PendingRight]) -> None:
        self._decide(request, queryset, organising.decline_right, _("Not granted: %(right)s."))

    def _decide(
        self, request: HttpRequest, rights: QuerySet[PendingRight], command: Any, message: Any
    ) -> None:
        """Decide each right by itself: a refusal does not affect the others."""
        request = signed_in(request)
        for right in rights:
            try:
                command(right, by=request.user, now=request.now)
            except Refusal as refusal:
                self.message_user(request, f"{right}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, message % {"right": right}, messages.SUCCESS)
