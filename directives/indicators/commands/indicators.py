"""Indicators of a document, which supervisors define for a body and all below it."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.script import to_hans, to_hant
from directives.core import audit
from directives.core.rules import may
from directives.models import Document, Figure, Indicator, Organisation, User
from directives.models.indicators import AGGREGATIONS, SUM
from directives.models.reports import PERIODS

CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,19}")
MAX_PLACES = 4  # decimal places at most


@dataclass(frozen=True, slots=True)
class IndicatorFields:
    """The fields of an indicator that people edit."""

    code: str
    name: str
    unit: str = ""
    meaning: str = ""
    aggregation: str = SUM
    cadence: str = "year"  # quarter, half or year
    places: int = 0  # decimal places

    def stored(self) -> dict[str, Any]:
        """The values of the model, with the name in both scripts."""
        fields = {
            name: value.strip() if isinstance(value, str) else value
            for name, value in asdict(self).items()
        }
        name = fields.pop("name")
        return {**fields, "name_hans": to_hans(name), "name_hant": to_hant(name)}


def demand(by: User | None, document: Document, subject: Organisation | Indicator) -> None:
    """Raise NotAllowed unless `by` may define indicators of the document for the body."""
    if not may(by, "define", subject):
        raise NotAllowed(
            _("Indicators are defined by the supervisors of an organisation or of one above it.")
        )
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one "
                "above it, define its indicators."
            )
        )


def _faults(fields: IndicatorFields) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not CODE.fullmatch(fields.code.strip()):
        errors["code"] = [
            _(
                "Up to 20 letters, digits, dots and dashes, such as ZZ-01: it identifies the "
                "indicator in tables."
            )
        ]
    if not fields.name.strip():
        errors["name"] = [_("Enter a name for the indicator.")]
    if fields.aggregation not in dict(AGGREGATIONS):
        errors["aggregation"] = [_("Choose how the figures are combined.")]
    if fields.cadence not in dict(PERIODS):
        errors["cadence"] = [_("Choose how often the figure is reported.")]
    if not 0 <= fields.places <= MAX_PLACES:
        errors["places"] = [_("From 0 to %(most)s decimal places.") % {"most": MAX_PLACES}]
    return errors


def _code_in_use(code: str) -> Invalid:
    text = _("This document already has an indicator with the code %(code)s. Choose another.")
    return Invalid({"code": [text % {"code": code}]})


@transaction.atomic
def define_indicator(
    *,
    document: Document,
    organisation: Organisation,
    fields: IndicatorFields,
    by: User | None,
    now: datetime,
) -> Indicator:
    """Collect a figure from the bodies in a subtree that are responsible under the document.

    Raises NotAllowed, or Invalid with every fault.
    """
    demand(by, document, organisation)
    if errors := _faults(fields):
        raise Invalid(errors)
    last_order = (
        Indicator.objects.filter(document=document).aggregate(last=Max("order"))["last"] or 0
    )
    stored = fields.stored()
    try:
        with transaction.atomic():
            indicator = Indicator.objects.create(
                document=document, organisation=organisation, order=last_order + 1, **stored
            )
    except IntegrityError as error:
        raise _code_in_use(stored["code"]) from error
    audit.record("define", indicator, by=by, now=now, after=stored)
    return indicator


@transaction.atomic
def change_indicator(
    indicator: Indicator, *, fields: IndicatorFields, version: int, by: User | None, now: datetime
) -> Indicator:
    """Change an indicator; once it has figures, not its cadence, and not to fewer decimal places.

    Raises NotAllowed, Invalid with every fault, or Stale.
    """
    demand(by, indicator.document, indicator)
    errors = _faults(fields)
    if Figure.objects.filter(indicator=indicator).exists():
        if fields.cadence != indicator.cadence:
            errors.setdefault("cadence", []).append(
                _("Figures have been reported. Stop this indicator and define another.")
            )
        if fields.places < indicator.places:
            text = _(
                "Figures with more decimals may have been reported already; decimals can only be "
                "increased."
            )
            errors.setdefault("places", []).append(text)
    if errors:
        raise Invalid(errors)
    return _write(indicator, "change", fields.stored(), version, by, now)


@transaction.atomic
def end_indicator(
    indicator: Indicator, *, version: int, by: User | None, now: datetime
) -> Indicator:
    """Stop collecting an indicator; its figures stay. Raises NotAllowed, IllegalMove, Stale."""
    demand(by, indicator.document, indicator)
    if indicator.ended_at is not None:
        raise IllegalMove(_("This indicator is already stopped."))
    return _write(indicator, "end", {"ended_at": now}, version, by, now)


@transaction.atomic
def resume_indicator(
    indicator: Indicator, *, version: int, by: User | None, now: datetime
) -> Indicator:
    """Collect an indicator again. Raises NotAllowed, IllegalMove, Stale."""
    demand(by, indicator.document, indicator)
    if indicator.ended_at is None:
        raise IllegalMove(_("This indicator is already being collected."))
    return _write(indicator, "resume", {"ended_at": None}, version, by, now)


@transaction.atomic
def shift_indicator(
    indicator: Indicator, *, up: bool, version: int, by: User | None, now: datetime
) -> Indicator:
    """Move an indicator up or down in its document, if possible. Raises NotAllowed, Stale."""
    demand(by, indicator.document, indicator)
    rows = list(
        Indicator.objects.select_for_update(no_key=True)
        .filter(document=indicator.document_id)
        .order_by("order", "pk")
    )
    old = next(index for index, row in enumerate(rows) if row.pk == indicator.pk)
    new = old - 1 if up else old + 1
    if not 0 <= new < len(rows):
        return indicator
    rows[old], rows[new] = rows[new], rows[old]
    for index, row in enumerate(rows, 1):
        if row.order != index and row.pk != indicator.pk:
            Indicator.objects.filter(pk=row.pk).update(order=index, version=F("version") + 1)
            audit.record(
                "change", row, by=by, now=now, before={"order": row.order}, after={"order": index}
            )
    return _write(indicator, "change", {"order": new + 1}, version, by, now)


def _write(
    indicator: Indicator,
    action: str,
    fields: dict[str, Any],
    version: int,
    by: User | None,
    now: datetime,
) -> Indicator:
    """Write the fields that differ, with their event. Raises Stale."""
    changed = {name: value for name, value in fields.items() if getattr(indicator, name) != value}
    try:
        with transaction.atomic():
            updated = Indicator.objects.filter(pk=indicator.pk, version=version).update(
                **changed, version=version + 1
            )
    except IntegrityError as error:
        raise _code_in_use(fields["code"]) from error
    if not updated:
        raise Stale(theirs=Indicator.objects.get(pk=indicator.pk))
    before = {name: getattr(indicator, name) for name in changed}
    for name, value in {**changed, "version": version + 1}.items():
        setattr(indicator, name, value)
    if changed:
        audit.record(action, indicator, by=by, now=now, before=before, after=changed)
    return indicator
