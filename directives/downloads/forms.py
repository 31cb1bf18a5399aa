"""Which columns of a list, in which order, on which paper; and which list is to be written to a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.models.exports import PAPERS
from directives.tables.book import Column, Words
from directives.tables.formats import FORMATS


class AskForm(forms.Form):
    """A list, the filter of its page's address, and a format."""

    list = forms.CharField(max_length=40)
    pk = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
    format = forms.ChoiceField(choices=[(name, name) for name in FORMATS])
    query = forms.CharField(max_length=4000, required=False)

    @property
    def place(self) -> dict[str, int]:
        pk = self.cleaned_data["pk"]
        return {"pk": pk} if pk else {}


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column to choose: whether it is taken, and its number in the order, as typed."""

    key: str
    label: Words
    shown: bool
    at: str
    wrong: bool = False


class ColumnsForm(forms.Form):
    """Ticked columns by the numbers that stand beside them; of equal numbers, the one that stood first comes first."""

    paper = forms.ChoiceField(
        label=_("Paper"), choices=PAPERS, widget=forms.RadioSelect, required=False
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, offered: Sequence[Column], chosen: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        known = {column.key: column for column in offered}
        first = [key for key in chosen if key in known] or list(known)
        self.offered, self.known = known, [*first, *(key for key in known if key not in first)]
        self.first = frozenset(first)

    @property
    def ticked(self) -> frozenset[str]:
        return frozenset(self.data.getlist("column")) if self.is_bound else self.first

    def _at(self, key: str) -> str:
        """The number beside a column, as typed."""
        return (
            self.data.get(f"at-{key}", "").strip()[:6]
            if self.is_bound
            else str(self.known.index(key) + 1)
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.offered and not self.ticked & self.offered.keys():
            self.add_error(None, _("Select at least one column."))
        if any(line.wrong for line in self.lines):
            self.add_error(None, _("Enter the order as whole numbers: 1, 2, 3…"))
        return data

    @property
    def lines(self) -> list[ColumnLine]:
        """The columns as the page lists them."""
        typed = {key: self._at(key) for key in self.known}
        return [
            ColumnLine(key, self.offered[key].label, key in self.ticked, at, not _whole(at))
            for key, at in typed.items()
        ]

    @property
    def columns(self) -> list[str]:
        """The keys of the ticked columns in their order, once the form is valid."""
        lines = [line for line in self.lines if line.shown]
        return [
            line.key
            for line in sorted(
                lines, key=lambda line: int(line.at or 0) if line.at else len(self.known)
            )
        ]


def _whole(text: str) -> bool:
    return not text or whole_number(text) is not None
