"""The implementation plan (实施方案), or the list of specific measures (具体措施), as a paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sys import maxsize
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.wording import in_script, localized_text
from directives.models import Obligation
from directives.papers.paper import (
    Block,
    Paper,
    Para,
    Table,
    numbered_parts,
    paragraphs,
    printable,
    sentence,
)
from directives.papers.wording import (
    HANS,
    HANT,
    chinese_of_reader,
    demo_notice,
    full_name,
    recipient_of,
    title_of_section,
)
from directives.plans.queries.plan_page import MeasureLine, PlanView

LAST = maxsize  # after every section


@dataclass(frozen=True, slots=True)
class PlanHead:
    """Of whom a plan is, what it says before its measures, and when it was signed."""

    body: Any
    title: str
    summary: str
    recipient: str
    signed_on: date
    fictional: str
    remark: str = ""  # on names that are of another day


def plan_paper(it: PlanView, *, today: date) -> Paper:
    """The plan as it stands now, as its page shows it to this reader; it bears today's day."""
    plan = it.plan
    with chinese_of_reader() as traditional:
        told = {
            "recipient": recipient_of(plan.organisation),
            "signed_on": today,
            "fictional": demo_notice(plan.document.fictional),
        }
        head = PlanHead(plan.organisation, plan.title, plan.summary, **told)
        ids = {served.pk for line in it.lines for served in line.serves}
        rows = Obligation.objects.filter(pk__in=ids).select_related("section")
        headings = {row.pk: (row.section.order, title_of_section(row.section)) for row in rows}
        return paper_of_plan(head, it.lines, headings, traditional)


def paper_of_plan(
    head: PlanHead,
    lines: Sequence[MeasureLine],
    headings: Mapping[int, tuple[int, str]],
    traditional: bool,
) -> Paper:
    """A plan as a paper; `headings` are place and title of the section of each obligation (id). Within `chinese_of_reader`."""
    parts = [
        (_("General requirements"), paragraphs(localized_text(head.summary))),
        (_("Main measures"), _by_section(lines, headings)),
    ]
    annex = _annex(lines, HANT if traditional else HANS)
    return Paper(
        title=printable(localized_text(head.title)),
        recipient=head.recipient,
        blocks=(*numbered_parts(1, parts), *([Para(head.remark)] if head.remark else [])),
        signer=full_name(head.body),
        signed_on=head.signed_on,
        annexes=(annex.title,) if lines else (),
        tables=(annex,) if lines else (),
        traditional=traditional,
        fictional=head.fictional,
    )


def _by_section(
    lines: Iterable[MeasureLine], headings: Mapping[int, tuple[int, str]]
) -> tuple[Block, ...]:
    """The measures under the parts of the document that they answer; each stands where its first directive does."""
    last = (LAST, _("Other"))
    parts: dict[tuple[int, str], list[Block]] = {}
    for line in lines:
        first = next((headings[served.pk] for served in line.serves if served.pk in headings), last)
        parts.setdefault(first, []).append(_measure(line))
    if len(parts) > 1:
        return numbered_parts(2, [(title, parts[order, title]) for order, title in sorted(parts)])
    return tuple(block for blocks in parts.values() for block in blocks)


def _measure(line: MeasureLine) -> Para:
    """3. 建立…制度。责任人：…；完成时限：…；成果形式：…。"""
    facts = [
        (_("Responsible"), localized_text(line.responsible)),
        (pgettext("ledger", "Complete by"), _day(line.due_on)),
        (_("Form of result"), localized_text(line.result)),
    ]
    told = "；".join(f"{label}：{printable(value)}" for label, value in facts if value)
    return Para(
        sentence(localized_text(line.text)) + (f"（{told}）" if told else ""),
        lead=f"{line.number}. ",
    )


def _day(on: date | None) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def _annex(lines: Iterable[MeasureLine], language: str) -> Table:
    head = (
        pgettext("ledger", "No."), _("Measure"), _("Responsible"), pgettext("ledger", "Complete by"), _("Form of result"),
        pgettext("ledger", "Directive code"),
    )  # fmt: skip
    rows = tuple(
        (
            str(line.number), printable(localized_text(line.text)), printable(localized_text(line.responsible)), _day(line.due_on),
            printable(localized_text(line.result)), "、".join(in_script(served.code, language) for served in line.serves),
        )
        for line in lines
    )  # fmt: skip
    return Table(_("Schedule of measures"), head, rows, (7, 30, 12, 21, 13, 17))
