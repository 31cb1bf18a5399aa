"""Base classes of the admin: lists that stay fast over millions of rows, audited saves."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import whole_number
from directives.base.wording import EMPTY
from directives.core import audit
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.record.queries.events import SUBJECTS
from directives.record.queries.timeline import WORDS
from directives.web.doors import tell_stored
from directives.web.requests import signed_in

UNNAMED = re.compile(r" object \(\d+\)$")  # the default __str__ of a model


def column_of(name: str, label: Any, labels: Mapping[str, Any] | None = None) -> Any:
    """A column with a translated heading; `labels` are those of its values.

    Returns a function of the row, typed Any, because the stubs allow none in `ModelAdmin.fields`.
    """

    @admin.display(description=label, ordering=name)
    def column(row: Model) -> Any:
        value = getattr(row, name)
        if value is None:
            return EMPTY
        return labels.get(value, value) if labels is not None else value

    return column


class BoundedPaginator(Paginator):
    """Counts up to COUNT_LIMIT only: the tables have millions of rows."""

    object_list: QuerySet

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNT_LIMIT].count()


def _ids(values: Sequence[str]) -> list[str]:
    return [text for text in values if not text or whole_number(text) is not None]


class CheckedAutocompleteSelect(AutocompleteSelect):
    """Selects nothing if the value of a form that is shown again is not an id."""

    def optgroups(
        self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None
    ) -> list[Any]:
        return super().optgroups(name, _ids(value), attrs)


class CheckedAutocompleteSelectMultiple(AutocompleteSelectMultiple):
    """The same for several rows."""

    def optgroups(
        self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None
    ) -> list[Any]:
        return super().optgroups(name, _ids(value), attrs)


class CheckedRows(ModelMultipleChoiceField):
    """Refuses what cannot be an id, which the database would not take."""

    def clean(self, value: Any) -> Any:
        for text in value or ():
            if whole_number(text) is None:
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, "invalid_pk_value", {"pk": text})
        return super().clean(value)


class CheckedAutocomplete(BaseModelAdmin):
    """Uses `CheckedAutocompleteSelect` in forms and inline rows."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", CheckedAutocompleteSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            widget = CheckedAutocompleteSelectMultiple(db_field, self.admin_site)
            kwargs.setdefault("widget", widget)
            kwargs.setdefault("form_class", CheckedRows)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def has_impossible_number(request: HttpRequest) -> bool:
    """Whether the address filters by a number out of range, which the database would refuse."""
    return any(
        text.isdecimal() and whole_number(text) is None
        for _name, values in request.GET.lists()
        for text in values
    )


class BoundedAdmin(CheckedAutocomplete, admin.ModelAdmin):
    """A list with short pages that does not count all rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """For a filter out of range show the whole list, as Django does for invalid filters."""
        if has_impossible_number(request):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            return tell_stored(signed_in(request), response)
        return response


def _changes(form: ModelForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """The changed columns before and after, as text; passwords and hashes are left out."""
    columns = {field.name for field in form._meta.model._meta.get_fields()} - {"password"}
    names = [name for name in form.changed_data if name in columns]
    return {name: str(form.initial.get(name)) for name in names}, {
        name: str(form.cleaned_data.get(name)) for name in names
    }


def _without_unnamed(names: list[Any]) -> list[Any]:
    """A nested list of row names without those that have only a default name."""
    return [
        _without_unnamed(name) if isinstance(name, list) else name
        for name in names
        if isinstance(name, list) or not UNNAMED.search(name)
    ]


class TitledFilter(admin.RelatedFieldListFilter):
    """A filter by related rows, titled with the name of their model."""

    def __init__(self, field: ForeignKey, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.title = field.related_model._meta.verbose_name


class AuditedAdmin(BoundedAdmin):
    """Writes an audit event for every save and deletion, in the same transaction."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        request = signed_in(request)
        if change and hasattr(obj, "version"):
            obj.version += 1
        super().save_model(request, obj, form, change)
        before, after = _changes(form)
        audit.record(
            "change" if change else "add",
            obj,
            by=request.user,
            now=request.now,
            before=before if change else {},
            after=after,
        )

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """The rows deleted with these, without those of many-to-many tables."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        automatic = {
            model._meta.verbose_name_plural
            for model in apps.get_models(include_auto_created=True)
            if model._meta.auto_created
        }
        return (
            _without_unnamed(names),
            {name: count for name, count in counts.items() if name not in automatic},
            lacking,
            protected,
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        request = signed_in(request)
        audit.record("delete", obj, by=request.user, now=request.now, before={"name": str(obj)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


class VersionedFields(BaseModelAdmin):
    """With a form that has `seen`, the version that the reader saw."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Leave out `seen` where there is no form."""
        return [
            name
            for name in super().get_fields(request, obj)
            if name != "seen" or self.has_change_permission(request, obj)
        ]


class ReadOnlyAdmin(BoundedAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ChoicesFilter(admin.SimpleListFilter):
    """A filter with fixed choices, which needs no query for the values in use."""

    parameter_name: str
    labels: Mapping[str, Any] = {}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(self.labels.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ByAction(ChoicesFilter):
    title, parameter_name, labels = _("action"), "action", WORDS


class BySubject(ChoicesFilter):
    title, parameter_name, labels = _("Object"), "subject_type", SUBJECTS
