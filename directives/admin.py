"""The models of Django's admin.

Workflow fields are read-only here: only `transitions.move` changes a state. Every save writes an
audit event.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import ModelForm, TypedChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.administration.accounts import (
    MembershipAdmin,
    PendingRightAdmin,
    PersonAdmin,
    RefusalMessages,
)
from directives.administration.base import (
    AuditedAdmin,
    BoundedAdmin,
    ByAction,
    BySubject,
    ReadOnlyAdmin,
    TitledFilter,
    VersionedFields,
    column_of,
)
from directives.administration.merging import MergingAdmin
from directives.administration.table_admin import TableAdmin
from directives.base.states import CLOSED, EDITABLE, OPEN
from directives.base.wording import EMPTY, join_words
from directives.core.closed import closed_measures
from directives.core.relighting import relight_all
from directives.core.transitions import change_obligations
from directives.intakes.resources import (
    BodyAliasResource,
    DirectiveResource,
    MeasureResource,
    ObligationResource,
    OrganisationResource,
)
from directives.models import (
    BodyAlias,
    BodyClass,
    CalendarDay,
    Directive,
    Document,
    Event,
    Indicator,
    Measure,
    Membership,
    Obligation,
    Organisation,
    PendingRight,
    Seal,
    User,
)
from directives.models.body_names import CLASS_LEVELS
from directives.models.documents import CADENCES
from directives.models.organisations import KINDS
from directives.obligations.forms.obligations import TermsForm
from directives.organisations import commands as organising
from directives.organisations.forms import AliasForm, BodyForm, ClassForm
from directives.record.queries.events import SUBJECTS
from directives.record.queries.timeline import WORDS
from directives.web.requests import signed_in

admin.site.register(User, PersonAdmin)
admin.site.register(Membership, MembershipAdmin)
admin.site.register(PendingRight, PendingRightAdmin)


@admin.register(Indicator)
class IndicatorAdmin(ReadOnlyAdmin):
    reporters, document, ended = (
        column_of("organisation", _("Reporting organisations")),
        column_of("document", _("Document")),
        column_of("ended_at", _("Stopped on")),
    )
    list_display = ("code", "name_hans", "unit", "cadence", "aggregation", document, ended)
    fields = (
        "code",
        document,
        reporters,
        "name_hans",
        "name_hant",
        "unit",
        "meaning",
        "aggregation",
        "cadence",
        "places",
        ended,
    )
    list_select_related = ("document",)


@admin.register(Organisation)
class OrganisationAdmin(VersionedFields, RefusalMessages, AuditedAdmin, MergingAdmin, TableAdmin):
    resource_classes = [OrganisationResource]
    import_makes_rows = True
    list_display = (
        "code",
        "name_hans",
        "name_hant",
        "level",
        "kind",
        "parent",
        "valid_from",
        "valid_to",
    )
    list_filter = ("level", "kind")
    search_fields = ("code", "name_hans", "name_hant", "full_name")
    autocomplete_fields = ("parent", "successor")
    list_select_related = ("parent",)
    form = BodyForm

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Bodies are ended or merged, never deleted: their work stays on record."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Organisation, form: ModelForm, change: bool
    ) -> None:
        """A body with a new parent moves with its subtree and its tallies."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        request = signed_in(request)
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name != "seen"}
        moved = organising.change_body(
            obj, changes, version=form.cleaned_data["seen"], by=request.user, now=request.now
        )
        if moved is not None:
            text = _("Moved, with %(bodies)s organisations and %(obligations)s obligations below.")
            counts = {"bodies": moved.bodies, "obligations": moved.obligations}
            self.message_user(request, text % counts)


@admin.register(BodyAlias)
class BodyAliasAdmin(VersionedFields, RefusalMessages, AuditedAdmin, TableAdmin):
    """What names mean; stored by the command that answers on pages use too."""

    resource_classes = [BodyAliasResource]
    import_makes_rows = True
    form = AliasForm
    list_display = ("name", "owner", "meant")
    search_fields = ("name", "bodies__name_hans")
    autocomplete_fields = ("owner", "bodies")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BodyAlias]:
        return super().get_queryset(request).prefetch_related("bodies")

    @admin.display(description=_("Organisations meant"))
    def meant(self, alias: BodyAlias) -> str:
        return join_words(body.name_hans for body in alias.bodies.all())

    def save_model(
        self, request: HttpRequest, obj: BodyAlias, form: ModelForm, change: bool
    ) -> None:
        """Stored in `save_related`, with its bodies."""

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool
    ) -> None:
        request, bodies = signed_in(request), list(form.cleaned_data["bodies"])
        organising.save_alias(form.instance, bodies, by=request.user, now=request.now)


@admin.register(BodyClass)
class BodyClassAdmin(VersionedFields, AuditedAdmin):
    form = ClassForm
    list_display = ("name", "kind_names", "level_names", "word", "topmost")
    search_fields = ("name",)

    @admin.display(description=_("Kinds of organisations"))
    def kind_names(self, row: BodyClass) -> str:
        return join_words(str(dict(KINDS).get(kind, kind)) for kind in row.kinds) or EMPTY

    @admin.display(description=_("Levels"))
    def level_names(self, row: BodyClass) -> str:
        return join_words(str(dict(CLASS_LEVELS).get(key, key)) for key in row.levels) or EMPTY


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    script, at = (
        column_of("script", _("Script of the document"), {"hans": "简体", "hant": "繁體"}),
        column_of("registered_at", _("Registered on")),
    )
    list_display = ("title", "issuer", script, at, "fictional")
    fields = (
        "title",
        "number",
        "issuer",
        "issued_on",
        "recipients",
        "annexes",
        script,
        column_of("source_name", _("Name of the file")),
        column_of("sha256", "SHA-256"),
        at,
        column_of("registered_by", _("Registered by")),
        "fictional",
    )


@admin.register(Directive)
class DirectiveAdmin(AuditedAdmin, TableAdmin):
    resource_classes = [DirectiveResource]
    document, words = (
        column_of("document", _("Document")),
        column_of("text_hans", _("Document text")),
    )
    list_display = (
        "code",
        document,
        words,
        "kind",
        "modality",
        column_of("cadence", pgettext_lazy("directive", "Frequency"), dict(CADENCES)),
    )
    list_filter = (("document", TitledFilter), "kind", "modality")
    search_fields = ("code", "search_key")
    list_select_related = ("document", "section")
    section = column_of("section", _("Section"))
    as_read = column_of("text_as_read", _("Text as read"))
    _deadline = ("due_words", "due_on", "due_every")
    fields = (
        *(document, section, "code", "text", as_read, "statement", "kind", "modality", "cadence"),
        *(*_deadline, "heading", "dropped"),
    )
    readonly_fields = (document, section, "code", "text", as_read, *_deadline, "heading", "dropped")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the cadences that the pages know."""
        if db_field.name == "cadence":
            return TypedChoiceField(
                label=db_field.verbose_name,
                choices=(("", "—"), *CADENCES),
                required=False,
                empty_value="",
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Obligation)
class ObligationAdmin(BoundedAdmin, TableAdmin):
    form = TermsForm
    resource_classes = [ObligationResource]
    ordering = ("pk",)
    list_display = (
        "directive",
        "organisation",
        "part",
        "deliverable",
        "state",
        "light",
        "percent",
        "due_on",
    )
    list_filter = (("document", TitledFilter), "state", "light", "part", "deliverable")
    search_fields = ("directive__code", "organisation__name_hans", "organisation__code")
    list_select_related = ("directive", "organisation")
    document = column_of("document", _("Document"))
    terms = ("part", "deliverable", "leader", "contact", "note")
    readonly_fields = (
        document,
        "directive",
        "organisation",
        "state",
        "percent",
        "light",
        "issued_on",
        "starts_on",
        "acknowledge_by",
        "plan_due_on",
        "report_due_on",
        "due_on",
        "reply_due_on",
        "original_due_on",
        "extensions_granted",
        "closed_on",
        "reason",
    )
    fields = (document, "directive", "organisation", *terms, *readonly_fields[3:])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Obligation | None = None) -> bool:
        """The terms of closed and withdrawn obligations cannot be changed."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state in OPEN)

    def save_model(
        self, request: HttpRequest, obj: Obligation, form: ModelForm, change: bool
    ) -> None:
        """Write new terms by the command, which updates light, tallies and audit log."""
        request = signed_in(request)
        stored = Obligation.objects.select_related("organisation").get(pk=obj.pk)
        terms = {name: form.cleaned_data[name] for name in form.changed_data if name in self.terms}
        change_obligations([stored], terms, action="change", by=request.user, now=request.now)


class MeasureForm(ModelForm):
    def clean_obligations(self) -> Any:
        """A measure serves only obligations of its plan's document and organisation."""
        chosen, plan = self.cleaned_data["obligations"], self.instance.plan
        changed = set(chosen) ^ set(self.instance.obligations.all())
        if any(row.state == CLOSED for row in changed):
            raise ValidationError(
                _("A closed directive is served by the measures that it had. It can be reopened.")
            )
        if chosen.exclude(organisation=plan.organisation_id, document=plan.document_id).exists():
            raise ValidationError(
                _("A measure serves directives that this document assigns to this organisation.")
            )
        return chosen


@admin.register(Measure)
class MeasureAdmin(AuditedAdmin, TableAdmin):
    resource_classes = [MeasureResource]
    plan = column_of("plan", _("Plan"))
    list_display = (plan, "number", "text", "responsible", "due_on", "done_on")
    search_fields = ("text", "responsible", "plan__title")
    list_select_related = ("plan",)
    raw_id_fields = ("obligations",)
    readonly_fields = (plan,)
    fields = (plan, "number", "text", "responsible", "due_on", "result", "done_on", "obligations")
    form = MeasureForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Measure | None = None) -> bool:
        """A measure of a plan that was handed in cannot be changed."""
        return super().has_change_permission(request, obj) and (
            obj is None or (obj.plan.state in EDITABLE and not closed_measures([obj.pk]))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Measure | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None
            or (obj.plan.state in EDITABLE and not obj.obligations.filter(state=CLOSED).exists())
        )


@admin.register(CalendarDay)
class CalendarDayAdmin(AuditedAdmin):
    """Days of the working calendar. Each change updates all lights."""

    list_display = ("day", "working", "name")
    ordering = ("-day",)
    list_filter = ("working",)
    date_hierarchy = "day"

    def save_model(
        self, request: HttpRequest, obj: CalendarDay, form: ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        request = signed_in(request)
        relight_all(by=request.user, now=request.now)

    def delete_model(self, request: HttpRequest, obj: CalendarDay) -> None:
        super().delete_model(request, obj)
        request = signed_in(request)
        relight_all(by=request.user, now=request.now)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    at, kind, row = (
        column_of("at", _("Time")),
        column_of("subject_type", _("Object"), SUBJECTS),
        column_of("subject_id", _("Record ID")),
    )
    action = column_of("action", _("action"), WORDS)
    list_display = fields = (at, "by", action, kind, row, "organisation", "address", "request")
    list_filter = (ByAction, BySubject)
    list_select_related = ("by", "organisation")


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    at, count, digest = (
        column_of("at", _("Time")),
        column_of("count", _("Events covered")),
        column_of("hash", _("Checksum")),
    )
    list_display = ("id", at, count, digest)
    fields = (
        at,
        column_of("ranges", _("Numbers of the events")),
        count,
        column_of("rows_hash", _("Checksum of the events")),
        column_of("previous_hash", _("Previous checksum")),
        digest,
        column_of("number", _("Check number")),
        column_of("total", _("Total events verified")),
        column_of("root", _("Root checksum of all events")),
        column_of("key", _("Signing key")),
        column_of("next_key", _("Next public key")),
        column_of("signature", _("Signature")),
    )
