"""Figures as they are reported, and their faults."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid
from directives.core.rules import may
from directives.indicators.commands.periods import Period
from directives.models import Figure, Indicator, Organisation, Owing, User
from directives.models.reports import PERIODS

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
LIMIT = Decimal(10) ** 11  # figures are smaller, so that national totals are exact on every engine
NOTE = Figure._meta.get_field("note").max_length or 0
OTHERS_FIGURE = gettext_lazy(
    "This is another organisation’s figure; only its own people, and supervisors above it, "
    "report it."
)
LARGE_BATCH = 1000  # bodies listed in a query; for more, it reads all that have obligations


class Key(NamedTuple):
    """What identifies a figure. Every writer locks figures in the order of their keys."""

    indicator: int
    year: int
    cadence: str
    number: int
    body: int


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """One figure as a body reports it; the indicator is loaded with its body."""

    indicator: Indicator | None
    organisation: Organisation
    period: Period
    value: Decimal | None  # None if the text is not a number
    note: str = ""
    version: int | None = None  # shown to the person, 0 for a new figure; None for any
    text: str = ""  # as it was typed

    @property
    def key(self) -> Key:
        pk, period = self.indicator.pk if self.indicator else 0, self.period
        return Key(pk, period.year, period.cadence, period.number, self.organisation.pk)

    @property
    def value_text(self) -> str:
        """The value as it was typed."""
        return self.text or ("" if self.value is None else f"{self.value:f}")


@dataclass(frozen=True, slots=True)
class FigureFault:
    """A fault of one of the reported figures."""

    place: int  # of the figure, from 0
    field: str  # indicator, organisation, period, value or note
    value: str
    expected: str


class FigureFaults(Invalid):
    """Figures are refused; `faults` are all of them, in the order of the figures."""

    def __init__(self, faults: Sequence[FigureFault]) -> None:
        self.faults = tuple(faults)
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(str(fault.place), []).append(fault.expected)
        super().__init__(errors)


def number_of(text: str) -> Decimal | None:
    """The number in a text, or None; full-width digits and thousands separators are accepted."""
    plain = re.sub(r"[\s,，]", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    return Decimal(plain) if NUMBER.fullmatch(plain) else None


def faults_of(
    figures: Sequence[ReportedFigure], *, by: User | None, now: datetime
) -> list[FigureFault]:
    """Every fault of these figures. One or two queries for each document."""
    today = timezone.localdate(now)
    refused, responsible = _refused_bodies(figures, by), _responsible_bodies(figures)
    first_places: dict[Key, int] = {}
    faults: list[FigureFault] = []
    for place, figure in enumerate(figures):
        faults_of_figure = [
            *_indicator_faults(figure, responsible),
            *_period_faults(figure, today),
            *_value_faults(figure),
            *_body_faults(figure, refused, today),
        ]
        if first_places.setdefault(figure.key, place) != place:
            text = _("The same figure appears twice. Keep one of them.")
            faults_of_figure.insert(0, PartFault("indicator", figure.value_text, text))
        faults += [FigureFault(place, *fault) for fault in faults_of_figure]
    return faults


class PartFault(NamedTuple):
    """A FigureFault without the place of its figure."""

    field: str
    value: str
    expected: str


def _indicator_faults(
    figure: ReportedFigure, responsible: set[tuple[int, int]]
) -> Iterator[PartFault]:
    indicator, body = figure.indicator, figure.organisation
    if indicator is None:
        text = _("There is no such indicator. Use a code from the document’s list of indicators.")
        yield PartFault("indicator", "", text)
    elif indicator.ended_at is not None:
        text = _("This indicator is no longer collected.")
        yield PartFault("indicator", indicator.code, text)
    elif not body.path.startswith(indicator.organisation.path):
        text = _(
            "This indicator is not collected from this organisation, which is not below the "
            "one that collects it."
        )
        yield PartFault("organisation", body.code, text)
    elif (body.pk, indicator.document_id) not in responsible:
        text = _(
            "This organisation is not responsible under the document, so no figures are required."
        )
        yield PartFault("organisation", body.code, text)


def _period_faults(figure: ReportedFigure, today: date) -> Iterator[PartFault]:
    period, indicator = figure.period, figure.indicator
    if not period.exists:
        text = _("There is no such period: a year has four quarters and two halves.")
        yield PartFault("period", period.key if period.cadence else "", text)
        return
    if indicator is not None and period.cadence != indicator.cadence:
        text = _("This indicator is reported by %(asked)s; %(given)s does not fit.")
        names = {"asked": dict(PERIODS)[indicator.cadence], "given": period.name}
        yield PartFault("period", period.key, text % names)
    if not period.has_begun(today):
        text = _("%(period)s has not started yet.") % {"period": period.name}
        yield PartFault("period", period.key, text)


def _value_faults(figure: ReportedFigure) -> Iterator[PartFault]:
    value, value_text = figure.value, figure.value_text
    if value is None or not value.is_finite():
        text = _("This is not a number. Write digits only, such as 1234 or 12.5, without the unit.")
        yield PartFault("value", value_text, text)
        return
    if value < 0:
        text = _("A figure cannot be below 0. Write the current number, not the change.")
        yield PartFault("value", value_text, text)
    if value >= LIMIT:
        text = _("This is too large: figures must be below 100 billion. Check the unit.")
        yield PartFault("value", value_text, text)
    places = figure.indicator.places if figure.indicator else 4
    if decimals_of(value) > places:
        text = _("At most %(places)s decimal places.") % {"places": places}
        yield PartFault("value", value_text, text if places else _("Write a whole number."))
    if len(figure.note) > NOTE:
        text = _("At most %(most)s characters.") % {"most": NOTE}
        yield PartFault("note", figure.note, text)


def decimals_of(value: Decimal) -> int:
    """Decimal places without trailing zeros: 2.50 has one."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _body_faults(figure: ReportedFigure, refused: set[int], today: date) -> Iterator[PartFault]:
    body = figure.organisation
    if body.pk in refused:
        yield PartFault("organisation", body.code, str(OTHERS_FIGURE))
    if body.valid_to is not None and body.valid_to <= today:
        text = _("This organisation was abolished. Report for its successor.")
        yield PartFault("organisation", body.code, text)


def _refused_bodies(figures: Iterable[ReportedFigure], by: User | None) -> set[int]:
    """The bodies for which this person may not report."""
    bodies = {figure.organisation.pk: figure.organisation for figure in figures}
    return {pk for pk, body in bodies.items() if not may(by, "report", body)}


def _responsible_bodies(figures: Iterable[ReportedFigure]) -> set[tuple[int, int]]:
    """The (body, document) ids of bodies that have obligations under documents."""
    by_document: dict[int, set[int]] = {}
    for figure in figures:
        if figure.indicator is not None:
            bodies = by_document.setdefault(figure.indicator.document_id, set())
            bodies.add(figure.organisation.pk)
    responsible: set[tuple[int, int]] = set()
    for document, bodies in by_document.items():
        rows = Owing.objects.filter(document=document, count__gt=0)
        rows = rows.filter(organisation__in=sorted(bodies)) if len(bodies) <= LARGE_BATCH else rows
        responsible.update(
            (body, document) for body in rows.values_list("organisation_id", flat=True)
        )
    return responsible
