"""The rows of the desk as acts find and leave them; every act can be undone from its difference."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Max
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.script import fold, to_hans
from directives.base.states import RESPONSIBLE
from directives.base.wording import join_words
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.correcting import NOT_CORRECTOR, STATEMENT
from directives.documents.commands.reading_rows import addressees_of, in_both_scripts
from directives.documents.ingest.modality import cadence_of, kind_of, modality_of
from directives.models import Addressee, DeskAct, Directive, Document, Item, Obligation, User
from directives.models.documents import UNSTATED
from directives.models.sql import insert, update_each

# What an act may change of a row itself; the rest of `State` are its addressees and items.
FIELDS = (
    *("text", "text_as_read", "source_start", "source_end", "places", "merged_into"),
    *("statement", "heading", "dropped", "title", "kind", "modality", "cadence"),
    *("due_words", "due_on", "due_every", "due_rule", "checked_by_id", "checked_at"),
)
DERIVED = ("text_hans", "text_hant", "search_key", "version")
ADDRESSEES, ITEMS = "addressees", "items"
Seen = Mapping[int, int]  # the versions of rows that a person saw, by id
State = dict[str, Any]  # values of JSON by field
Change = tuple[State | None, State]  # before, None for a row that the act adds, and after


def state_of(row: Directive) -> State:
    """The state of a row with its addressees and items prefetched."""
    state: State = {name: getattr(row, name) for name in FIELDS}
    addressees = sorted(row.addressees.all(), key=lambda who: who.order)
    state[ADDRESSEES] = [[who.name, who.basis, who.source, who.role] for who in addressees]
    items = sorted(row.items.all(), key=lambda item: item.number)
    state[ITEMS] = [[item.name, item.verb, item.start, item.end] for item in items]
    return _plain(state)


def _plain(state: State) -> State:
    """The state as it comes back from JSON."""
    plain: State = json.loads(json.dumps(state, cls=DjangoJSONEncoder))
    return plain


def as_statement(state: State, **fields: Any) -> State:
    """The state of a row that requires nothing."""
    return state | {"statement": True, "kind": STATEMENT, "modality": ""} | fields


def as_directive(state: State) -> State:
    """The state of a row that requires something; kind and manner are read from its words."""
    state = state | {"heading": False, "statement": False}
    state[ADDRESSEES] = state[ADDRESSEES] or [["", UNSTATED, "", RESPONSIBLE]]
    return read_anew(state) if state["kind"] == STATEMENT else state


def read_anew(state: State) -> State:
    hans = to_hans(state["text"])
    modality = modality_of(hans)
    verbs = [(to_hans(verb), to_hans(name)) for name, verb, _start, _end in state[ITEMS]]
    kind = kind_of(hans, modality, verbs)
    return state | {"modality": modality, "kind": kind, "cadence": cadence_of(hans, kind)}


def refuse_issued(rows: Iterable[Directive]) -> None:
    """Raises Invalid that names the rows with obligations, withdrawn ones too."""
    ids = [row.pk for row in rows]
    codes = Obligation.objects.filter(directive__in=ids).order_by("directive__order")
    issued = list(dict.fromkeys(codes.values_list("directive__code", flat=True)))
    if issued:
        text = _("%(codes)s: already assigned. What was assigned is not changed.")
        raise Invalid(text % {"codes": join_words(issued)})


@dataclass(slots=True)
class Work:
    """One act on rows of a document: they are locked, changed, stored and recorded together."""

    document: Document
    act: str
    by: User | None
    now: datetime
    changes: dict[int, Change] = field(default_factory=dict)
    rows: dict[int, Directive] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises NotAllowed. Acts on the same document wait for each other."""
        if not may(self.by, "own", self.document):
            raise NotAllowed(str(NOT_CORRECTOR))
        Document.objects.select_for_update().only("pk").get(pk=self.document.pk)

    def take(self, seen: Mapping[int, int]) -> list[Directive]:
        """These rows in the document's order; `seen` has the versions that the person saw, by id.

        Raises Stale if one has another by now.
        """
        rows = self.load(seen)
        if len(rows) < len(seen) or any(row.version != seen[row.pk] for row in rows):
            raise Stale
        return rows

    def load(self, ids: Iterable[int]) -> list[Directive]:
        rows = list(
            Directive.objects.select_for_update()
            .filter(document=self.document, pk__in=list(ids))
            .prefetch_related("addressees", "items")
            .order_by("order")
        )
        for row in rows:
            row.document = self.document
        self.rows |= {row.pk: row for row in rows}
        return rows

    def change(self, row: Directive, state: State) -> None:
        before, state = state_of(row), _plain(state)
        if state != before:
            self.changes[row.pk] = before, state

    def add_after(self, row: Directive, states: Sequence[tuple[str, State]]) -> list[Directive]:
        """New rows behind a row, each with its code and state; later rows make room."""
        later = Directive.objects.filter(document=self.document, order__gt=row.order)
        later.update(order=F("order") + len(states))
        added = []
        for order, (code, state) in enumerate(states, row.order + 1):
            new = Directive(
                document=self.document,
                section_id=row.section_id,
                paragraph=row.paragraph,
                sentence=row.sentence,
                order=order,
                code=code,
                version=0,
            )
            _set(new, state)
            new.save(force_insert=True)
            self.rows[new.pk] = new
            self.changes[new.pk] = None, _plain(state)
            added.append(new)
        return added

    def store(self) -> DeskAct | None:
        """Store what changed, record it, and keep it for an undo; None if nothing changed."""
        if not self.changes:
            return None
        self.write()
        self.record()
        return self.keep()

    def write(self) -> None:
        _write(self.rows, self.changes)

    def record(self) -> None:
        before, after = _differences(self.changes)
        changes = [audit.Change(self.rows[pk], before[pk] or {}, after[pk]) for pk in after]
        audit.record_many(f"desk_{self.act}", changes, by=self.by, now=self.now)

    def keep(self) -> DeskAct:
        before, after = _differences(self.changes)
        last = DeskAct.objects.filter(document=self.document).aggregate(Max("number"))
        return DeskAct.objects.create(
            document=self.document,
            number=(last["number__max"] or 0) + 1,
            act=self.act,
            by=self.by,
            at=self.now,
            before={str(pk): state for pk, state in before.items()},
            after={str(pk): state for pk, state in after.items()},
        )


def _differences(
    changes: Mapping[int, Change],
) -> tuple[dict[int, State | None], dict[int, State]]:
    """Before and after by row id, only the fields that differ; of an added row all."""
    old: dict[int, State | None] = {}
    new: dict[int, State] = {}
    for pk, (before, after) in changes.items():
        if before is None:
            old[pk], new[pk] = None, after
            continue
        names = [name for name in after if after[name] != before[name]]
        old[pk] = {name: before[name] for name in names}
        new[pk] = {name: after[name] for name in names}
    return old, new


def _set(row: Directive, state: State) -> None:
    """Set the fields of a row, with those that follow from its text."""
    for name in FIELDS:
        setattr(row, name, state[name])
    row.due_on = _day(state["due_on"])
    row.checked_at = parse_datetime(state["checked_at"]) if state["checked_at"] else None
    row.text_hans, row.text_hant = in_both_scripts(row.text, row.document.script)
    row.search_key = fold(f"{row.code} {row.text}")
    row.version += 1


def _day(value: str | None) -> date | None:
    return parse_date(value) if value else None


def _write(rows: Mapping[int, Directive], changes: Mapping[int, Change]) -> None:
    changed = []
    for pk, (before, after) in changes.items():
        row = rows[pk]
        if before is not None:
            _set(row, after)
            changed.append(row)
    update_each(Directive, changed, [*FIELDS, *DERIVED])
    _write_addressees(rows, changes)
    _write_items(rows, changes)


def _write_addressees(rows: Mapping[int, Directive], changes: Mapping[int, Change]) -> None:
    differing = [pk for pk, change in changes.items() if _differs(change, ADDRESSEES)]
    Addressee.objects.filter(directive__in=differing).delete()
    new: list[Addressee] = []
    for pk in differing:
        named = [(name, basis, source, role) for name, basis, source, role in _of(changes, pk)]
        new += addressees_of(rows[pk], rows[pk].document.script, named)
    insert(Addressee, new)


def _of(changes: Mapping[int, Change], pk: int) -> list[list[str]]:
    addressees: list[list[str]] = changes[pk][1][ADDRESSEES]
    return addressees


def _write_items(rows: Mapping[int, Directive], changes: Mapping[int, Change]) -> None:
    differing = [pk for pk, change in changes.items() if _differs(change, ITEMS)]
    Item.objects.filter(directive__in=differing).delete()
    new = []
    for pk in differing:
        for number, (name, verb, start, end) in enumerate(changes[pk][1][ITEMS], 1):
            hans, hant = in_both_scripts(name, rows[pk].document.script)
            new.append(
                Item(
                    directive=rows[pk],
                    number=number,
                    name=name,
                    name_hans=hans,
                    name_hant=hant,
                    verb=verb,
                    start=start,
                    end=end,
                )
            )
    insert(Item, new)


def _differs(change: Change, name: str) -> bool:
    before, after = change
    return before is None or before[name] != after[name]
