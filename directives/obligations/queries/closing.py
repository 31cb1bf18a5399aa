"""Requests to close, and which directives are closed as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch

from directives.base.states import CLOSED, LEAD, OPEN, SUPPORTING
from directives.models import (
    Attachment,
    CloseOut,
    CloseOutEvidence,
    Directive,
    LogEntry,
    Obligation,
    Organisation,
    Tally,
)
from directives.obligations.commands.closing import files_to_name, log_to_name

OFFERED = 30  # log entries, and files, that a request to close may name


@dataclass(frozen=True, slots=True)
class Nameable:
    """The log entries and files that a request to close may name as evidence, the latest first."""

    log: tuple[LogEntry, ...]
    files: tuple[Attachment, ...]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The values of a form field for them, with their texts."""
        log = ((f"log-{entry.pk}", entry.text) for entry in self.log)
        return [*log, *((f"file-{file.pk}", file.name) for file in self.files)]


def nameable(row: Obligation) -> Nameable:
    log = log_to_name(row).annotate(files_count=Count("files"))
    return Nameable(tuple(log[:OFFERED]), tuple(files_to_name(row)[:OFFERED]))


def close_outs(row: Obligation) -> tuple[CloseOut, ...]:
    """The requests to close an obligation with their evidence, the newest first."""
    evidence = CloseOutEvidence.objects.select_related("log_entry", "file").order_by("pk")
    requests = CloseOut.objects.filter(obligation=row).select_related("asked_by", "decided_by")
    return tuple(requests.prefetch_related(Prefetch("evidence", queryset=evidence)))


def closed_directives(**where: object) -> dict[int, int]:
    """The directives that are closed as a whole, each with its document, by id.

    A directive is closed by all its leads. Where none leads, all who are responsible must have
    closed; where all only support, all of them. Organisations count that the user does not see.
    `where` limits stored counts: to a document, or to a directive.
    """
    some_closed: set[int] = set()
    some_open: set[int] = set()
    documents: dict[int, int] = {}
    for document, directive, state in _states(where):
        (some_closed if state == CLOSED else some_open).add(directive)
        documents[directive] = document
    if not some_closed:
        return {}
    rows = Obligation.objects.filter(directive__in=some_closed)
    led = rows.live().filter(part=LEAD).order_by().values_list("directive", "state").distinct()
    leads = list(led)
    closed = some_closed - {directive for directive, _state in leads}
    unled_open = closed & some_open
    if unled_open:
        # An open one is soon found where there is any.
        others = Obligation.objects.filter(directive=OuterRef("pk")).exclude(part=SUPPORTING)
        still_open = Directive.objects.filter(pk__in=unled_open).filter(
            Exists(others.filter(state__in=OPEN)) | ~Exists(others.live())
        )
        closed -= set(still_open.values_list("pk", flat=True))
    closed |= {directive for directive, _state in leads} - {
        directive for directive, state in leads if state != CLOSED
    }
    return {directive: documents[directive] for directive in closed}


def _states(where: Mapping[str, object]) -> Iterator[tuple[int, int, str]]:
    """Document, directive and state of all live obligations, each combination once.

    From stored counts, but of topmost bodies without children, which have none.
    """
    columns = ("document_id", "directive_id", "state")
    stored = Tally.objects.filter(scope__parent=None, count__gt=0, **where).order_by()
    childless = Organisation.objects.filter(parent=None, branch=False).values("pk")
    rows = Obligation.objects.live().filter(organisation__in=childless, **where)
    yield from stored.values_list(*columns).union(rows.order_by().values_list(*columns))
