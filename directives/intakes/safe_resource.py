"""What every resource of the admin's import-export shares: all rows or none, each with its event, faults in words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import resources
from import_export.resources import Diff
from tablib import Dataset

from directives.base.numbers import whole_number
from directives.base.outages import outage_of
from directives.core import audit
from directives.tables.cells import CellReader, value_reader
from directives.tables.comparing import json_value
from directives.tables.faults import Wrong
from directives.tables.fields import IntakeContext, TableKind
from directives.tallies import counted

UNNAMED = {
    "id": gettext_lazy("record ID"),
    "code": gettext_lazy("directive code"),
}  # where the model has no word
STYLE = re.compile(r'<(ins|del) style="background:#[0-9a-f]{6};">')


def heading_of(model: type[Model], name: str) -> str:
    """A column of a table file by the word of its field beside its name in the file: 上级单位 (parent)."""
    known = {field.name: field for field in model._meta.get_fields()}
    field = known.get(name) or known.get(name.removesuffix("_hans").removesuffix("_id"))
    word = str(getattr(field, "verbose_name", ""))
    if field is None or field.primary_key:
        word = str(UNNAMED.get(name, name))
    elif field.is_relation and word == field.name:
        word = str(field.related_model._meta.verbose_name)
    return f"{word} ({name})" if word != name.replace("_", " ") else name


class Marked(Diff):
    """What a row changes, without the styles that the library writes into it and the policy of the page's content forbids."""

    def as_html(self) -> list[SafeString]:
        return [mark_safe(STYLE.sub(r"<\1>", html)) for html in super().as_html()]  # noqa: S308 - escaped by the library


class SafeResource(resources.ModelResource):
    """Imports all rows or none, and writes the audit event of each row in its transaction. `formats` reads and writes the files."""

    @classmethod
    def get_diff_class(cls) -> type[Diff]:
        return Marked

    def get_diff_headers(self) -> list[str]:
        return [heading_of(self._meta.model, name) for name in super().get_diff_headers()]

    def import_data(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Any:
        """One transaction, and the counts written once, as its last act: row by row it would hold up everybody else's, or they it."""
        with counted():
            return super().import_data(dataset, *args, **kwargs)

    def handle_import_error(
        self, result: Any, error: Exception, raise_errors: bool = False
    ) -> None:
        """The library notes a failure and goes on. A full disk or a lost database is no fault of the table, and ends all of it."""
        if outage_of(error) is not None:
            raise error
        super().handle_import_error(result, error, raise_errors)

    def import_row(self, row: dict, *args: Any, **kwargs: Any) -> Any:
        result = super().import_row(row, *args, **kwargs)
        for fault in result.errors:
            # SQLite has taken the transaction back by itself: the next row would stay, whatever becomes of the rest.
            if outage_of(fault.error) is not None:
                raise fault.error
        return result

    kind: TableKind | None = None  # whose fields tell how cells are read

    @cached_property
    def readings(self) -> dict[str, CellReader]:
        """By the column: how the kind reads its cells, days and choices above all."""
        fields = self.kind.fields(context_of({})) if self.kind else ()
        return {
            field.name: value_reader(field)
            for field in fields
            if not field.read_only and field.sort in ("date", "choice")
        }

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        """Days and choices as people write them become what the library's fields take; what cannot be read is told as a fault."""
        for name in self.readings.keys() & row.keys():
            value = self.readings[name](row[name])
            if not isinstance(value, Wrong):
                row[name] = json_value(value) or ""
        self._demand_values(row)

    def _demand_values(self, row: Mapping[str, Any]) -> None:
        """An emptied cell of a column that is never empty is a fault, not an error of the engine."""
        columns = {
            column.name: column
            for column in self._meta.model._meta.concrete_fields
            if not (column.null or column.blank)
        }
        for name, field in self.fields.items():
            column = columns.get(field.attribute)
            if (
                column
                and not column.is_relation
                and not field.readonly
                and row.get(name, "x") in (None, "")
            ):
                raise ValidationError({name: _("This cell must not be empty.")})

    def save_instance(self, instance: Any, is_create: bool, row: dict, **kwargs: Any) -> None:
        """As the library does, with the event; a dry run writes both and rolls both back."""
        before = {} if is_create else self._plain(type(instance).objects.get(pk=instance.pk))
        if not is_create:
            instance.version += 1
        super().save_instance(instance, is_create, row, **kwargs)
        after = self._plain(instance)
        changed = {name: after[name] for name in after if before.get(name) != after[name]}
        told = {name: before[name] for name in changed if name in before}
        audit.record(
            "import",
            instance,
            by=kwargs.get("user"),
            now=timezone.now(),
            before=told,
            after=changed,
        )

    def _plain(self, instance: Any) -> dict[str, Any]:
        names = [
            field.attname
            for field in instance._meta.concrete_fields
            if field.name not in ("id", "version", "path", "branch")
        ]
        return {name: getattr(instance, name) for name in names}


def context_of(told: Mapping[str, Any]) -> IntakeContext:
    """Who imports, now; what the library tells of it."""
    now = timezone.now()
    return IntakeContext(told.get("user"), now, timezone.localdate(now))


def ids_in(texts: Iterable[Any]) -> set[int]:
    """The ids among these cells."""
    return {number for text in texts if (number := whole_number(text)) is not None}
