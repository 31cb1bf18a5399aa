"""Checking the rows of a task breakdown: one document, whose tasks may take several rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.base.states import LEAD, SUPPORTING
from directives.documents.commands import tables
from directives.documents.commands.registering import possible_owners
from directives.documents.ingest.deadlines import Dated, Due
from directives.documents.ingest.modality import STATEMENT
from directives.models import Directive, Organisation
from directives.models.scope import is_above
from directives.obligations.commands.issuing import Pair, Terms, faults_of
from directives.organisations.queries.naming import NamedBodies, bodies_named
from directives.plans.imports.breakdown_fields import (
    ROLE_FIELDS,
    dated_by,
    due_of_cell,
    fault_of_due,
    frame_of,
    measures_of,
    roles_of,
)
from directives.tables.comparing import new_row, refused_cell, text_of, wrong_row
from directives.tables.faults import Wrong
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    FileRow,
    IntakeContext,
    RowPlace,
    UntakenCell,
)

LABEL = 60  # characters of a task that a label shows
PLAIN_FIELDS = ("kind", "modality", "cadence")
# What belongs to an obligation or to a plan, and is kept nowhere else.
WITH_OBLIGATION = ("measures", "result", "leader", "contact", "note")


@dataclass(frozen=True, slots=True)
class Receivers:
    """The bodies that a row is assigned to, each with its part, and those that lead its work."""

    parts: Mapping[Organisation, str]
    leading: tuple[Organisation, ...] = ()  # whose plans get the measures of the row

    @property
    def names(self) -> list[str]:
        return [body.name_hans for body in self.parts]


class Register:
    """The bodies that names mean, for the person who imports, in a document of its owner."""

    def __init__(self, context: IntakeContext) -> None:
        self.context = context
        pk = context.place.get("owner")
        owners = possible_owners(context.by)
        self.owner = Organisation.objects.filter(pk=pk).first() if pk else next(iter(owners), None)
        self.known: dict[str, NamedBodies] = {}

    def look_up(self, names: Iterable[str]) -> None:
        """Find these names, in a fixed number of queries."""
        if missing := {name for name in names if name not in self.known}:
            self.known |= bodies_named(missing, owner=self.owner, on=self.context.today)
            codes = [name for name, found in self.known.items() if not found.bodies]
            for body in Organisation.objects.existing_on(self.context.today).filter(code__in=codes):
                self.known[body.code] = NamedBodies(body.code, (body,), "code")

    def receivers(self, roles: Mapping[str, str]) -> Receivers:
        """The bodies below those that the person supervises, from names with their roles."""
        self.look_up(roles)
        bodies = {name: self.reached(name) for name in roles}
        # A body that is named itself has that part, not the one of its class.
        order = sorted(roles, key=lambda name: len(bodies[name]) > 1)
        parts: dict[Organisation, str] = {}
        for name in order:
            for body in bodies[name]:
                parts.setdefault(body, roles[name])
        leads = [name for name, part in roles.items() if part == LEAD]
        first = next(iter(leads or [n for n in roles if roles[n] != SUPPORTING]), "")
        by_part = sorted(parts.items(), key=lambda item: [*ROLE_FIELDS].index(item[1]))
        return Receivers(dict(by_part), bodies.get(first, ()))

    def reached(self, name: str) -> tuple[Organisation, ...]:
        return tuple(
            body for body in self.known[name].bodies if is_above(self.context.by, body.path)
        )


class BreakdownChecker(Checker):
    """All rows make one document. An empty title, issuer or section repeats the one above."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.register = Register(context)
        self.carried = {"document": "", "issuer": "", "section": "", "subsection": ""}
        self.titles: dict[str, int] = {}
        self.texts: dict[RowPlace, str] = {}  # of the first rows
        self.counts: dict[str, int] = {}  # tasks by section
        self.dated = Dated()
        self.words: dict[str, list[str]] = {}  # deadlines that are no day → lines
        self.above = ""

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        self.register.look_up({name for row in rows for name in roles_of(row.values)})
        return [self._check_row(row) for row in rows]

    def _check_row(self, row: FileRow) -> CheckedRow:
        values = row.values
        faults: list[Fault] = []
        self._carry(values)
        text = text_of(values.get("text"))
        faults += self._faults_of_title(row)
        code, label = self._code_and_label(row, text, faults)
        due = self._due(row, faults)
        roles = roles_of(values)
        receivers = self._receivers(row, roles, due, faults)
        named = {
            name: [one for one, role in roles.items() if role == part]
            for part, name in ROLE_FIELDS.items()
        }
        if faults or row.faults or not text:
            wrong = wrong_row(row, faults, label)
            wrong.after = named  # its names are asked with those of the other rows
            return wrong
        after: dict[str, Any] = {**self.carried, "code": code, "text": text}
        after |= {name: list(values[name]) for name in ("items",) if values.get(name)}
        after |= {name: values[name] for name in PLAIN_FIELDS if values.get(name)}
        after |= named
        if due:
            after |= {"due": due.words, "due_on": due.on, "due_every": due.cadence or ""}
        after["assigned"] = receivers.names
        untaken = self._add_work(after, values, receivers)
        checked = new_row(row, label, {name: value for name, value in after.items() if value})
        checked.untaken = untaken
        return checked

    def _carry(self, values: Mapping[str, Any]) -> None:
        if text_of(values.get("section")) not in ("", self.carried["section"]):
            self.carried["subsection"] = ""
        self.carried |= {name: text for name in self.carried if (text := text_of(values.get(name)))}
        above = text_of(values.get("above"))
        if above and above != self.above:
            self.above = above
            frame = frame_of(self.carried["document"], self.carried["issuer"], above)
            self.carried |= {
                "issuer": frame.issuer,
                "number": frame.number,
                "issued_on": frame.issued_on.isoformat() if frame.issued_on else "",
            }
            self.dated = dated_by(frame)
        elif not above:
            self.dated = dated_by(frame_of(self.carried["document"], "", ""))

    def _code_and_label(self, row: FileRow, text: str, faults: list[Fault]) -> tuple[str, str]:
        given, section = text_of(row.values.get("code")), self.carried["section"]
        code = given or self._next_code(section)
        first = self.first_rows.get(fold(code))
        if given and first and self.texts.get(first) != text and section:
            # Offices number anew in each section.
            code = f"{self._number_of(section)}.{given}"
            first = self.first_rows.get(fold(code))
        label = f"{code} {text[:LABEL]}"
        if first is None:
            self.first_rows[fold(code)] = row.place
            self.texts[row.place] = text
        else:
            number = first.seen_from(row.place)
            # One task may have several rows.
            if given and self.texts.get(first) == text:
                label = _("%(label)s · with row %(number)s") % {"label": label, "number": number}
            else:
                faults.append(_repeated_code(given, number))
        return code, label

    def _faults_of_title(self, row: FileRow) -> Iterable[Fault]:
        title = self.carried["document"]
        if title and self.titles and title not in self.titles:
            expected = _("One document for the whole table, as in its first row: %(title)s") % {
                "title": next(iter(self.titles))
            }
            remedy = _("Import a separate table for each document.")
            yield Fault("document", title, expected, remedy)
        self.titles.setdefault(title, row.number)

    def _next_code(self, section: str) -> str:
        """一.3: the section, and the number of the task in it."""
        number = self._number_of(section)
        self.counts[section] += 1
        return f"{number}.{self.counts[section]}"

    def _number_of(self, section: str) -> str:
        self.counts.setdefault(section, 0)
        return tables.part_of(section)[0] or str(list(self.counts).index(section) + 1)

    def _due(self, row: FileRow, faults: list[Fault]) -> Due | None:
        text = text_of(row.values.get("due"))
        due = due_of_cell(text, self.dated)
        if isinstance(due, Wrong):
            if "due" not in row.merged_fields:
                faults.append(fault_of_due(text, due))
            return None
        if due and not due.on:
            self.words.setdefault(due.words, []).append(str(row.line))
        return due

    def _receivers(
        self,
        row: FileRow,
        roles: Mapping[str, str],
        due: Due | None,
        faults: list[Fault],
    ) -> Receivers:
        if not self.context.place.get("assign") or row.values.get("kind") == STATEMENT:
            return Receivers({})
        receivers = self.register.receivers(roles)
        terms = Terms(due_on=date.fromisoformat(due.on) if due and due.on else None)
        for body in list(receivers.parts)[:1]:
            refused = faults_of(
                Pair(Directive(), body, terms), by=self.context.by, today=self.context.today
            )
            if "due_on" in refused and due and "due" not in row.merged_fields:
                faults.append(refused_cell("due", due.words, refused["due_on"]))
        return receivers

    def _add_work(
        self, after: dict[str, Any], values: Mapping[str, Any], receivers: Receivers
    ) -> list[UntakenCell]:
        """Add what goes to obligations and plans, or return it where nobody gets it."""
        given = {name: text for name in WITH_OBLIGATION if (text := text_of(values.get(name)))}
        taken = set(given) if receivers.parts else set()
        if not receivers.leading or "measures" not in given:
            taken -= {"measures", "result"}
        after |= {name: given[name] for name in WITH_OBLIGATION if name in taken}
        if "measures" in after:
            after["measures"] = list(measures_of(after["measures"]))
        return [
            UntakenCell(name, text, "", *_why_untaken(name, receivers))
            for name, text in given.items()
            if name not in taken
        ]

    def remarks(self) -> Iterable[str]:
        if self.words:
            kept = "；".join(
                _("%(words)s (rows %(lines)s)") % {"words": words, "lines": "、".join(lines)}
                for words, lines in self.words.items()
            )
            yield _("Deadlines that name no day are kept in their words: %(kept)s.") % {
                "kept": kept
            }


def _why_untaken(name: str, receivers: Receivers) -> tuple[str, str]:
    if name == "result" and receivers.leading:
        return (
            _("The form of a result belongs to a measure, and the row has none."),
            _("Write the measure beside it."),
        )
    if name in ("measures", "result"):
        return (
            _("Measures go into the plan of the organisation that leads; none is assigned here."),
            _("Assign the directives in this import, or import the measures into its plan later."),
        )
    return (
        _("This belongs to an obligation, and the row is not assigned to any organisation."),
        _("Assign the directives in this import, or write it on the obligation later."),
    )


def _repeated_code(code: str, number: str) -> Fault:
    expected = _("A code that appears once; row %(number)s of the file has the same") % {
        "number": number
    }
    remedy = _(
        "Give each directive its own code, or leave the column out; codes are then generated."
    )
    return Fault("code", code, expected, remedy)
