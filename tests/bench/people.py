"""The ledger as real people take it away through its page, beside the command's; see `sheets`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from statistics import median
from tempfile import TemporaryFile
from time import process_time
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import Length
from django.test import Client
from django.utils import timezone, translation

from directives.backups.throwaway import InstallationError
from directives.base.states import MANAGER, STAFF, SUPERVISOR
from directives.base.wording import localized
from directives.downloads.exporting import AT_ONCE_ROWS
from directives.models import CalendarDay, Document, Obligation, Organisation, User
from directives.models.documents import HEAVY
from directives.models.scope import in_bodies, in_subtrees
from directives.obligations.exports.ledger import Today, book
from directives.obligations.queries.filters import ObligationFilter
from directives.tables.xlsx import write_xlsx
from tests.bench.desks import person
from tests.bench.exports import LANGUAGE

LEVELS = (
    (SUPERVISOR, 0),
    (MANAGER, 1),
    (SUPERVISOR, 2),
    (STAFF, 3),
)  # a role, and how far below the root its body stands


@dataclass(frozen=True, slots=True)
class WebExport:
    """One person's export: rows, bodies in view, seconds of a processor by page and command."""

    role: str
    body: str
    bodies: int
    rows: int
    web: float
    command: float


def web_exports(now: datetime, *, rounds: int) -> list[WebExport]:
    """For each role, from a body of each level: as many rows as come at once.

    Through the page and by the command, in turn.
    """
    document = Document.objects.filter(fictional=True).defer(*HEAVY).order_by("pk").first()
    if document is None:
        raise InstallationError("This database holds no made-up work.")
    with translation.override(LANGUAGE):
        return [_of(role, body, document, now, rounds) for role, body in _posts(document)]


def _posts(document: Document) -> list[tuple[str, Organisation]]:
    """Who takes the ledger away: from the root to a body without others below that owes."""
    owes = (
        Obligation.objects.live()
        .filter(document=document)
        .order_by(Length("organisation__path").desc(), "organisation__path")
    )
    leaf = Organisation.objects.get(pk=owes.values_list("organisation", flat=True).first())
    line = [*leaf.ancestor_ids]
    return [
        (role, Organisation.objects.get(pk=line[min(depth, len(line) - 1)]))
        for role, depth in LEVELS
    ]


def _few(document: Document, body: Organisation) -> ObligationFilter:
    """What that person asks for: everything, or the section or directive with most of the rows.

    Only so many rows as still come at once.
    """
    asked = ObligationFilter(document=document.pk)
    rows = (
        Obligation.objects.live()
        .filter(document=document, organisation__path__startswith=body.path)
        .order_by()
    )
    if rows.count() <= AT_ONCE_ROWS:
        return asked
    parts = [
        (n, {name: pk})
        for name in ("section", "directive")
        for pk, n in rows.values_list(name).annotate(n=Count("pk"))
    ]
    few = [part for part in parts if part[0] <= AT_ONCE_ROWS]
    if not few:
        raise InstallationError("Every directive of the document has more rows than come at once.")
    return replace(asked, **max(few, key=itemgetter(0))[1])


def _of(role: str, body: Organisation, document: Document, now: datetime, rounds: int) -> WebExport:
    user, asked = person(f"bench-{role}-{body.code}", body, role), _few(document, body)
    query = {
        "document": asked.document,
        "section": asked.section or "",
        "directive": asked.directive or "",
        "export": "xlsx",
    }
    page, command = _page(user, f"/obligations/?{urlencode(query)}"), _command(user, asked, now)
    rows = command()
    page()  # once before, as a process that has served for a while
    times = [(_busy(page), _busy(command)) for _turn in range(rounds)]
    web, alone = (median(column) for column in zip(*times, strict=True))
    bodies = Organisation.objects.filter(path__startswith=body.path).count() if role != STAFF else 1
    return WebExport(role, localized(body, "name"), bodies, rows, web, alone)


def _busy(act: Callable[[], int]) -> float:
    began = process_time()
    act()
    return process_time() - began


def _page(user: User, address: str) -> Callable[[], int]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="directives.accounts.Door")

    def ask() -> int:
        answer = client.get(address)
        if answer.status_code != 200:
            raise InstallationError(f"{address} was answered {answer.status_code}.")
        return len(b"".join(answer.streaming_content) if answer.streaming else answer.content)

    return ask


def _command(user: User, asked: ObligationFilter, now: datetime) -> Callable[[], int]:
    """The same rows as the system writes them."""
    today = timezone.localdate(now)
    dated = Today(today, CalendarDay.objects.workdays(today))
    post = user.held_memberships[0]
    rows = Obligation.objects.filter(
        in_bodies([post], "organisation")
        if post.role == STAFF
        else in_subtrees([post], "organisation__path")
    )

    def write() -> int:
        with TemporaryFile() as file:
            return write_xlsx(book(rows, asked, user=None, dated=dated, now=now), file)

    return write
