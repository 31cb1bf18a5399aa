"""Obligations (责任事项): the ledger that went out comes back, and new pairs are assigned from a table."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.intake.fields import Asking, Checker, Fault, Field, Given, Kind, Place, Planned
from directives.intake.kinds.clauses import Clauses, unknown_clause, unknown_words
from directives.intake.kinds.codes import Bodies, taken_as, unclear, unknown_body
from directives.intake.kinds.comparing import Past, Stored, compared, fresh, plain, refused, text_of, wrong
from directives.intake.kinds.owing import DAYS, PEOPLE, TERMS, pair_of, undo, write
from directives.intake.kinds.parting import AFTER_NAME, apart
from directives.intake.kinds.shown import TOLD, Shown
from directives.issuing import faults_of, wrong_plan_day
from directives.models import Document, Obligation, Organisation, User
from directives.models.intakes import SAME
from directives.models.scope import any_of, in_view
from directives.states import CLOSED, DELIVERABLES, PARTS, RESPONSIBLE, SUPERVISOR, WITHDRAWN

READ = (
    "pk", "version", "state", "issued_on", "document_id", "directive_id", "directive__code", "organisation_id", "organisation__code",
    "organisation__name_hans", "organisation__path", "percent", "light", *TERMS,
)  # fmt: skip
FIRST = READ.index("part")


def fields(asking: Asking) -> tuple[Field, ...]:
    """The columns of the ledger: those that come back, and those that only go out."""
    body, clause = pgettext_lazy("ledger", "Responsible or supporting organisation"), pgettext_lazy("ledger", "Directive code")
    own = (
        Field("clause", clause, "code", CLAUSE, key=True, limit=300, example="九.3.3", listed="directives"),
        Field("body", body, "code", BODY, key=True, limit=200, example="Q01", listed="organisations"),
        Field("part", gettext_lazy("Responsibility"), "choice", ("责任类型", "责任方式", "分工", "角色"), choices=PARTS, example="lead"),
        Field("deliverable", gettext_lazy("Deliverable"), "choice", ("报送成果", "应报材料", "成果类型"), choices=DELIVERABLES),
        Field("leader", pgettext_lazy("ledger", "Responsible leader"), "text", LEADER, limit=60, example="顾明远"),
        Field("contact", pgettext_lazy("ledger", "Contact and telephone"), "text", CONTACT, limit=100, example="林晓岚 010-65001234"),
        Field("starts_on", gettext_lazy("Starts on"), "date", ("开始时间", "开始日期", "启动时间", "起始时间", "启动日期")),
        Field("plan_due_on", gettext_lazy("Plan due"), "date", ("方案时限", "方案报送时限", "方案截止日期"), deadline=True),
        Field("due_on", pgettext_lazy("ledger", "Complete by"), "date", DUE, example="2027-06-30", deadline=True),
        Field("note", pgettext_lazy("ledger", "Remarks"), "text", ("说明", "附注", "备注说明"), limit=200),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",), key=True),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
        # Of a table that people made themselves; in a ledger of ours they only tell what the id says.
        Field("directive", pgettext_lazy("ledger", "Directive"), "text", TASK, unless="id", told=True),
        Field("leads", pgettext_lazy("ledger", "Lead organisation"), "text", LEADS, unless="id"),
        Field("supporting", gettext_lazy("Supporting organisations"), "text", SUPPORTING, unless="id"),
    )  # fmt: skip
    return own + tuple(Field(name, label, read_only=True, told=name in TOLD) for name, label in GOES_OUT)


CLAUSE = ("条款", "条款编号", "任务编号", "任务编码", "任务代码", "文件条款编号", "文件条款号", "条款号", "任务条款")
BODY = (
    "责任单位", "单位", "承担单位", "落实单位", "承办单位", "责任部门", "单位编码", "单位代码", "单位名称", "机构代码", "责任主体",
    "责任部门(单位)", "responsible",
)  # fmt: skip
TASK = ("任务", "任务内容", "工作任务", "主要任务", "任务名称", "重点工作", "重点事项", "具体任务", "task")
LEADS = ("牵头部门", "牵头", "主办单位", "主责单位", "牵头责任单位", "lead")
SUPPORTING = ("协办单位", "参与单位", "配合部门", "协同单位", "协助单位")
LEADER = ("责任领导", "分管领导", "牵头领导", "负责人", "领导", "包联领导", "市级领导", "分管负责人")
CONTACT = (
    "责任人及电话", "联系人", "联系人及电话", "责任人", "联系方式", "联系电话", "经办人", "联络员", "联络员及电话", "具体责任人",
    "责任人及联系电话", "责任人及联系方式", "联系人及联系方式",
)  # fmt: skip
DUE = (
    "完成时限", "时限", "完成期限", "截止时间", "截止日期", "完成时间", "完成日期", "办结时限", "要求完成时间", "完成时间节点",
    "时间节点", "时间要求", "完成节点", "目标时限", "整改时限", "时限要求", "deadline", "due date",
)  # fmt: skip
GOES_OUT = (
    ("number", pgettext_lazy("ledger", "No.")),
    ("items", pgettext_lazy("ledger", "Items")),
    ("measures", pgettext_lazy("ledger", "Specific measures")),
    ("progress", pgettext_lazy("ledger", "Progress")),
    ("problems", pgettext_lazy("ledger", "Problems")),
    ("next_steps", pgettext_lazy("ledger", "Next steps")),
    ("percent", pgettext_lazy("ledger", "Percent complete")),
    ("state", pgettext_lazy("ledger", "State of completion")),
    ("light", pgettext_lazy("ledger", "Light")),
    ("slip", pgettext_lazy("ledger", "Supervision slip")),
)


def may(user: User) -> bool:
    """Those who assign."""
    return user.is_active and user.supervises


class ObligationChecker(Checker):
    """Rows are told by their id, else by directive and body."""

    def __init__(self, asking: Asking, headed: frozenset[str]) -> None:
        super().__init__(asking, headed)
        self.clauses = Clauses(asking.place.get("document", 0))
        self.bodies = Bodies()
        self.shown = Shown(self.clauses)
        self.first: dict[tuple[int, int], Place] = {}  # directive and body → the row that speaks of them
        self.led: dict[tuple[int, int], dict[str, Any]] = {}  # … which only names a lead: what it says
        self.twice: list[tuple[int, str]] = []
        self.met: dict[str, int | None] = {}

    def check(self, rows: Sequence[Given]) -> list[Planned]:
        pairs = {row.number: self._pair(row) for row in rows}
        stored = self._stored(rows, pairs)
        meant = {row.number: self._meant(row, pairs[row.number], stored) for row in rows}
        met = [(row, here) for row in rows if (here := meant[row.number])]
        past = Past.of(Obligation, {here[0]: (row.values.get("version") or here[1], here[1]) for row, here in met})
        fresh_bodies = {pairs[row.number][1] for row in rows if not meant[row.number]} - {None}
        self.fresh = Organisation.objects.in_bulk(fresh_bodies) if fresh_bodies else {}
        return [self._one(row, pairs[row.number], meant[row.number], past) for row in rows]

    def _pair(self, row: Given) -> tuple[int | None, int | None]:
        """The directive and the body that the cells of a row name."""
        text = text_of(row.values.get("clause")) or text_of(row.values.get("directive"))
        clause = self.clauses.find(text) if text else None
        return clause.pk if clause else None, self._body(text_of(row.values.get("body")))

    def _body(self, text: str) -> int | None:
        if text not in self.met:
            code = self.bodies.find(text).code or self.bodies.find(AFTER_NAME.sub("", text)).code
            self.met[text] = self.bodies.known.get(code)
        return self.met[text]

    def _stored(self, rows: Sequence[Given], pairs: dict[int, tuple[int | None, int | None]]) -> dict[Any, tuple]:
        """What these rows may mean, by id and by pair; rows that the person may not see are not there."""
        ids = [row.values["id"] for row in rows if row.values.get("id")]
        wanted: dict[int, set[int]] = {}
        for row in rows:
            directive, body = pairs[row.number]
            if directive and body and not row.values.get("id"):
                wanted.setdefault(directive, set()).add(body)
        asked = any_of([Q(pk__in=ids), *(Q(directive=directive, organisation__in=bodies) for directive, bodies in wanted.items())])
        found = Obligation.objects.filter(asked).filter(self.seen).order_by().values_list(*READ)
        return {key: row for row in found for key in (row[0], (row[5], row[7]))}

    def _meant(self, row: Given, pair: tuple[int | None, int | None], stored: dict[Any, tuple]) -> tuple | None:
        return stored.get(row.values["id"]) if row.values.get("id") else stored.get(pair)

    def _one(self, row: Given, pair: tuple[int | None, int | None], here: tuple | None, past: Past) -> Planned:
        if row.values.get("id") or here:
            return self._known(row, pair, here, past)
        faults = list(self._faults_of_key(row, pair))
        if faults:
            return wrong(row, faults)
        return self._fresh(row, *pair)

    def _once(self, row: Given, directive: int, body: int) -> bool:
        """Whether the row is the first that speaks of the two, or at fault; False for a lead that the table has named already."""
        key, implied = (directive, body), bool(row.values.get("leads"))
        first = self.first.setdefault(key, row.place)
        if first == row.place:
            self.led |= {key: _cells(row)} if implied else {}
        elif implied or self.led.get(key) == _cells(row):
            return False
        else:
            self.twice.append((row.number, first.seen_from(row.place)))
        return True

    def _known(self, row: Given, pair: tuple[int | None, int | None], here: tuple | None, past: Past) -> Planned:
        if here is None:
            expected = _("The record ID of an obligation you can see")
            remedy = _("Keep the exported record ID; clear it for a new row.")
            return wrong(row, [Fault("id", str(row.values["id"]), expected, remedy)])
        stored = stored_of(here)
        if row.values.get("leads"):  # it only says who leads
            return Planned(row, SAME, stored.label, stored.pk)
        self._once(row, here[5], here[7])
        faults = list(self._faults_of_pair(row, pair, here))
        wanted = {name: value for name, value in _cells(row).items() if value not in (None, "") or name not in ("part", "starts_on")}
        planned = compared(row, stored, wanted, past, tied=(DAYS,))
        if planned.after:
            faults += self._faults_of_change(here, planned, stored)
        planned = wrong(row, faults, stored.label, stored.pk) if faults or row.faults else planned
        planned.differs = tuple(self._differs(row, pair, here))
        return planned

    def _differs(self, row: Given, pair: tuple[int | None, int | None], here: tuple) -> Iterable[str]:
        """Cells that say nothing that is taken over: words where the id tells of which row, and what only goes out."""
        if row.values.get("body") and not pair[1]:
            yield "body"
        if row.shown and row.values.get("version") == here[1]:
            yield from self.shown.differs(row.shown, here[5], {"state": here[2], "percent": here[11], "light": here[12]})

    def _faults_of_pair(self, row: Given, pair: tuple[int | None, int | None], here: tuple) -> Iterable[Fault]:
        """A line whose id speaks of another directive or body than its words do was copied, or slipped."""
        remedy = _("Clear record ID and version for a new row; otherwise restore the original value.")
        if pair[0] and here[4] == self.asking.place.get("document") and pair[0] != here[5]:
            yield Fault("clause", text_of(row.values["clause"]), _("%(code)s, as this row’s record ID says") % {"code": here[6]}, remedy)
        if pair[1] and pair[1] != here[7]:
            yield Fault("body", text_of(row.values["body"]), _("%(code)s, as this row’s record ID says") % {"code": here[8]}, remedy)

    def _faults_of_change(self, here: tuple, planned: Planned, stored: Stored) -> Iterable[Fault]:
        """Why the terms of an obligation cannot become what the file says."""
        if not self.above(here[10]):
            name = next(iter(planned.after))
            expected = _("An organisation below the one you supervise; only its supervisors change these terms")
            yield Fault(name, str(planned.after[name] or ""), expected, _("Restore the original value, or ask its supervisors."))
            return
        days = [name for name in DAYS if name in planned.after]
        if here[2] == WITHDRAWN or (here[2] == CLOSED and days):
            name = (days or list(planned.after))[0]
            expected = _("Unchanged: this obligation is closed or withdrawn")
            remedy = _("Restore the original value; if it must change, reopen the obligation first.")
            yield Fault(name, str(planned.after[name] or ""), expected, remedy)
            return
        due, starts = (planned.after.get(name, stored.values[name]) for name in ("due_on", "starts_on"))
        floor = max(filter(None, (starts, plain(here[3]))))
        if due and days and due < floor:
            expected = _("%(day)s or later: work cannot end before it starts or is assigned") % {"day": floor}
            yield Fault("due_on" if "due_on" in planned.after else "starts_on", due, expected, _("Correct the date."))
        paper = {name: planned.after.get(name, stored.values[name]) for name in ("deliverable", "plan_due_on")}
        if paper.keys() & planned.after.keys() and (said := wrong_plan_day(*paper.values())):
            yield refused("plan_due_on", paper["plan_due_on"] or "", said)

    @cached_property
    def seen(self) -> Q:
        """The obligations that may be meant at all."""
        return in_view(self.asking.by, "organisation")

    @cached_property
    def owned(self) -> bool:
        """Whether the person assigns directives of this document at all."""
        return Document.objects.owned_by(self.asking.by).filter(pk=self.asking.place.get("document")).exists()

    @cached_property
    def tops(self) -> tuple[str, ...]:
        return tuple({m.organisation.path for m in self.asking.by.in_role(SUPERVISOR)})

    def above(self, path: str) -> bool:
        """Whether the person assigns to the body of this path."""
        return any(path != top and path.startswith(top) for top in self.tops)

    def _faults_of_key(self, row: Given, pair: tuple[int | None, int | None]) -> Iterable[Fault]:
        clause, body = (text_of(row.values.get(name)) for name in ("clause", "body"))
        if not self.owned:
            expected = _("A document registered by your organisation or one below it; only its supervisors assign directives")
            yield Fault("clause", clause, expected, _("Delete this row, or ask the organisation that registered the document."))
        if not pair[0] and not clause and (words := text_of(row.values.get("directive"))):
            yield unknown_words("directive", words)
        elif not pair[0]:
            yield unknown_clause("clause", clause)
        if not pair[1]:
            found = self.bodies.find(body)
            yield unclear("body", body, found) if found.several else unknown_body("body", body)
        elif not self.above(self.fresh[pair[1]].path if pair[1] in self.fresh else ""):
            expected = _("An organisation below the one you supervise")
            yield Fault("body", body, expected, _("Delete this row, or ask the supervisors of the organisation to assign it."))

    def _fresh(self, row: Given, directive: int, body: int) -> Planned:
        clause, home = self.clauses.rows[directive], self.fresh[body]
        if not self._once(row, directive, body):
            return Planned(row, SAME, f"{clause.code} · {home.name_hans}")
        after = {"clause": clause.code, "body": home.code} | {name: value for name, value in _cells(row).items() if value}
        after.setdefault("part", RESPONSIBLE)
        pair = pair_of(after, clause, home)
        columns = {"directive": "clause", "organisation": "body"}
        faults = []
        for name, text in faults_of(pair, by=self.asking.by, today=self.asking.today).items():
            field = columns.get(name, name)
            faults.append(refused(field, str(plain(row.values.get(field)) or ""), text))
        label, given = f"{clause.code} · {home.name_hans}", text_of(row.values.get("body"))
        label = f"{label} · {taken_as(given, home.code)}" if given.isdecimal() and given != home.code else label
        return wrong(row, faults, label) if faults or row.faults else fresh(row, label, after)

    def finish(self) -> Iterable[tuple[int, Fault]]:
        for number, first in self.twice:
            expected = _("One row for each directive and organisation; row %(number)s of the file has the same") % {"number": first}
            yield number, Fault("clause", "", expected, _("Keep one of the two rows."))


def _cells(row: Given) -> dict[str, Any]:
    """The terms that a row gives, as JSON holds them."""
    given = row.values
    cells = {name: text_of(given[name]) for name in ("part", "deliverable", *PEOPLE) if name in given}
    return cells | {name: plain(given[name]) for name in DAYS if name in given}


def stored_of(row: tuple) -> Stored:
    """An obligation, read as READ says."""
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in zip(TERMS, row[FIRST:], strict=True)}
    return Stored(row[0], row[1], f"{row[6]} · {row[9]}", values)


OBLIGATIONS = Kind(
    key="obligations",
    name=gettext_lazy("Ledger of obligations"),
    about=gettext_lazy("An edited ledger: changed terms are updated, rows without a record ID are assigned. States and progress stay."),
    needs=("document",),
    fields=fields,
    may=may,
    checker=ObligationChecker,
    write=write,
    undo=undo,
    apart=apart,
)
