"""Import of the register of bodies (单位): new bodies and changed ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Field as ModelField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base import tree_lock
from directives.base.script import to_hant
from directives.models import IntakeRow, Organisation, User
from directives.models.intakes import NEW
from directives.models.organisations import KINDS, LEVELS
from directives.organisations import commands as organising
from directives.organisations.commands import BodyEntry
from directives.organisations.commands.bodies import LINKS, Link
from directives.organisations.commands.tree import DEPTH
from directives.tables.book import StrOrPromise
from directives.tables.codes import BodyCodes, ambiguous_code, own_numbers_remedy, read_as
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    compare,
    demand_as_applied,
    demand_unchanged,
    json_value,
    new_row,
    text_of,
    undoing_row,
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

PLAIN = ("name_hans", "name_hant", "full_name", "level", "kind", "valid_from", "valid_to")
DEFAULTS = {"level": "central", "kind": "other"}  # of new bodies


CODE = (
    "单位编码", "机构代码", "机构编码", "单位代码", "组织编码", "组织代码", "部门代码", "编码",
    "代码", "单位编号", "统一编码", "code",
)  # fmt: skip
NAME = (
    "单位名称", "名称", "单位", "机构名称", "简称", "单位简称", "组织名称", "机构", "部门名称",
    "部门", "name",
)  # fmt: skip
FULL = ("全称", "单位全称", "机构全称", "完整名称", "full_name_hans", "full name")
LEVEL = ("级别", "层次", "行政级别", "单位级别", "单位层级", "机构级别", "层级类别")
KIND = ("单位类别", "单位类型", "类别", "类型", "性质", "单位性质", "机构类型", "机构类别")
PARENT = (
    "上级单位", "上级编码", "上级代码", "上级单位编码", "上级单位代码", "主管单位", "隶属单位",
    "隶属", "父级", "上级", "上级机构", "隶属上级", "上级主管单位", "上级主管部门", "主管部门",
    "隶属关系", "上级组织", "上级部门",
)  # fmt: skip
VALID_FROM = ("成立日期", "生效日期", "启用日期", "设立日期")
VALID_TO = ("撤销日期", "失效日期", "停用日期", "截止日期")
SUCCESSOR = ("接续单位", "承接单位", "继任单位", "并入单位")
HELP_PARENT = gettext_lazy(
    "The code of the organisation above; it may be further down in the same table."
)


def _body_field(
    name: str,
    label: StrOrPromise,
    synonyms: tuple[str, ...],
    example: str = "",
    help: StrOrPromise = "",
) -> Field:
    return Field(
        name,
        label,
        "code",
        synonyms,
        limit=20,
        example=example,
        help=help,
        drop_down="organisations",
    )


FIELDS: tuple[Field, ...] = (
    Field(
        "code",
        pgettext_lazy("body", "Code"),
        "code",
        CODE,
        required=True,
        key=True,
        limit=20,
        example="Q01",
    ),
    Field(
        "name_hans",
        gettext_lazy("Name"),
        "text",
        NAME,
        required=True,
        limit=120,
        example="全国总工会",
    ),
    Field(
        "name_hant",
        gettext_lazy("Name in Traditional script"),
        "text",
        ("繁体名称", "繁体简称"),
        limit=120,
        example="全國總工會",
    ),
    Field(
        "full_name",
        gettext_lazy("Full name"),
        "text",
        FULL,
        limit=200,
        example="中华全国总工会",
    ),
    Field("level", gettext_lazy("Level"), "choice", LEVEL, choices=LEVELS, example="central"),
    Field(
        "kind",
        gettext_lazy("Kind of organisation"),
        "choice",
        KIND,
        choices=KINDS,
        example="mass_organisation",
    ),
    _body_field("parent", gettext_lazy("Parent"), PARENT, "C000", HELP_PARENT),
    Field("valid_from", gettext_lazy("Exists from"), "date", VALID_FROM, example="1925-05-01"),
    Field("valid_to", gettext_lazy("Exists until"), "date", VALID_TO),
    _body_field("successor", gettext_lazy("Successor"), SUCCESSOR),
    Field("id", gettext_lazy("Record ID"), "whole", ("编号",), key=True),
    Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
    *COUNTS,
)


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return FIELDS


def may(user: User) -> bool:
    return user.is_active and user.is_staff and user.has_perm("directives.change_organisation")


def _stored(body: Organisation) -> StoredRow:
    links = {name: getattr(getattr(body, name), "code", "") for name in LINKS}
    values = {name: json_value(getattr(body, name)) for name in PLAIN} | links
    return StoredRow(body.pk, body.version, f"{body.code} {body.name_hans}", values)


class BodyChecker(Checker):
    """Checks rows. Parents and successors may be further down, so they are checked at the end."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.bodies = BodyCodes()
        self.parents: dict[str, str] = {}  # in the file, by code
        self.numbers: dict[str, list[int]] = {}  # of the rows, by code
        self.unknown: list[tuple[int, str, str]] = []  # number of the row, one of LINKS, code

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        codes = {row.number: self._code(row) for row in rows}
        ids = [row.values["id"] for row in rows if row.values.get("id")]
        known_ids = [self.bodies.ids[code] for code in codes.values() if code in self.bodies.ids]
        stored = Organisation.objects.select_related("parent", "successor").in_bulk(
            [*ids, *known_ids]
        )
        return [self._check_row(row, codes[row.number], stored) for row in rows]

    def _code(self, row: FileRow) -> str:
        """The code of a row; if the cell has lost leading zeros, the known code."""
        text = text_of(row.values.get("code"))
        return self.bodies.find(text).code or text if text.isascii() else text

    def _check_row(self, row: FileRow, code: str, stored: Mapping[int, Organisation]) -> CheckedRow:
        body = stored.get(row.values.get("id") or self.bodies.ids.get(code, 0))
        faults = list(self._faults_of_key(row, code, body))
        if code:
            self.numbers.setdefault(code, []).append(row.number)
        new_values = self._new_values(row, body, faults)
        faults += _faults_of_days(row, body, new_values)
        label = f"{code} {new_values.get('name_hans') or (body.name_hans if body else '')}".strip()
        text = text_of(row.values.get("code"))
        label = f"{label} · {read_as(text, code)}" if text and text != code else label
        if faults or row.faults:
            return wrong_row(row, faults, label, body.pk if body else None)
        if body is None:
            values = {name: value for name, value in new_values.items() if value not in (None, "")}
            return new_row(row, label, {"code": code} | values)
        checked = compare(row, _stored(body), new_values, PastValues())
        checked.label = label[:200]
        return checked

    def _faults_of_key(self, row: FileRow, code: str, body: Organisation | None) -> Iterable[Fault]:
        pk, text = row.values.get("id"), text_of(row.values.get("code"))
        if pk and body is None:
            expected = _("The record ID of an organisation in the register")
            remedy = _("Leave empty for a new organisation; never type a record ID.")
            yield Fault("id", str(pk), expected, own_numbers_remedy(remedy))
        elif pk and body is not None and code and body.code != code:
            expected = _("%(code)s, the code for this record ID; codes cannot be changed")
            yield Fault("code", text, expected % {"code": body.code}, _("Correct the code."))
        elif text and text.isascii() and (match := self.bodies.find(text)).several:
            yield ambiguous_code("code", text, match)

    def _new_values(
        self, row: FileRow, body: Organisation | None, faults: list[Fault]
    ) -> dict[str, Any]:
        """The values of the body after the row, as JSON holds them."""
        values = row.values
        dates, names = ("valid_from", "valid_to"), ("name_hans", "name_hant", "full_name")
        new_values = {name: json_value(values[name]) for name in dates if name in values}
        new_values |= {name: text_of(values[name]) for name in names if name in values}
        # An empty cell keeps the stored level or kind.
        for name, default in DEFAULTS.items():
            if values.get(name) or body is None:
                new_values[name] = values.get(name) or default
        self._add_traditional_name(new_values, body)
        for name in LINKS:
            if name in values:
                new_values[name] = self._link(row, name, faults)
        if new_values.get("parent") is not None and "code" in values:
            self.parents[self._code(row)] = new_values["parent"]
        return new_values

    def _add_traditional_name(self, new_values: dict[str, Any], body: Organisation | None) -> None:
        """Convert the name if the row has no Traditional one and the name is new."""
        if new_values.get("name_hant"):
            return
        name = new_values.get("name_hans")
        if name and (body is None or name != body.name_hans):
            new_values["name_hant"] = to_hant(name)
        elif body is not None:
            new_values.pop("name_hant", None)

    def _link(self, row: FileRow, name: str, faults: list[Fault]) -> str:
        text = text_of(row.values[name])
        match = self.bodies.find(text)
        if match.several:
            faults.append(ambiguous_code(name, text, match))
        elif text and not match.code:
            self.unknown.append((row.number, name, text))
        return match.code or text

    def finish(self) -> Iterable[tuple[int, Fault]]:
        for code, numbers in self.numbers.items():
            if len(numbers) > 1:
                expected = _("A code that appears in one row; this one appears in %(count)s") % {
                    "count": len(numbers)
                }
                remedy = _("Each organisation needs its own code; delete the extra row.")
                for number in numbers:
                    yield number, Fault("code", code, expected, remedy)
        for number, name, text in self.unknown:
            if text not in self.numbers:
                expected = _("The code of an organisation, here or in the register")
                remedy = _("Add a row for that organisation, or correct the code.")
                yield number, Fault(name, text, expected, remedy)
        stored = Organisation.objects.order_by().values_list("code", "parent__code")
        parents = {code: parent or "" for code, parent in stored} | self.parents
        for code, parent in self.parents.items():
            for fault in _faults_of_place(code, parent, parents):
                yield self.numbers[code][0], fault


def _faults_of_place(code: str, parent: str, parents: Mapping[str, str]) -> Iterable[Fault]:
    """The faults of the position of a body in the tree: a cycle, or too deep."""
    if chain := organising.parent_cycle(code, parents):
        expected = _(
            "A parent that is not below this organisation; these form a circle: %(chain)s"
        ) % {"chain": " → ".join(chain)}
        yield Fault("parent", parent, expected, _("Correct the parent in one of these rows."))
        return
    depth, ancestor, visited = 1, parents.get(code, ""), {code}
    while ancestor and ancestor not in visited:
        visited.add(ancestor)
        depth, ancestor = depth + 1, parents.get(ancestor, "")
    if depth > DEPTH:
        expected = _("At most %(count)s levels of organisations") % {"count": DEPTH}
        yield Fault("parent", parent, expected, _("Choose a parent higher in the tree."))


def _faults_of_days(
    row: FileRow, body: Organisation | None, new_values: dict[str, Any]
) -> Iterable[Fault]:
    valid_from, valid_to = (
        new_values.get(name, json_value(getattr(body, name)) if body else None)
        for name in ("valid_from", "valid_to")
    )
    if valid_from and valid_to and valid_to <= valid_from:
        expected = _(
            "A date after %(day)s; otherwise the organisation would end before it is founded"
        ) % {"day": valid_from}
        field = "valid_to" if "valid_to" in row.values else "valid_from"
        yield Fault(field, str(valid_to), expected, _("Correct one of the two dates."))


def _model_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a row as fields of the model."""
    return {
        name: value if name in LINKS else _model_field(name).to_python(value)
        for name, value in values.items()
    }


def _model_field(name: str) -> ModelField[Any, Any]:
    field = Organisation._meta.get_field(name)
    assert isinstance(field, ModelField)
    return field


def _locked(rows: IntakeRows) -> dict[int, Organisation]:
    # The tree lock first: its other holders may refer to one of these bodies.
    tree_lock.hold_exclusively()
    bodies = (
        Organisation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("parent", "successor")
        .order_by("pk")
    )
    return bodies.in_bulk([row.subject_id for row in rows if row.subject_id])


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Add and change bodies; a link to a body further down is set when that is added."""
    stored, entries = _locked(rows), []
    for row in rows:
        body = stored.get(row.subject_id) if row.subject_id else None
        if row.subject_id:
            demand_unchanged(row, _stored(body) if body else None)
        after = dict(row.after)
        code = after.pop("code") if body is None else body.code
        entries.append(BodyEntry(code, _model_values(after), body))
    late_links = _late_links(context, entries)
    bodies = organising.save_bodies(entries, late_links=late_links, by=context.by, now=context.now)
    _remember_links(context, entries, bodies)
    for row, entry in zip(rows, entries, strict=True):
        row.subject_id, row.left = bodies[entry.code].pk, bodies[entry.code].version


def _late_links(context: IntakeContext, entries: Sequence[BodyEntry]) -> list[Link]:
    """Links of earlier rows to the bodies that are added now."""
    unresolved = context.memory.get("waiting", {})
    return [
        Link(code, name, entry.code)
        for entry in entries
        if entry.body is None
        for code, name in unresolved.pop(entry.code, ())
    ]


def _remember_links(
    context: IntakeContext, entries: Sequence[BodyEntry], bodies: Mapping[str, Organisation]
) -> None:
    """Keep links to bodies that do not exist yet, for later batches."""
    links = [
        Link(entry.code, name, entry.link(name))
        for entry in entries
        for name in LINKS
        if entry.link(name)
        and not (entry.body is None and name == "parent" and bodies[entry.code].parent_id)
    ]
    known_codes: set[str] = set()
    if links:
        rows = Organisation.objects.filter(code__in={link.target for link in links})
        known_codes.update(rows.values_list("code", flat=True))
    for link in links:
        if link.target not in known_codes:
            unresolved = context.memory.setdefault("waiting", {})
            unresolved.setdefault(link.target, []).append((link.code, link.name))


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore changed bodies, and delete new ones if nothing refers to them."""
    stored = _locked(rows)
    demand_as_applied(rows, stored)
    entries = [
        BodyEntry(body.code, _model_values(row.before), body)
        for row in rows
        if row.verdict != NEW and row.subject_id and (body := stored[row.subject_id])
    ]
    organising.save_bodies(entries, by=context.by, now=context.now)
    new = [row for row in rows if row.verdict == NEW]
    ids = [row.subject_id for row in new if row.subject_id]
    below = Organisation.objects.filter(parent__in=ids).exclude(pk__in=ids)
    added_children = IntakeRow.objects.filter(
        intake=rows[0].intake_id, subject_id__in=below.values("pk")
    )
    organising.detach_from_parents(
        {pk for pk in added_children.values_list("subject_id", flat=True) if pk is not None}
    )
    with undoing_row(new[0] if new else rows[0]):
        organising.delete_bodies([stored[pk] for pk in ids], by=context.by, now=context.now)


BODIES = TableKind(
    key="bodies",
    name=gettext_lazy("Organisations"),
    about=gettext_lazy(
        "The register of organisations: new codes are added, existing ones updated. Nothing is "
        "deleted; an organisation is abolished by its date."
    ),
    needs=(),
    fields=fields,
    may=may,
    checker=BodyChecker,
    write=write,
    undo=undo,
)
