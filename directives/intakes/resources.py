"""The admin's import-export: small tables with the same checks and commands as the pages."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from import_export import fields
from import_export.widgets import DateWidget, ForeignKeyWidget, ManyToManyWidget
from tablib import Dataset

from directives.base import tree_lock
from directives.base.numbers import whole_number
from directives.base.refusals import Refusal
from directives.base.states import EDITABLE
from directives.base.wording import join_words
from directives.core import audit
from directives.core.transitions import change_obligations, lock_rows
from directives.documents.exports import addressees_in_words
from directives.documents.imports.directives import DIRECTIVES
from directives.intakes.admin_checks import (
    AdminDirectiveChecker,
    AdminObligationChecker,
    demand_no_faults,
    numbered_rows,
)
from directives.intakes.safe_resource import SafeResource, context_of, ids_in
from directives.models import BodyAlias, Directive, Measure, Obligation, Organisation, Plan
from directives.obligations.imports.obligations import OBLIGATIONS
from directives.organisations import commands as organising
from directives.organisations.imports.bodies import BODIES, BodyChecker
from directives.tallies import change_kind

NO_DIRECTIVE = gettext_noop(
    "No directive has the record ID %(id)s. Directives come from a document, not from a table."
)


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
        """Report every fault of the table with its row; the header is row 1."""
        tree_lock.hold_exclusively()
        try:
            organising.check_header(dataset.headers or [])
        except organising.RegisterFaults as faults:
            raise ValidationError([str(fault) for fault in faults.faults]) from faults
        context = context_of(kwargs)
        rows = [
            {"full_name" if name == "full_name_hans" else name: cell for name, cell in row.items()}
            for row in dataset.dict
        ]
        demand_no_faults(
            BodyChecker(context, frozenset(dataset.headers)),
            BODIES.fields(context),
            numbered_rows(rows),
        )

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Keep the stored level and kind where the cell is empty."""
        for name in ("level", "kind"):
            if name in row and not row[name]:
                del row[name]
        super().before_import_row(row, **kwargs)

    def import_row(self, row: dict[str, Any], instance_loader: Any, **kwargs: Any) -> Any:
        """Leave parents and successors, which may be further down, to `after_import`."""
        unlinked = dict(row) | {"parent": "", "successor": ""}
        stored = (
            Organisation.objects.filter(code=row.get("code", ""))
            .select_related("parent", "successor")
            .first()
        )
        if stored is not None:
            unlinked["parent"] = stored.parent.code if stored.parent else ""
            unlinked["successor"] = stored.successor.code if stored.successor else ""
        return super().import_row(unlinked, instance_loader, **kwargs)

    def save_instance(
        self, instance: Organisation, is_create: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        was = None
        if not is_create:
            was = Organisation.objects.values_list("kind", flat=True).get(pk=instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)
        if was is not None:
            change_kind(instance, kind=instance.kind, was=was)

    def after_import(self, dataset: Dataset, result: Any, **kwargs: Any) -> None:
        if not result.has_errors() and not result.has_validation_errors():
            organising.link_rows(
                organising.body_rows(dataset.dict, start=2),
                by=kwargs.get("user"),
                now=timezone.now(),
            )


class BodyAliasResource(SafeResource):
    """Names in documents, with codes of the organisations that they mean, by commas."""

    owner = fields.Field("owner", "owner", ForeignKeyWidget(Organisation, "code"))
    bodies = fields.Field(
        "bodies", "bodies", ManyToManyWidget(Organisation, separator=",", field="code")
    )

    class Meta:
        model = BodyAlias
        fields = ("name", "owner", "bodies")
        export_order = fields
        import_id_fields = ("name", "owner")
        use_transactions = True
        skip_unchanged = True

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Refuse codes that no organisation has, which the library would leave out."""
        super().before_import_row(row, **kwargs)
        codes = {code.strip() for code in str(row.get("bodies") or "").split(",")} - {""}
        known = set(Organisation.objects.filter(code__in=codes).values_list("code", flat=True))
        if missing := sorted(codes - known):
            raise ValidationError(
                _("No organisation has this code: %(codes)s") % {"codes": join_words(missing)}
            )
        if "bodies" in row and not codes:
            raise ValidationError({"bodies": _("This cell must not be empty.")})

    def save_m2m(self, instance: BodyAlias, row: dict[str, Any], **kwargs: Any) -> None:
        """Save the organisations and write the event of them."""
        before = self._codes(instance)
        super().save_m2m(instance, row, **kwargs)
        after = self._codes(instance)
        if before != after:
            audit.record(
                "import",
                instance,
                by=kwargs.get("user"),
                now=timezone.now(),
                before={"bodies": before},
                after={"bodies": after},
            )

    @staticmethod
    def _codes(alias: BodyAlias) -> list[str]:
        return list(alias.bodies.order_by("code").values_list("code", flat=True))


class DirectiveResource(SafeResource):
    """Corrects kind, modality and cadence; addressees and deadlines are corrected on the pages."""

    kind = DIRECTIVES
    document = fields.Field("document_id", "document_id", readonly=True)
    part = fields.Field("section__part__label", "part", readonly=True)
    addressees = fields.Field(None, "addressees", readonly=True)
    due_words = fields.Field("due_words", "due_words", readonly=True)
    due_on = fields.Field("due_on", "due_on", DateWidget(), readonly=True)
    due_every = fields.Field("due_every", "due_every", readonly=True)

    class Meta:
        model = Directive
        fields = (
            *("id", "document", "part", "code", "text", "modality", "kind", "cadence"),
            *("addressees", "due_words", "due_on", "due_every"),
        )
        export_order = fields
        import_id_fields = ("id",)
        use_transactions = True
        skip_unchanged = True

    def get_queryset(self) -> QuerySet[Directive]:
        rows: QuerySet[Directive] = super().get_queryset().select_related("section__part")
        return rows.prefetch_related("addressees")

    def dehydrate_addressees(self, directive: Directive) -> str:
        return addressees_in_words(directive)

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Check each document as the pages do."""
        context, ids = context_of(kwargs), {str(row.get("id") or "") for row in dataset.dict}
        directives = Directive.objects.in_bulk(ids_in(ids))
        documents: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for line, row in numbered_rows(dataset.dict):
            directive = directives.get(whole_number(row.get("id") or ""))
            if directive is not None:  # otherwise `before_import_row` fails
                values = {
                    name: row[name] for name in ("modality", "kind", "cadence") if name in row
                }
                documents.setdefault(directive.document_id, []).append(
                    (line, {**values, "code": directive.code})
                )
        for document, rows in documents.items():
            checker = AdminDirectiveChecker(
                replace(context, place={"document": document}), frozenset(dataset.headers)
            )
            demand_no_faults(checker, DIRECTIVES.fields(context), rows)

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        pk = whole_number(row.get("id") or 0)
        directive = None if pk is None else Directive.objects.filter(pk=pk).first()
        if directive is None:
            raise ValidationError(_(NO_DIRECTIVE) % {"id": row.get("id")})
        if (
            row.get("text", directive.text) != directive.text
            or row.get("code", directive.code) != directive.code
        ):
            raise ValidationError(
                _("%(code)s: the document’s text and codes cannot be changed here.")
                % {"code": directive.code}
            )


class ObligationResource(SafeResource):
    """Changes the terms of obligations through `change_obligations`.

    Workflow is read only, and so are days: a cell with another day is a fault.
    """

    kind = OBLIGATIONS

    directive = fields.Field("directive", "directive", ForeignKeyWidget(Directive, "id"))
    code = fields.Field("directive__code", "code", readonly=True)
    organisation = fields.Field(
        "organisation", "organisation", ForeignKeyWidget(Organisation, "code")
    )
    state = fields.Field("state", "state", readonly=True)
    light = fields.Field("light", "light", readonly=True)
    percent = fields.Field("percent", "percent", readonly=True)

    starts_on = fields.Field("starts_on", "starts_on", DateWidget(), readonly=True)
    plan_due_on = fields.Field("plan_due_on", "plan_due_on", DateWidget(), readonly=True)
    due_on = fields.Field("due_on", "due_on", DateWidget(), readonly=True)

    TERMS = ("part", "deliverable", "leader", "contact", "note")
    CHECKED = (*TERMS, "starts_on", "plan_due_on", "due_on")

    class Meta:
        model = Obligation
        fields = (
            "directive",
            "code",
            "organisation",
            "part",
            "deliverable",
            "leader",
            "contact",
            "note",
            "starts_on",
            "plan_due_on",
            "due_on",
            "state",
            "light",
            "percent",
        )
        export_order = fields
        import_id_fields = ("directive", "organisation")
        use_transactions = True
        skip_unchanged = True

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Lock the rows in the order in which all writers do."""
        ids = [str(row.get("directive") or "") for row in dataset.dict]
        codes = {str(row.get("organisation") or "") for row in dataset.dict}
        directives = ids_in(ids)
        lock_rows(Obligation.objects.filter(directive__in=directives, organisation__code__in=codes))
        self._check(dataset, kwargs)

    def _check(self, dataset: Dataset, options: Mapping[str, Any]) -> None:
        """Check the terms, document by document; `before_import_row` checks the directives."""
        context = context_of(options)
        ids = ids_in(row.get("directive") or "" for row in dataset.dict)
        directives = Directive.objects.only("code", "document_id").in_bulk(ids)
        documents: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for line, row in numbered_rows(dataset.dict):
            directive = directives.get(whole_number(row.get("directive") or ""))
            if directive is not None:
                values = {name: row[name] for name in self.CHECKED if name in row}
                key = {"clause": directive.code, "body": row.get("organisation")}
                documents.setdefault(directive.document_id, []).append((line, values | key))
        for document, rows in documents.items():
            checker = AdminObligationChecker(
                replace(context, place={"document": document}), frozenset(dataset.headers)
            )
            demand_no_faults(checker, OBLIGATIONS.fields(context), rows)

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        pk = whole_number(row.get("directive") or "")
        if pk is None or not Directive.objects.filter(pk=pk).exists():
            raise ValidationError(_(NO_DIRECTIVE) % {"id": row.get("directive") or "—"})

    def validate_instance(self, instance: Obligation, *args: Any, **kwargs: Any) -> None:
        """Refuse rows of directives that are not assigned, which is the work of supervisors."""
        if not instance.pk:
            names = {"clause": instance.directive.code, "body": instance.organisation.name_hans}
            text = _(
                "%(clause)s is not assigned to %(body)s. Supervisors assign it on the "
                "document’s page."
            )
            raise ValidationError(text % names)
        super().validate_instance(instance, *args, **kwargs)

    def save_instance(
        self, instance: Obligation, is_create: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        terms = {name: getattr(instance, name) for name in self.TERMS}
        stored = Obligation.objects.select_related("organisation").get(pk=instance.pk)
        try:
            change_obligations(
                [stored], terms, action="import", by=kwargs.get("user"), now=timezone.now()
            )
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal


class MeasureResource(SafeResource):
    plan = fields.Field("plan", "plan", ForeignKeyWidget(Plan, "id"))
    obligations = fields.Field(
        "obligations", "obligations", ManyToManyWidget(Obligation, separator=",", field="id")
    )

    class Meta:
        model = Measure
        fields = (
            "id",
            "plan",
            "number",
            "text",
            "responsible",
            "due_on",
            "result",
            "done_on",
            "obligations",
        )
        export_order = fields
        import_id_fields = ("id",)
        use_transactions = True
        skip_unchanged = True

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Lock the plans, so that none is submitted meanwhile."""
        ids = ids_in(row.get("id") or "" for row in dataset.dict)
        plans = ids_in(row.get("plan") or "" for row in dataset.dict)
        affected_plans = Q(pk__in=plans) | Q(
            pk__in=Measure.objects.filter(pk__in=ids).values("plan")
        )
        list(Plan.objects.select_for_update(of=("self",)).filter(affected_plans).order_by("pk"))

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Check that the plan is editable and the same, and that its body owes the obligations."""
        super().before_import_row(row, **kwargs)
        measure = None
        if row.get("id"):
            pk = whole_number(row["id"])
            measures = Measure.objects.select_related("plan")
            measure = None if pk is None else measures.filter(pk=pk).first()
            if measure is None:
                raise ValidationError(_("No measure has the record ID %(id)s.") % {"id": row["id"]})
        plan_pk = whole_number(row.get("plan") or 0)
        plan: Plan | None = None
        if measure is not None:
            plan = measure.plan
        elif plan_pk is not None:
            plan = Plan.objects.filter(pk=plan_pk).first()
        if plan is None:
            raise ValidationError(
                _("No plan has the record ID %(id)s.") % {"id": row.get("plan") or "—"}
            )
        if measure and str(row.get("plan", plan.pk)) != str(plan.pk):
            raise ValidationError(
                _("A measure cannot move to another plan: this one is in plan %(id)s.")
                % {"id": plan.pk}
            )
        if plan.state not in EDITABLE:
            raise ValidationError(
                _("This plan was submitted; its measures can no longer be changed.")
            )
        ids = {
            text.strip() for text in str(row.get("obligations") or "").split(",") if text.strip()
        }
        owed = Obligation.objects.filter(
            organisation=plan.organisation_id, document=plan.document_id
        )
        if owed.filter(pk__in=ids_in(ids)).count() != len(ids):
            raise ValidationError(
                _("A measure serves directives that this document assigns to this organisation.")
            )
