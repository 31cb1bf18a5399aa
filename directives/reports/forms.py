"""Forms of entries, signatures, verdicts and new cycles. They check input; commands write."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.base.refusals import Invalid
from directives.base.states import SUBMITTED
from directives.core.deciding import requesters
from directives.models import ReportEntry, User
from directives.models.reports import CYCLE_PERIODS, PERIODS_OF_YEAR, TURN, cycle_name
from directives.obligations.forms.obligations import DayInput
from directives.reports.commands.cycle_terms import MOST, CycleTerms, Rule
from directives.reports.commands.cycles import NO_SUCH_PERIOD
from directives.reports.commands.reviewing import Decision
from directives.reports.queries.entries import EntryTexts
from directives.tables.cells import folded
from directives.tables.days import read_day

OVERLAP_LABEL = _("Two reporting cycles may be open at the same time")
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


class UnchangedForm(forms.Form):
    """Why nothing has changed in the entries that were carried over."""

    reason = LongText(max_length=200)


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

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    period = forms.ChoiceField(label=_("Frequency"), choices=CYCLE_PERIODS)
    number = forms.IntegerField(
        label=_("Which of the year"),
        min_value=1,
        max_value=PERIODS_OF_YEAR[TURN],
        help_text=_("1 to 12 for a month, 1 to 4 for a quarter, 1 or 2 for a half-year."),
    )
    opens_on = forms.DateField(label=_("Opens on"), widget=DayInput)
    due_on = forms.DateField(label=_("Reports due on"), widget=DayInput)
    overlap_confirmed = forms.BooleanField(label=OVERLAP_LABEL, required=False)

    @classmethod
    def proposing(cls, proposal: CycleTerms) -> "CycleForm":
        """A form filled with the cycle that would come next."""
        names = proposal.__dataclass_fields__
        return cls(initial={name: getattr(proposal, name) for name in names})

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        number, period = data.get("number"), data.get("period")
        if number and period and number > PERIODS_OF_YEAR[period]:
            self.add_error("number", NO_SUCH_PERIOD)
        return data


class RuleForm(forms.Form):
    """By what rule reporting cycles are planned ahead (read from an address)."""

    EVERY = (
        *((key, label) for key, label in CYCLE_PERIODS if key != TURN),
        ("weeks", _("Every so many weeks")),
        ("dates", _("On chosen dates")),
    )
    DUE_IN = (
        ("after", _("of the month after the period")),
        ("in", _("of the last month of the period")),
    )

    every = forms.ChoiceField(label=_("Frequency"), choices=EVERY, initial="quarter")
    due_day = forms.IntegerField(
        label=_("Reports due by the … of the month"),
        min_value=1,
        max_value=31,
        initial=15,
        help_text=_("In a shorter month, by its last day."),
    )
    due_in = forms.ChoiceField(label=_("Which month"), choices=DUE_IN, initial="after")
    first_on = forms.DateField(label=_("Due days from"), widget=DayInput)
    last_on = forms.DateField(label=_("until"), widget=DayInput)
    open_days = forms.IntegerField(
        label=_("Opens … days before"), min_value=0, max_value=180, initial=14
    )
    weeks = forms.IntegerField(
        label=_("Every … weeks"),
        min_value=1,
        max_value=52,
        initial=2,
        required=False,
        help_text=_("Counted from the first due day."),
    )
    dates = LongText(max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dates"].widget.attrs["rows"] = 3
        self.fields["dates"].label = _("Chosen dates")
        self.fields["dates"].help_text = _("One to a line, such as 2026-03-25.")

    def clean_dates(self) -> tuple[date, ...]:
        """The days named; each line that is none is told."""
        days: list[date] = []
        faults: list[str] = []
        for line in filter(None, map(str.strip, self.cleaned_data["dates"].splitlines())):
            day = read_day(line, folded(line))
            if isinstance(day, date):
                days.append(day)
            else:
                faults.append(line)
        if faults:
            raise forms.ValidationError(
                _("Not a date: %(lines)s. Write 2026-03-25.") % {"lines": "、".join(faults)}
            )
        return tuple(days)

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if {"first_on", "last_on"} <= data.keys() and data["last_on"] < data["first_on"]:
            self.add_error("last_on", _("The last day is before the first."))
        if data.get("every") == "dates" and data.get("dates") == ():
            self.add_error("dates", _("Enter the days on which reports are due."))
        if data.get("every") == "weeks" and not data.get("weeks"):
            self.add_error("weeks", _("Enter a number of weeks."))
        return data

    def rule(self) -> Rule:
        """The rule of a valid form."""
        data = self.cleaned_data
        names = ("every", "first_on", "last_on", "due_day", "dates", "open_days")
        rule: dict[str, Any] = {name: data[name] for name in names}
        return Rule(**rule, weeks=data["weeks"] or 1, due_after=data["due_in"] == "after")


class PlannedDaysForm(forms.Form):
    """The days of a planned cycle."""

    opens_on = forms.DateField(label=_("Opens on"), widget=DayInput)
    due_on = forms.DateField(label=_("Reports due on"), widget=DayInput)
    overlap_confirmed = forms.BooleanField(label=OVERLAP_LABEL, required=False)
    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)


class PlannedCycleForm(forms.Form):
    """One row of a preview of cycles: whether it is chosen, and its days."""

    chosen = forms.BooleanField(required=False)
    year = forms.IntegerField(min_value=2000, max_value=2100, widget=forms.HiddenInput)
    period = forms.ChoiceField(choices=CYCLE_PERIODS, widget=forms.HiddenInput)
    number = forms.IntegerField(min_value=1, max_value=366, widget=forms.HiddenInput)
    opens_on = forms.DateField(label=_("Opens on"), widget=DayInput)
    due_on = forms.DateField(label=_("Reports due on"), widget=DayInput)

    @property
    def name(self) -> str:
        """The name of the cycle; empty where somebody changed its hidden fields to none."""
        year, period, number = (self[name].value() for name in ("year", "period", "number"))
        try:
            return cycle_name(int(year), period, int(number))
        except (KeyError, TypeError, ValueError):
            return ""

    def terms(self) -> CycleTerms:
        """The cycle of a valid row."""
        return CycleTerms(**{name: self.cleaned_data[name] for name in CycleTerms.__annotations__})


PlannedCycles = forms.formset_factory(
    PlannedCycleForm, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True
)


class OverlapForm(forms.Form):
    """Whether cycles may be open at the same time, beside the rows of a preview."""

    overlap_confirmed = forms.BooleanField(label=OVERLAP_LABEL, required=False)
