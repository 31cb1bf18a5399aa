"""Acts of the desk on the words of rows: corrected, cut in pieces, joined, added, their items."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from string import ascii_lowercase

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.base.script import to_hans
from directives.documents.commands.correcting import ADDED_LETTERS, STATEMENT
from directives.documents.commands.desk_rows import (
    ADDRESSEES,
    ITEMS,
    Seen,
    State,
    Work,
    as_directive,
    as_statement,
    read_anew,
    refuse_issued,
    state_of,
)
from directives.documents.commands.desk_text import SourceText, moved, without_blanks
from directives.documents.ingest.modality import is_statement
from directives.models import DeskAct, Directive, Document, User
from directives.models.documents import UNSTATED

LONGEST_CODE, LONGEST_ITEM = 20, 100


# the words of a row


@transaction.atomic
def correct_words(
    *, document: Document, seen: Seen, text: str, by: User | None, now: datetime
) -> DeskAct | None:
    """Correct misread words of one row; what was read is kept beside."""
    text = " ".join(text.split())
    if not text:
        raise Invalid({"text": [_("A directive needs words. To remove it, leave it out.")]})
    work = Work(document, "words", by, now)
    (row,) = work.take(seen)
    if text == row.text:
        return None
    refuse_issued([row])
    as_read = row.text_as_read or row.text
    state = state_of(row) | {"text": text, "text_as_read": "" if text == as_read else as_read}
    work.change(row, state | {ITEMS: _items_in(row.text, text, state[ITEMS])})
    return work.store()


def _items_in(before: str, after: str, items: Iterable[Sequence[str | int]]) -> list[list[object]]:
    """The items of a text in its new wording, without those whose words are gone."""
    found: list[list[object]] = []
    for _name, verb, start, end in items:
        start, end = moved(before, after, [int(start), int(end)])
        if after[start:end].strip():
            found.append([after[start:end][:LONGEST_ITEM], verb, start, end])
    return found


@transaction.atomic
def set_items(
    *, document: Document, seen: Seen, names: Iterable[str], by: User | None, now: datetime
) -> DeskAct | None:
    """Name the items of one row; each is a stretch of its words."""
    work = Work(document, "items", by, now)
    (row,) = work.take(seen)
    state, items = state_of(row), []
    verbs = {name: verb for name, verb, _start, _end in state[ITEMS]}
    for name in dict.fromkeys(filter(None, (name.strip() for name in names))):
        start = row.text.find(name)
        if start < 0 or len(name) > LONGEST_ITEM:
            text = _("“%(name)s” is not in the words of the directive.")
            raise Invalid({"items": [text % {"name": name}]})
        items.append([name, verbs.get(name, ""), start, start + len(name)])
    items.sort(key=lambda item: item[2])
    if items != state[ITEMS]:
        refuse_issued([row])
        work.change(row, state | {ITEMS: items})
    return work.store()


@transaction.atomic
def split(
    *, document: Document, seen: Seen, text: str, by: User | None, now: datetime
) -> DeskAct | None:
    """Cut one row at the line breaks of `text`; the first piece keeps the code.

    Everybody addressed and the deadline go with each piece; kind and manner are read anew.
    """
    pieces = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    work = Work(document, "split", by, now)
    (row,) = work.take(seen)
    if without_blanks("".join(pieces)) != without_blanks(row.text):
        raise Invalid({"text": [_("Only add line breaks to split. Correct words first.")]})
    if len(pieces) < 2:
        raise Invalid({"text": [_("Put the cursor where the row is to be cut and press Enter.")]})
    refuse_issued([row])
    states = _pieces(row, pieces, _ranges(document, row, pieces))
    codes = _unused_codes(document, row.code, len(pieces) - 1)
    work.change(row, states[0])
    work.add_after(row, list(zip(codes, states[1:], strict=True)))
    return work.store()


def _ranges(
    document: Document, row: Directive, pieces: Sequence[str]
) -> Sequence[tuple[int, int] | tuple[None, None]]:
    """Where each piece stands in the text as read."""
    if row.source_start is None or row.source_end is None:
        return [(None, None)] * len(pieces)
    source = SourceText.of(document.text_read, document.repairs.all())
    part = source.within(row.source_start, row.source_end)
    if not part.text:
        return [(row.source_start, row.source_end)] * len(pieces)
    return part.ranges(pieces)


def _pieces(
    row: Directive,
    pieces: Sequence[str],
    ranges: Sequence[tuple[int, int] | tuple[None, None]],
) -> list[State]:
    whole, states, position = state_of(row), [], 0
    for piece, (start, end) in zip(pieces, ranges, strict=True):
        state = whole | {"text": piece, "source_start": start, "source_end": end}
        state |= {"checked_by_id": None, "checked_at": None, "title": False}
        place = row.text.find(piece, position)
        place = place if place >= 0 else position
        position = place + len(piece)
        state[ITEMS] = [
            [name, verb, begin - place, stop - place]
            for name, verb, begin, stop in whole[ITEMS]
            if place <= begin and stop <= position
        ]
        if whole["text_as_read"]:
            state["text_as_read"] = whole["text_as_read"]
        states.append(state if state["statement"] else read_anew(state))
    return states


def _unused_codes(document: Document, code: str, count: int) -> list[str]:
    """Codes for rows that come from the row with this code: 一.1.1a, 一.1.1b …"""
    stem = ADDED_LETTERS.sub("", code)
    used = set(document.directives.filter(code__startswith=stem).values_list("code", flat=True))
    letters = ("".join(pair) for size in (1, 2) for pair in product(ascii_lowercase, repeat=size))
    unused = (f"{stem}{letter}" for letter in letters if f"{stem}{letter}" not in used)
    codes = [code for code, _number in zip(unused, range(count), strict=False)]
    if len(codes) < count or len(codes[-1]) > LONGEST_CODE:
        raise Invalid(_("No code is left for the new row."))
    return codes


@transaction.atomic
def merge(*, document: Document, seen: Seen, by: User | None, now: datetime) -> DeskAct | None:
    """Join rows that follow each other; one alone is joined with the next.

    The first keeps its code and gets the words and addressees of all; the others are left out.
    """
    work = Work(document, "merge", by, now)
    rows = work.take(seen)
    refuse_issued(rows := _joinable(work, rows))
    first, state = rows[0], state_of(rows[0])
    for row in rows[1:]:
        state = _joined(state, state_of(row))
        merged = as_statement(state_of(row), heading=False, dropped=True, merged_into=first.code)
        work.change(row, merged)
    work.change(first, state | {"checked_by_id": None, "checked_at": None, "title": False})
    return work.store()


def _joinable(work: Work, rows: list[Directive]) -> list[Directive]:
    """The rows, with the next if it is only one. Raises Invalid unless they follow each other."""
    section = rows[0].section_id
    present = work.document.directives.filter(section=section, dropped=False).order_by("order")
    ids = list(present.values_list("pk", flat=True))
    chosen = [row.pk for row in rows]
    if chosen[0] not in ids:
        raise Invalid(_("A row that is left out is not joined. Restore it first."))
    start = ids.index(chosen[0])
    if len(chosen) == 1:
        if start + 1 == len(ids):
            raise Invalid(_("It is the last row of its section."))
        return [rows[0], *work.load([ids[start + 1]])]
    if ids[start : start + len(chosen)] != chosen:
        raise Invalid(_("Only rows that follow each other in one section are joined."))
    return rows


def _joined(first: State, second: State) -> State:
    latin = first["text"][-1:].isascii() and second["text"][:1].isascii()
    between = " " if latin and first["text"][-1:].isalnum() else ""
    state = first if not first["statement"] else second | {"heading": False}
    state = state | {"text": f"{first['text']}{between}{second['text']}"}
    as_read = [row["text_as_read"] or row["text"] for row in (first, second)]
    changed = first["text_as_read"] or second["text_as_read"]
    state["text_as_read"] = between.join(as_read) if changed else ""
    named = [who for who in first[ADDRESSEES] if who[1] != UNSTATED]
    names = {who[0] for who in named}
    named += [who for who in second[ADDRESSEES] if who[1] != UNSTATED and who[0] not in names]
    state[ADDRESSEES] = named or first[ADDRESSEES] or second[ADDRESSEES]
    shift = len(first["text"]) + len(between)
    state[ITEMS] = first[ITEMS] + [
        [name, verb, start + shift, end + shift] for name, verb, start, end in second[ITEMS]
    ]
    if not first["due_words"] and not first["due_on"] and not first["due_every"]:
        state |= {name: second[name] for name in second if name.startswith("due_")}
    else:
        state |= {name: first[name] for name in first if name.startswith("due_")}
    return state | _joined_places(first, second)


def _joined_places(first: State, second: State) -> State:
    """One range if the second follows the first, else the second's as a further place."""
    places = [*first["places"], *(row for row in second["places"] if row not in first["places"])]
    start, end = first["source_start"], first["source_end"]
    if second["source_start"] is not None:
        if end is not None and second["source_start"] >= end:
            end = second["source_end"]
        elif start is None:
            start, end = second["source_start"], second["source_end"]
        else:
            places.append([second["source_start"], second["source_end"]])
    return {"source_start": start, "source_end": end, "places": places}


@transaction.atomic
def add(
    *, document: Document, after: Directive, text: str, by: User | None, now: datetime
) -> Directive:
    """Add a row behind another one.

    Where its words stand in the text as read, their place is kept; else it has none.
    """
    text = " ".join(text.split())
    if not text:
        raise Invalid({"text": [_("Select words of the source, or enter them.")]})
    work = Work(document, "add", by, now)
    (anchor,) = work.load([after.pk])
    source = SourceText.of(document.text_read, document.repairs.all())
    start, end = source.find(text, after=anchor.source_end or 0) or (None, None)
    state = _new_state(text, start, end)
    codes = _unused_codes(document, anchor.code, 1)
    (row,) = work.add_after(anchor, [(codes[0], state)])
    work.store()
    return row


def _new_state(text: str, start: int | None, end: int | None) -> State:
    state: State = {
        "text": text,
        "text_as_read": "",
        "source_start": start,
        "source_end": end,
        "places": [],
        "merged_into": "",
        "heading": False,
        "dropped": False,
        "title": False,
        "cadence": "",
        "due_words": "",
        "due_on": None,
        "due_every": "",
        "due_rule": "",
        "checked_by_id": None,
        "checked_at": None,
        ADDRESSEES: [],
        ITEMS: [],
    }
    statement = is_statement(to_hans(text))
    return as_statement(state) if statement else as_directive(state | {"kind": STATEMENT})
