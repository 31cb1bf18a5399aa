"""What waits for a supervisor: hand-ins to review, disputes, close-outs, bodies that are overdue. One query for all of it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, DateTimeField, F, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.urls import reverse

from directives.models import Obligation, Plan, ReportEntry, User
from directives.models.scope import any_of, inside
from directives.overview.figures import address
from directives.overview.obligations import Filter
from directives.states import CLOSING, DISPUTED, RED, SUBMITTED, SUPERVISOR

SHOWN = 50  # lines of the whole inbox
WORST = 8  # overdue bodies


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits. `kind`: plan, report, dispute, close or overdue; `n`: how many entries or obligations."""

    kind: str
    pk: int
    name_hans: str
    name_hant: str
    title_hans: str
    title_hant: str
    code: str
    words: str
    at: datetime | None
    n: int

    @property
    def url(self) -> str:
        match self.kind:
            case "plan":
                return reverse("plan_review", args=[self.pk])
            case "report":
                return reverse("report_review", args=[self.pk])
            case "overdue":
                return address(Filter(body=self.pk, light=RED))
        return reverse("obligation", args=[self.pk])


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, the oldest first, and the bodies with most overdue rows. `more` lines are left out."""

    lines: tuple[Waiting, ...]
    overdue: tuple[Waiting, ...]
    more: int

    def count(self, kind: str) -> int:
        return sum(line.kind == kind for line in self.lines)

    @property
    def reviews(self) -> int:
        return self.count("plan") + self.count("report")

    @property
    def disputes(self) -> int:
        return self.count("dispute")

    @property
    def closings(self) -> int:
        return self.count("close")


def _below(user: User, field: str) -> Q:
    """Rows of the bodies strictly below those that the person supervises."""
    posts = user.in_role(SUPERVISOR)
    return any_of(inside(m.organisation.path, f"{field}__path") & ~Q(**{field: m.organisation_id}) for m in posts)


def _text(value: str) -> Value:
    return Value(value, output_field=TextField())


def _columns(rows: QuerySet, kind: str, *, pk: str, body: str, document: str, code: object, words: object, at: object) -> QuerySet:
    names = {
        "what": _text(kind), "row": F(pk), "hans": Cast(f"{body}__name_hans", TextField()), "hant": Cast(f"{body}__name_hant", TextField()),
        "doc_hans": Cast(f"{document}__title_hans", TextField()) if document else _text(""),
        "doc_hant": Cast(f"{document}__title_hant", TextField()) if document else _text(""), "of": code, "said": words,
    }  # fmt: skip
    return rows.order_by().annotate(**names).values_list(*names).annotate(at_first=at, n=Count("pk"))


def inbox(user: User) -> Inbox | None:
    """What waits for this person as a supervisor; None if they are none. They cannot review what they handed in themselves."""
    if not user.supervises:
        return None
    plans = Plan.objects.filter(_below(user, "organisation"), live=True, state=SUBMITTED).exclude(submitted_by=user)
    entries = ReportEntry.objects.filter(_below(user, "report__organisation"), state=SUBMITTED).exclude(submitted_by=user)
    owed = Obligation.objects.filter(_below(user, "organisation"))
    code, reason = Cast("directive__code", TextField()), Cast("reason", TextField())
    never = Cast(Value(None), DateTimeField())
    at_home = {"pk": "pk", "body": "organisation", "document": "document"}
    parts = [
        _columns(plans, "plan", **at_home, code=_text(""), words=_text(""), at=Min("submitted_at")),
        _columns(
            entries, "report", pk="report_id", body="report__organisation", document="report__document", code=_text(""), words=_text(""),
            at=Min("submitted_at"),
        ),
        _columns(owed.filter(state=DISPUTED), "dispute", **at_home, code=code, words=reason, at=Min("moved_at")),
        _columns(owed.filter(state=CLOSING), "close", **at_home, code=code, words=reason, at=Min("moved_at")),
        _columns(
            owed.overdue(), "overdue", pk="organisation_id", body="organisation", document="", code=_text(""), words=_text(""), at=never
        ),
    ]  # fmt: skip
    found = [Waiting(*row) for row in parts[0].union(*parts[1:], all=True)]
    waiting = sorted((line for line in found if line.kind != "overdue"), key=lambda line: (line.at is None, line.at, line.pk))
    overdue = sorted((line for line in found if line.kind == "overdue"), key=lambda line: (-line.n, line.pk))
    return Inbox(tuple(waiting[:SHOWN]), tuple(overdue[:WORST]), max(0, len(waiting) - SHOWN))
