"""Further documents of the demo: small ones, whose obligations stand as some of the large one's.

They have neither plans nor reports, and the record has only their registration.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import cycle, islice

from django.db import connection
from django.db.models import Q, Sum

from directives import tallies
from directives.base.states import COLOURS
from directives.made_up.demo import opinion
from directives.models import (
    Directive,
    Document,
    Obligation,
    Organisation,
    OverallDay,
    TallyDay,
    Total,
    User,
)
from directives.models.sql import insert

MATTERS = (
    *("安全生产", "防汛救灾", "文明创建", "厂务公开", "结对帮扶"),
    *("职业培训", "普法宣传", "节约用能", "志愿服务", "档案管理"),
)
NAME = "demo-{number}.txt"
SENTENCES = (
    "各级党委要定期研究{matter}工作，每年向上级报告一次。",
    "各群团组织要加强对{matter}工作的指导，帮助基层解决实际问题。",
    "群团组织领导机关要把{matter}列入年度工作要点，明确责任和时限。",
)
OBLIGATION_TABLE, BODY_TABLE = Obligation._meta.db_table, Organisation._meta.db_table


def register(number: int, *, by: User, now: datetime) -> Document:
    """One more made-up notice, of one to three directives."""
    matter = MATTERS[number % len(MATTERS)]
    sentences = SENTENCES[: 1 + number % len(SENTENCES)]
    lines = (
        f"关于做好{matter}第{number}批任务的通知（演示）",
        "",
        opinion.NOTE,
        "",
        "一、主要任务",
        "".join(sentence.format(matter=matter) for sentence in sentences),
        "",
    )
    return opinion.store("\n".join(lines), name=NAME.format(number=number), by=by, now=now)


def assign(
    documents: Sequence[Document], models: Sequence[Directive], *, include_leaves: bool
) -> int:
    """Assign their directives to the bodies that have those of the large document, `models`.

    Each row is a copy of one of a model, unless that stands so because of a plan or a report.
    Without `include_leaves` only bodies with others below get any. Returns the number of rows.
    """
    directives = Directive.objects.filter(document__in=documents, statement=False)
    subjects = cycle(zip(models, opinion.matters(), strict=True))
    return sum(
        _copy(directive, model, matter, include_leaves=include_leaves)
        for directive, (model, matter) in zip(
            directives.order_by("document", "order"), subjects, strict=False
        )
    )


def matter_of(directive: Directive) -> str:
    return next(matter for matter in MATTERS if matter in directive.text_hans)


def _copy(directive: Directive, model: Directive, matter: str, *, include_leaves: bool) -> int:
    """Copy the rows of a model, whose reports speak of this matter, for a directive."""
    values: dict[str, tuple[str, list[str | int]]] = {
        "document_id": ("%s", [directive.document_id]),
        "section_id": ("%s", [directive.section_id]),
        "directive_id": ("%s", [directive.pk]),
        "progress": ("REPLACE(o.progress, %s, %s)", [matter, matter_of(directive)]),
        "plan_due_on": ("NULL", []),
        "report_due_on": ("NULL", []),
    }
    columns = [field.attname for field in Obligation._meta.concrete_fields if not field.primary_key]
    selected = [values.get(column, (f"o.{column}", [])) for column in columns]
    condition = "true" if include_leaves else "b.branch"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {OBLIGATION_TABLE} ({', '.join(columns)}) "  # noqa: S608 - our own names
            f"SELECT {', '.join(sql for sql, _params in selected)} "
            f"FROM {OBLIGATION_TABLE} o "
            f"JOIN {BODY_TABLE} b ON b.id = o.organisation_id AND {condition} "
            "WHERE o.directive_id = %s AND o.deliverable = '' "
            "AND o.light_code NOT LIKE %s AND o.light_code NOT LIKE %s",
            [
                *(value for _sql, params in selected for value in params),
                model.pk,
                "plan%",
                "report%",
            ],
        )
        return cursor.rowcount


def copy_days(documents: Sequence[Document], since: date) -> None:
    """Write their totals of today as those of every day since, and add up all documents' days."""
    totals = Total.objects.filter(document__in=documents).order_by()
    lights = {colour: Sum("count", filter=Q(light=colour), default=0) for colour in COLOURS}
    rows = (
        totals.values("scope", "document", "section")
        .annotate(**lights, percents=Sum("percent_sum"))
        .values_list("scope", "document", "section", "percents", *COLOURS)
    )
    copies = (
        TallyDay(
            day=since,
            scope_id=scope,
            document_id=document,
            section_id=section,
            percent_sum=percents,
            **dict(zip(COLOURS, counts, strict=True)),
        )
        for scope, document, section, percents, *counts in rows.iterator(chunk_size=5000)
    )
    while batch := list(islice(copies, 5000)):
        insert(TallyDay, batch)
    OverallDay.objects.all().delete()
    tallies.add_up_days()
