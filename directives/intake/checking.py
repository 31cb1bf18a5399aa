"""The dry run: a file is opened, its headings found, every row held against the product, and what was found of each is kept.

Nothing of the product changes. A run that was killed is begun anew; one that finds the intake in other hands stops.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from django.db import transaction
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_tasks import task

from directives.intake import reader
from directives.intake.differing import Differing
from directives.intake.fields import Asking, Fault, Field, Kind, Planned
from directives.intake.given import Reader
from directives.intake.layout import Opened
from directives.intake.matching import Head, Names, certain, heads_of, remembered
from directives.intake.steps import AT_ONCE_BYTES, AT_ONCE_ROWS, Superseded, asking_of, kind_of, note, shift, take, told
from directives.models import Intake, IntakeRow, Matching
from directives.models.intakes import CHECKED, CHECKING, UNREADABLE, UPLOADED, WRONG
from directives.models.writing import add_many, overwrite_each
from directives.outages import outage_of
from directives.refusals import Refusal, Stale

BATCH = 500
LABEL = IntakeRow._meta.get_field("label").max_length

logger = logging.getLogger(__name__)


def begin(pk: int, *, size: int, now: datetime) -> None:
    """Check the file, once this transaction has committed: a small one before the page answers, another in the worker."""
    if size > AT_ONCE_BYTES:
        transaction.on_commit(partial(check.enqueue, pk, now.isoformat()))
    else:
        transaction.on_commit(partial(run, pk, now=now, at_once=True))


@task()
def check(pk: int, now: str) -> None:
    """Check the file of an intake. Bears being run again."""
    run(pk, now=parse_datetime(now))


def run(pk: int, *, now: datetime, at_once: bool = False) -> None:
    """Check the file. `at_once`: somebody waits, so that a long one is left to the worker after all."""
    try:
        intake = take(pk, CHECKING)
    except Superseded:
        return
    with translation.override(intake.language):
        try:
            _run(intake, now, at_once)
        except Superseded:
            return
        except Refusal as refusal:
            _stop(intake, str(refusal))
        except Exception as error:
            outage = outage_of(error)
            logger.warning("The table %s could not be checked: %s", pk, error, exc_info=outage is None)
            ours = _("The table could not be checked, through no fault of yours. Try again; if it stays so, tell the administrator.")
            _stop(intake, outage.words if outage else ours)


def _stop(intake: Intake, fault: str) -> None:
    IntakeRow.objects.filter(intake=intake).delete()
    try:
        shift(intake, UNREADABLE, since=(CHECKING,), fault=fault, counts={})
    except Stale:
        return


def opened(intake: Intake) -> Opened:
    """The file, open. Raises reader.Unreadable."""
    try:
        path = intake.file.path
    except NotImplementedError:  # it lies in a bucket
        with intake.file.open("rb") as file:
            return reader.read(file, intake.name)
    return reader.read(path, intake.name)


def _run(intake: Intake, now: datetime, at_once: bool) -> None:
    kind, asking = kind_of(intake), asking_of(intake, now)
    fields = kind.fields(asking)
    with opened(intake) as file:
        if not intake.matching and not _look(intake, file, Names(fields)):
            return
        intake.remarks = [*file.remarks, *heads_of(file.tables, Names(fields))[1], *_passed_over(fields, heads(intake))]
        source = Reader(file, heads(intake), fields, kind.apart)
        if at_once and source.expected > AT_ONCE_ROWS:
            note(intake, total=source.expected)
            transaction.on_commit(partial(check.enqueue, intake.pk, now.isoformat()))
            return
        note(intake, total=source.expected)
        _check(intake, kind, asking, source)


def heads(intake: Intake) -> tuple[Head, ...]:
    """The headings of its sheets, with the fields that are confirmed for them."""
    found = (Head.of_json(table) for table in intake.tables)
    return tuple(head.matching(intake.matching.get(head.sheet, {})) for head in found) if intake.matching else tuple(found)


# headings


def _look(intake: Intake, file: Opened, names: Names) -> bool:
    """Find the headings and note them; True if they leave nothing to ask."""
    found, remarks = heads_of(file.tables, names)
    if not found:
        raise Refusal(_("The file holds no visible table. Enter the rows on a sheet that is not hidden, save it and upload it again."))
    known = Matching.objects.filter(user=intake.by, kind=intake.kind, headings=found[0].digest).first()
    if known is not None:
        found = tuple(remembered(head, known.columns, names) for head in found)
    sure = certain(found, names) or (known is not None and certain_as_before(found, names))
    intake.tables, intake.remarks = [head.as_json() for head in found], remarks
    if not sure:
        shift(intake, UPLOADED, since=(CHECKING,), tables=intake.tables, remarks=remarks)
        return False
    intake.matching = chosen(found)
    note(intake, tables=intake.tables, remarks=remarks, matching=intake.matching)
    return True


def certain_as_before(found: Sequence[Head], names: Names) -> bool:
    """The person matched such headings once: what they passed over then, they pass over now."""
    return names.required <= found[0].matched.keys()


def chosen(found: Iterable[Head]) -> dict[str, dict[str, str]]:
    """The matching as an intake keeps it: sheet → letter → field."""
    return {head.sheet: {column.letter: column.field for column in head.columns if column.field} for head in found}


def _passed_over(fields: Sequence[Field], found: Sequence[Head]) -> list[str]:
    """Columns that are read from nowhere, in words."""
    left = [column.heading or column.letter for column in found[0].columns if not column.field]
    shown = [str(field.label) for field in fields if field.name in found[0].matched and field.shown_only(found[0].matched)]
    remarks = [_("Columns passed over, as no field is chosen for them: %(names)s.") % {"names": "、".join(left)}] if left else []
    if shown:
        remarks.append(_("Columns that are shown only; changes in them are not taken over: %(names)s.") % {"names": "、".join(shown)})
    return remarks


# rows


def _check(intake: Intake, kind: Kind, asking: Asking, source: Reader) -> None:
    IntakeRow.objects.filter(intake=intake).delete()
    places = {head.sheet: head.matched for head in source.heads}
    checker, differing, counts, number = kind.checker(asking, source.headed), Differing(places), Counter[str](), 0
    for batch in _batches(source.rows()):
        rows = []
        for planned in checker.check(batch):
            differing.meet(planned)
            rows.append(_row(intake, planned, places))
        with transaction.atomic():
            add_many(rows)
            number += len(rows)
            note(intake, done=number)
        counts.update(row.verdict for row in rows)
    with transaction.atomic():
        counts = _late(intake, checker.finish(), places, counts)
        kept = [*intake.remarks, *source.remarks, *checker.remarks(), *differing.remarks()]
        if not number:
            kept.append(_("There are no rows below the headings. Fill some in and upload the file again."))
        shift(intake, CHECKED, since=(CHECKING,), counts=dict(+counts), remarks=kept, total=number, done=number)


def _batches(rows: Iterator) -> Iterator[list]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _placed(fault: Fault, sheet: str, places: dict) -> dict[str, str]:
    """A fault as JSON holds it, with the letter and heading of its column."""
    found = told(fault)
    column = places[sheet].get(fault.field)
    if column is not None:
        found["column"], found["heading"] = found["column"] or column.letter, found["heading"] or column.heading
    return found


def _row(intake: Intake, planned: Planned, places: dict) -> IntakeRow:
    given = planned.given
    faults = list(planned.faults)
    if given.faults:
        faults = [*given.faults, *(fault for fault in faults if fault not in given.faults)]
    return IntakeRow(
        intake=intake, number=given.number, sheet=given.sheet[:31], line=given.line, verdict=WRONG if faults else planned.verdict,
        label=planned.label[:LABEL], subject_id=planned.subject, seen=planned.seen, before=planned.before, after=planned.after,
        theirs=planned.theirs, faults=[_placed(fault, given.sheet, places) for fault in faults],
    )  # fmt: skip


def _late(intake: Intake, found: Iterable[tuple[int, Fault]], places: dict, counts: Counter[str]) -> Counter[str]:
    """Add the faults that are known only at the end; the counts as they then are."""
    late = defaultdict(list)
    for number, fault in found:
        late[number].append(fault)
    for numbers in _batches(iter(sorted(late))):
        rows = list(IntakeRow.objects.filter(intake=intake, number__in=numbers))
        for row in rows:
            counts.subtract([row.verdict])
            row.verdict, row.faults = WRONG, row.faults + [_placed(fault, row.sheet, places) for fault in late[row.number]]
            counts.update([WRONG])
        overwrite_each(rows, ["verdict", "faults"])
    return counts
