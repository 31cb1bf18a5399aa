"""Forms for indicators, and for the figures of one body."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.numbers import whole_number
from directives.base.states import SUPERVISOR
from directives.base.wording import localized
from directives.indicators.commands import IndicatorFields, ReportedFigure, faults_of, number_of
from directives.indicators.queries.figures_due import BodyFigures, RequestedFigure
from directives.models import Indicator, Organisation, User
from directives.models.indicators import AGGREGATIONS
from directives.models.reports import PERIODS


class BodyField(forms.ModelChoiceField):
    def label_from_instance(self, body: Organisation) -> str:
        return localized(body, "name")


class IndicatorForm(forms.Form):
    """One indicator; a new one with the body that it is collected from."""

    organisation = BodyField(
        Organisation.objects.none(),
        label=gettext_lazy("Reported by this organisation and those below"),
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("Such as ZZ-01: it identifies the indicator in tables."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter a name for the indicator.")},
    )
    unit = forms.CharField(
        label=gettext_lazy("Unit"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("People, sessions, 10,000 yuan…"),
    )
    places = forms.IntegerField(
        label=gettext_lazy("Decimal places"),
        min_value=0,
        max_value=4,
        initial=0,
        help_text=gettext_lazy("0 for whole numbers; at most 4."),
    )
    cadence = forms.ChoiceField(label=gettext_lazy("Frequency"), choices=PERIODS, initial="year")
    aggregation = forms.ChoiceField(
        label=gettext_lazy("How it is combined"),
        choices=AGGREGATIONS,
        initial="sum",
        help_text=gettext_lazy(
            "How figures from many organisations are combined: total, mean, or not combined."
        ),
    )
    meaning = forms.CharField(
        label=gettext_lazy("Definition"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "What counts and what does not, and as of which date; everyone who reports sees it."
        ),
    )

    def __init__(
        self, *args: Any, user: User, indicator: Indicator | None = None, **kwargs: Any
    ) -> None:
        if indicator is not None and not args:
            names = ("code", "unit", "places", "cadence", "aggregation", "meaning")
            kwargs["initial"] = {name: getattr(indicator, name) for name in names} | {
                "name": localized(indicator, "name")
            }
        super().__init__(*args, **kwargs)
        if indicator is not None:
            del self.fields["organisation"]  # which cannot change
            return
        bodies = [*user.bodies_as(SUPERVISOR)]
        field = self.fields["organisation"]
        assert isinstance(field, BodyField)
        field.queryset = Organisation.objects.filter(pk__in=bodies)
        if len(bodies) == 1:
            field.initial, field.empty_label = bodies[0], None

    def content(self) -> IndicatorFields:
        data = {name: value for name, value in self.cleaned_data.items() if name != "organisation"}
        return IndicatorFields(**data)


class FiguresForm:
    """The figures of one body for one period.

    Fields are named by the id of the indicator: value-7, note-7, and seen-7 for the version of the
    figure that the page showed.
    """

    def __init__(self, figures: BodyFigures, data: Mapping[str, str] | None = None) -> None:
        self.figures = figures
        self.errors: dict[int, list[str]] = {}  # by id of the indicator
        self.rows = tuple(FigureRow.of(line, data, self.errors) for line in figures.lines)

    def reported(self) -> list[ReportedFigure]:
        """The figures that are filled in."""
        return [
            ReportedFigure(
                row.line.indicator,
                self.figures.body,
                self.figures.period,
                number_of(row.value),
                row.note,
                row.seen_version,
                row.value,
            )
            for row in self.rows
            if row.value
        ]

    def check(self, *, by: User, now: datetime) -> list[ReportedFigure]:
        """The figures that are filled in, with every fault in `errors`."""
        reported = self.reported()
        for row in self.rows:
            if not row.value and row.seen_version:
                self.errors.setdefault(row.pk, []).append(
                    _("A reported figure is corrected, not removed. Write 0 for none.")
                )
            elif not row.value and row.note:
                self.errors.setdefault(row.pk, []).append(
                    _("Remarks without a figure: enter the figure, or delete the remarks.")
                )
        for fault in faults_of(reported, by=by, now=now):
            pk = reported[fault.place].key.indicator
            self.errors.setdefault(pk, []).append(fault.expected)
        return reported


class FigureRow:
    """One indicator on the form, with the contents of its fields and its errors."""

    def __init__(
        self,
        line: RequestedFigure,
        value: str,
        note: str,
        seen_version: int,
        errors: dict[int, list[str]],
    ) -> None:
        self.line, self.value, self.note, self.seen_version, self._errors = (
            line,
            value,
            note,
            seen_version,
            errors,
        )

    @classmethod
    def of(
        cls, line: RequestedFigure, data: Mapping[str, str] | None, errors: dict[int, list[str]]
    ) -> "FigureRow":
        """Return the row with the submitted `data`, or without it with the stored figure."""
        pk, figure = line.indicator.pk, line.figure
        if data is not None:
            value, note, seen_version = (
                data.get(f"{name}-{pk}", "").strip() for name in ("value", "note", "seen")
            )
            return cls(line, value, note, whole_number(seen_version) or 0, errors)
        if figure is None:
            return cls(line, "", "", 0, errors)
        return cls(
            line, f"{figure.value:.{line.indicator.places}f}", figure.note, figure.version, errors
        )

    @property
    def pk(self) -> int:
        return self.line.indicator.pk

    @property
    def errors(self) -> list[str]:
        return self._errors.get(self.pk, [])

    @property
    def changed_by_others(self) -> bool:
        """Whether somebody else has saved the figure since the page was shown."""
        figure = self.line.figure
        return figure is not None and figure.version != self.seen_version
