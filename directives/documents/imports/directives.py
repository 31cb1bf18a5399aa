"""Tables that correct the reading of directives: kind, modality, cadence, addressees."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.refusals import Refusal
from directives.base.script import fold
from directives.base.states import PARTS, RESPONSIBLE
from directives.documents.commands import correcting
from directives.documents.commands.correcting import STATEMENT, Correction, NamedAddressee
from directives.documents.imports.directive_finder import TITLE, unknown_directive
from directives.models import Directive, Document, User
from directives.models.documents import (
    BASES,
    CADENCES,
    HEAVY_OF_DOCUMENT,
    INTERVALS,
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
    json_value,
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

IN_BRACKETS = re.compile(r"(.*?)\s*[(（]([^()（）]+)[)）]", re.DOTALL)
BETWEEN = re.compile(r"[\s,，]+")
ROLES = frozenset(dict(PARTS))
SEPARATORS = re.compile(r"[、;；\n]+")
PLAIN_FIELDS = ("kind", "modality", "cadence", "due_words", "due_on", "due_every")


CODE = (
    "条款编号", "条款", "文件条款", "任务编号", "任务编码", "任务代码", "条款号", "编码", "代码",
)  # fmt: skip
HELP = gettext_lazy(
    "One per line, with role and basis in brackets: without a role, the present one is kept; "
    "without a basis, the document names it."
)


# Of a task breakdown too; how binding a directive is has another list of headings there.
KIND = Field(
    "kind",
    gettext_lazy("Kind"),
    "choice",
    ("类别", "任务类别", "任务类型", "类型"),
    choices=KINDS,
)
CADENCE = Field(
    "cadence",
    pgettext_lazy("directive", "Frequency"),
    "choice",
    ("频次", "周期", "频率", "办理周期"),
    choices=CADENCES,
)


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
    KIND,
    Field(
        "modality",
        gettext_lazy("How binding"),
        "choice",
        ("情态", "要求程度", "力度", "语气"),
        choices=MODALITIES,
    ),
    CADENCE,
    Field(
        "addressees",
        gettext_lazy("Addressees"),
        "text",
        ("主体", "责任主体", "对象", "责任对象"),
        help=HELP,
    ),
    Field(
        "due_words",
        gettext_lazy("Deadline as worded"),
        "text",
        ("文中时限", "时限表述"),
        limit=100,
    ),
    Field("due_on", gettext_lazy("Due date in the document"), "date"),
    Field("due_every", gettext_lazy("Interval in the document"), "choice", choices=INTERVALS),
    Field("id", gettext_lazy("Record ID"), "whole", ("编号",)),
    Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
    Field("part", gettext_lazy("Annex or plan"), read_only=True),
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
    """An addressee as a row stores it: 全国总工会 (carried 九.1.1 lead)."""
    role = "" if addressee.role == RESPONSIBLE else addressee.role
    words = " ".join(filter(None, (addressee.basis, addressee.source, role)))
    return f"{addressee.name} ({words})".strip()


def _of_text(text: str) -> NamedAddressee:
    """The addressee that a row stores."""
    match = IN_BRACKETS.fullmatch(text)
    if match is None:
        return NamedAddressee(text, NAMED)
    basis, *words = match[2].split()
    role = words.pop() if words and words[-1] in ROLES else RESPONSIBLE
    return NamedAddressee(match[1], basis, " ".join(words), role)


def addressee_in_words(text: str) -> str:
    """A stored addressee in the language of the reader; another text stays as it is."""
    addressee = _of_text(text)
    return addressee.in_words if _as_text(addressee) == text else text


def _present(directive: Directive) -> list[NamedAddressee]:
    return [
        NamedAddressee(row.name, row.basis, row.source, row.role)
        for row in directive.addressees.all()
    ]


def _stored(directive: Directive) -> StoredRow:
    values = {name: json_value(getattr(directive, name)) or "" for name in PLAIN_FIELDS}
    values["addressees"] = [_as_text(addressee) for addressee in _present(directive)]
    return StoredRow(directive.pk, directive.version, f"{directive.code} {directive.text}", values)


@dataclass(frozen=True, slots=True)
class _Written:
    """An addressee as a cell says it; None where it does not say."""

    name: str
    basis: str | None = None
    source: str = ""
    role: str | None = None

    def beside(self, present: Sequence[NamedAddressee]) -> NamedAddressee:
        """The addressee that is meant, with what the cell does not say from the present one."""
        same_name = [row for row in present if fold(row.name) == fold(self.name)]
        same_name.sort(key=lambda row: (self.basis != row.basis, self.role != row.role))
        stored = same_name[0] if same_name else NamedAddressee(self.name, self.basis or NAMED)
        basis, source = self.basis or stored.basis, self.source
        if basis == stored.basis and (not source or fold(source) == fold(stored.source)):
            source = stored.source
        return NamedAddressee(stored.name, basis, source, self.role or stored.role)


def _role_key(word: str) -> str:
    return fold(word).removesuffix("单位")


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
        self.bases, self.roles = names_of(BASES), names_of(PARTS)

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
            name: json_value(row.values[name]) or ""
            for name in PLAIN_FIELDS
            if name in row.values and (name != "kind" or row.values[name])
        }
        if "addressees" in row.values:
            text = text_of(row.values["addressees"])
            new_values["addressees"] = self._addressees(directive, text)
        stored = _stored(directive)
        if faults or row.faults:
            return wrong_row(row, faults, stored.label, stored.pk)
        checked = compare(row, stored, new_values, past, tied=(("kind", "modality"),))
        if checked.after:
            faults = list(_faults(directive, {**stored.values, **checked.after}))
        return wrong_row(row, faults, stored.label, stored.pk) if faults else checked

    def _addressees(self, directive: Directive, text: str) -> list[str]:
        """The addressees in a cell, as a row stores them."""
        present = _present(directive)
        parts = filter(None, (part.strip() for part in SEPARATORS.split(text)))
        addressees = [self._written(part).beside(present) for part in parts]
        return [_as_text(row) for row in addressees or [NamedAddressee("", UNSTATED)]]

    def _written(self, text: str) -> _Written:
        """One addressee of a cell; brackets that give neither basis nor role are of the name."""
        match = IN_BRACKETS.fullmatch(text)
        words = BETWEEN.split(match[2].strip()) if match else []
        bases = [word for word in words if fold(word) in self.bases]
        roles = [word for word in words if _role_key(word) in self.roles]
        if match is None or not (bases or roles):
            return _Written(text)
        return _Written(
            match[1].strip(),
            self.bases[fold(bases[0])] if bases else None,
            " ".join(word for word in words if word not in bases and word not in roles),
            self.roles[_role_key(roles[0])] if roles else None,
        )

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _("One row for each directive; row %(number)s of the file has the same")
        return self.faults_of_repeats("code", expected, _("Keep one of the two rows."))


def _from_record(before: dict[str, Any]) -> dict[str, Any]:
    """The values of an event in the terms of the table."""
    values = before | {name: before[name] or "" for name in PLAIN_FIELDS if name in before}
    if "addressees" in before:
        addressees = [NamedAddressee(*row) for row in before["addressees"]]
        values["addressees"] = [_as_text(addressee) for addressee in addressees]
    return values


def _correction(directive: Directive, values: Mapping[str, Any]) -> Correction:
    """The present reading with these values."""
    plain = {name: values[name] for name in PLAIN_FIELDS}
    plain["due_on"] = date.fromisoformat(values["due_on"]) if values["due_on"] else None
    return replace(
        correcting.reading_of(directive),
        statement=values["kind"] == STATEMENT,
        addressees=tuple(map(_of_text, values["addressees"])),
        **plain,
    )


def _faults(directive: Directive, values: dict[str, Any]) -> Iterable[Fault]:
    before = correcting.reading_of(directive)
    corrected = correcting.normalised(directive, _correction(directive, values), before)
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
        correction = _correction(directive, {**stored.values, **row.after})
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
        correction = _correction(directive, {**_stored(directive).values, **row.before})
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
        "Correct how directives are read: kind, how binding, frequency, addressees, deadline. The "
        "document’s text and codes do not change."
    ),
    needs=("document",),
    fields=fields,
    may=may,
    checker=DirectiveChecker,
    write=write,
    undo=undo,
    owned=True,
)
