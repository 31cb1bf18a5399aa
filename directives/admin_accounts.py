"""The admin's pages of accounts and their roles. Nobody rises by them: not by their own, nor by one that may more than they."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, Q
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directives import audit
from directives.admin_lists import AuditedAdmin, LooksRowsUp
from directives.admin_passwords import GivenPasswords
from directives.models import Membership, User
from directives.rules import can_administer


class MembershipInline(LooksRowsUp, admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("organisation",)

    def _others(self, request: HttpRequest, obj: Model | None) -> bool:
        """Nobody gives a role to themselves, or takes one from who may more than they."""
        return obj is None or (obj.pk != request.user.pk and can_administer(request.user, obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._others(request, obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._others(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._others(request, obj) and super().has_delete_permission(request, obj)


class PersonAdmin(GivenPasswords, AuditedAdmin, UserAdmin):
    list_display = ("username", "full_name", "phone", "is_active", "is_staff", "last_login")
    search_fields = ("username", "full_name", "phone")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("full_name", "phone", "email", "language")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "full_name", "usable_password", "password1", "password2")}),)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes an account that may more than they, its password included."""
        return super().has_change_permission(request, obj) and (obj is None or can_administer(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or can_administer(request.user, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Superusers are made on the machine alone; only they give administrative rights."""
        fixed = ("last_login", "date_joined", "is_superuser")
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "groups")

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        """Memberships are saved with the person: an event for each."""
        rows = formset.save(commit=False)
        for gone in formset.deleted_objects:
            audit.record("delete", gone, by=request.user, now=request.now, before={"name": str(gone)})
            gone.delete()
        for row in rows:
            added = row.pk is None
            row.version += not added
            row.save()
            audit.record("add" if added else "change", row, by=request.user, now=request.now, after={"name": str(row), "role": row.role})
        formset.save_m2m()


class MembershipAdmin(AuditedAdmin):
    list_display = ("user", "organisation", "role")
    list_filter = ("role",)
    search_fields = ("user__username", "user__full_name", "organisation__name_hans", "organisation__code")
    autocomplete_fields = ("user", "organisation")
    list_select_related = ("user", "organisation")

    def get_queryset(self, request: HttpRequest) -> Any:
        """An administrator's own roles are somebody else's to change."""
        return super().get_queryset(request).exclude(user=request.user)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or can_administer(request.user, obj.user))

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or can_administer(request.user, obj.user))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            powerful = User.objects.filter(Q(is_superuser=True) | Q(groups__isnull=False) | Q(user_permissions__isnull=False))
            above = [person.pk for person in powerful.distinct() if not can_administer(request.user, person)]
            kwargs["queryset"] = User.objects.exclude(pk__in=[request.user.pk, *above])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
