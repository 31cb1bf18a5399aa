"""What the pages of the admin share: lists that stay quick over millions of rows, and saves that write their audit event."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelForm
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
from directives.web.requests import AppRequest

NUMBERED = re.compile(r" object \(\d+\)$")  # as Django names a row whose model does not


def told(name: str, label: Any, words: Mapping[str, Any] | None = None) -> Callable[[Model], Any]:
    """A field under a heading in the reader's words, where the field itself has none; `words` are what its values are called."""

    @admin.display(description=label, ordering=name)
    def column(row: Model) -> Any:
        value = getattr(row, name)
        if value is None:
            return EMPTY
        return words.get(value, value) if words is not None else value

    return column


class BoundedPaginator(Paginator):
    """Counts no further than anybody turns pages: the tables behind it have millions of rows."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNT_LIMIT].count()


class KnownRows(AutocompleteSelect):
    """Django's list with a search; what was sent instead of an id, and is none, is chosen by nobody when the form is shown again."""

    def optgroups(
        self, name: str, value: list[str], attrs: dict[str, Any] | None = None
    ) -> list[Any]:
        return super().optgroups(
            name, [one for one in value if not one or whole_number(one) is not None], attrs
        )


class Autocompleting:
    """What the forms and the inline rows of the admin share."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownRows(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def beyond(request: HttpRequest) -> bool:
    """Whether the address filters by a number that no column holds, which an engine would answer with an error."""
    return any(
        text.isdecimal() and whole_number(text) is None
        for texts in request.GET.lists()
        for text in texts[1]
    )


class BoundedAdmin(Autocompleting, admin.ModelAdmin):
    """Lists short pages of a table that nobody counts to its end."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A filter that makes no sense is answered as Django answers one: with the list and a word."""
        if beyond(request):
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
            return tell_stored(cast(AppRequest, request), response)
        return response


def _told(form: ModelForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """The changed columns of the row before and after, as plain text. No record ever holds a password, hashed or not."""
    columns = {field.name for field in form._meta.model._meta.get_fields()} - {"password"}
    names = [name for name in form.changed_data if name in columns]
    return {name: str(form.initial.get(name)) for name in names}, {
        name: str(form.cleaned_data.get(name)) for name in names
    }


def _named(listed: list[Any]) -> list[Any]:
    """A nested list of rows without those that are named by their number alone."""
    return [
        _named(one) if isinstance(one, list) else one
        for one in listed
        if isinstance(one, list) or not NUMBERED.search(one)
    ]


class TitledFilter(admin.RelatedFieldListFilter):
    """A filter by related rows that is called as these are."""

    def __init__(self, field: ForeignKey, *arguments: Any, **named: Any) -> None:
        super().__init__(field, *arguments, **named)
        self.title = field.related_model._meta.verbose_name


class AuditedAdmin(BoundedAdmin):
    """Writes the audit event of every save and deletion, in their transaction."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if change and hasattr(obj, "version"):
            obj.version += 1
        super().save_model(request, obj, form, change)
        before, after = _told(form)
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
        """What goes along, without the rows that only tie two others together: they have no name that a person knows."""
        listed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        ties = {
            model._meta.verbose_name_plural
            for model in apps.get_models(include_auto_created=True)
            if model._meta.auto_created
        }
        return (
            _named(listed),
            {name: count for name, count in counts.items() if name not in ties},
            lacking,
            protected,
        )

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        audit.record("delete", obj, by=request.user, now=request.now, before={"name": str(obj)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


class ReadOnlyAdmin(BoundedAdmin):
    """To look at, never to change."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Known(admin.SimpleListFilter):
    """A filter that offers the words the product knows, instead of reading the table for those that occur."""

    words: Mapping[str, Any] = {}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ByAction(Known):
    title, parameter_name, words = _("action"), "action", WORDS


class BySubject(Known):
    title, parameter_name, words = _("Object"), "subject_type", SUBJECTS
