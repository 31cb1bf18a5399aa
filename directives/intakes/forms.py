"""Forms to import a file: the file, what it belongs to, and which column holds what."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.numbers import whole_number
from directives.base.states import WORKING
from directives.base.wording import localized
from directives.documents.commands.registering import possible_owners
from directives.models import Cycle, Document, Organisation, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.tables.fields import TableKind

CHOOSE = gettext_lazy("– choose –")
CYCLE_LIMIT = 100  # newest cycles to choose from
OWNS = gettext_lazy(
    "The document belongs to it: its supervisors, and those above it, correct the reading and "
    "assign directives."
)
ASSIGN = gettext_lazy(
    "Each directive goes to the organisations that its row names and you supervise, with its due "
    "date; measures go into the draft plan of the one that leads. You see every row first."
)
LETTER = re.compile(r"field-([A-Z]{1,3})")
NAME = re.compile(r"name-(\d{1,4})")


class DocumentField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, document: Document) -> str:
        return f"《{localized(document, 'title')}》"


class CycleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, cycle: Cycle) -> str:
        return f"{cycle.name} · 《{localized(cycle.document, 'title')}》"


class BodyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, body: Organisation) -> str:
        return f"{body.code} {localized(body, 'name')}"


class CodeField(forms.CharField):
    """A body by its code, where there are too many to list."""

    def __init__(self, user: User) -> None:
        super().__init__(
            label=gettext_lazy("Organisation"),
            max_length=40,
            help_text=gettext_lazy("The organisation code, such as Q01."),
        )
        self.user = user

    def clean(self, value: Any) -> Organisation:
        code = super().clean(value).strip()
        body: Organisation | None = (
            Organisation.objects.visible_to(self.user).filter(code=code).first()
        )
        if body is None:
            raise ValidationError(
                _("No organisation you can see has the code “%(code)s”.") % {"code": code}
            )
        return body


class IntakeForm(forms.Form):
    """The file, and what its table belongs to."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        allow_empty_file=True,  # `starting` says what an empty file lacks
        help_text=gettext_lazy(
            "An Excel workbook (.xlsx) or a text table (.csv), at most 20 MB. Nothing is changed "
            "until you confirm."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv"}),
    )

    def __init__(self, kind: TableKind, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for need in kind.needs:
            if need == "document" and "cycle" in kind.needs:
                continue  # the cycle says which
            if need == "owner" and len(possible_owners(user)) < 2:
                continue  # there is no choice
            owned = need == "document" and kind.owned
            field = _documents(user, owned=True) if owned else PLACE_FIELDS[need](user)
            self.fields[need] = field
            queryset = getattr(field, "queryset", None)
            if queryset is not None and need not in self.initial:
                options = list(queryset[:2])
                if options and (
                    len(options) == 1 or need == "cycle"
                ):  # the only one, or the newest cycle
                    self.initial[need] = options[0].pk
        if kind.assigns:
            self.initial["assign"] = self.initial.get("assign") != "0"
            self.fields["assign"] = forms.BooleanField(
                label=gettext_lazy("Assign to the named organisations now"),
                required=False,
                help_text=ASSIGN,
            )
        self.order_fields([*kind.needs, "file"])

    @property
    def place(self) -> dict[str, int]:
        """The ids of the chosen objects, by `TableKind.needs`."""
        place = {
            need: self.cleaned_data[need].pk
            for need in self.kind.needs
            if need in self.cleaned_data
        }
        if self.kind.assigns:
            place["assign"] = int(self.cleaned_data["assign"])
        if "cycle" in place:
            place["document"] = self.cleaned_data["cycle"].document_id
        return place


def _documents(user: User, *, owned: bool = False) -> forms.Field:
    heavy = (name.removeprefix("document__") for name in HEAVY_OF_DOCUMENT)
    rows = Document.objects.visible_to(user).defer(*heavy).order_by("-pk")
    if owned:
        rows = rows.owned_by(user)
    return DocumentField(rows, label=gettext_lazy("Document"), empty_label=CHOOSE)


def _cycles(user: User) -> forms.Field:
    newest = Cycle.objects.visible_to(user).order_by("-due_on", "-pk").values("pk")[:CYCLE_LIMIT]
    rows = (
        Cycle.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))
        .select_related("document")
        .defer(*HEAVY_OF_DOCUMENT)
    )
    return CycleField(
        rows.order_by("-due_on", "-pk"), label=gettext_lazy("Reporting cycle"), empty_label=CHOOSE
    )


def _bodies(user: User) -> forms.Field:
    body_ids = [*user.bodies_as(*WORKING)]
    if not body_ids:
        return CodeField(user)
    return BodyField(
        Organisation.objects.filter(pk__in=body_ids).order_by("path"),
        label=gettext_lazy("Organisation"),
        empty_label=CHOOSE,
    )


def owner_field(user: User) -> BodyField:
    """A field for the organisation to which a new document belongs."""
    rows = Organisation.objects.filter(pk__in=[body.pk for body in possible_owners(user)]).order_by(
        "path"
    )
    return BodyField(
        rows, label=gettext_lazy("Registering organisation"), help_text=OWNS, empty_label=CHOOSE
    )


PLACE_FIELDS = {
    "document": _documents,
    "cycle": _cycles,
    "organisation": _bodies,
    "owner": owner_field,
}


def submitted_columns(data: Mapping[str, str]) -> dict[str, str]:
    """The chosen field of each column by its letter, without empty ones."""
    matches = ((LETTER.fullmatch(name), field) for name, field in data.items())
    return {match[1]: field[:60] for match, field in matches if match and field}


def submitted_answers(data: Mapping[str, str]) -> dict[str, str]:
    """What the names of the table mean, by name, without those that were left open."""
    places = (match[1] for key in data if (match := NAME.fullmatch(key)))
    pairs = ((data[f"name-{place}"][:100], data.get(f"means-{place}", "")) for place in places)
    return {name: answer[:500] for name, answer in pairs if answer.strip()}


def requested_place(kind: TableKind, user: User, data: Mapping[str, str]) -> dict[str, int]:
    """The ids of a query string that the user may see, by `TableKind.needs`."""
    place: dict[str, int] = {}
    for need in kind.needs:
        pk = whole_number(data.get(need, ""))
        if pk is not None and PLACE_MODELS[need].objects.visible_to(user).filter(pk=pk).exists():
            place[need] = pk
    return place


PLACE_MODELS: dict[str, type[Cycle] | type[Document] | type[Organisation]] = {
    "document": Document,
    "cycle": Cycle,
    "organisation": Organisation,
    "owner": Organisation,
}
