"""A task breakdown (任务分解表): document, directives, obligations and measures from one table."""

from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.script import fold
from directives.base.states import SUPPORTING
from directives.documents.commands import tables
from directives.documents.commands.tables import TableFrame, Task
from directives.documents.ingest.deadlines import DAY, RECURRING, WORDS, Due
from directives.models import Directive, Document, IntakeRow, Obligation, Organisation, User
from directives.models.documents import HEAVY
from directives.models.intakes import NEW
from directives.obligations.commands import issuing
from directives.obligations.commands.issuing import Pair, Terms
from directives.plans.commands import MeasureContent
from directives.plans.commands.proposing import propose_measures, withdraw_proposals
from directives.plans.imports.breakdown_checking import BreakdownChecker, Register
from directives.plans.imports.breakdown_fields import ROLE_FIELDS, fields
from directives.plans.imports.breakdown_names import open_names, settle_names
from directives.tables.comparing import changed_since, stale, undoing_row
from directives.tables.fields import IntakeContext, IntakeRows, TableKind

Key = tuple[int, int]  # ids of a directive and a body


def may(user: User) -> bool:
    return user.is_active and user.supervises


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """The first rows register and assign the whole document; later rows find theirs in it."""
    document = _registered(rows[0]) or _bring_in(context, rows)
    codes = {fold(code): pk for code, pk in document.directives.values_list("code", "pk")}
    for row in rows:
        row.subject_id, row.left = codes[fold(row.after["code"])], 1


def _registered(row: IntakeRow) -> Document | None:
    """The document that an earlier part of the same table made."""
    earlier = (
        IntakeRow.objects.filter(intake=row.intake_id, number__lt=row.number)
        .exclude(left=None)
        .order_by("number")
        .first()
    )
    return made(earlier) if earlier else None


def made(row: IntakeRow) -> Document | None:
    """The document that a written row belongs to."""
    directive = Directive.objects.filter(pk=row.subject_id or 0).first()
    return Document.objects.defer(*HEAVY).get(pk=directive.document_id) if directive else None


def _bring_in(context: IntakeContext, rows: IntakeRows) -> Document:
    name, owner = "", context.place.get("owner")
    if rows[0].intake_id:
        name = rows[0].intake.name
        rows = list(_rows_of(rows[0]))
    first = rows[0].after
    document = tables.register_tasks(
        frame=TableFrame(
            title=first.get("document") or PurePosixPath(name).stem or _("Table of directives"),
            issuer=first.get("issuer", ""),
            number=first.get("number", ""),
            issued_on=_day(first.get("issued_on")),
        ),
        tasks=_tasks(rows),
        source_name=name,
        by=context.by,
        now=context.now,
        organisation=Organisation.objects.filter(pk=owner).first() if owner else None,
    )
    if context.place.get("assign"):
        _assign(context, document, rows)
    return document


def _rows_of(row: IntakeRow) -> IntakeRows:
    """All rows of the table that a row belongs to."""
    rows = IntakeRow.objects.filter(intake=row.intake_id, verdict=NEW)
    return list(rows.order_by("number").only("after", "number", "sheet", "line", "label"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# directives


def _tasks(rows: IntakeRows) -> list[Task]:
    """The tasks of these rows; rows with the same code make one task."""
    by_code: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_code.setdefault(fold(row.after["code"]), []).append(row.after)
    return [_task(values) for values in by_code.values()]


def _task(rows: Sequence[dict[str, Any]]) -> Task:
    """One task, with the items, addressees and first deadline of all its rows."""

    def first_value(name: str) -> str:
        return next(filter(None, (row.get(name) for row in rows)), "")

    names: dict[str, str] = {}
    for row in rows:
        for name, role in _roles(row).items():
            names.setdefault(name, role)
    return Task(
        section=rows[0].get("section", ""),
        subsection=rows[0].get("subsection", ""),
        code=rows[0]["code"],
        text=rows[0]["text"],
        items=tuple(dict.fromkeys(item for row in rows for item in row.get("items", ()))),
        addressees=tuple(names.items()),
        kind=first_value("kind"),
        modality=first_value("modality"),
        cadence=first_value("cadence"),
        due=_due_of_task(rows),
    )


def _roles(values: dict[str, Any]) -> dict[str, str]:
    return {name: role for role, field in ROLE_FIELDS.items() for name in values.get(field, ())}


def _due_of_task(rows: Sequence[dict[str, Any]]) -> Due | None:
    """The first deadline that is a day, else one that recurs, else the first words."""
    for name, rule in (("due_on", DAY), ("due_every", RECURRING), ("due", WORDS)):
        for row in rows:
            if row.get(name):
                every = row.get("due_every") or None
                return Due(row.get("due_on"), every, rule, row["due"])
    return None


# obligations and measures


def _assign(context: IntakeContext, document: Document, rows: IntakeRows) -> None:
    register = Register(context)
    register.look_up({name for row in rows for name in _roles(row.after)})
    directives = {fold(one.code): one for one in document.directives.all()}
    pairs: dict[Key, Pair] = {}
    wanted: dict[Organisation, dict[MeasureContent, list[Key]]] = {}
    for row in rows:
        receivers = register.receivers(_roles(row.after) if row.after.get("assigned") else {})
        if receivers.names != row.after.get("assigned", []):
            raise stale(row)
        directive = directives[fold(row.after["code"])]
        for body, part in receivers.parts.items():
            pairs.setdefault((directive.pk, body.pk), _pair(row.after, directive, body, part))
        for body in receivers.leading:
            for content in _measures(row.after):
                serves = wanted.setdefault(body, {}).setdefault(content, [])
                serves.append((directive.pk, body.pk))
    if not pairs:
        return
    created = issuing.issue_pairs(
        document=document, pairs=list(pairs.values()), by=context.by, now=context.now
    )
    obligations = dict(zip(pairs, created, strict=True))
    for body, contents in wanted.items():
        _propose(context, document, body, contents, obligations)


def _pair(values: dict[str, Any], directive: Directive, body: Organisation, part: str) -> Pair:
    people = {} if part == SUPPORTING else {name: values.get(name, "") for name in _PEOPLE}
    terms = Terms(part=part, due_on=_day(values.get("due_on")))
    return Pair(directive, body, terms, note=_note(values, directive), **people)


_PEOPLE = ("leader", "contact")


def _note(values: dict[str, Any], directive: Directive) -> str:
    """The remark of a row, and its deadline where it is words that the directive does not have."""
    words = "" if values.get("due_on") else values.get("due", "")
    parts = (values.get("note", ""), "" if words == directive.due_words else words)
    return "；".join(filter(None, parts))[:200]


def _measures(values: dict[str, Any]) -> list[MeasureContent]:
    return [
        MeasureContent(
            text=text, due_on=_day(values.get("due_on")), result=values.get("result", "")
        )
        for text in values.get("measures", ())
    ]


def _propose(
    context: IntakeContext,
    document: Document,
    body: Organisation,
    contents: dict[MeasureContent, list[Key]],
    obligations: dict[Key, Obligation],
) -> None:
    propose_measures(
        document=document,
        organisation=body,
        contents=[
            MeasureContent(
                text=content.text,
                due_on=content.due_on,
                result=content.result,
                obligations=tuple(obligations[key] for key in dict.fromkeys(keys)),
            )
            for content, keys in contents.items()
        ],
        by=context.by,
        now=context.now,
    )


# undoing


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Delete the document with its obligations and drafts, unless something was done on them."""
    versions = Directive.objects.filter(pk__in=[row.subject_id for row in rows]).values_list(
        "document_id", "version"
    )
    if any(version != 1 for _document, version in versions):
        raise changed_since(rows[0])
    documents = {document for document, _version in versions}
    for document in Document.objects.filter(pk__in=documents).defer(*HEAVY):
        with undoing_row(rows[0]):
            _take_back(context, document, rows[0])
            tables.remove_document(document, by=context.by, now=context.now)


def _take_back(context: IntakeContext, document: Document, row: IntakeRow) -> None:
    obligations = list(Obligation.objects.filter(document=document).select_related("organisation"))
    # What was assigned by hand, or has moved, did so at another moment.
    if any(one.moved_at != document.registered_at for one in obligations):
        raise changed_since(row)
    texts = {text for one in _rows_of(row) for text in one.after.get("measures", ())}
    withdraw_proposals(document, texts=texts, by=context.by, now=context.now)
    if obligations:
        issuing.take_back(obligations, by=context.by, now=context.now)


BREAKDOWN = TableKind(
    key="tasks",
    name=gettext_lazy("Task breakdown"),
    about=gettext_lazy(
        "A document without its own text is registered from its task breakdown: directives, lead "
        "and supporting organisations, due dates and measures, in the table’s own words."
    ),
    needs=("owner",),
    fields=fields,
    may=may,
    checker=BreakdownChecker,
    write=write,
    undo=undo,
    updates=False,
    assigns=True,
    open_names=open_names,
    settle_names=settle_names,
    made=made,
)
