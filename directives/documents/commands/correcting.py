"""What a person puts right in a reading: who a directive addresses and how, and what a doubtful place says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.script import fold, to_hans, to_hant
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.registering import addressees
from directives.documents.ingest.reading import Reading, SentenceRead, read
from directives.documents.ingest.repair import Confirmation
from directives.documents.ingest.sources import DocumentError
from directives.models import Addressee, Directive, Document, Item, Repair, User
from directives.models.documents import (
    BASES,
    CADENCES,
    CARRIED,
    CONFIRMED,
    KINDS,
    PROPOSED,
    REFUSED,
    UNSTATED,
)

STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Named:
    """One addressee as a person gives it; `source` is the code of the sentence it is carried from."""

    name: str
    basis: str
    source: str = ""

    @property
    def basis_word(self) -> str | Promise:
        return dict(BASES).get(self.basis, "")


@dataclass(frozen=True, slots=True)
class Correction:
    """How a directive should have been read."""

    kind: str
    modality: str
    cadence: str
    statement: bool
    addressees: tuple[Named, ...]

    @property
    def kind_word(self) -> str | Promise:
        return dict(KINDS).get(self.kind, "")

    @property
    def cadence_word(self) -> str | Promise:
        return dict(CADENCES).get(self.cadence, self.cadence)


def reading_of(directive: Directive) -> Correction:
    """How a directive is read now, in the terms of a correction."""
    named = tuple(
        Named(row.name, row.basis, row.source) for row in directive.addressees.order_by("order")
    )
    return Correction(
        directive.kind, directive.modality, directive.cadence, directive.statement, named
    )


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
    """Put the reading of a directive right; its words stay as they are. `version` is the one the person saw.

    Returns the directive as it then stands; where nothing differs nothing is written. Raises NotAllowed, Stale, or Invalid
    with every fault at once.
    """
    if not may(by, "own", directive):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one "
                "above it, correct its reading."
            )
        )
    before = reading_of(directive)
    wanted = settled(directive, correction, before)
    errors = faults_of(directive, wanted)
    if errors:
        raise Invalid(errors)
    if directive.version != version:
        raise Stale(theirs=directive)
    if wanted == before:
        return directive
    fields = {
        "kind": wanted.kind,
        "modality": wanted.modality,
        "cadence": wanted.cadence,
        "statement": wanted.statement,
    }
    updated = Directive.objects.filter(pk=directive.pk, version=version).update(
        **fields, version=version + 1
    )
    if not updated:
        raise Stale(theirs=Directive.objects.get(pk=directive.pk))
    if wanted.addressees != before.addressees:
        directive.addressees.all().delete()
        Addressee.objects.bulk_create(
            addressees(directive, [(row.name, row.basis, row.source) for row in wanted.addressees])
        )
    old, new = _told(before), _told(wanted)
    changed = [name for name in new if new[name] != old[name]]
    told = {
        "before": {name: old[name] for name in changed},
        "after": {name: new[name] for name in changed},
    }
    audit.record("correct", directive, by=by, now=now, reason=reason.strip(), **told)
    return Directive.objects.get(pk=directive.pk)


def settled(directive: Directive, correction: Correction, before: Correction) -> Correction:
    """What a correction comes to: in the document's script, and with what follows from it. `before` is the reading as it stands."""
    return _settled(_in_own_script(directive, before, correction))


def _in_own_script(directive: Directive, before: Correction, correction: Correction) -> Correction:
    """The correction with names and codes in the document's script; what reads as before is kept to the letter."""
    known = {to_hans(row.name): row.name for row in before.addressees}
    codes = {
        to_hans(code): code for code in directive.document.directives.values_list("code", flat=True)
    }
    convert = to_hant if directive.document.script == "hant" else to_hans
    named = tuple(
        Named(
            known.get(to_hans(row.name)) or convert(row.name),
            row.basis,
            codes.get(to_hans(row.source), row.source),
        )
        for row in correction.addressees
    )
    return replace(correction, addressees=named)


def _settled(correction: Correction) -> Correction:
    """The correction with what follows from it: a statement has no modality, a directive that names nobody says so."""
    if correction.statement:
        return Correction(STATEMENT, "", correction.cadence, True, correction.addressees)
    named = correction.addressees or (Named("", UNSTATED),)
    return Correction(correction.kind, correction.modality, correction.cadence, False, named)


def faults_of(directive: Directive, wanted: Correction) -> dict[str, list[str]]:
    """Everything that stands against a correction that is `settled`, by its part."""
    errors: dict[str, list[str]] = {}
    owed = directive.obligations.live().count() if wanted.statement else 0
    if owed:
        text = _(
            "This directive has %(count)s obligations. Withdraw them first; statements are not "
            "assigned."
        )
        errors["statement"] = [text % {"count": owed}]
    if not wanted.statement and wanted.kind == STATEMENT:
        errors["kind"] = [_("Choose the kind of directive, or mark it as a statement.")]
    for named in wanted.addressees:
        errors.setdefault("addressees", []).extend(_faults(directive, named))
    return {name: texts for name, texts in errors.items() if texts}


def _faults(directive: Directive, named: Named) -> list[str]:
    if named.basis == UNSTATED and named.name:
        return [
            _(
                "“%(name)s”: an unstated addressee has no name. Choose another basis or clear the "
                "name."
            )
            % {"name": named.name}
        ]
    if named.basis != UNSTATED and not named.name:
        return [_("An addressee without a name can only be unstated.")]
    if named.basis == CARRIED:
        earlier = Directive.objects.filter(
            document=directive.document_id, code=named.source, order__lt=directive.order
        )
        if not earlier.exists():
            return [
                _("“%(name)s”: give the code of the earlier sentence it is carried from.")
                % {"name": named.name}
            ]
    return []


def _told(reading: Correction) -> dict[str, Any]:
    """A reading as the audit record keeps it."""
    named = [[row.name, row.basis, row.source] for row in reading.addressees]
    return {
        "kind": reading.kind,
        "modality": reading.modality,
        "cadence": reading.cadence,
        "statement": reading.statement,
        "addressees": named,
    }


# doubtful repairs


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a doubtful repair: `reads` is what the place says if `confirmed`, who looked, and why they are sure."""

    confirmed: bool
    reads: str
    who: str
    why: str


@transaction.atomic
def decide_repair(
    *, repair: Repair, decision: Decision, version: int, by: User | None, now: datetime
) -> Repair:
    """Confirm or refuse a doubtful repair. A refused one leaves the page as it was saved; the directives follow the text.

    Raises NotAllowed, IllegalMove if it was decided already, Stale, or Invalid (who or why is missing, or the new text
    would cut the sentences otherwise).
    """
    if not may(by, "own", repair):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one "
                "above it, decide its doubtful places."
            )
        )
    if repair.state != PROPOSED:
        raise IllegalMove(
            _("This place is already decided: %(state)s.") % {"state": repair.get_state_display()}
        )
    _check_decision(decision)
    state = CONFIRMED if decision.confirmed else REFUSED
    before = {"state": repair.state, "after": repair.after}
    fields = {
        "state": state,
        "after": decision.reads if decision.confirmed else repair.after,
        "decided_by": decision.who.strip(),
        "why": decision.why.strip(),
        "decided_at": now,
    }
    if not Repair.objects.filter(pk=repair.pk, version=version, state=PROPOSED).update(
        **fields, version=version + 1
    ):
        raise Stale(theirs=Repair.objects.get(pk=repair.pk))
    stored = Repair.objects.select_related("document").get(pk=repair.pk)
    after = {"state": state, "after": stored.after, "decided_by": stored.decided_by}
    place = {"line": stored.line, "start": stored.start, "page": stored.before}
    audit.record(
        f"repair_{state}",
        stored,
        by=by,
        now=now,
        before=before,
        after=after | place,
        reason=stored.why,
    )
    reread(document=stored.document, by=by, now=now)
    return stored


def _check_decision(decision: Decision) -> None:
    errors = {}
    if not decision.who.strip():
        errors["who"] = [_("Enter who checked the original.")]
    if not decision.why.strip():
        errors["why"] = [_("Explain the basis: what you compared it with.")]
    if decision.confirmed and not decision.reads:
        errors["reads"] = [_("Enter the correct text.")]
    if errors:
        raise Invalid(errors)


CUT_OTHERWISE = gettext_lazy(
    "This text would split the sentences differently, and codes cannot change. Leave it as it is."
)


@transaction.atomic
def reread(*, document: Document, by: User | None, now: datetime) -> int:
    """Read a document's bytes again with what people decided, and let the directives follow; returns how many changed.

    Codes are for ever: raises Invalid if the sentences would be cut otherwise than they are.
    """
    try:
        fresh = _read_again(document)
    except DocumentError as fault:
        raise Invalid(str(CUT_OTHERWISE)) from fault
    sentences = {sentence.code: sentence for sentence in fresh.sentences}
    directives = {row.code: row for row in document.directives.prefetch_related("items")}
    if sentences.keys() != directives.keys():
        raise Invalid(str(CUT_OTHERWISE))
    Document.objects.filter(pk=document.pk).update(text_repaired=fresh.text_repaired)
    changed = [row for code, row in directives.items() if row.text != sentences[code].text]
    for directive in changed:
        _follow(directive, sentences[directive.code], document.script, by=by, now=now)
    return len(changed)


def _read_again(document: Document) -> Reading:
    """The reading with every decision in force. What was proposed is not stored once a person has said otherwise: ask again."""
    source = bytes(document.source)
    proposals = read(source, name=document.source_name).repairs
    decided = document.repairs.filter(state__in=[CONFIRMED, REFUSED])
    words = [
        Confirmation(
            line=row.line,
            start=row.start,
            proposed=proposals[row.order].after,
            after=row.after if row.state == CONFIRMED else row.before,
            confirmed_by=row.decided_by,
            why=row.why,
        )
        for row in decided
    ]
    return read(source, name=document.source_name, confirmations=words)


def _follow(
    directive: Directive, read_now: SentenceRead, script: str, *, by: User | None, now: datetime
) -> None:
    """Give a directive the words as they now read, and its items their places in them."""
    text, before = read_now.text, directive.text
    hans, hant = (
        (text if script == "hans" else to_hans(text)),
        (text if script == "hant" else to_hant(text)),
    )
    key = fold(f"{directive.code} {text}")
    updated = Directive.objects.filter(pk=directive.pk, version=directive.version).update(
        text=text, text_hans=hans, text_hant=hant, search_key=key, version=directive.version + 1
    )
    if not updated:
        raise Stale(theirs=Directive.objects.get(pk=directive.pk))
    _move_items(list(directive.items.all()), read_now)
    audit.record("reword", directive, by=by, now=now, before={"text": before}, after={"text": text})


def _move_items(items: Sequence[Item], read_now: SentenceRead) -> None:
    """Items keep their names and states; where the sentence still has as many, they take their new places."""
    if len(items) == len(read_now.items):
        for item, place in zip(items, read_now.items, strict=True):
            item.start, item.end = place.start, place.end
        Item.objects.bulk_update(items, ["start", "end"])
