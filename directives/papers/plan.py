"""The implementation plan (实施方案), or the list of specific measures (具体措施), as a paper."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.models import Obligation, Section
from directives.overview.plan_page import Line, PlanView
from directives.papers.paper import Block, Paper, Para, Table, clean, headed, paragraphs, sentence
from directives.papers.wording import chinese_of_reader, demo, full_name, recipient_of
from directives.wording import as_day, in_script, picked, scripted


def plan_paper(it: PlanView, *, today: date) -> Paper:
    """The plan as its page shows it to this reader; signed on the day it was handed in, a draft on `today`."""
    plan = it.plan
    with chinese_of_reader() as traditional:
        parts = [(_("General requirements"), paragraphs(scripted(plan.summary))), (_("Main measures"), _by_section(it))]
        annex = _annex(it.lines, "zh-hant" if traditional else "zh-hans")
        return Paper(
            title=clean(scripted(plan.title)),
            recipient=recipient_of(plan.organisation),
            blocks=headed(1, parts),
            signer=full_name(plan.organisation),
            signed_on=as_day(plan.submitted_at) if plan.submitted_at else today,
            annexes=(annex.title,) if it.lines else (),
            tables=(annex,) if it.lines else (),
            traditional=traditional,
            fictional=demo(plan.document),
        )


def _by_section(it: PlanView) -> tuple[Block, ...]:
    """The measures under the parts of the document that they answer; each stands where its first directive does."""
    ids = {served.pk for line in it.lines for served in line.serves}
    homes = dict(Obligation.objects.filter(pk__in=ids).values_list("pk", "directive__section"))
    lines: dict[int | None, list[Line]] = {}
    for line in it.lines:
        first = next((homes[served.pk] for served in line.serves if served.pk in homes), None)
        lines.setdefault(first, []).append(line)
    sections = {section.pk: section for section in Section.objects.filter(document=it.plan.document_id).order_by("order")}
    titles = {pk: picked(section, "title") or _("Closing paragraph") for pk, section in sections.items()}
    order = [*sections, None]
    parts = [(titles.get(pk, _("Other")), [_measure(line) for line in lines.get(pk, ())]) for pk in order]
    if len([part for part in parts if part[1]]) > 1:
        return headed(2, parts)
    return tuple(block for _title, blocks in parts for block in blocks)


def _measure(line: Line) -> Para:
    """3. 建立…制度。责任人：…；完成时限：…；成果形式：…。"""
    facts = [
        (_("Responsible"), scripted(line.responsible)),
        (pgettext("ledger", "Complete by"), _day(line.due_on)),
        (_("Form of result"), scripted(line.result)),
    ]
    told = "；".join(f"{label}：{clean(value)}" for label, value in facts if value)
    return Para(sentence(scripted(line.text)) + (f"（{told}）" if told else ""), lead=f"{line.number}. ")


def _day(on: date | None) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def _annex(lines: Iterable[Line], language: str) -> Table:
    head = (
        pgettext("ledger", "No."), _("Measure"), _("Responsible"), pgettext("ledger", "Complete by"), _("Form of result"),
        pgettext("ledger", "Directive code"),
    )  # fmt: skip
    rows = tuple(
        (
            str(line.number), clean(scripted(line.text)), clean(scripted(line.responsible)), _day(line.due_on),
            clean(scripted(line.result)), "、".join(in_script(served.code, language) for served in line.serves),
        )
        for line in lines
    )  # fmt: skip
    return Table(_("Schedule of measures"), head, rows, (7, 30, 12, 21, 13, 17))
