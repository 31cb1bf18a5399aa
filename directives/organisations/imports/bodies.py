"""Bodies (单位): the register made or changed from a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base import tree_lock
from directives.base.script import to_hant
from directives.models import IntakeRow, Organisation, User
from directives.models.intakes import NEW
from directives.models.organisations import KINDS, LEVELS
from directives.organisations import commands as organising
from directives.organisations.commands import BodyEntry
from directives.organisations.commands.tree import DEPTH
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

TIES = ("parent", "successor")
PLAIN = ("name_hans", "name_hant", "full_name", "level", "kind", "valid_from", "valid_to")
SPARE = {"level": "central", "kind": "other"}  # of a new body whose cell is empty


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a register of bodies."""
    known = {"sort": "code", "listed": "organisations", "limit": 20}
    return (
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
        Field(
            "parent",
            gettext_lazy("Parent"),
            synonyms=PARENT,
            example="C000",
            help=HELP_PARENT,
            **known,
        ),
        Field(
            "valid_from",
            gettext_lazy("Exists from"),
            "date",
            ("成立日期", "生效日期", "启用日期", "设立日期"),
            example="1925-05-01",
        ),
        Field(
            "valid_to",
            gettext_lazy("Exists until"),
            "date",
            ("撤销日期", "失效日期", "停用日期", "截止日期"),
        ),
        Field(
            "successor",
            gettext_lazy("Successor"),
            synonyms=("接续单位", "承接单位", "继任单位", "并入单位"),
            **known,
        ),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",), key=True),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        *COUNTS,
    )


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
HELP_PARENT = gettext_lazy(
    "The code of the organisation above; it may be further down in the same table."
)


def may(user: User) -> bool:
    """Those who keep the register."""
    return user.is_active and user.is_staff and user.has_perm("directives.change_organisation")


def _stored(body: Organisation) -> StoredRow:
    ties = {name: getattr(getattr(body, name), "code", "") for name in TIES}
    values = {name: json_value(getattr(body, name)) for name in PLAIN} | ties
    return StoredRow(body.pk, body.version, f"{body.code} {body.name_hans}", values)


class BodyChecker(Checker):
    """Parents and successors may stand further down, so they are judged when every row was seen."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.bodies = BodyCodes()
        self.parents: dict[str, str] = {}  # of the file, once mended
        self.numbers: dict[str, list[int]] = {}
        self.open: list[
            tuple[int, str, str]
        ] = []  # (row, which tie, code) that the register does not know

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        codes = {row.number: self._code(row) for row in rows}
        ids = [row.values["id"] for row in rows if row.values.get("id")]
        known = [self.bodies.known[code] for code in codes.values() if code in self.bodies.known]
        found = Organisation.objects.select_related("parent", "successor").in_bulk([*ids, *known])
        return [self._one(row, codes[row.number], found) for row in rows]

    def _code(self, row: FileRow) -> str:
        """The code of a row: a known one where it lost its zeros, else as it stands."""
        text = text_of(row.values.get("code"))
        return self.bodies.find(text).code or text if text.isascii() else text

    def _one(self, row: FileRow, code: str, found: dict[int, Organisation]) -> CheckedRow:
        pk = row.values.get("id")
        body = found.get(pk) if pk else found.get(self.bodies.known.get(code, 0))
        faults = list(self._faults_of_key(row, code, pk, body))
        if code:
            self.numbers.setdefault(code, []).append(row.number)
        wanted = self._wanted(row, body, faults)
        faults += _faults_of_days(row, body, wanted)
        label = f"{code} {wanted.get('name_hans') or (body.name_hans if body else '')}".strip()
        given = text_of(row.values.get("code"))
        label = f"{label} · {read_as(given, code)}" if given and given != code else label
        if faults or row.faults:
            return wrong_row(row, faults, label, body.pk if body else None)
        if body is None:
            return new_row(
                row,
                label,
                {"code": code}
                | {name: value for name, value in wanted.items() if value not in (None, "")},
            )
        here = _stored(body)
        planned = compare(row, here, wanted, PastValues())
        planned.label = label[:200]
        return planned

    def _faults_of_key(
        self, row: FileRow, code: str, pk: int | None, body: Organisation | None
    ) -> Iterable[Fault]:
        text = text_of(row.values.get("code"))
        if pk and body is None:
            remedy = own_numbers_remedy(
                _("Leave empty for a new organisation; never type a record ID.")
            )
            yield Fault(
                "id", str(pk), _("The record ID of an organisation in the register"), remedy
            )
        elif pk and body is not None and code and body.code != code:
            expected = _("%(code)s, the code for this record ID; codes cannot be changed") % {
                "code": body.code
            }
            yield Fault("code", text, expected, _("Correct the code."))
        elif text and text.isascii() and (several := self.bodies.find(text)).several:
            yield ambiguous_code("code", text, several)

    def _wanted(
        self, row: FileRow, body: Organisation | None, faults: list[Fault]
    ) -> dict[str, Any]:
        """What the cells of a row ask for, as JSON holds it."""
        given = row.values
        wanted = {
            name: json_value(given[name]) for name in ("valid_from", "valid_to") if name in given
        }
        wanted |= {
            name: text_of(given[name])
            for name in ("name_hans", "name_hant", "full_name")
            if name in given
        }
        # An empty cell leaves these as they are: every body is of some level and kind.
        wanted |= {
            name: given.get(name) or SPARE[name]
            for name in SPARE
            if given.get(name) or body is None
        }
        if (
            wanted.get("name_hans")
            and not wanted.get("name_hant")
            and (body is None or wanted["name_hans"] != body.name_hans)
        ):
            wanted["name_hant"] = to_hant(wanted["name_hans"])
        elif body is not None and not wanted.get("name_hant"):
            wanted.pop("name_hant", None)  # made of the name
        for name in TIES:
            if name in given:
                wanted[name] = self._tie(row, name, faults)
        if wanted.get("parent") is not None and "code" in given:
            self.parents[self._code(row)] = wanted["parent"]
        return wanted

    def _tie(self, row: FileRow, name: str, faults: list[Fault]) -> str:
        text = text_of(row.values[name])
        found = self.bodies.find(text)
        if found.several:
            faults.append(ambiguous_code(name, text, found))
        elif text and not found.code:
            self.open.append((row.number, name, text))
        return found.code or text

    def finish(self) -> Iterable[tuple[int, Fault]]:
        for code, numbers in self.numbers.items():
            for number in numbers if len(numbers) > 1 else ():
                text = _("A code that appears in one row; this one appears in %(count)s") % {
                    "count": len(numbers)
                }
                yield (
                    number,
                    Fault(
                        "code",
                        code,
                        text,
                        _("Each organisation needs its own code; delete the extra row."),
                    ),
                )
        for number, name, text in self.open:
            if text not in self.numbers:
                told = (
                    _("The code of an organisation, here or in the register"),
                    _("Add a row for that organisation, or correct the code."),
                )
                yield number, Fault(name, text, *told)
        stored = {
            code: parent or ""
            for code, parent in Organisation.objects.order_by().values_list("code", "parent__code")
        }
        parents = stored | self.parents
        for code, parent in self.parents.items():
            for fault in _faults_of_place(code, parent, parents):
                yield self.numbers[code][0], fault


def _faults_of_place(code: str, parent: str, parents: dict[str, str]) -> Iterable[Fault]:
    """What is wrong with where a body would stand: a circle, or too deep."""
    chain = organising.parent_cycle(code, parents)
    if chain:
        text = _("A parent that is not below this organisation; these form a circle: %(chain)s") % {
            "chain": " → ".join(chain)
        }
        yield Fault("parent", parent, text, _("Correct the parent in one of these rows."))
        return
    depth, at, seen = 1, parents.get(code, ""), {code}
    while at and at not in seen:
        seen.add(at)
        depth, at = depth + 1, parents.get(at, "")
    if depth > DEPTH:
        yield Fault(
            "parent",
            parent,
            _("At most %(count)s levels of organisations") % {"count": DEPTH},
            _("Choose a parent higher in the tree."),
        )


def _faults_of_days(row: FileRow, body: Organisation | None, wanted: dict[str, Any]) -> list[Fault]:
    stored = {
        name: json_value(getattr(body, name)) if body else None
        for name in ("valid_from", "valid_to")
    }
    begins, ends = (wanted.get(name, stored[name]) for name in ("valid_from", "valid_to"))
    if begins and ends and ends <= begins:
        expected = _(
            "A date after %(day)s; otherwise the organisation would end before it is founded"
        ) % {"day": begins}
        return [
            Fault(
                "valid_to" if "valid_to" in row.values else "valid_from",
                str(ends),
                expected,
                _("Correct one of the two dates."),
            )
        ]
    return []


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Fields as the model holds them."""
    return {
        name: value if name in TIES else Organisation._meta.get_field(name).to_python(value)
        for name, value in values.items()
    }


def _held(rows: IntakeRows) -> dict[int, Organisation]:
    """The stored bodies of these rows, until the transaction ends. Under the lock of the tree: who shares it may refer to one of them."""
    tree_lock.hold_alone()
    known = (
        Organisation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("parent", "successor")
        .order_by("pk")
    )
    return known.in_bulk([row.subject_id for row in rows if row.subject_id])


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Bodies are made and changed; a parent that stands further down is tied when it comes."""
    stored, entered = _held(rows), []
    for row in rows:
        body = stored.get(row.subject_id) if row.subject_id else None
        if row.subject_id:
            demand_unchanged(row, _stored(body) if body else None)
        after = dict(row.after)
        code = after.pop("code") if body is None else body.code
        entered.append(BodyEntry(code, _typed(after), body))
    made = organising.save_bodies(
        entered, late=_late(context, entered), by=context.by, now=context.now
    )
    _wait(context, entered, made)
    for row, one in zip(rows, entered, strict=True):
        row.subject_id, row.left = made[one.code].pk, made[one.code].version


def _late(context: IntakeContext, entered: Sequence[BodyEntry]) -> list[tuple[str, str, str]]:
    """Ties of rows written before to bodies that are made now."""
    waiting = context.memory.get("waiting", {})
    return [
        (code, name, one.code)
        for one in entered
        if one.body is None
        for code, name in waiting.pop(one.code, ())
    ]


def _wait(
    context: IntakeContext, entered: Sequence[BodyEntry], made: Mapping[str, Organisation]
) -> None:
    """Remember the ties to bodies that stand further down."""
    ties = [
        (one.code, name, one.tie(name))
        for one in entered
        for name in TIES
        if one.tie(name)
        and not (one.body is None and name == "parent" and made[one.code].parent_id)
    ]
    known = (
        set(
            Organisation.objects.filter(code__in={tie[2] for tie in ties}).values_list(
                "code", flat=True
            )
        )
        if ties
        else set()
    )
    for code, name, target in ties:
        if target not in known:
            context.memory.setdefault("waiting", {}).setdefault(target, []).append((code, name))


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Changed bodies become again what they were; new ones are deleted, where nothing rests on them."""
    stored = _held(rows)
    demand_as_applied(rows, stored)
    back = [row for row in rows if row.verdict != NEW]
    entered = [
        BodyEntry(stored[row.subject_id].code, _typed(row.before), stored[row.subject_id])
        for row in back
    ]
    organising.save_bodies(entered, by=context.by, now=context.now)
    new = {row.subject_id: row for row in rows if row.verdict == NEW}
    below = Organisation.objects.filter(parent__in=new).exclude(pk__in=new)
    ours = IntakeRow.objects.filter(intake=rows[0].intake_id, subject_id__in=below.values("pk"))
    organising.detach_from_parents(set(ours.values_list("subject_id", flat=True)))
    with undoing_row(next(iter(new.values()), rows[0])):
        organising.delete_bodies([stored[pk] for pk in new], by=context.by, now=context.now)


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
    order="parents",
)
