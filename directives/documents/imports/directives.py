"""Tables that correct the reading of directives: kind, modality, cadence, addressees."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.refusals import Refusal
from directives.base.script import fold
from directives.documents.commands import correcting
from directives.documents.commands.correcting import STATEMENT, Correction, NamedAddressee
from directives.documents.imports.directive_finder import TITLE, unknown_directive
from directives.models import Directive, Document, User
from directives.models.documents import (
    BASES,
    CADENCES,
    HEAVY_OF_DOCUMENT,
    KINDS,
    MODALITIES,
    NAMED,
    UNSTATED,
)
from directives.tables.cells import names_of
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    cannot_undo,
    changed_since,
    compare,
    demand_unchanged,
    refused_cell,
    stale,
    text_of,
    wrong_row,
)
from directives.tables.fields import (
    COUNTS,
    CheckedRow,
    Checker,
    Fault,
    Field,
    FileRow,
    IntakeContext,
    IntakeRows,
    TableKind,
)

WITH_BASIS = re.compile(r"(.*?)\s*[(（]([^()（）\s]+)\s*([^()（）]*)[)）]")
SEPARATORS = re.compile(r"[、;；\n]+")
PLAIN_FIELDS = ("kind", "modality", "cadence")


CODE = (
    "条款编号", "条款", "文件条款", "任务编号", "任务编码", "任务代码", "条款号", "编码", "代码",
)  # fmt: skip
HELP = gettext_lazy("One per line, with the basis in brackets where the document does not name it.")


FIELDS: tuple[Field, ...] = (
    Field(
        "code",
        pgettext_lazy("directive", "Code"),
        "code",
        CODE,
        required=True,
        key=True,
        limit=300,
        example="九.3.3",
        drop_down="directives",
    ),
    Field(
        "kind",
        gettext_lazy("Kind"),
        "choice",
        ("类别", "任务类别", "任务类型", "类型"),
        choices=KINDS,
    ),
    Field(
        "modality",
        gettext_lazy("How binding"),
        "choice",
        ("情态", "要求程度", "力度", "语气"),
        choices=MODALITIES,
    ),
    Field(
        "cadence",
        pgettext_lazy("directive", "Frequency"),
        "choice",
        ("频次", "周期", "频率", "办理周期"),
        choices=CADENCES,
    ),
    Field(
        "addressees",
        gettext_lazy("Addressees"),
        "text",
        ("主体", "责任主体", "对象", "责任对象"),
        help=HELP,
    ),
    Field("id", gettext_lazy("Record ID"), "whole", ("编号",)),
    Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
    Field("section", gettext_lazy("Section"), read_only=True),
    Field("text", gettext_lazy("Directive"), read_only=True),
    Field("items", gettext_lazy("Items"), read_only=True),
    *COUNTS,
)


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return FIELDS


def may(user: User) -> bool:
    return user.is_active and user.supervises


def _as_text(addressee: NamedAddressee) -> str:
    """An addressee as a row stores it: 全国总工会 (carried 九.1.1)."""
    basis = " ".join(filter(None, (addressee.basis, addressee.source)))
    return f"{addressee.name} ({basis})".strip()


def _stored(directive: Directive) -> StoredRow:
    addressees = [
        _as_text(NamedAddressee(row.name, row.basis, row.source))
        for row in directive.addressees.all()
    ]
    values = {name: getattr(directive, name) for name in PLAIN_FIELDS} | {"addressees": addressees}
    return StoredRow(directive.pk, directive.version, f"{directive.code} {directive.text}", values)


class DirectiveChecker(Checker):
    """Identifies rows by the code of the directive."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        directives = (
            self.visible()
            .filter(document=context.place.get("document", 0))
            .select_related("document")
            .defer(*HEAVY_OF_DOCUMENT)
        )
        self.directives = {fold(row.code): row for row in directives.prefetch_related("addressees")}
        self.bases = names_of(BASES)

    def visible(self) -> QuerySet[Directive]:
        """Directives whose reading the person may correct."""
        return Directive.objects.filter(document__in=Document.objects.owned_by(self.context.by))

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        keys = {row.number: fold(TITLE.sub("", text_of(row.values.get("code")))) for row in rows}
        directives = [(row, self.directives.get(keys[row.number])) for row in rows]
        versions = {
            directive.pk: (row.values.get("version") or directive.version, directive.version)
            for row, directive in directives
            if directive
        }
        past = PastValues.read(Directive, versions, _from_record)
        return [self._check_row(row, directive, past) for row, directive in directives]

    def _check_row(self, row: FileRow, directive: Directive | None, past: PastValues) -> CheckedRow:
        text = text_of(row.values.get("code"))
        if directive is None:
            return wrong_row(row, [unknown_directive("code", text)] if text else [])
        self.note_key(directive.pk, row)
        faults: list[Fault] = []
        new_values = {
            name: row.values[name] or ""
            for name in PLAIN_FIELDS
            if name in row.values and (name != "kind" or row.values[name])
        }
        if "addressees" in row.values:
            new_values["addressees"] = self._addressees(
                directive, text_of(row.values["addressees"]), faults
            )
        stored = _stored(directive)
        if faults or row.faults:
            return wrong_row(row, faults, stored.label, stored.pk)
        checked = compare(row, stored, new_values, past, tied=(("kind", "modality"),))
        if checked.after:
            faults = list(_faults(directive, {**stored.values, **checked.after}))
        return wrong_row(row, faults, stored.label, stored.pk) if faults else checked

    def _addressees(self, directive: Directive, text: str, faults: list[Fault]) -> list[str]:
        """The addressees in a cell; a name without a basis keeps its basis, or is "named"."""
        present_addressees = {
            fold(row.name): NamedAddressee(row.name, row.basis, row.source)
            for row in directive.addressees.all()
        }
        addressees = []
        for part in filter(None, (part.strip() for part in SEPARATORS.split(text))):
            name, basis, source = part, None, ""
            match = WITH_BASIS.fullmatch(part)
            if match and (basis := self.bases.get(fold(match[2]))):
                name, source = match[1].strip(), match[3].strip()
            present = present_addressees.get(fold(name))
            if present is not None and basis in (None, present.basis):
                addressees.append(_as_text(present))
            else:
                addressees.append(_as_text(NamedAddressee(name, basis or NAMED, source)))
        return addressees or [_as_text(NamedAddressee("", UNSTATED))]

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _("One row for each directive; row %(number)s of the file has the same")
        return self.faults_of_repeats("code", expected, _("Keep one of the two rows."))


def _from_record(before: dict[str, Any]) -> dict[str, Any]:
    """The values of an event in the terms of the table."""
    if "addressees" not in before:
        return before
    addressees = [_as_text(NamedAddressee(*values)) for values in before["addressees"]]
    return before | {"addressees": addressees}


def _correction(values: Mapping[str, Any]) -> Correction:
    matches = [WITH_BASIS.fullmatch(text) for text in values["addressees"]]
    addressees = [NamedAddressee(match[1], match[2], match[3]) for match in matches if match]
    return Correction(
        values["kind"],
        values["modality"],
        values["cadence"],
        values["kind"] == STATEMENT,
        tuple(addressees),
    )


def _faults(directive: Directive, values: dict[str, Any]) -> Iterable[Fault]:
    before = correcting.reading_of(directive)
    corrected = correcting.normalised(directive, _correction(values), before)
    columns = {"statement": "kind"}
    for name, texts in correcting.faults_of(directive, corrected).items():
        field = columns.get(name, name)
        value = values[field]
        text = "、".join(value) if isinstance(value, list) else value
        yield refused_cell(field, text, " ".join(texts))


def _locked(rows: IntakeRows) -> dict[int | None, Directive]:
    directives = (
        Directive.objects.select_related("document__organisation")
        .prefetch_related("addressees")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    return {**directives.in_bulk([row.subject_id for row in rows])}


def write(context: IntakeContext, rows: IntakeRows) -> None:
    # One after another: a document has some hundred directives.
    directives = _locked(rows)
    for row in rows:
        directive = directives.get(row.subject_id)
        if directive is None:
            raise stale(row)
        stored = demand_unchanged(row, _stored(directive))
        correction = _correction({**stored.values, **row.after})
        corrected = correcting.correct_directive(
            directive=directive,
            correction=correction,
            version=directive.version,
            by=context.by,
            now=context.now,
        )
        row.left = corrected.version


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    directives = _locked(rows)
    for row in rows:
        directive = directives.get(row.subject_id)
        if directive is None or directive.version != row.left:
            raise changed_since(row)
        correction = _correction({**_stored(directive).values, **row.before})
        try:
            correcting.correct_directive(
                directive=directive,
                correction=correction,
                version=directive.version,
                by=context.by,
                now=context.now,
            )
        except Refusal as refusal:
            raise cannot_undo(row, str(refusal)) from refusal


DIRECTIVES = TableKind(
    key="directives",
    name=gettext_lazy("Reading of the directives"),
    about=gettext_lazy(
        "Correct how directives are read: kind, how binding, frequency, addressees. The document’s "
        "text and codes do not change."
    ),
    needs=("document",),
    fields=fields,
    may=may,
    checker=DirectiveChecker,
    write=write,
    undo=undo,
    owned=True,
)
