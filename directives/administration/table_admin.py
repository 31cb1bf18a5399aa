"""Import and export of tables in the admin: formats, columns, and files between requests."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ImportExportModelAdmin
from import_export.forms import SelectableFieldsExportForm
from import_export.tmp_storages import MediaStorage

from directives.base.outages import outage_of
from directives.base.stored_files import deleted_on_failure, note_stored
from directives.core import audit
from directives.intakes.safe_resource import heading_of
from directives.tables.admin_formats import FORMATS
from directives.web.requests import signed_in


class ColumnsForm(SelectableFieldsExportForm):
    """The columns of an export, each with its label and its name in the file."""

    def _get_field_label(self, resource: Any, field_name: str) -> str:
        return heading_of(resource._meta.model, field_name)


class SharedUpload(MediaStorage):
    """Keeps an uploaded table until it is confirmed, in the shared storage of all nodes."""

    def save(self, data: bytes) -> None:
        super().save(data)
        note_stored(self._storage, self.get_full_path())


class TableAdmin(ImportExportModelAdmin):
    """Imports and exports tables in the safe formats only."""

    import_formats = export_formats = FORMATS
    export_form_class = ColumnsForm
    tmp_storage_class = SharedUpload
    import_makes_rows = False  # whether a table may add rows, or only change existing ones

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and (
            not self.import_makes_rows or self.has_add_permission(request)
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def import_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the uploaded file for its confirmation; delete it after a failure."""
        with deleted_on_failure():
            return super().import_action(request, *args, **kwargs)

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """With an invalid filter redirect to the list, which says so."""
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return HttpResponseRedirect(f"{reverse(name)}?{ERROR_FLAG}=1")

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: QuerySet, **kwargs: Any
    ) -> Any:
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        user, now = signed_in(request).user, signed_in(request).now
        facts = {"list": self.opts.model_name, "rows": queryset.count()}
        audit.record_taken("export", user, by=user, now=now, **facts)
        return data

    def add_data_read_fail_error_to_form(self, form: Form, e: Exception) -> None:
        """Show an unreadable file as an error of the form; raise a full disk or a lost database."""
        if outage_of(e) is not None:
            raise e
        super().add_data_read_fail_error_to_form(form, e)
