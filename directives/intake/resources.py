"""The admin's import-export: small tables, held to the checks of the kinds, written through the same commands as the pages."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from import_export import fields, resources
from import_export.resources import Diff
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget
from tablib import Dataset

from directives import audit, gate, organising
from directives.intake.cells import Reading, reading_of
from directives.intake.faults import Wrong
from directives.intake.fields import Asking, Kind
from directives.intake.holding import OfficeDirectives, OfficeObligations, demand, lines
from directives.intake.kinds.bodies import BODIES, BodyChecker
from directives.intake.kinds.comparing import plain
from directives.intake.kinds.directives import DIRECTIVES
from directives.intake.kinds.obligations import OBLIGATIONS
from directives.models import Directive, Measure, Obligation, Organisation, Plan
from directives.outages import outage_of
from directives.refusals import Refusal
from directives.states import EDITABLE
from directives.tallies import counted, recast
from directives.transitions import change_obligations, hold

STYLE = re.compile(r'<(ins|del) style="background:#[0-9a-f]{6};">')


class Marked(Diff):
    """What a row changes, without the styles that the library writes into it and the policy of the page's content forbids."""

    def as_html(self) -> list[SafeString]:
        return [mark_safe(STYLE.sub(r"<\1>", html)) for html in super().as_html()]  # noqa: S308 - escaped by the library


class SafeResource(resources.ModelResource):
    """Imports all rows or none, and writes the audit event of each row in its transaction. `formats` reads and writes the files."""

    @classmethod
    def get_diff_class(cls) -> type[Diff]:
        return Marked

    def import_data(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Any:
        """One transaction, and the counts written once, as its last act: row by row it would hold up everybody else's, or they it."""
        with counted():
            return super().import_data(dataset, *args, **kwargs)

    def handle_import_error(self, result: Any, error: Exception, raise_errors: bool = False) -> None:
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

    kind: Kind | None = None  # whose fields tell how cells are read

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """By the column: how the kind reads its cells, days and choices above all."""
        fields = self.kind.fields(asking_of({})) if self.kind else ()
        return {field.name: reading_of(field) for field in fields if not field.read_only and field.sort in ("date", "choice")}

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        """Days and choices as people write them become what the library's fields take; what cannot be read is told as a fault."""
        for name in self.readings.keys() & row.keys():
            value = self.readings[name](row[name])
            if not isinstance(value, Wrong):
                row[name] = plain(value) or ""

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


def asking_of(told: Mapping[str, Any]) -> Asking:
    """Who imports, now; what the library tells of it."""
    now = timezone.now()
    return Asking(told.get("user"), now, timezone.localdate(now))


class OrganisationResource(SafeResource):
    kind = BODIES
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
        except organising.Faults as faults:
            raise ValidationError([str(fault) for fault in faults.faults]) from faults
        asking = asking_of(kwargs)
        rows = [{"full_name" if name == "full_name_hans" else name: cell for name, cell in row.items()} for row in dataset.dict]
        demand(BodyChecker(asking, frozenset(dataset.headers)), BODIES.fields(asking), lines(rows))

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        """An empty cell leaves level and kind as they are: every body is of some."""
        super().before_import_row(row, **kwargs)
        for name in ("level", "kind"):
            if name in row and not row[name]:
                del row[name]

    def import_row(self, row: dict, instance_loader: Any, **kwargs: Any) -> Any:
        """Parents and successors may stand further down: they are tied when every row is in."""
        untied = dict(row) | {"parent": "", "successor": ""}
        known = Organisation.objects.filter(code=row.get("code", "")).select_related("parent", "successor").first()
        if known is not None:
            untied["parent"] = known.parent.code if known.parent else ""
            untied["successor"] = known.successor.code if known.successor else ""
        return super().import_row(untied, instance_loader, **kwargs)

    def save_instance(self, instance: Organisation, is_create: bool, row: dict, **kwargs: Any) -> None:
        was = None if is_create else Organisation.objects.values_list("kind", flat=True).get(pk=instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)
        if was is not None:
            recast(instance, kind=instance.kind, was=was)

    def after_import(self, dataset: Dataset, result: Any, **kwargs: Any) -> None:
        if not result.has_errors() and not result.has_validation_errors():
            organising.tie(organising.rows_of(dataset.dict, start=2), by=kwargs.get("user"), now=timezone.now())


class DirectiveResource(SafeResource):
    kind = DIRECTIVES
    document = fields.Field("document_id", "document_id", readonly=True)

    class Meta:
        model = Directive
        fields = ("id", "document", "code", "text", "modality", "kind", "cadence")
        export_order = fields
        import_id_fields = ("id",)
        use_transactions = True
        skip_unchanged = True

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """What the readings would become is held to the checks of the pages, document by document."""
        asking, ids = asking_of(kwargs), {str(row.get("id") or "") for row in dataset.dict}
        known = Directive.objects.in_bulk({int(text) for text in ids if text.isdecimal()})
        documents: dict[int, list] = {}
        for line, row in lines(dataset.dict):
            directive = known.get(int(row["id"])) if str(row.get("id") or "").isdecimal() else None
            if directive is not None:  # of others the row itself tells
                said = {name: row[name] for name in ("modality", "kind", "cadence") if name in row}
                documents.setdefault(directive.document_id, []).append((line, {**said, "code": directive.code}))
        for document, rows in documents.items():
            checker = OfficeDirectives(replace(asking, place={"document": document}), frozenset(dataset.headers))
            demand(checker, DIRECTIVES.fields(asking), rows)

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
    """What is assigned takes new terms through `change_obligations`. Workflow is read only."""

    kind = OBLIGATIONS

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
        self._check(dataset, kwargs)

    def _check(self, dataset: Dataset, told: Mapping[str, Any]) -> None:
        """Every fault of the terms, document by document; a row without a directive tells of it itself."""
        asking = replace(asking_of(told), by=None)
        ids = {int(text) for row in dataset.dict if (text := str(row.get("directive") or "")).isdecimal()}
        known, documents = Directive.objects.only("code", "document_id").in_bulk(ids), {}
        for line, row in lines(dataset.dict):
            text = str(row.get("directive") or "")
            directive = known.get(int(text)) if text.isdecimal() else None
            if directive is not None:
                said = {name: row[name] for name in self.TERMS if name in row}
                key = {"clause": directive.code, "body": row.get("organisation")}
                documents.setdefault(directive.document_id, []).append((line, said | key))
        for document, rows in documents.items():
            checker = OfficeObligations(replace(asking, place={"document": document}), frozenset(dataset.headers))
            demand(checker, OBLIGATIONS.fields(asking), rows)

    def validate_instance(self, instance: Obligation, *args: Any, **kwargs: Any) -> None:
        """Assigning is the work of supervisors, and has an author: a table changes what is assigned."""
        if not instance.pk:
            told = {"clause": instance.directive.code, "body": instance.organisation.name_hans}
            raise ValidationError(_("%(clause)s is not assigned to %(body)s: supervisors assign it, under its document.") % told)
        super().validate_instance(instance, *args, **kwargs)

    def save_instance(self, instance: Obligation, is_create: bool, row: dict, **kwargs: Any) -> None:
        wanted = {name: getattr(instance, name) for name in self.TERMS}
        stored = Obligation.objects.select_related("organisation").get(pk=instance.pk)
        try:
            change_obligations([stored], wanted, action="import", by=kwargs.get("user"), now=timezone.now())
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

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """No plan is handed in while its measures are changed."""
        ids = {int(text) for row in dataset.dict if (text := str(row.get("id") or "")).isdecimal()}
        plans = {int(text) for row in dataset.dict if (text := str(row.get("plan") or "")).isdecimal()}
        named = Q(pk__in=plans) | Q(pk__in=Measure.objects.filter(pk__in=ids).values("plan"))
        list(Plan.objects.select_for_update(of=("self",)).filter(named).order_by("pk"))

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        """A measure stays in its plan, which must be open to changes, and serves what its document gives to its body."""
        super().before_import_row(row, **kwargs)
        known = Measure.objects.select_related("plan").filter(pk=row["id"]).first() if row.get("id") else None
        if row.get("id") and known is None:
            raise ValidationError(_("No measure has the id %(id)s.") % {"id": row["id"]})
        plan = known.plan if known else Plan.objects.filter(pk=row.get("plan") or 0).first()
        if plan is None:
            raise ValidationError(_("No plan has the id %(id)s.") % {"id": row.get("plan") or "—"})
        if known and str(row.get("plan", plan.pk)) != str(plan.pk):
            raise ValidationError(_("A measure stays in its plan: this one is in the plan %(id)s.") % {"id": plan.pk})
        if plan.state not in EDITABLE:
            raise ValidationError(_("This plan was handed in: its measures stand as they are."))
        ids = {text.strip() for text in str(row.get("obligations") or "").split(",") if text.strip()}
        owed = Obligation.objects.filter(organisation=plan.organisation_id, document=plan.document_id)
        if not all(map(str.isdecimal, ids)) or owed.filter(pk__in=ids).count() != len(ids):
            raise ValidationError(_("A measure serves directives that this document gives to this body."))
