"""The admin's pages of import and export: their formats, their columns, and where a table waits for its confirmation."""

from typing import Any

from django.forms import Form
from import_export.admin import ImportExportModelAdmin
from import_export.forms import SelectableFieldsExportForm
from import_export.tmp_storages import MediaStorage

from directives.intake.formats import FORMATS
from directives.outages import outage_of


class ColumnsForm(SelectableFieldsExportForm):
    """The columns of an export, each by its word beside its name in the file."""

    def _get_field_label(self, resource: Any, field_name: str) -> str:
        known = {field.name: field for field in resource._meta.model._meta.get_fields()}
        word = str(getattr(known.get(field_name), "verbose_name", ""))
        return f"{word} ({field_name})" if word and word != field_name.replace("_", " ") else field_name


class TableAdmin(ImportExportModelAdmin):
    """Takes and gives tables in the two formats that are read and written safely, and in no other."""

    import_formats = export_formats = FORMATS
    export_form_class = ColumnsForm
    tmp_storage_class = MediaStorage  # beside all other files: whoever confirms an upload may reach another node

    def add_data_read_fail_error_to_form(self, form: Form, e: Exception) -> None:
        """A file that cannot be read is a fault of the form; a full disk or a lost database is not."""
        if outage_of(e) is not None:
            raise e
        super().add_data_read_fail_error_to_form(form, e)
