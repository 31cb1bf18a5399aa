"""What is typed into an entry, a signature, a verdict. Forms check; the report commands write."""

import unicodedata
from collections.abc import Iterable, Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole
from directives.base.refusals import Invalid
from directives.base.states import SUBMITTED
from directives.core.deciding import askers_of
from directives.models import ReportEntry, User
from directives.reports.commands import EntryFields
from directives.reports.commands.reviewing import Decision
from directives.reports.queries.entries import Shown

WHOLE = _("The percentage is a whole number from 0 to 100.")


class Words(forms.CharField):
    """Text of any length, with the line ends of one kind whatever the browser sends."""

    def __init__(self, **options) -> None:
        super().__init__(required=False, widget=forms.Textarea, **options)

    def to_python(self, value: str | None) -> str:
        return super().to_python(value).replace("\r\n", "\n").strip()


class Percent(forms.IntegerField):
    """60, 60% or ６０％."""

    def to_python(self, value: str | None) -> int | None:
        return super().to_python(
            unicodedata.normalize("NFKC", str(value or "")).strip().rstrip("%")
        )


class EntryForm(forms.Form):
    """One entry of a report as it is typed."""

    progress = Words()
    problems = Words()
    next_steps = Words()
    percent = Percent(required=False, error_messages={"invalid": WHOLE})
    unchanged = forms.BooleanField(required=False)
    unchanged_reason = forms.CharField(required=False, max_length=200)
    version = forms.IntegerField(min_value=1, max_value=LARGEST)

    def given(self) -> EntryFields:
        """What was typed. Raises Invalid with each fault by field."""
        if not self.is_valid():
            raise Invalid(
                {name: [str(text) for text in texts] for name, texts in self.errors.items()}
            )
        return EntryFields(
            **{name: self.cleaned_data[name] for name in EntryFields.__dataclass_fields__}
        )

    @property
    def version_seen(self) -> int:
        return self.cleaned_data["version"]

    def shown(self) -> Shown:
        """What was typed, good or not, to show it again."""
        texts = {name: self.data.get(name, "") for name in Shown.__dataclass_fields__}
        return Shown(**(texts | {"unchanged": "unchanged" in self.data}))


class SignForm(forms.Form):
    """What the manager does with what waits for a signature."""

    action = forms.ChoiceField(choices=[("sign", ""), ("decline", "")])
    reason = Words(max_length=500)


class PlanVerdictForm(forms.Form):
    """A supervisor's verdict on a plan."""

    verdict = forms.ChoiceField(
        choices=[("accept", ""), ("return", "")],
        error_messages={"required": _("Choose accept or return.")},
    )
    reason = Words(max_length=500)
    version = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)


def chosen_entries(data: Mapping[str, str], name: str = "entry") -> list[int] | None:
    """The ids of the entries that a form names; None where it names none, which means all."""
    ids = [pk for text in data.getlist(name) if (pk := whole(text)) is not None]
    return ids or None


def verdicts(
    data: Mapping[str, str], entries: Iterable[ReportEntry], *, by: User
) -> dict[int, Decision]:
    """What a reviewer chose for each entry: verdict-<id>, reason-<id>, version-<id>.

    `rest` accepts those that the form showed and that were left open; never an entry that the reviewer did not see.
    """
    chosen: dict[int, Decision] = {}
    for entry in entries:
        seen = whole(data.get(f"version-{entry.pk}", ""))
        open_still = seen is not None and entry.state == SUBMITTED and by.pk not in askers_of(entry)
        verdict = data.get(f"verdict-{entry.pk}") or (
            "accept" if data.get("rest") == "accept" and open_still else ""
        )
        if verdict in ("accept", "return"):
            reason = data.get(f"reason-{entry.pk}", "").strip()
            chosen[entry.pk] = Decision(verdict == "accept", reason, seen)
    return chosen
