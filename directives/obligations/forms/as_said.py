"""The form of an issue as the document says: what a person changes in it, row by row."""

import hashlib
import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from directives.base.numbers import whole_number
from directives.base.states import LEAD, PARTS, RESPONSIBLE
from directives.base.wording import join_words, localized
from directives.models import Directive, Document, Organisation, User
from directives.obligations.commands.as_said import Share
from directives.obligations.commands.issuing import Pair, Terms, faults_of, faults_of_terms
from directives.obligations.forms.issuing import CommonTermsForm, Ids
from directives.obligations.queries.as_said import (
    LedAlready,
    Meaning,
    Proposal,
    SaidDirective,
    SaidRow,
    bodies_of_texts,
)
from directives.organisations.queries.naming import NamedBodies

NOBODY = "-"  # typed for a name that is assigned to nobody
MEANS, DUE, OWN_DUE, ADD = "means:", "due-", "own-", "add-"  # what names of fields begin with


@dataclass(frozen=True, slots=True)
class RowField:
    """One body or class of bodies of a directive, as the form shows it."""

    row: SaidRow
    bodies: tuple[Organisation, ...]
    part: str
    own_due: str
    is_left_out: bool
    fault: str


@dataclass(frozen=True, slots=True)
class DirectiveField:
    """One directive as the form shows it."""

    said: SaidDirective
    due: str
    fault: str
    has_passed: bool
    rows: tuple[RowField, ...]
    added: str  # typed for a directive that names nobody
    added_fault: str


@dataclass(frozen=True, slots=True)
class NameField:
    """A name with what was typed for it."""

    meaning: Meaning
    typed: str
    bodies: tuple[Organisation, ...]
    remembered: bool
    fault: str

    @property
    def field(self) -> str:
        return MEANS + self.meaning.name


@dataclass(frozen=True, slots=True)
class LeftUnassigned:
    """What an issue leaves unassigned: directives, and names that go to nobody."""

    unread: tuple[Directive, ...]
    without_body: tuple[Directive, ...]
    nobody: tuple[str, ...]


class AsSaidForm(CommonTermsForm):
    """What a person changes in what the document says. Without data it is as the document says."""

    unread = forms.BooleanField(required=False)
    first_leads = forms.BooleanField(required=False)
    clear_past = forms.BooleanField(required=False)
    omit = Ids(required=False)  # addressees that are left out

    def __init__(
        self,
        data: QueryDict | None,
        *,
        document: Document,
        user: User,
        proposal: Proposal,
        today: date,
    ) -> None:
        super().__init__(data)
        self.document, self.user, self.today = document, user, today
        self.sent = data if data is not None else QueryDict()
        self.proposal = proposal
        self.row_faults: dict[str, str] = {}
        self.shares: tuple[Share, ...] = ()

    # what was typed

    def _typed(self, name: str, default: str = "") -> str:
        return str(self.sent.get(name, default)).strip()

    @cached_property
    def _parts(self) -> dict[int, str]:
        """The chosen part by addressee id: each value of the field is an id and a part."""
        chosen = {}
        for value in self.sent.getlist("part"):
            pk, _colon, part = value.partition(":")
            number = whole_number(pk)
            if number is not None and part in dict(PARTS):
                chosen[number] = part
        return chosen

    @cached_property
    def _answers(self) -> Mapping[str, NamedBodies]:
        """What was typed for names, and for directives without any, by the text typed."""
        texts = {self._typed(MEANS + name) for name in self.proposal.meanings} - {NOBODY}
        texts |= {self._added(line) for line in self.proposal.directives}
        return bodies_of_texts(texts - {""}, self.document, self.user, today=self.today)

    def _added(self, line: SaidDirective) -> str:
        """What was typed for a directive that names nobody."""
        return "" if line.rows else self._typed(f"{ADD}{line.directive.pk}")

    def _bodies(self, meaning: Meaning) -> tuple[Organisation, ...]:
        """The bodies to which the share of a name goes."""
        text = self._typed(MEANS + meaning.name)
        if not text:
            return meaning.bodies
        answer = self._answers.get(text)
        return answer.bodies if answer else ()

    def _name_fault(self, meaning: Meaning) -> str:
        """Why what was typed for a name says nothing; empty if it does, or need not."""
        text = self._typed(MEANS + meaning.name)
        if text == NOBODY or (not text and not meaning.is_ambiguous):
            return ""
        if not text:
            return _("Choose the organisation that is meant, or no one.")
        return self._text_fault(text)

    def _text_fault(self, text: str) -> str:
        answer = self._answers[text]
        if len(answer.candidates) > 1 and not answer.bodies:
            codes = [f"{localized(b, 'name')} ({b.code})" for b in answer.candidates]
            return _("Several organisations are called this; enter a code: %(bodies)s.") % {
                "bodies": join_words(codes)
            }
        return (
            ""
            if answer.bodies
            else _("No organisation below yours is called “%(text)s”.") % {"text": text}
        )

    def _due(self, directive: Directive) -> str:
        stated = directive.due_on.isoformat() if directive.due_on else ""
        return self._typed(f"{DUE}{directive.pk}", stated)

    def _day(self, name: str, text: str) -> date | None:
        """The day that a text is; None if it is empty or, with a fault, no day."""
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if text and day is None:
            self.row_faults[name] = _("Enter a valid date.")
        return day

    # checking

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_common(cleaned)
        for meaning in self.proposal.meanings.values():
            if fault := self._name_fault(meaning):
                self.row_faults[MEANS + meaning.name] = fault
        for line in self.proposal.directives:
            if (text := self._added(line)) and (fault := self._text_fault(text)):
                self.row_faults[f"{ADD}{line.directive.pk}"] = fault
        self.shares = tuple(
            share
            for line in self.proposal.directives
            if cleaned.get("unread") or not line.is_unread
            for share in self._shares(line, cleaned)
        )
        if self.row_faults:
            self.add_error(None, _("Some rows cannot be assigned like this; see the marked rows."))
        elif not self.shares:
            self.add_error(None, self._nothing())
        return cleaned

    def _check_common(self, cleaned: Mapping[str, Any]) -> None:
        names = ("deliverable", "starts_on", "plan_due_on", "due_on")
        terms = Terms(**{name: cleaned[name] for name in names if name in cleaned})
        faults = faults_of_terms(terms, self.user, self.today)
        if terms.starts_on and terms.due_on and terms.due_on < terms.starts_on:
            faults.setdefault("due_on", _("The work would end before it starts."))
        for name, fault in faults.items():
            if name in cleaned:
                self.add_error(name, fault)

    def _nothing(self) -> str:
        if self.proposal.unread and not self.cleaned_data.get("unread"):
            return _(
                "Nothing that was read can be assigned. Read the rows, or select “unread ones too”."
            )
        return _("There is nothing to assign: no organisation is named, or all are left out.")

    def _shares(self, line: SaidDirective, cleaned: Mapping[str, Any]) -> Iterator[Share]:
        """The shares of one directive; adds the faults of its rows."""
        directive = line.directive
        due_field = f"{DUE}{directive.pk}"
        if (text := self._added(line)) and (bodies := self._answers[text].bodies):
            due = self._due_of(directive, cleaned)
            share = Share(
                directive,
                text,
                bodies,
                RESPONSIBLE,
                due or cleaned.get("due_on"),
                is_class=len(bodies) > 1,
            )
            self._check(share, due_field if due else "")
            yield share
        rows = [row for row in line.rows if row.addressee.pk not in cleaned.get("omit", ())]
        named = [(row, bodies) for row in rows if (bodies := self._bodies(row.meaning))]
        parts = {row.addressee.pk: self._part(row) for row, _bodies in named}
        if cleaned.get("first_leads") and len(named) > 1 and LEAD not in parts.values():
            first, bodies = named[0]
            if len(bodies) == 1:
                parts[first.addressee.pk] = LEAD
        due = self._due_of(directive, cleaned) if named else None
        for row, bodies in named:
            own_field = f"{OWN_DUE}{row.addressee.pk}"
            own = self._day(own_field, self._typed(own_field))
            share = Share(
                directive,
                row.meaning.name,
                bodies,
                parts[row.addressee.pk],
                own or due or cleaned.get("due_on"),
                is_class=len(bodies) > 1,
            )
            self._check(share, own_field if own else due_field if due else "")
            yield share

    def _due_of(self, directive: Directive, cleaned: Mapping[str, Any]) -> date | None:
        due = self._day(f"{DUE}{directive.pk}", self._due(directive))
        is_cleared = due and due < self.today and cleaned.get("clear_past")
        return None if is_cleared else due

    def _part(self, row: SaidRow) -> str:
        return self._parts.get(row.addressee.pk, row.addressee.role)

    def _check(self, share: Share, due_field: str) -> None:
        """Add the faults of a share; those of the common terms belong to their own fields."""
        pair = Pair(share.directive, share.bodies[0], share.terms(Terms(starts_on=self._starts_on)))
        faults = faults_of(pair, by=self.user, today=self.today)
        if (fault := faults.get("due_on")) and due_field:
            self.row_faults.setdefault(due_field, fault)
        for name in ("directive", "organisation"):
            if name in faults:
                self.row_faults.setdefault(f"{DUE}{share.directive.pk}", faults[name])

    @property
    def _starts_on(self) -> date | None:
        return self.cleaned_data.get("starts_on")

    # what the page shows

    @property
    def lines(self) -> list[DirectiveField]:
        return [self.line(said) for said in self.proposal.directives]

    def line(self, said: SaidDirective) -> DirectiveField:
        pk, due = said.directive.pk, self._due(said.directive)
        rows = tuple(
            RowField(
                row,
                self._bodies(row.meaning),
                self._part(row),
                self._typed(f"{OWN_DUE}{row.addressee.pk}"),
                row.addressee.pk in self.omitted,
                self.row_faults.get(f"{OWN_DUE}{row.addressee.pk}", ""),
            )
            for row in said.rows
        )
        return DirectiveField(
            said,
            due,
            fault=self.row_faults.get(f"{DUE}{pk}", ""),
            has_passed=bool(due) and due < self.today.isoformat(),
            rows=rows,
            added=self._added(said),
            added_fault=self.row_faults.get(f"{ADD}{pk}", ""),
        )

    @property
    def omitted(self) -> frozenset[int]:
        """The ids of the addressees that are left out."""
        return self.cleaned_data.get("omit", frozenset()) if self.is_bound else frozenset()

    def _name_field(self, meaning: Meaning) -> NameField:
        remembered = self.sent.getlist("remember")
        return NameField(
            meaning,
            self._typed(MEANS + meaning.name),
            self._bodies(meaning),
            meaning.name in remembered,
            self.row_faults.get(MEANS + meaning.name, ""),
        )

    @property
    def asked(self) -> list[NameField]:
        return [self._name_field(meaning) for meaning in self.proposal.asked]

    @property
    def found(self) -> list[NameField]:
        return [self._name_field(meaning) for meaning in self.proposal.found]

    @property
    def past(self) -> int:
        """How many directives say a day that has passed."""
        days = [line.directive.due_on for line in self.proposal.directives]
        return sum(day is not None and day < self.today for day in days)

    @property
    def without_lead(self) -> int:
        """How many directives name several bodies and no lead."""
        return sum(len(line.rows) > 1 and not line.has_lead for line in self.proposal.directives)

    # what follows from it

    @property
    def common(self) -> Terms:
        """The terms of a valid form that all shares have in common."""
        cleaned = self.cleaned_data
        return Terms(
            deliverable=cleaned["deliverable"],
            starts_on=cleaned["starts_on"],
            plan_due_on=cleaned["plan_due_on"],
        )

    @property
    def to_remember(self) -> dict[str, tuple[Organisation, ...]]:
        """The bodies that a person wants remembered for a name."""
        fields = [*self.asked, *self.found]
        return {
            field.meaning.name: field.bodies
            for field in fields
            if field.remembered and field.typed and field.bodies
        }

    def left_out(self) -> "LeftUnassigned":
        """What a valid form leaves unassigned, and why."""
        assigned = {share.directive.pk for share in self.shares}
        unread = not self.cleaned_data["unread"]
        rest = [row for row in self.proposal.directives if row.directive.pk not in assigned]
        return LeftUnassigned(
            unread=tuple(row.directive for row in rest if unread and row.is_unread),
            without_body=tuple(row.directive for row in rest if not (unread and row.is_unread)),
            nobody=tuple(field.meaning.name for field in self.asked if not field.bodies),
        )

    @property
    def digest(self) -> str:
        """A hash of what would be assigned, to check that what is confirmed was previewed."""
        # A name of the document may be typed too, and mean other bodies there.
        named = {(share.name, id(share.bodies)): share.bodies for share in self.shares}
        meant = [[name, [body.pk for body in bodies]] for (name, _id), bodies in named.items()]
        rows = [
            [share.directive.pk, share.name, share.part, str(share.due_on)] for share in self.shares
        ]
        content = [sorted(meant), rows, repr(self.common), sorted(self.to_remember)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def digest_with(self, led: Sequence[LedAlready]) -> str:
        """The same, with the directives that would have two leads."""
        if not led:
            return self.digest
        bodies = [[row.directive.pk, *(b.pk for b in (*row.present, *row.new))] for row in led]
        return hashlib.sha256(json.dumps([self.digest, bodies]).encode()).hexdigest()

    # the draft in the session: only what differs from the document

    def store(self, session: MutableMapping[str, Any]) -> None:
        session[key_of(self.document)] = self.changes

    @property
    def changes(self) -> dict[str, list[str]]:
        """The fields that differ from what the document says."""
        roles = {
            row.addressee.pk: row.addressee.role
            for line in self.proposal.directives
            for row in line.rows
        }
        changes = {
            "part": [f"{pk}:{part}" for pk, part in self._parts.items() if roles.get(pk) != part]
        }
        for line in self.proposal.directives:
            stated = line.directive.due_on
            due, name = self._due(line.directive), f"{DUE}{line.directive.pk}"
            if due != (stated.isoformat() if stated else ""):
                changes[name] = [due]
        for name, values in self.sent.lists():
            is_row = name.startswith((MEANS, OWN_DUE, ADD))
            if name in (*self.fields, "remember") or (is_row and values[-1]):
                changes[name] = [str(value) for value in values]
        return changes


def key_of(document: Document) -> str:
    return f"as-said-{document.pk}"


def stored_draft(session: Mapping[str, Any], document: Document) -> QueryDict | None:
    """What a person changed in an unfinished issue; None if they have not begun one."""
    changes = session.get(key_of(document))
    if changes is None:
        return None
    data = QueryDict(mutable=True)
    for name, values in changes.items():
        data.setlist(name, values)
    return data
