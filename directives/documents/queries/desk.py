"""Which rows of a reading are doubtful, and why; which nobody has compared with the source yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.wording import join_words, localized_text
from directives.documents.ingest.deadlines import WORDS
from directives.models import Directive, Document, Repair
from directives.models.documents import INFERRED, PROPOSED, UNSTATED
from directives.organisations.queries.naming import AMBIGUOUS, UNKNOWN, NamedBodies, bodies_named

TITLE, REPAIR, NOT_NAMED, GUESSED, NO_DAY = "title", "repair", "unstated", "inferred", "deadline"
BODY, BODIES = "unknown", "ambiguous"
REASONS: dict[str, str | Promise] = {
    TITLE: _("It could be a heading."),
    REPAIR: _("A damaged place in it is not decided."),
    NOT_NAMED: _("No one is named."),
    GUESSED: _("The addressee is inferred."),
    NO_DAY: _("The deadline is not a day: “%(words)s”."),
    BODY: _("Not in the register: %(words)s."),
    BODIES: _("Several organisations are called this: %(words)s."),
}


@dataclass(frozen=True, slots=True)
class RowDoubt:
    """Why a row is doubtful; `of` are words of the document that the reason is about."""

    kind: str
    of: str = ""

    @property
    def words(self) -> str:
        """The reason in the reader's language."""
        return str(REASONS[self.kind]) % {"words": localized_text(self.of)}


def unread_count(document: Document) -> int:
    """How many directives of a document nobody has compared with the source yet."""
    return document.directives.filter(statement=False, checked_by=None).count()


def doubts_of(
    directive: Directive,
    *,
    undecided: Sequence[int] = (),
    named: Mapping[str, NamedBodies] | None = None,
) -> tuple[RowDoubt, ...]:
    """Why a row is doubtful, with its addressees prefetched.

    `undecided` are the places of undecided repairs in the text as read; `named` says what the names
    of its addressees mean in the register.
    """
    if directive.dropped:
        return ()
    found = []
    if directive.title and not directive.heading:
        found.append(RowDoubt(TITLE))
    start, end = directive.source_start, directive.source_end
    if start is not None and end is not None and any(start <= at < end for at in undecided):
        found.append(RowDoubt(REPAIR))
    if not directive.statement:
        found += _doubts_of_terms(directive, named or {})
    return tuple(found)


def _doubts_of_terms(directive: Directive, named: Mapping[str, NamedBodies]) -> Iterable[RowDoubt]:
    addressees = list(directive.addressees.all())
    bases = {row.basis for row in addressees}
    if not bases - {UNSTATED}:
        yield RowDoubt(NOT_NAMED)
    if INFERRED in bases:
        yield RowDoubt(GUESSED)
    undated = not directive.due_on and not directive.due_every
    if directive.due_words and directive.due_rule != WORDS and undated:
        yield RowDoubt(NO_DAY, directive.due_words)
    for kind, basis in ((BODY, UNKNOWN), (BODIES, AMBIGUOUS)):
        names = [row.name for row in addressees if _is_of(basis, named.get(row.name))]
        if names:
            yield RowDoubt(kind, join_words(names))


def _is_of(basis: str, bodies: NamedBodies | None) -> bool:
    return bodies is not None and bodies.basis == basis


def doubts_by_directive(
    document: Document, directives: Iterable[Directive], *, on: date
) -> dict[int, tuple[RowDoubt, ...]]:
    """The doubts of these rows by id, in a fixed number of queries; the addressees are prefetched.

    `on` is the day as of which names mean bodies of the register.
    """
    rows = list(directives)
    names = {
        addressee.name
        for row in rows
        if not row.statement
        for addressee in row.addressees.all()
        if addressee.name
    }
    named = bodies_named(names, owner=document.organisation, on=on)
    places = undecided_places(document)
    return {row.pk: doubts_of(row, undecided=places, named=named) for row in rows}


def undecided_places(document: Document) -> list[int]:
    """Where the undecided repairs of a document begin in its text as read."""
    undecided = list(Repair.objects.filter(document=document, state=PROPOSED))
    if not undecided:
        return []
    starts = line_starts(document.text_read)
    return [starts[row.line - 1] + row.start for row in undecided if row.line <= len(starts)]


def line_starts(text: str) -> list[int]:
    """Where each line of a text begins."""
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return starts
