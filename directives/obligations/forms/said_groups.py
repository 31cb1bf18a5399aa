"""The rows of a long issue as the document says: folded by section, and filled in part by part."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.http import QueryDict

from directives.base.numbers import whole_number
from directives.models import Directive
from directives.obligations.forms.as_said import ADD, DUE, OWN_DUE, AsSaidForm, DirectiveField
from directives.obligations.queries.as_said import Proposal, SaidDirective

SHOWN = 400  # rows of the longest page that is not folded
SIZE = 50  # directives of a group at most


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring directives of a section."""

    said: tuple[SaidDirective, ...]
    lines: tuple[DirectiveField, ...]  # none while it is folded
    is_folding: bool  # one of several, with a heading
    changed: int  # directives of which something differs from what the document says
    faulty: int

    @property
    def key(self) -> int:
        return self.first.pk

    @property
    def first(self) -> Directive:
        return self.said[0].directive

    @property
    def last(self) -> Directive:
        return self.said[-1].directive


def is_long(proposal: Proposal) -> bool:
    """Whether the page shows only some of the rows."""
    return sum(1 + len(line.rows) for line in proposal.directives) > SHOWN


def groups_of(form: AsSaidForm, opened: Collection[int]) -> list[Group]:
    """All groups; those with these keys are open. Without any, the first with a fault, or first."""
    parts = [*_parts(form.proposal)]
    faulty = _directives_of(form.row_faults, form.proposal)
    changed = _changed(form)
    keys = {part[0].directive.pk for part in parts}.intersection(opened)
    if not keys and len(parts) > 1:
        with_fault = (part for part in parts if not faulty.isdisjoint(_ids(part)))
        keys = {part[0].directive.pk for part in [*with_fault, *parts][:1]}
    return [
        Group(
            part,
            tuple(map(form.line, part)) if len(parts) == 1 or part[0].directive.pk in keys else (),
            len(parts) > 1,
            len(changed.intersection(_ids(part))),
            len(faulty.intersection(_ids(part))),
        )
        for part in parts
    ]


def _changed(form: AsSaidForm) -> set[int]:
    """The ids of directives of which something differs from what the document says."""
    changes = form.changes
    values = [*changes.get("part", ()), *changes.get("omit", ())]
    addressees = (f"{OWN_DUE}{value.partition(':')[0]}" for value in values)
    return _directives_of([*changes, *addressees], form.proposal)


def _directives_of(names: Iterable[str], proposal: Proposal) -> set[int]:
    """The ids of the directives whose rows have fields with these names."""
    asked = set(names)
    return {
        line.directive.pk
        for line in proposal.directives
        if asked and not asked.isdisjoint(_fields_of(line))
    }


def _fields_of(line: SaidDirective) -> Iterator[str]:
    yield f"{DUE}{line.directive.pk}"
    yield f"{ADD}{line.directive.pk}"
    yield from (f"{OWN_DUE}{row.addressee.pk}" for row in line.rows)


def _parts(proposal: Proposal) -> Iterator[tuple[SaidDirective, ...]]:
    """The groups of a long page; of another one, a single group."""
    if not is_long(proposal):
        yield from filter(None, [proposal.directives])
        return
    for _section, lines in groupby(proposal.directives, lambda line: line.directive.section_id):
        section = tuple(lines)
        yield from (section[start : start + SIZE] for start in range(0, len(section), SIZE))


def _ids(lines: Iterable[SaidDirective]) -> Iterator[int]:
    return (line.directive.pk for line in lines)


def keys_shown(sent: QueryDict, proposal: Proposal) -> list[int]:
    """The keys of the groups whose rows were in the form."""
    return [part[0].directive.pk for part in _parts(proposal) if _is_sent(part[0], sent)]


def _is_sent(line: SaidDirective, sent: QueryDict) -> bool:
    return f"{DUE}{line.directive.pk}" in sent


def with_folded(sent: QueryDict, draft: QueryDict | None, proposal: Proposal) -> QueryDict:
    """What was sent, and what the draft says of rows that were not in the form."""
    if draft is None:
        return sent
    merged = sent.copy()
    folded = [line for line in proposal.directives if not _is_sent(line, sent)]
    addressees = {str(row.addressee.pk) for line in folded for row in line.rows}
    names = {f"{kind}{pk}" for pk in _ids(folded) for kind in (DUE, ADD)}
    names |= {f"{OWN_DUE}{pk}" for pk in addressees}
    for name in names.intersection(draft).difference(sent):
        merged.setlist(name, draft.getlist(name))
    for name in ("part", "omit"):
        said = {value.partition(":")[0] for value in sent.getlist(name)}
        for value in draft.getlist(name):
            if (pk := value.partition(":")[0]) in addressees and pk not in said:
                merged.appendlist(name, value)
    return merged


def keys_of(values: Iterable[str]) -> list[int]:
    """The keys that an address names."""
    return [key for value in values if (key := whole_number(value)) is not None]
