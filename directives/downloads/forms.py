"""Forms to ask for an export, and to choose the columns and the paper of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.models.exports import PAPERS
from directives.tables.book import Column, StrOrPromise
from directives.tables.formats import FORMATS


class AskForm(forms.Form):
    """A list, the filter in the URL of its page, and a format."""

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
    """A column to choose."""

    key: str
    label: StrOrPromise
    ticked: bool
    position: str  # its number in the order, as typed
    wrong: bool = False  # `position` is no number


class ColumnsForm(forms.Form):
    """The columns of a list: tick boxes, each with a number that gives its place in the order."""

    paper = forms.ChoiceField(
        label=_("Paper"), choices=PAPERS, widget=forms.RadioSelect, required=False
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, offered: Sequence[Column], stored_keys: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {column.key: column for column in offered}
        selected = [key for key in stored_keys if key in self.offered] or list(self.offered)
        self.stored = frozenset(selected)
        self.order = [*selected, *(key for key in self.offered if key not in selected)]

    @property
    def ticked(self) -> frozenset[str]:
        if not self.is_bound:
            return self.stored
        assert isinstance(self.data, MultiValueDict)
        return frozenset(self.data.getlist("column"))

    def _number(self, key: str) -> str:
        """The number beside a column, as typed."""
        if not self.is_bound:
            return str(self.order.index(key) + 1)
        return str(self.data.get(f"at-{key}", "")).strip()[:6]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.offered and not self.ticked & self.offered.keys():
            self.add_error(None, _("Select at least one column."))
        if any(line.wrong for line in self.lines):
            self.add_error(None, _("Enter the order as whole numbers: 1, 2, 3…"))
        return self.cleaned_data

    @property
    def lines(self) -> list[ColumnLine]:
        return [self._line(key) for key in self.order]

    def _line(self, key: str) -> ColumnLine:
        number = self._number(key)
        wrong = bool(number) and whole_number(number) is None
        return ColumnLine(key, self.offered[key].label, key in self.ticked, number, wrong)

    @property
    def columns(self) -> list[str]:
        """The keys of the ticked columns in their order; the form must be valid."""
        ticked = [line for line in self.lines if line.ticked]
        ticked.sort(key=lambda line: int(line.position) if line.position else len(self.order))
        return [line.key for line in ticked]
