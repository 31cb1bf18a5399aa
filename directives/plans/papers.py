"""The implementation plan (实施方案) or specific measures (具体措施) as an official paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sys import maxsize

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from directives.base.wording import in_script, localized_text
from directives.models import Document, Obligation, Organisation
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
    chinese_of_reader,
    demo_notice,
    full_name,
    recipient_of,
    title_of_section,
)
from directives.plans.queries.plan_page import MeasureLine, PlanView
from directives.reports.queries.submissions import OrganisationName

LAST = maxsize  # after every section


@dataclass(frozen=True, slots=True)
class Signature:
    """Who issues a paper, who receives it, and when it was signed."""

    body: Organisation | OrganisationName
    recipient: str
    signed_on: date
    fictional: str  # the notice that the data are made up
    remark: str = ""  # that some names are those of another day

    @property
    def remarks(self) -> tuple[Para, ...]:
        return (Para(self.remark),) if self.remark else ()


def signature_of(organisation: Organisation, document: Document, today: date) -> Signature:
    """The signature of a paper issued today. Call it within `chinese_of_reader`."""
    notice = demo_notice(document.fictional)
    return Signature(organisation, recipient_of(organisation), today, notice)


@dataclass(frozen=True, slots=True)
class PlanHead:
    """The parts of a plan before its measures."""

    signature: Signature
    title: str
    summary: str


def plan_paper(view: PlanView, *, today: date) -> Paper:
    """The plan as its page shows it to this reader, dated today."""
    plan = view.plan
    with chinese_of_reader() as traditional:
        signature = signature_of(plan.organisation, plan.document, today)
        ids = {served.pk for line in view.lines for served in line.serves}
        rows = Obligation.objects.filter(pk__in=ids).select_related("section")
        headings = {row.pk: (row.section.order, title_of_section(row.section)) for row in rows}
        head = PlanHead(signature, plan.title, plan.summary)
        return paper_of_plan(head, view.lines, headings, traditional)


def paper_of_plan(
    head: PlanHead,
    lines: Sequence[MeasureLine],
    headings: Mapping[int, tuple[int, str]],
    traditional: bool,
) -> Paper:
    """A plan as a paper. Call it within `chinese_of_reader`.

    `headings` are the place and title of the section of each obligation (id).
    """
    signature = head.signature
    parts = [
        (_("General requirements"), paragraphs(localized_text(head.summary))),
        (_("Main measures"), _by_section(lines, headings)),
    ]
    annex = _annex(lines)
    return Paper(
        title=printable(localized_text(head.title)),
        recipient=signature.recipient,
        blocks=(*numbered_parts(1, parts), *signature.remarks),
        signer=full_name(signature.body),
        signed_on=signature.signed_on,
        annexes=(annex.title,) if lines else (),
        tables=(annex,) if lines else (),
        traditional=traditional,
        fictional=signature.fictional,
    )


def _by_section(
    lines: Iterable[MeasureLine], headings: Mapping[int, tuple[int, str]]
) -> tuple[Block, ...]:
    """The measures by section of the document; a measure is under that of its first directive."""
    last = (LAST, _("Other"))
    parts: dict[tuple[int, str], list[Block]] = {}
    for line in lines:
        first = next((headings[served.pk] for served in line.serves if served.pk in headings), last)
        parts.setdefault(first, []).append(_measure(line))
    if len(parts) > 1:
        return numbered_parts(2, [(title, parts[order, title]) for order, title in sorted(parts)])
    return tuple(block for blocks in parts.values() for block in blocks)


def _measure(line: MeasureLine) -> Para:
    """A paragraph such as 3. 建立…制度。（责任人：…；完成时限：…；成果形式：…）."""
    facts = [
        (_("Responsible"), localized_text(line.responsible)),
        (pgettext("ledger", "Complete by"), _day(line.due_on)),
        (_("Form of result"), localized_text(line.result)),
    ]
    details = "；".join(f"{label}：{printable(value)}" for label, value in facts if value)
    text = sentence(localized_text(line.text)) + (f"（{details}）" if details else "")
    return Para(text, lead=f"{line.number}. ")


def _day(on: date | None) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def _annex(lines: Iterable[MeasureLine]) -> Table:
    head = (
        pgettext("ledger", "No."),
        _("Measure"),
        _("Responsible"),
        pgettext("ledger", "Complete by"),
        _("Form of result"),
        pgettext("ledger", "Directive code"),
    )
    language = get_language()
    rows = tuple(
        (
            str(line.number),
            printable(localized_text(line.text)),
            printable(localized_text(line.responsible)),
            _day(line.due_on),
            printable(localized_text(line.result)),
            "、".join(in_script(served.code, language) for served in line.serves),
        )
        for line in lines
    )
    return Table(_("Schedule of measures"), head, rows, (7, 30, 12, 21, 13, 17))
