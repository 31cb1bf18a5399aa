"""Further documents of the demo: small ones, whose obligations stand as some of the large one's.

They have neither plans nor reports, and the record tells of their registering alone.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import cycle, islice

from django.db import connection
from django.db.models import Q, Sum

from directives import tallies
from directives.base.states import COLOURS
from directives.documents.commands import registering
from directives.documents.ingest.reading import read
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

MATTERS = (
    "安全生产 防汛救灾 文明创建 厂务公开 结对帮扶 职业培训 普法宣传 节约用能 志愿服务 档案管理"
)
NAME = "demo-{number}.txt"
SENTENCES = (
    "各级党委要定期研究{matter}，每年向上级报告一次。",
    "各群团组织要加强{matter}的指导，帮助基层解决实际问题。",
    "群团组织领导机关要把{matter}列入年度工作要点，明确责任和时限。",
)
PAPERS = ("plan_due_on", "report_due_on")  # clocks of papers, which nobody is asked for
WORK, BODIES = Obligation._meta.db_table, Organisation._meta.db_table


def register(number: int, *, by: User, now: datetime) -> Document:
    """One more made-up notice, of one to three directives."""
    matters = MATTERS.split()
    matter = f"{matters[number % len(matters)]}第{number}批任务"
    sentences = islice(SENTENCES, 1 + number % len(SENTENCES))
    told = "".join(sentence.format(matter=matter) for sentence in sentences)
    text = f"关于做好{matter}的通知（演示）\n\n本文件为演示数据，由程序按规则生成，并非真实文件\n\n一、主要任务\n{told}\n"
    source, name = text.encode(), NAME.format(number=number)
    return registering.register_document(
        reading=read(source, name=name),
        source=source,
        source_name=name,
        by=by,
        now=now,
        fictional=True,
    )


def assign(documents: Sequence[Document], models: Sequence[Directive], *, everybody: bool) -> int:
    """Give their directives to bodies that owe one of the large document's; returns how many rows.

    Each row stands as the one it is made after; what stands so because of a plan or a report is
    skipped. Without `everybody` only bodies with others below them owe anything.
    """
    given = Directive.objects.filter(document__in=documents, statement=False)
    pairs = zip(given.order_by("document", "order"), cycle(models), strict=False)
    return sum(_give(directive, model, everybody=everybody) for directive, model in pairs)


def _give(directive: Directive, model: Directive, *, everybody: bool) -> int:
    own = {
        "document_id": directive.document_id,
        "section_id": directive.section_id,
        "directive_id": directive.pk,
    }
    columns = [field.column for field in Obligation._meta.concrete_fields if not field.primary_key]
    values = [
        "%s" if column in own else "NULL" if column in PAPERS else f"o.{column}"
        for column in columns
    ]  # fmt: skip
    who = "true" if everybody else "b.branch"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {WORK} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
            f"FROM {WORK} o JOIN {BODIES} b ON b.id = o.organisation_id AND {who} "
            "WHERE o.directive_id = %s AND o.deliverable = '' "
            "AND o.light_code NOT LIKE %s AND o.light_code NOT LIKE %s",
            [*(own[column] for column in columns if column in own), model.pk, "plan%", "report%"],
        )
        return cursor.rowcount


def keep_days(documents: Sequence[Document], since: date) -> None:
    """Say that their totals have stood so since a day, and add up the days of all documents."""
    totals = Total.objects.filter(document__in=documents).order_by()
    totals = totals.values("scope", "document", "section")
    lights = {colour: Sum("count", filter=Q(light=colour), default=0) for colour in COLOURS}
    rows = totals.annotate(**lights, percents=Sum("percent_sum")).iterator(chunk_size=5000)
    while some := list(islice(rows, 5000)):
        TallyDay.objects.bulk_create(
            TallyDay(
                day=since, scope_id=row["scope"], document_id=row["document"],
                section_id=row["section"], percent_sum=row["percents"],
                **{colour: row[colour] for colour in COLOURS},
            )
            for row in some
        )  # fmt: skip
    OverallDay.objects.all().delete()
    tallies.add_up_days()
