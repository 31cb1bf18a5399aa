"""What keeps the lists of the admin quick over tables of millions of rows."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from directives.overview.counting import LIMIT
from directives.overview.events import SUBJECTS
from directives.overview.timeline import WORDS


class BoundedPaginator(Paginator):
    """Counts no further than anybody turns pages: the tables behind it have millions of rows."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:LIMIT].count()


class BoundedAdmin(admin.ModelAdmin):
    """Lists short pages of a table that nobody counts to its end."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50


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
    title, parameter_name, words = _("To what"), "subject_type", SUBJECTS
