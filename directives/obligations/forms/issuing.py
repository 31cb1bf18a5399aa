"""The forms of the steps of an issue, and its draft in the session."""

import hashlib
import json
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.base.states import DELIVERABLES, PARTS, RESPONSIBLE
from directives.base.wording import localized
from directives.models import Document, Organisation
from directives.models.organisations import KINDS, LEVELS
from directives.obligations.commands.choosing import BodyGroup, Choice
from directives.obligations.commands.issuing import Terms
from directives.obligations.forms.obligations import DayInput

FIRST = "first"  # choice: the first body listed leads
MAX_GROUPS = 100  # groups of bodies in one issue
MAX_NAMED_LEADS = 200  # with more bodies, no list of possible leads is offered


@dataclass(frozen=True, slots=True)
class Draft:
    """An unfinished issue, stored in the session so that going back loses nothing.

    `terms` are the fields of the second step as typed.
    """

    choice: Choice = Choice()
    terms: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def key(document: Document) -> str:
        return f"issue-{document.pk}"

    @classmethod
    def of(cls, session: Mapping[str, Any], document: Document) -> "Draft":
        values = session.get(cls.key(document), {})
        return cls(Choice.from_json(values), values.get("terms", {}))

    def store(self, session: MutableMapping[str, Any], document: Document) -> None:
        session[self.key(document)] = self.choice.to_json() | {"terms": dict(self.terms)}

    def with_query(self, query: Any) -> "Draft":
        """Return the draft with the selection of the query string (?directive=…&body=…) added."""
        return self.with_choice(
            directives=self.directives | _ids(query.getlist("directive")),
            bodies=self.bodies | _ids(query.getlist("body")),
        )

    def with_choice(self, **changes: Any) -> "Draft":
        """Return the draft with these fields of its choice replaced."""
        return replace(self, choice=replace(self.choice, **changes))

    @property
    def directives(self) -> frozenset[int]:
        return self.choice.directives

    @property
    def bodies(self) -> frozenset[int]:
        return self.choice.bodies

    @property
    def groups(self) -> tuple[BodyGroup, ...]:
        return self.choice.groups

    @property
    def addressed(self) -> bool:
        return self.choice.addressed

    @property
    def digest(self) -> str:
        """A hash of the whole draft, to check that what is confirmed was previewed."""
        content = [self.choice.to_json(), sorted(self.terms.items())]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _ids(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(pk for text in texts if (pk := whole_number(text)) is not None)


class Ids(forms.Field):
    """Selected ids of a long list. The command checks which of them may be chosen."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> frozenset[int]:
        return _ids(value or ())


class BodyGroups(forms.Field):
    """Selected groups of bodies, by their keys."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> tuple[BodyGroup, ...]:
        groups = (BodyGroup.of(key) for key in (value or ())[:MAX_GROUPS])
        return tuple(dict.fromkeys(group for group in groups if group))


class ChoiceForm(forms.Form):
    """The first step: the selection, and conditions by which to add to it."""

    directive = Ids(required=False)
    body = Ids(required=False)
    pick = BodyGroups(required=False)
    addressed = forms.BooleanField(required=False)
    directive_kind = forms.CharField(required=False, max_length=20)
    kind = forms.ChoiceField(
        label=_("Kind of organisation"), required=False, choices=[("", _("Any")), *KINDS]
    )
    level = forms.ChoiceField(label=_("Level"), required=False, choices=[("", _("Any")), *LEVELS])
    below = forms.IntegerField(label=_("Parent"), min_value=1, max_value=LARGEST, required=False)
    q = forms.CharField(label=_("Name or code"), required=False, max_length=60)


class CommonTermsForm(forms.Form):
    """The terms that an issue has for all that it assigns: deliverable and days."""

    deliverable = forms.ChoiceField(
        label=_("Deliverable"), required=False, choices=DELIVERABLES, widget=forms.RadioSelect
    )
    plan_due_on = forms.DateField(
        label=_("Deliverable due on"),
        required=False,
        widget=DayInput,
        help_text=_("The date by which the plan or measures must be submitted."),
    )
    starts_on = forms.DateField(
        label=_("Work starts on"),
        required=False,
        widget=DayInput,
        help_text=_("Empty means today. Before that date the light is grey."),
    )
    due_on = forms.DateField(label=_("Complete by"), required=False, widget=DayInput)


class TermsForm(CommonTermsForm):
    """The second step: part, who leads, deliverable and days."""

    part = forms.ChoiceField(
        label=_("Responsibility"), choices=PARTS, initial=RESPONSIBLE, widget=forms.RadioSelect
    )
    lead = forms.ChoiceField(label=_("Lead"), required=False)

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        bodies: tuple[Organisation, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.bodies = {str(body.pk): body for body in bodies}
        lead_choices = []
        if len(bodies) <= MAX_NAMED_LEADS:
            lead_choices = [(pk, localized(body, "name")) for pk, body in self.bodies.items()]
        lead = self.fields["lead"]
        assert isinstance(lead, forms.ChoiceField)
        lead.choices = [
            ("", _("Not specified")),
            (FIRST, _("The first organisation listed")),
            *lead_choices,
        ]

    def as_typed(self) -> dict[str, str]:
        """The fields as they were sent, for the draft."""
        return {name: self.data.get(name, "") for name in self.fields}

    @property
    def terms(self) -> Terms:
        """The terms of a valid form."""
        cleaned = self.cleaned_data
        return Terms(
            part=cleaned["part"],
            deliverable=cleaned["deliverable"],
            starts_on=cleaned["starts_on"],
            plan_due_on=cleaned["plan_due_on"],
            due_on=cleaned["due_on"],
            lead=self.bodies.get(cleaned["lead"]),
            first_leads=cleaned["lead"] == FIRST,
        )
