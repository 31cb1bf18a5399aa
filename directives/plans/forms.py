"""Forms of plans, measures and the log. They check input; the commands check rights and states."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.base.states import FILING_STATES, HANDED_IN
from directives.models import Document, Measure, Obligation, User
from directives.plans.commands import MeasureContent
from directives.plans.commands.measures import WRITTEN_FIELDS
from directives.plans.queries.log import DAYS, LogFilter
from directives.plans.queries.plans import PlanFilter


class Day(forms.DateField):
    """A day, from the browser's date field or typed."""

    def __init__(self, **options) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        wrong = {"invalid": _("This is not a date. Write it as 2026-10-13.")}
        super().__init__(input_formats=list(DAYS), widget=widget, error_messages=wrong, **options)


def _offer(form: forms.Form, name: str, rows: QuerySet) -> None:
    """Set the rows that a field offers."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class PlanForm(forms.Form):
    """The title and general requirements of a plan."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        error_messages={"required": _("Enter a title for the plan.")},
    )
    summary = forms.CharField(
        label=_("General requirements"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


class MeasureForm(forms.Form):
    """A measure; `servable` are the obligations that it may serve."""

    text = forms.CharField(error_messages={"required": _("Enter what will be done.")})
    responsible = forms.CharField(label=_("Who"), max_length=100, required=False)
    due_on = Day(required=False)
    result = forms.CharField(label=_("Form of result"), max_length=200, required=False)
    obligations = forms.ModelMultipleChoiceField(
        Obligation.objects.none(), label=_("Serves"), required=False
    )

    def __init__(self, *args, servable: QuerySet[Obligation], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "obligations", servable)

    def content(self) -> MeasureContent:
        """The content of the measure, once the form is valid."""
        data = self.cleaned_data
        return MeasureContent(**data | {"obligations": tuple(data["obligations"])})

    @property
    def chosen(self) -> list[int]:
        """The ids of the ticked obligations, valid or not."""
        value = self["obligations"].value() or []
        return [pk for text in value if (pk := whole_number(text)) is not None]

    @classmethod
    def of(cls, measure: Measure, *, servable: QuerySet[Obligation]) -> "MeasureForm":
        """The form filled with a measure."""
        initial = {name: getattr(measure, name) for name in WRITTEN_FIELDS}
        initial["obligations"] = [row.pk for row in measure.obligations.all()]
        return cls(initial=initial, servable=servable)


class LineForm(forms.Form):
    """Day and text of a log entry.

    Files are no field of it, because a browser does not fill in a file field again.
    """

    text = forms.CharField(
        label=_("What was done"), error_messages={"required": _("Enter what was done.")}
    )
    on = Day(label=_("Date"))


class LogForm(LineForm):
    """A new entry, on a measure."""

    measure = forms.ModelChoiceField(
        Measure.objects.none(),
        label=_("Measure"),
        error_messages={"required": _("Choose the measure this work belongs to.")},
    )

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "measure", Measure.objects.visible_to(user).filter(plan__live=True))


class PlanFilterForm(forms.Form):
    """The filter over the plans of bodies below; invalid values filter nothing."""

    state = forms.ChoiceField(
        choices=[("", _("All"))] + [row for row in FILING_STATES if row[0] in HANDED_IN],
        required=False,
    )
    document = forms.ModelChoiceField(Document.objects.none(), required=False)
    q = forms.CharField(max_length=100, required=False)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        documents = Document.objects.visible_to(user)
        _offer(self, "document", documents.only("title", "title_hans", "title_hant"))

    def to_filter(self) -> PlanFilter:
        return PlanFilter.of(self.data, self.user)


class LogFilterForm(forms.Form):
    """The filter over the log; invalid values filter nothing."""

    measure = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    obligation = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    since = Day(required=False)
    until = Day(required=False)
    q = forms.CharField(max_length=100, required=False)
    whose = forms.ChoiceField(choices=[("own", ""), ("below", "")], required=False)

    def to_filter(self, user: User) -> LogFilter:
        return LogFilter.of(self.data, user)
