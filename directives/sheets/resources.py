"""The admin's import-export: small tables, checked as a whole, written through the same commands as the pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export import fields, resources
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget
from tablib import Dataset

from directives import audit, gate, issuing, organising
from directives.models import Directive, Measure, Obligation, Organisation, Plan
from directives.refusals import Refusal
from directives.sheets.out import guard, unguard
from directives.tallies import counted, recast
from directives.transitions import change_obligations, hold


class SafeResource(resources.ModelResource):
    """Exports no formula, imports all rows or none, and writes the audit event of each row in its transaction."""

    def import_data(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Any:
        """One transaction, and the counts written once, as its last act: row by row it would hold up everybody else's, or they it."""
        with counted():
            return super().import_data(dataset, *args, **kwargs)

    def export_field(self, field: fields.Field, instance: Any, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        return guard(value) if isinstance(value, str) else value

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        for name, value in row.items():
            if isinstance(value, str):
                row[name] = unguard(value)

    def save_instance(self, instance: Any, is_create: bool, row: dict, **kwargs: Any) -> None:
        """As the library does, with the event; a dry run writes both and rolls both back."""
        before = {} if is_create else self._plain(type(instance).objects.get(pk=instance.pk))
        if not is_create:
            instance.version += 1
        super().save_instance(instance, is_create, row, **kwargs)
        after = self._plain(instance)
        changed = {name: after[name] for name in after if before.get(name) != after[name]}
        told = {name: before[name] for name in changed if name in before}
        audit.record("import", instance, by=kwargs.get("user"), now=timezone.now(), before=told, after=changed)

    def _plain(self, instance: Any) -> dict[str, Any]:
        names = [field.attname for field in instance._meta.concrete_fields if field.name not in ("id", "version", "path", "branch")]
        return {name: getattr(instance, name) for name in names}


class OrganisationResource(SafeResource):
    parent = fields.Field("parent", "parent", ForeignKeyWidget(Organisation, "code"))
    successor = fields.Field("successor", "successor", ForeignKeyWidget(Organisation, "code"))
    full_name_hans = fields.Field("full_name", "full_name_hans")

    class Meta:
        model = Organisation
        fields = organising.COLUMNS
        export_order = organising.COLUMNS
        import_id_fields = ("code",)
        use_transactions = True
        skip_unchanged = True

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Every fault of the whole table at once, each with its row; the header is row 1."""
        gate.shut()
        try:
            organising.check_header(dataset.headers or [])
            organising.check(organising.rows_of(dataset.dict, start=2))
        except organising.Faults as faults:
            raise ValidationError([str(fault) for fault in faults.faults]) from faults

    def import_row(self, row: dict, instance_loader: Any, **kwargs: Any) -> Any:
        """Parents and successors may stand further down: they are tied when every row is in."""
        plain = dict(row) | {"parent": "", "successor": ""}
        known = Organisation.objects.filter(code=row.get("code", "")).select_related("parent", "successor").first()
        if known is not None:
            plain["parent"] = known.parent.code if known.parent else ""
            plain["successor"] = known.successor.code if known.successor else ""
        return super().import_row(plain, instance_loader, **kwargs)

    def save_instance(self, instance: Organisation, is_create: bool, row: dict, **kwargs: Any) -> None:
        was = None if is_create else Organisation.objects.values_list("kind", flat=True).get(pk=instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)
        if was is not None:
            recast(instance, kind=instance.kind, was=was)

    def after_import(self, dataset: Dataset, result: Any, **kwargs: Any) -> None:
        if not result.has_errors() and not result.has_validation_errors():
            organising.tie(organising.rows_of(dataset.dict, start=2), by=kwargs.get("user"), now=timezone.now())


class DirectiveResource(SafeResource):
    document = fields.Field("document_id", "document_id", readonly=True)

    class Meta:
        model = Directive
        fields = ("id", "document", "code", "text", "modality", "kind", "cadence")
        export_order = fields
        import_id_fields = ("id",)
        use_transactions = True
        skip_unchanged = True

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        known = Directive.objects.filter(pk=row.get("id") or 0).first()
        if known is None:
            raise ValidationError(
                _("No directive has the id %(id)s. Directives come from a document, not from a table.") % {"id": row.get("id")}
            )
        if row.get("text", known.text) != known.text or row.get("code", known.code) != known.code:
            raise ValidationError(_("%(code)s: the document's words and codes cannot be changed here.") % {"code": known.code})


class ObligationResource(SafeResource):
    """Existing rows take new terms through `change_obligations`; a new pair is issued. Workflow is read only."""

    directive = fields.Field("directive", "directive", ForeignKeyWidget(Directive, "id"))
    code = fields.Field("directive__code", "code", readonly=True)
    organisation = fields.Field("organisation", "organisation", ForeignKeyWidget(Organisation, "code"))
    state = fields.Field("state", "state", readonly=True)
    light = fields.Field("light", "light", readonly=True)
    percent = fields.Field("percent", "percent", readonly=True)

    TERMS = ("part", "deliverable", "leader", "contact", "note", "starts_on", "plan_due_on", "due_on")

    class Meta:
        model = Obligation
        fields = (
            "directive", "code", "organisation", "part", "deliverable", "leader", "contact", "note", "starts_on", "plan_due_on",
            "due_on", "state", "light", "percent",
        )  # fmt: skip
        export_order = fields
        import_id_fields = ("directive", "organisation")
        use_transactions = True
        skip_unchanged = True

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Take every row that exists at once, in the order in which all writers do."""
        ids = [str(row.get("directive") or "") for row in dataset.dict]
        codes = {str(row.get("organisation") or "") for row in dataset.dict}
        directives = {int(text) for text in ids if text.isdecimal()}
        hold(Obligation.objects.filter(directive__in=directives, organisation__code__in=codes))

    def validate_instance(self, instance: Obligation, *args: Any, **kwargs: Any) -> None:
        """A new row has no issue day yet: `issuing` sets it, and checks the rest."""
        if instance.pk:
            super().validate_instance(instance, *args, **kwargs)

    def save_instance(self, instance: Obligation, is_create: bool, row: dict, **kwargs: Any) -> None:
        wanted = {name: getattr(instance, name) for name in self.TERMS}
        now, by = timezone.now(), kwargs.get("user")
        try:
            if is_create:
                names = ("part", "deliverable", "starts_on", "plan_due_on", "due_on")
                terms = issuing.Terms(**{name: wanted[name] for name in names})
                made = issuing.issue(
                    document=instance.directive.document, directives=[instance.directive], organisations=[instance.organisation],
                    terms=terms, by=None, now=now,
                )  # fmt: skip
                instance.pk, stored = made[0].pk, made[0]
                wanted = {name: wanted[name] for name in ("leader", "contact", "note")}
            else:
                stored = Obligation.objects.select_related("organisation").get(pk=instance.pk)
            change_obligations([stored], wanted, action="import", by=by, now=now)
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal


class MeasureResource(SafeResource):
    plan = fields.Field("plan", "plan", ForeignKeyWidget(Plan, "id"))
    obligations = fields.Field("obligations", "obligations", ManyToManyWidget(Obligation, separator=",", field="id"))

    class Meta:
        model = Measure
        fields = ("id", "plan", "number", "text", "responsible", "due_on", "result", "done_on", "obligations")
        export_order = fields
        import_id_fields = ("id",)
        use_transactions = True
        skip_unchanged = True
