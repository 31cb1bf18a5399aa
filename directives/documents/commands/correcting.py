"""Corrections of a reading: addressees and kind of a directive, and doubtful places."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.script import fold, to_hans, to_hant
from directives.base.states import PARTS, RESPONSIBLE
from directives.base.wording import localized_text
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.desk_text import edited, line_edits, moved
from directives.documents.commands.reading_rows import (
    addressees_of,
    deadline_of,
    in_both_scripts,
)
from directives.documents.ingest.items import ItemRead
from directives.documents.ingest.reading import Reading, SentenceRead, read
from directives.documents.ingest.repair import Confirmation
from directives.documents.ingest.sources import DocumentError
from directives.models import Addressee, Directive, Document, Item, Repair, User
from directives.models.documents import (
    BASES,
    CADENCES,
    CARRIED,
    CONFIRMED,
    INTERVALS,
    KINDS,
    PROPOSED,
    REFUSED,
    UNSTATED,
)
from directives.models.sql import insert, update_each

STATEMENT = "statement"
ADDED_LETTERS = re.compile(r"(?<=\d)[a-z]+$")  # of the code of a row that came from another one
BY_HAND = "by hand"  # the rule of a deadline that a person set
PLAIN_FIELDS = ("kind", "modality", "cadence", "statement", "due_words", "due_on", "due_every")
NOT_CORRECTOR = gettext_lazy(
    "Only supervisors of the organisation that registered the document, or of one above it, "
    "correct its reading."
)
NOT_DECIDER = gettext_lazy(
    "Only supervisors of the organisation that registered the document, or of one above it, "
    "decide its doubtful places."
)


@dataclass(frozen=True, slots=True)
class NamedAddressee:
    """One addressee; `source` is the code of the sentence that it is carried from."""

    name: str
    basis: str
    source: str = ""
    role: str = RESPONSIBLE

    @property
    def basis_word(self) -> str | Promise:
        return dict(BASES).get(self.basis, self.basis)

    @property
    def role_word(self) -> str | Promise:
        return dict(PARTS).get(self.role, self.role)

    @property
    def in_words(self) -> str:
        """群团组织（责任，承前 一.1.1）; of an unstated one 未明示."""
        basis = f"{self.basis_word} {localized_text(self.source)}".strip()
        if not self.name:
            return basis
        words = _(", ").join(filter(None, (str(self.role_word), basis)))
        return _("%(name)s (%(words)s)") % {"name": localized_text(self.name), "words": words}


@dataclass(frozen=True, slots=True)
class Correction:
    kind: str
    modality: str
    cadence: str
    statement: bool
    addressees: tuple[NamedAddressee, ...]
    due_words: str = ""
    due_on: date | None = None
    due_every: str = ""

    @property
    def kind_word(self) -> str | Promise:
        return dict(KINDS).get(self.kind, "")

    @property
    def cadence_word(self) -> str | Promise:
        return dict(CADENCES).get(self.cadence, self.cadence)

    @property
    def interval_word(self) -> str | Promise:
        return dict(INTERVALS).get(self.due_every, "")

    @property
    def deadline(self) -> tuple[str, date | None, str]:
        return self.due_words, self.due_on, self.due_every


def reading_of(directive: Directive) -> Correction:
    """The present reading of a directive."""
    addressees = tuple(
        NamedAddressee(row.name, row.basis, row.source, row.role)
        for row in directive.addressees.order_by("order")
    )
    plain = {name: getattr(directive, name) for name in PLAIN_FIELDS}
    return Correction(addressees=addressees, **plain)


@transaction.atomic
def correct_directive(
    *,
    directive: Directive,
    correction: Correction,
    version: int,
    by: User | None,
    now: datetime,
    reason: str = "",
) -> Directive:
    """Correct the reading of a directive; its text stays as it is.

    `version` is the one that the person saw. Writes nothing without a difference. Raises
    NotAllowed, Stale, or Invalid with every fault.
    """
    if not may(by, "own", directive):
        raise NotAllowed(str(NOT_CORRECTOR))
    before = reading_of(directive)
    corrected = normalised(directive, correction, before)
    if errors := faults_of(directive, corrected):
        raise Invalid(errors)
    if directive.version != version:
        raise Stale(theirs=directive)
    if corrected == before:
        return directive
    _write_reading(directive, before, corrected, version)
    if corrected.addressees != before.addressees:
        directive.addressees.all().delete()
        addressees = [(row.name, row.basis, row.source, row.role) for row in corrected.addressees]
        insert(Addressee, addressees_of(directive, directive.document.script, addressees))
    old, new = _audit_values(before), _audit_values(corrected)
    changed = [name for name in new if new[name] != old[name]]
    old, new = ({name: values[name] for name in changed} for values in (old, new))
    reason = reason.strip()
    audit.record("correct", directive, by=by, now=now, before=old, after=new, reason=reason)
    return Directive.objects.get(pk=directive.pk)


def _write_reading(
    directive: Directive, before: Correction, corrected: Correction, version: int
) -> None:
    values = {name: getattr(corrected, name) for name in PLAIN_FIELDS}
    values["heading"] = directive.heading and corrected.statement
    values["dropped"] = directive.dropped and corrected.statement
    if corrected.deadline != before.deadline:
        values["due_rule"] = BY_HAND if any(corrected.deadline) else ""
    updated = Directive.objects.filter(pk=directive.pk, version=version).update(
        **values, version=version + 1
    )
    if not updated:
        raise Stale(theirs=Directive.objects.get(pk=directive.pk))


def normalised(directive: Directive, correction: Correction, before: Correction) -> Correction:
    """The correction in the document's script and made consistent; `before` is the present reading.

    A statement has no modality, and a directive without addressees has one that is unstated.
    """
    correction = _in_script_of_document(directive, correction, before)
    if correction.statement:
        return replace(correction, kind=STATEMENT, modality="")
    addressees = correction.addressees or (NamedAddressee("", UNSTATED),)
    return replace(correction, addressees=addressees)


def _in_script_of_document(
    directive: Directive, correction: Correction, before: Correction
) -> Correction:
    # Names of the present reading keep their spelling.
    present_names = {to_hans(row.name): row.name for row in before.addressees}
    codes = {
        to_hans(code): code for code in directive.document.directives.values_list("code", flat=True)
    }
    convert = to_hant if directive.document.script == "hant" else to_hans
    addressees = tuple(
        NamedAddressee(
            present_names.get(to_hans(row.name)) or convert(row.name),
            row.basis,
            codes.get(to_hans(row.source), row.source),
            row.role,
        )
        for row in correction.addressees
    )
    due_words = " ".join(correction.due_words.split())
    if to_hans(due_words) == to_hans(before.due_words):
        due_words = before.due_words
    else:
        due_words = convert(due_words)
    return replace(correction, addressees=addressees, due_words=due_words)


def faults_of(directive: Directive, corrected: Correction) -> dict[str, list[str]]:
    """The faults of a correction that is `settled`, by field."""
    errors: dict[str, list[str]] = {}
    obligation_count = directive.obligations.live().count() if corrected.statement else 0
    if obligation_count:
        text = _(
            "This directive has %(count)s obligations. Withdraw them first; statements are not "
            "assigned."
        )
        errors["statement"] = [text % {"count": obligation_count}]
    if not corrected.statement and corrected.kind == STATEMENT:
        errors["kind"] = [_("Choose the kind of directive, or mark it as a statement.")]
    addressee_faults = [_fault_of(directive, addressee) for addressee in corrected.addressees]
    if faults := [fault for fault in addressee_faults if fault]:
        errors["addressees"] = faults
    return errors


def _fault_of(directive: Directive, addressee: NamedAddressee) -> str:
    names = {"name": addressee.name}
    if addressee.basis == UNSTATED and addressee.name:
        return (
            _(
                "“%(name)s”: an unstated addressee has no name. Choose another basis or clear the "
                "name."
            )
            % names
        )
    if addressee.basis != UNSTATED and not addressee.name:
        return _("An addressee without a name can only be unstated.")
    if addressee.basis == CARRIED:
        earlier = Directive.objects.filter(
            document=directive.document_id, code=addressee.source, order__lt=directive.order
        )
        if not earlier.exists():
            return (
                _("“%(name)s”: give the code of the earlier sentence it is carried from.") % names
            )
    return ""


def _audit_values(reading: Correction) -> dict[str, object]:
    values = {name: getattr(reading, name) for name in PLAIN_FIELDS}
    values["due_on"] = reading.due_on.isoformat() if reading.due_on else None
    addressees = [[row.name, row.basis, row.source, row.role] for row in reading.addressees]
    return values | {"addressees": addressees}


# doubtful repairs


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision on a doubtful repair."""

    confirmed: bool
    reads: str  # the correct text, if confirmed
    checked_by: str  # checked the original
    why: str


@transaction.atomic
def decide_repair(
    *, repair: Repair, decision: Decision, version: int, by: User | None, now: datetime
) -> Repair:
    """Confirm or refuse a doubtful repair, and adapt the directives to the text.

    A refused repair leaves the text as it was saved. Raises NotAllowed, IllegalMove if it is
    already decided, Stale, or Invalid (who or why is missing, or the text would split the sentences
    differently).
    """
    if not may(by, "own", repair):
        raise NotAllowed(str(NOT_DECIDER))
    if repair.state != PROPOSED:
        text = _("This place is already decided: %(state)s.")
        raise IllegalMove(text % {"state": repair.get_state_display()})
    _check_decision(decision)
    state = CONFIRMED if decision.confirmed else REFUSED
    before = {"state": repair.state, "after": repair.after}
    proposed = Repair.objects.filter(pk=repair.pk, version=version, state=PROPOSED)
    updated = proposed.update(
        state=state,
        after=decision.reads if decision.confirmed else repair.after,
        decided_by=decision.checked_by.strip(),
        why=decision.why.strip(),
        decided_at=now,
        version=version + 1,
    )
    if not updated:
        raise Stale(theirs=Repair.objects.get(pk=repair.pk))
    stored = Repair.objects.select_related("document").get(pk=repair.pk)
    after: dict[str, object] = {
        "state": state,
        "after": stored.after,
        "decided_by": stored.decided_by,
    }
    after |= {"line": stored.line, "start": stored.start, "page": stored.before}
    action, why = f"repair_{state}", stored.why
    audit.record(action, stored, by=by, now=now, before=before, after=after, reason=why)
    reread(document=stored.document, by=by, now=now)
    return stored


def _check_decision(decision: Decision) -> None:
    errors = {}
    if not decision.checked_by.strip():
        errors["who"] = [_("Enter who checked the original.")]
    if not decision.why.strip():
        errors["why"] = [_("Explain the basis: what you compared it with.")]
    if decision.confirmed and not decision.reads:
        errors["reads"] = [_("Enter the correct text.")]
    if errors:
        raise Invalid(errors)


SPLIT_DIFFERENTLY = gettext_lazy(
    "This text would split the sentences differently, and codes cannot change. Leave it as it is."
)


@transaction.atomic
def reread(*, document: Document, by: User | None, now: datetime) -> int:
    """Read a document again with the decisions on its repairs; returns how many directives changed.

    Raises Invalid if the sentences would be split differently, because codes cannot change.
    """
    try:
        reading = reading_with_decisions(document)
    except DocumentError as fault:
        raise Invalid(str(SPLIT_DIFFERENTLY)) from fault
    sentences = {sentence.code: sentence for sentence in reading.sentences}
    directives = {row.code: row for row in document.directives.prefetch_related("items")}
    by_hand = _changed_by_hand(directives, sentences)
    if (sentences.keys() ^ directives.keys()) - by_hand:
        raise Invalid(str(SPLIT_DIFFERENTLY))
    texts = {code: sentence.text for code, sentence in sentences.items() if code not in by_hand}
    items = {code: sentences[code].items for code in texts}
    edits = line_edits(document.text_repaired, reading.text_repaired)
    texts |= {code: edited(directives[code].text, edits) for code in by_hand}
    Document.objects.filter(pk=document.pk).update(text_repaired=reading.text_repaired)
    changed = [row for code, row in directives.items() if row.text != texts[code]]
    for row in changed:
        text, places = texts[row.code], items.get(row.code)
        # What a person touched stays.
        follows = sentences[row.code] if row.version == 1 and places is not None else None
        _reword(row, text, places, document.script, follows=follows, by=by, now=now)
    return len(changed)


def _changed_by_hand(
    directives: Mapping[str, Directive], sentences: Mapping[str, SentenceRead]
) -> set[str]:
    """The codes of rows whose words a person corrected, cut, joined or added at the desk."""
    found = set()
    for code, row in directives.items():
        if row.text_as_read:
            found.add(code)
        if row.merged_into:
            found |= {code, row.merged_into}
        stem = ADDED_LETTERS.sub("", code)
        if code not in sentences and stem in directives:
            found |= {code, stem}
    return found


def reading_with_decisions(document: Document) -> Reading:
    """What the reader makes of the stored file, with the decisions on its doubtful places."""
    source = bytes(document.source)
    # A decided repair no longer stores what was proposed.
    proposals = read(source, name=document.source_name, encoding=document.encoding).repairs
    confirmations = [
        Confirmation(
            line=row.line,
            start=row.start,
            proposed=proposals[row.order].after,
            after=row.after if row.state == CONFIRMED else row.before,
            confirmed_by=row.decided_by,
            why=row.why,
        )
        for row in document.repairs.filter(state__in=[CONFIRMED, REFUSED])
    ]
    return read(
        source,
        name=document.source_name,
        confirmations=confirmations,
        encoding=document.encoding,
    )


def _reword(
    directive: Directive,
    text: str,
    items: Sequence[ItemRead] | None,
    script: str,
    *,
    follows: SentenceRead | None,
    by: User | None,
    now: datetime,
) -> None:
    """Give a row its new words. `items` are those of the reading; without, they move along.

    Addressees and deadline become those of `follows`; without, they stay.
    """
    old = _audit_values(reading_of(directive)) | {"text": directive.text}
    hans, hant = in_both_scripts(text, script)
    updated = Directive.objects.filter(pk=directive.pk, version=directive.version).update(
        text=text,
        text_hans=hans,
        text_hant=hant,
        search_key=fold(f"{directive.code} {text}"),
        version=directive.version + 1,
    )
    if not updated:
        raise Stale(theirs=Directive.objects.get(pk=directive.pk))
    rows = list(directive.items.all())
    if items is None:
        places = [tuple(moved(directive.text, text, [row.start, row.end])) for row in rows]
    else:
        places = [(item.start, item.end) for item in items]
    _move_items(rows, places)
    if follows is not None:
        _follow(directive, follows)
    new = _audit_values(reading_of(Directive.objects.get(pk=directive.pk))) | {"text": text}
    changed = [name for name in new if new[name] != old[name]]
    before, after = ({name: state[name] for name in changed} for state in (old, new))
    audit.record("reword", directive, by=by, now=now, before=before, after=after)


def _follow(directive: Directive, sentence: SentenceRead) -> None:
    """Replace addressees, deadline and places by those of the reading."""
    Directive.objects.filter(pk=directive.pk).update(
        **deadline_of(sentence.due),
        places=[list(place) for place in sentence.fields],
        source_start=sentence.source[0],
        source_end=sentence.source[1],
    )
    directive.addressees.all().delete()
    named = [(row.name, row.basis, row.source, row.role) for row in sentence.addressees]
    insert(Addressee, addressees_of(directive, directive.document.script, named))


def _move_items(items: Sequence[Item], places: Sequence[Sequence[int]]) -> None:
    # Items keep names and states. If their number has changed, they keep their places, too.
    if len(items) == len(places):
        for item, (start, end) in zip(items, places, strict=True):
            item.start, item.end = start, end
        update_each(Item, items, ["start", "end"])
