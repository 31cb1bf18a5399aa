"""The base of the resources of the admin's import-export."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

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
from directives.models import User
from directives.tables.cells import CellReader, value_reader
from directives.tables.comparing import json_value
from directives.tables.faults import Wrong
from directives.tables.fields import IntakeContext, TableKind
from directives.tallies import counted

# Labels of columns without a field of the model.
UNNAMED = {
    "id": gettext_lazy("record ID"),
    "code": gettext_lazy("directive code"),
    "part": gettext_lazy("Annex or plan"),
    "addressees": gettext_lazy("Addressees"),
}
STYLE = re.compile(r'<(ins|del) style="background:#[0-9a-f]{6};">')


def heading_of(model: type[Model], name: str) -> str:
    """The label of a column with its name in the file, such as 上级单位 (parent)."""
    fields_by_name = {field.name: field for field in model._meta.get_fields()}
    field = fields_by_name.get(name) or fields_by_name.get(
        name.removesuffix("_hans").removesuffix("_id")
    )
    label = str(getattr(field, "verbose_name", ""))
    if field is None or getattr(field, "primary_key", False) or not label:
        label = str(UNNAMED.get(name, name))
    elif field.related_model is not None and label == field.name:
        label = str(field.related_model._meta.verbose_name)
    return f"{label} ({name})" if label != name.replace("_", " ") else name


class Marked(Diff):
    """The changes of a row, without inline styles, which the content security policy forbids."""

    def as_html(self) -> list[SafeString]:
        return [
            mark_safe(STYLE.sub(r"<\1>", html))  # noqa: S308 - escaped by the library
            for html in super().as_html()
        ]


class SafeResource(resources.ModelResource):
    """Imports all rows or none, with an audit event for each row."""

    kind: TableKind | None = None  # whose fields say how cells are read

    @classmethod
    def get_diff_class(cls) -> type[Diff]:
        return Marked

    def get_diff_headers(self) -> list[str]:
        return [heading_of(self._meta.model, name) for name in super().get_diff_headers()]

    def import_data(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Any:
        """Import in one transaction; tallies are written at its end, to lock them briefly."""
        with counted():
            return super().import_data(dataset, *args, **kwargs)

    def handle_import_error(
        self, result: Any, error: Exception, raise_errors: bool = False
    ) -> None:
        """End the import if the disk is full or the database lost; the library would go on."""
        if outage_of(error) is not None:
            raise error
        super().handle_import_error(result, error, raise_errors)

    def import_row(self, row: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        result = super().import_row(row, *args, **kwargs)
        for fault in result.errors:
            # SQLite has rolled the transaction back: the next row would be committed alone.
            if outage_of(fault.error) is not None:
                raise fault.error
        return result

    @cached_property
    def readers(self) -> dict[str, CellReader]:
        """Readers of dates and choices, by column."""
        fields = self.kind.fields(context_of({})) if self.kind else ()
        return {
            field.name: value_reader(field)
            for field in fields
            if not field.read_only and field.type in ("date", "choice")
        }

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Convert dates and choices to what the library reads; it reports invalid ones."""
        for name in self.readers.keys() & row.keys():
            value = self.readers[name](row[name])
            if not isinstance(value, Wrong):
                row[name] = json_value(value) or ""
        self._demand_values(row)

    def _demand_values(self, row: Mapping[str, Any]) -> None:
        """Raise ValidationError for an empty cell whose column may not be NULL or blank."""
        columns = {
            column.name: column
            for column in self._meta.model._meta.concrete_fields
            if not (column.null or column.blank)
        }
        for name, field in self.fields.items():
            column = columns.get(field.attribute)
            if column is None or column.is_relation or field.readonly:
                continue
            if row.get(name, "x") in (None, ""):
                raise ValidationError({name: _("This cell must not be empty.")})

    def save_instance(
        self, instance: Any, is_create: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        """Save the object and write the event; a dry run rolls both back."""
        before = {} if is_create else self._plain(type(instance).objects.get(pk=instance.pk))
        if not is_create:
            instance.version += 1
        super().save_instance(instance, is_create, row, **kwargs)
        after = self._plain(instance)
        changes = {name: after[name] for name in after if before.get(name) != after[name]}
        old_values = {name: before[name] for name in changes if name in before}
        audit.record(
            "import",
            instance,
            by=kwargs.get("user"),
            now=timezone.now(),
            before=old_values,
            after=changes,
        )

    def _plain(self, instance: Any) -> dict[str, Any]:
        names = [
            field.attname
            for field in instance._meta.concrete_fields
            if field.name not in ("id", "version", "path", "branch")
        ]
        return {name: getattr(instance, name) for name in names}


def context_of(options: Mapping[str, Any]) -> IntakeContext:
    """The context of an import with these options of the library."""
    now, user = timezone.now(), options.get("user")
    return IntakeContext(cast(User, user), now, timezone.localdate(now))


def ids_in(texts: Iterable[Any]) -> set[int]:
    return {number for text in texts if (number := whole_number(text)) is not None}
