"""What the document says about who is responsible for what by when, in bodies of the register."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from directives.base.states import LEAD, SUPPORTING
from directives.core.rules import may
from directives.models import Addressee, Directive, Document, Obligation, Organisation, User
from directives.obligations.commands.as_said import Share, existing_pairs, pairs_of
from directives.obligations.commands.choosing import candidates
from directives.obligations.commands.issuing import Terms
from directives.obligations.queries.issuing import LISTED
from directives.organisations.queries.naming import AMBIGUOUS, UNKNOWN, NamedBodies, bodies_named

MOST_SUCCESSIONS = 4  # from the day of the document to today
EXACT = 100_000  # pairs that are compared with those assigned; of more, the preview says at most
BODIES_LISTED = 200  # bodies whose names a page lists


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name of the document means, and in how many directives it stands."""

    name: str
    basis: str
    bodies: tuple[Organisation, ...]  # to which the person may assign today
    refused: tuple[Organisation, ...]  # to which they may not
    candidates: tuple[Organisation, ...]
    directives: int

    @property
    def is_asked(self) -> bool:
        """Whether a person has to say what it means."""
        return self.basis in (AMBIGUOUS, UNKNOWN) or not (self.bodies or self.refused)

    @property
    def is_ambiguous(self) -> bool:
        return bool(self.candidates) and not self.bodies

    @property
    def is_class(self) -> bool:
        return len(self.bodies) > 1

    @property
    def lists_bodies(self) -> bool:
        return self.is_class and len(self.bodies) <= BODIES_LISTED


@dataclass(frozen=True, slots=True)
class SaidRow:
    addressee: Addressee
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class SaidDirective:
    directive: Directive
    rows: tuple[SaidRow, ...]

    @property
    def is_unread(self) -> bool:
        return self.directive.checked_at is None

    @property
    def has_lead(self) -> bool:
        return any(row.addressee.role == LEAD for row in self.rows)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that the document says, directive by directive."""

    directives: tuple[SaidDirective, ...]
    meanings: Mapping[str, Meaning]

    @property
    def unread(self) -> int:
        return sum(line.is_unread for line in self.directives)

    @property
    def asked(self) -> list[Meaning]:
        """Names that a person has to decide, those that fit several bodies first."""
        asked = [meaning for meaning in self.meanings.values() if meaning.is_asked]
        return sorted(asked, key=lambda meaning: not meaning.is_ambiguous)

    @property
    def found(self) -> list[Meaning]:
        return [meaning for meaning in self.meanings.values() if not meaning.is_asked]


def proposal(document: Document, user: User, *, today: date) -> Proposal:
    """Read the proposal in a fixed number of queries."""
    rows = document.directives.filter(statement=False).select_related("section")
    directives = list(rows.prefetch_related("addressees").order_by("order"))
    counts = Counter(
        name for row in directives for name in {who.name for who in row.addressees.all()} if name
    )
    meanings = meanings_of(counts, document, user, today=today)
    lines = (
        SaidDirective(
            row,
            tuple(SaidRow(who, meanings[who.name]) for who in row.addressees.all() if who.name),
        )
        for row in directives
    )
    return Proposal(tuple(lines), meanings)


def meanings_of(
    counts: Mapping[str, int], document: Document, user: User, *, today: date
) -> dict[str, Meaning]:
    """What each name means on the day of the document, and who answers for these bodies today."""
    on = document.issued_on or today
    named = bodies_named(counts, owner=document.organisation, on=on)
    heirs = _heirs((body for found in named.values() for body in found.bodies), today)
    meanings = {}
    for name, count in counts.items():
        bodies = tuple(dict.fromkeys(heirs[body.pk] for body in named[name].bodies))
        allowed = tuple(
            body for body in bodies if _exists(body, today) and may(user, "issue", body)
        )
        ids = {body.pk for body in allowed}
        meanings[name] = Meaning(
            name,
            named[name].basis,
            allowed,
            tuple(body for body in bodies if body.pk not in ids),
            tuple(body for body in named[name].candidates if may(user, "issue", body)),
            count,
        )
    return meanings


def _heirs(bodies: Iterable[Organisation], today: date) -> dict[int, Organisation]:
    """By id, the body that answers today for each; an abolished one without successor itself."""
    heirs = {body.pk: body for body in bodies}
    for _step in range(MOST_SUCCESSIONS):
        ended = {pk: b for pk, b in heirs.items() if b.successor_id and not _exists(b, today)}
        if not ended:
            break
        successors = Organisation.objects.in_bulk({body.successor_id for body in ended.values()})
        heirs |= {pk: successors[body.successor_id] for pk, body in ended.items()}
    return heirs


def _exists(body: Organisation, today: date) -> bool:
    return body.valid_to is None or body.valid_to > today


def bodies_to_offer(user: User, *, today: date) -> list[Organisation]:
    """The bodies that a person may choose for a name; none if there are too many to list."""
    rows = candidates(user).existing_on(today).order_by("code")
    bodies = list(rows.only("code", "name_hans", "name_hant")[: LISTED + 1])
    return bodies if len(bodies) <= LISTED else []


def bodies_of_texts(
    texts: Iterable[str], document: Document, user: User, *, today: date
) -> dict[str, NamedBodies]:
    """What people mean by a code or a name that they typed, of the bodies they may assign to."""
    asked = sorted(set(texts))
    if not asked:
        return {}
    named = bodies_named(asked, owner=document.organisation, on=today)
    found = {
        text: replace(
            row,
            bodies=tuple(body for body in row.bodies if may(user, "issue", body)),
            candidates=tuple(body for body in row.candidates if may(user, "issue", body)),
        )
        for text, row in named.items()
    }
    with_code = candidates(user).existing_on(today).filter(code__in=asked)
    return found | {body.code: NamedBodies(body.code, (body,), "code") for body in with_code}


# leads beside present ones


@dataclass(frozen=True, slots=True)
class LedAlready:
    """A directive that has a lead, and the other organisations that would lead it too."""

    directive: Directive
    present: tuple[Organisation, ...]
    new: tuple[Organisation, ...]


def led_already(shares: Iterable[Share]) -> list[LedAlready]:
    """The directives to which these shares would give a second lead, in two queries."""
    leading = [share for share in shares if share.part == LEAD]
    directives = {share.directive.pk: share.directive for share in leading}
    if not directives:
        return []
    present: dict[int, list[Organisation]] = {}
    rows = Obligation.objects.live().filter(directive__in=directives, part=LEAD)
    for row in rows.select_related("organisation").order_by("organisation__code"):
        present.setdefault(row.directive_id, []).append(row.organisation)
    pairs = {
        (share.directive.pk, body.pk): body
        for share in leading
        if share.directive.pk in present
        for body in share.bodies
    }
    existing = existing_pairs(pairs) if pairs else frozenset()
    new: dict[int, list[Organisation]] = {}
    for (directive, body), organisation in pairs.items():
        if (directive, body) not in existing:
            new.setdefault(directive, []).append(organisation)
    return [
        LedAlready(directives[pk], tuple(present[pk]), tuple(bodies)) for pk, bodies in new.items()
    ]


# the preview


@dataclass(frozen=True, slots=True)
class BodyLine:
    """What would be assigned to one body, or to each body of a class too large to list."""

    name: str
    body: Organisation | None
    bodies: int
    lead: int
    responsible: int
    supporting: int
    first_due: date | None


@dataclass(frozen=True, slots=True)
class SaidPreview:
    """What an issue would create. If not `exact`, `new` is a maximum."""

    directives: int
    bodies: int
    pairs: int
    existing: int
    exact: bool
    lines: tuple[BodyLine, ...]

    @property
    def new(self) -> int:
        return self.pairs - self.existing


def said_preview(shares: Sequence[Share]) -> SaidPreview:
    """Count what these shares would create, in one query."""
    by_directive: dict[int, set[int]] = {}
    for share in shares:
        ids = by_directive.setdefault(share.directive.pk, set())
        ids.update(body.pk for body in share.bodies)
    total = sum(map(len, by_directive.values()))
    bodies = set().union(*by_directive.values())
    exact = total <= EXACT and len(bodies) <= BODIES_LISTED * 10
    keys = ((pk, body) for pk, ids in by_directive.items() for body in ids)
    existing = len(existing_pairs(keys)) if exact else 0
    lines = _lines_by_name(shares) if len(bodies) > BODIES_LISTED else _lines_by_body(shares)
    return SaidPreview(len(by_directive), len(bodies), total, existing, exact, lines)


def _lines_by_body(shares: Sequence[Share]) -> tuple[BodyLine, ...]:
    by_body: dict[Organisation, list[Terms]] = {}
    for pair in pairs_of(shares, Terms()):
        by_body.setdefault(pair.organisation, []).append(pair.terms)
    lines = [_line("", body, 1, terms) for body, terms in by_body.items()]
    return tuple(sorted(lines, key=lambda line: line.body.code if line.body else ""))


def _lines_by_name(shares: Sequence[Share]) -> tuple[BodyLine, ...]:
    by_name: dict[str, list[Share]] = {}
    for share in shares:
        by_name.setdefault(share.name, []).append(share)
    return tuple(
        _line(name, None, len(rows[0].bodies), [row.terms(Terms()) for row in rows])
        for name, rows in by_name.items()
    )


def _line(name: str, body: Organisation | None, bodies: int, terms: Sequence[Terms]) -> BodyLine:
    parts = Counter(row.part for row in terms)
    days = [row.due_on for row in terms if row.due_on]
    others = len(terms) - parts[LEAD] - parts[SUPPORTING]
    return BodyLine(
        name, body, bodies, parts[LEAD], others, parts[SUPPORTING], min(days, default=None)
    )
