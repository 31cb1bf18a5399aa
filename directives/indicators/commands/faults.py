"""Figures as they are given, and everything that may be wrong with one: what was expected, in words."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.core.rules import may
from directives.indicators.commands.periods import Period
from directives.models import Figure, Indicator, Organisation, Owing, User
from directives.models.reports import PERIODS

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
LIMIT = (
    Decimal(10) ** 11
)  # what a figure stays below: totals of a nation stay exact on either engine
NOTE = Figure._meta.get_field("note").max_length or 0
MANY = 1000  # bodies that one query names; above it, all that owe something are read

Key = tuple[
    int, int, str, int, int
]  # indicator, year, cadence, number, body: the order in which every writer takes the rows


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """One figure as a body reports it. `value` is None where what was given is no number; `text` is how it was given.

    `version` is the one that the person saw, 0 where nothing was reported yet; None takes the figure as it stands.
    The body comes with its path and days, the indicator with its body.
    """

    indicator: Indicator | None
    organisation: Organisation
    period: Period
    value: Decimal | None
    note: str = ""
    version: int | None = None
    text: str = ""

    @property
    def key(self) -> Key:
        indicator = self.indicator.pk if self.indicator else 0
        return (
            indicator,
            self.period.year,
            self.period.cadence,
            self.period.number,
            self.organisation.pk,
        )

    @property
    def said(self) -> str:
        """The value as it was given."""
        return self.text or ("" if self.value is None else f"{self.value:f}")


@dataclass(frozen=True, slots=True)
class FigureFault:
    """What is wrong with the figure at this place of those given (from 0): which part of it, what it says, what was expected.

    `field` is indicator, organisation, period, value or note.
    """

    place: int
    field: str
    value: str
    expected: str


class FigureFaults(Invalid):
    """Figures were refused; `faults` are all of them, in the order of the figures. Nothing was written."""

    def __init__(self, faults: Sequence[FigureFault]) -> None:
        self.faults = tuple(faults)
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(str(fault.place), []).append(fault.expected)
        super().__init__(errors)


def number_of(text: str) -> Decimal | None:
    """The number that a text says: full-width digits, blanks and separators of thousands are taken; None for what is no number."""
    plain = re.sub(r"[\s,，]", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    return Decimal(plain) if NUMBER.fullmatch(plain) else None


def faults_of(
    figures: Sequence[ReportedFigure], *, by: User | None, now: datetime
) -> list[FigureFault]:
    """Every fault of these figures, for the person who reports them; a query or two for each document, however many figures."""
    today = timezone.localdate(now)
    refused, asked = _refused(figures, by), _asked(figures)
    seen: dict[Key, int] = {}
    found: list[FigureFault] = []
    for place, figure in enumerate(figures):
        first = seen.setdefault(figure.key, place)
        if first != place:
            found.append(
                FigureFault(
                    place,
                    "indicator",
                    figure.said,
                    _("The same figure appears twice. Keep one of them."),
                )
            )
        parts = (
            _of_indicator(figure, asked),
            _of_period(figure, today),
            _of_value(figure),
            _of_body(figure, refused, today),
        )
        found += [
            FigureFault(place, field, value, expected)
            for part in parts
            for field, value, expected in part
        ]
    return found


Part = Iterator[tuple[str, str, str]]  # field, value, what was expected


def _of_indicator(figure: ReportedFigure, asked: set[tuple[int, int]]) -> Part:
    indicator, body = figure.indicator, figure.organisation
    if indicator is None:
        yield (
            "indicator",
            "",
            _("There is no such indicator. Use a code from the document’s list of indicators."),
        )
    elif indicator.ended_at is not None:
        yield "indicator", indicator.code, _("This indicator is no longer collected.")
    elif not body.path.startswith(indicator.organisation.path):
        yield (
            "organisation",
            body.code,
            _(
                "This indicator is not collected from this organisation, which is not below the "
                "one that collects it."
            ),
        )
    elif (body.pk, indicator.document_id) not in asked:
        yield (
            "organisation",
            body.code,
            _(
                "This organisation is not responsible under the document, so no figures are "
                "required."
            ),
        )


def _of_period(figure: ReportedFigure, today: date) -> Part:
    period, indicator = figure.period, figure.indicator
    if not period.exists:
        yield (
            "period",
            period.key if period.cadence else "",
            _("There is no such period: a year has four quarters and two halves."),
        )
        return
    if indicator is not None and period.cadence != indicator.cadence:
        names = {"asked": dict(PERIODS)[indicator.cadence], "given": period.name}
        yield (
            "period",
            period.key,
            _("This indicator is reported by %(asked)s; %(given)s does not fit.") % names,
        )
    if not period.begun(today):
        yield "period", period.key, _("%(period)s has not started yet.") % {"period": period.name}


def _of_value(figure: ReportedFigure) -> Part:
    value, said = figure.value, figure.said
    if value is None or not value.is_finite():
        yield (
            "value",
            said,
            _("This is not a number. Write digits only, such as 1234 or 12.5, without the unit."),
        )
        return
    if value < 0:
        yield (
            "value",
            said,
            _("A figure cannot be below 0. Write the current number, not the change."),
        )
    if value >= LIMIT:
        yield (
            "value",
            said,
            _("This is too large: figures must be below 100 billion. Check the unit."),
        )
    places = figure.indicator.places if figure.indicator else 4
    if decimals_of(value) > places:
        whole = (
            _("Write a whole number.")
            if not places
            else _("At most %(places)s decimal places.") % {"places": places}
        )
        yield "value", said, whole
    if len(figure.note) > NOTE:
        yield "note", figure.note, _("At most %(most)s characters.") % {"most": NOTE}


def decimals_of(value: Decimal) -> int:
    """Decimal places that say something: 2.50 has one."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _of_body(figure: ReportedFigure, refused: set[int], today: date) -> Part:
    body = figure.organisation
    if body.pk in refused:
        yield (
            "organisation",
            body.code,
            _(
                "This is another organisation’s figure; only its own people, and supervisors above "
                "it, report it."
            ),
        )
    if body.valid_to is not None and body.valid_to <= today:
        yield (
            "organisation",
            body.code,
            _("This organisation was abolished. Report for its successor."),
        )


def _refused(figures: Iterable[ReportedFigure], by: User | None) -> set[int]:
    """The bodies for which this person does not report."""
    bodies = {figure.organisation.pk: figure.organisation for figure in figures}
    return {pk for pk, body in bodies.items() if not may(by, "report", body)}


def _asked(figures: Iterable[ReportedFigure]) -> set[tuple[int, int]]:
    """Which bodies owe something under which document, as (body, document)."""
    wanted: dict[int, set[int]] = {}
    for figure in figures:
        if figure.indicator is not None:
            wanted.setdefault(figure.indicator.document_id, set()).add(figure.organisation.pk)
    found: set[tuple[int, int]] = set()
    for document, bodies in wanted.items():
        rows = Owing.objects.filter(document=document, count__gt=0)
        rows = rows.filter(organisation__in=sorted(bodies)) if len(bodies) <= MANY else rows
        found.update((body, document) for body in rows.values_list("organisation_id", flat=True))
    return found
