"""The names of a table that mean no organisation: each is told once, with its rows, and answered.

What a name means is remembered for documents of the same owner, as in a task breakdown.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.models import Document, Organisation
from directives.models.documents import HEAVY
from directives.models.scope import is_above
from directives.obligations.imports.split_bodies import AFTER_NAME
from directives.organisations.commands import aliases
from directives.organisations.queries.naming import ALIAS, NamedBodies, bodies_named
from directives.tables.codes import BodyCodes
from directives.tables.fields import IntakeContext, IntakeRows, OpenName

COLUMNS = ("body", "leads", "supporting")  # that name organisations


class BodyFinder:
    """The bodies that cells name: by code or name, else by what names mean in the document."""

    def __init__(self, context: IntakeContext) -> None:
        self.context = context
        self.codes = BodyCodes()
        self.ids: dict[str, int | None] = {}  # by the text of a cell
        self.named: dict[str, NamedBodies] = {}

    @cached_property
    def document(self) -> Document | None:
        """The document of the table, if the person assigns its directives."""
        if self.context.by is None:  # an administrator, who names bodies as the register does
            return None
        documents = Document.objects.owned_by(self.context.by).select_related("organisation")
        return documents.defer(*HEAVY).filter(pk=self.context.place.get("document", 0)).first()

    def look_up(self, texts: Iterable[str]) -> None:
        """Find the bodies of these cells, in a fixed number of queries."""
        unknown = []
        for text in {*texts} - self.ids.keys():
            match = self.codes.find(text)
            code = match.code or self.codes.find(AFTER_NAME.sub("", text)).code
            self.ids[text] = self.codes.ids.get(code)
            if text and not code:
                unknown.append(text)
        if unknown and self.document is not None:
            owner, today = self.document.organisation, self.context.today
            self.named |= bodies_named(unknown, owner=owner, on=today)
            for text in unknown:
                bodies, basis = self.named[text].bodies, self.named[text].basis
                # What several bodies are called is asked, as it always was.
                if len(bodies) == 1 and (basis == ALIAS or not self.codes.find(text).several):
                    self.ids[text] = bodies[0].pk

    def id_of(self, text: str) -> int | None:
        """The id of the body that a cell names; None if it names none, or several."""
        self.look_up([text])
        return self.ids[text]


def open_names(context: IntakeContext, rows: IntakeRows) -> Sequence[OpenName]:
    """The names to decide on, in the order of the file, each with all rows that say it."""
    lines: dict[str, dict[str, None]] = {}
    for row in rows:
        for fault in row.faults:
            if fault["field"] in COLUMNS and fault["value"]:
                lines.setdefault(fault["value"], {})[str(row.line)] = None
    finder = BodyFinder(context)
    if not lines or finder.document is None:
        return []
    finder.look_up(lines)
    return [
        OpenName(name, tuple(said), _candidates(finder, name))
        for name, said in lines.items()
        if finder.id_of(name) is None
    ]


def _candidates(finder: BodyFinder, name: str) -> tuple[Organisation, ...]:
    named, by = finder.named.get(name), finder.context.by
    return tuple(body for body in named.candidates if is_above(by, body.path)) if named else ()


def settle_names(context: IntakeContext, answers: Mapping[str, str]) -> None:
    """Remember what names mean; each answer is the code or a name of one organisation.

    Raises Invalid with every answer that is none, and NotAllowed.
    """
    finder = BodyFinder(context)
    given = {name: text for name, answer in answers.items() if (text := answer.strip())}
    finder.look_up(given.values())
    if unknown := [text for text in given.values() if finder.id_of(text) is None]:
        message = _("Not the code or full name of an organisation in the register: %(names)s.")
        raise Invalid({"names": [message % {"names": "、".join(dict.fromkeys(unknown))}]})
    owner = finder.document.organisation if finder.document else None
    bodies = Organisation.objects.in_bulk({finder.id_of(text) for text in given.values()})
    for name, text in given.items():
        body = bodies[finder.ids[text] or 0]
        aliases.remember(name, [body], owner=owner, by=context.by, now=context.now)
