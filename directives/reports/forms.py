"""Forms of entries, signatures, verdicts and new cycles. They check input; commands write."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.base.refusals import Invalid
from directives.base.states import SUBMITTED
from directives.core.deciding import requesters
from directives.models import ReportEntry, User
from directives.models.reports import PERIODS
from directives.obligations.forms.obligations import DayInput
from directives.reports.commands.reviewing import Decision
from directives.reports.queries.cycles import NextCycle
from directives.reports.queries.entries import EntryTexts

WHOLE = _("The percentage is a whole number from 0 to 100.")


class LongText(forms.CharField):
    """Text of any length, with the line ends of one kind whatever the browser sends."""

    def __init__(self, *, max_length: int | None = None) -> None:
        super().__init__(required=False, widget=forms.Textarea, max_length=max_length)

    def to_python(self, value: str | None) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").strip()


class Percent(forms.IntegerField):
    """60, 60% or ６０％."""

    def to_python(self, value: str | None) -> int | None:
        text = unicodedata.normalize("NFKC", str(value or ""))
        return super().to_python(text.strip().rstrip("%"))


def demand_valid(form: forms.Form) -> None:
    """Raise Invalid with each fault by field."""
    if not form.is_valid():
        raise Invalid({name: [*map(str, texts)] for name, texts in form.errors.items()})


class EntryForm(forms.Form):
    """One entry of a report as it is typed."""

    progress = LongText()
    problems = LongText()
    next_steps = LongText()
    percent = Percent(required=False, error_messages={"invalid": WHOLE})
    unchanged = forms.BooleanField(required=False)
    unchanged_reason = forms.CharField(required=False, max_length=200)
    version = forms.IntegerField(min_value=1, max_value=LARGEST)

    def texts(self) -> EntryTexts:
        """What was typed, valid or not, to show it again."""
        texts: dict[str, Any] = {
            name: self.data.get(name, "") for name in EntryTexts.__dataclass_fields__
        }
        return EntryTexts(**texts | {"unchanged": "unchanged" in self.data})


class SignForm(forms.Form):
    """The manager signs entries that wait for it, or declines."""

    action = forms.ChoiceField(choices=[("sign", ""), ("decline", "")])
    reason = LongText(max_length=500)


class PlanVerdictForm(forms.Form):
    """A supervisor's verdict on a plan."""

    verdict = forms.ChoiceField(
        choices=[("accept", ""), ("return", "")],
        error_messages={"required": _("Choose accept or return.")},
    )
    reason = LongText(max_length=500)
    version = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)


def selected_entries(data: QueryDict) -> list[int] | None:
    """The ids of the entries that a form names; None, which means all, if it names none."""
    ids = [pk for text in data.getlist("entry") if (pk := whole_number(str(text))) is not None]
    return ids or None


def verdicts(
    data: Mapping[str, str], entries: Iterable[ReportEntry], *, by: User
) -> dict[int, Decision]:
    """The decisions of a reviewer by entry, from verdict-<id>, reason-<id> and version-<id>.

    `rest` accepts the entries that the form showed and left open, and no others.
    """
    decisions: dict[int, Decision] = {}
    for entry in entries:
        version = whole_number(data.get(f"version-{entry.pk}", ""))
        verdict = data.get(f"verdict-{entry.pk}")
        if not verdict and data.get("rest") == "accept":
            is_waiting = entry.state == SUBMITTED and by.pk not in requesters(entry)
            verdict = "accept" if is_waiting and version is not None else ""
        if verdict in ("accept", "return"):
            reason = data.get(f"reason-{entry.pk}", "").strip()
            decisions[entry.pk] = Decision(verdict == "accept", reason, version)
    return decisions


class CycleForm(forms.Form):
    """A reporting cycle: which period of which year, when it opens and when its reports are due."""

    NUMBERS = {"quarter": 4, "half": 2, "year": 1}

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    period = forms.ChoiceField(label=_("Frequency"), choices=PERIODS)
    number = forms.IntegerField(
        label=_("Which of the year"),
        min_value=1,
        max_value=4,
        help_text=_("1 to 4 for a quarter, 1 or 2 for a half-year, 1 for a year."),
    )
    opens_on = forms.DateField(label=_("Opens on"), widget=DayInput)
    due_on = forms.DateField(label=_("Reports due on"), widget=DayInput)

    @classmethod
    def proposing(cls, proposal: NextCycle) -> "CycleForm":
        """A form filled with the cycle that would come next."""
        return cls(initial={name: getattr(proposal, name) for name in cls.base_fields})

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        number, period = data.get("number"), data.get("period")
        if number and period and number > self.NUMBERS[period]:
            self.add_error(
                "number", _("There is no such period: a year has four quarters and two halves.")
            )
        return data
