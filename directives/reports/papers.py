"""The progress report (贯彻落实情况报告) as a paper, and every submission as one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from directives.base.wording import in_script, local_day, localized, localized_text
from directives.models import Document, LogEntry, ProgressReport, Section
from directives.papers.paper import Block, Paper, Para, Table, numbered_parts, printable, sentence
from directives.papers.wording import (
    chinese_of_reader,
    demo_notice,
    full_name,
    present_names_note,
    title_of_section,
)
from directives.plans.papers import PlanHead, Signature, paper_of_plan, signature_of
from directives.plans.queries.plan_page import submitted_measures
from directives.reports.queries.entries import EntryLine, ReportSheet
from directives.reports.queries.submissions import StoredTitle, SubmissionRecord, section_of


@dataclass(frozen=True, slots=True)
class ReportedDirective:
    """What a report says of one directive."""

    code: str  # in the reader's script
    words: str  # the beginning of its text, to recognise it
    heading: tuple[int, str] | None  # place and title of its section; None: not stored
    percent: int | None
    files: tuple[str, ...]
    progress: str
    problems: str
    next_steps: str
    unchanged: bool
    unchanged_reason: str


WRITTEN = ("progress", "problems", "next_steps", "unchanged", "unchanged_reason")


@dataclass(frozen=True, slots=True)
class ReportHead:
    """The parts of a report before its entries."""

    signature: Signature
    document: Document | StoredTitle
    period: str
    logged: int | None = None  # entries of the work log in its period; None: not stored


def report_paper(sheet: ReportSheet, *, today: date) -> Paper:
    """The report as its page shows it to this reader, dated today."""
    report = sheet.report
    organisation, document = report.organisation, report.document
    with chinese_of_reader() as traditional:
        signature = signature_of(organisation, document, today)
        head = ReportHead(signature, document, report.cycle.name, _count_logged(report))
        sections = Section.objects.filter(document=report.document_id)
        headings = {section.pk: (section.order, title_of_section(section)) for section in sections}
        return paper_of_report(head, [_line(line, headings) for line in sheet.lines], traditional)


def _line(line: EntryLine, headings: Mapping[int, tuple[int, str]]) -> ReportedDirective:
    directive = line.entry.obligation.directive
    return ReportedDirective(
        code=in_script(line.code, get_language()),
        words=_shortened(directive),
        heading=headings[directive.section_id],
        percent=line.entry.percent,
        files=tuple(file.name for file in line.files.files),
        **{name: getattr(line.texts, name) for name in WRITTEN},
    )


def paper_of_report(
    head: ReportHead, entries: Sequence[ReportedDirective], traditional: bool
) -> Paper:
    """A report as a paper. Call it within `chinese_of_reader`."""
    signature = head.signature
    names = {
        "body": localized(signature.body, "name"),
        "title": localized(head.document, "title"),
        "period": head.period,
    }
    first = Para(_("We report on carrying out “%(title)s” in %(period)s as follows.") % names)
    parts = [
        (_("The whole"), [Para(_overall(entries, head.logged))]),
        (_("Main progress"), _by_section(entries)),
        (_("Problems"), _numbered((entry.problems, entry.code) for entry in entries)),
        (_("Next steps"), _numbered((entry.next_steps, entry.code) for entry in entries)),
    ]
    files = _files(entries)
    return Paper(
        title=_("%(body)s: report on carrying out “%(title)s” in %(period)s") % names,
        recipient=signature.recipient,
        blocks=(first, *numbered_parts(1, parts), *signature.remarks),
        signer=full_name(signature.body),
        signed_on=signature.signed_on,
        annexes=(files.title,) if files.rows else (),
        tables=(files,) if files.rows else (),
        traditional=traditional,
        fictional=signature.fictional,
    )


def _overall(entries: Sequence[ReportedDirective], logged: int | None) -> str:
    """The paragraph of counts: how many of how many made progress, are unchanged, are done."""
    percents = [entry.percent for entry in entries if entry.percent is not None]
    facts = {
        "total": len(entries),
        "done": sum(percent == 100 for percent in percents),
        "moved": sum(not entry.unchanged and bool(entry.progress) for entry in entries),
        "same": sum(entry.unchanged for entry in entries),
        "blank": sum(not entry.unchanged and not entry.progress for entry in entries),
        "log": logged,
    }
    if logged is None:
        text = _(
            "This submission reports on %(total)s obligations: %(moved)s made progress in this "
            "period, %(same)s are unchanged, and %(done)s have been carried out in full."
        )
    else:
        text = _(
            "Of %(total)s obligations under this document, %(moved)s made progress in this period, "
            "%(same)s are unchanged, and %(done)s have been completed. "
            "%(log)s work log entries were made in the period."
        )
    text = text % facts
    if percents:
        mean = {"mean": round(sum(percents) / len(percents)), "of": len(percents)}
        text += (
            _(
                "The mean degree of completion of the %(of)s obligations "
                "that state one is %(mean)s%%."
            )
            % mean
        )
    if facts["blank"]:
        text += _("On %(blank)s of %(total)s nothing has been written yet.") % facts
    return text


def _count_logged(report: ProgressReport) -> int:
    """Entries in the organisation's log since the cycle before fell due."""
    reports = ProgressReport.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    earlier = reports.filter(cycle__due_on__lt=report.cycle.due_on).order_by("-cycle__due_on")
    since = earlier.values_list("cycle__due_on", flat=True).first()
    logged = LogEntry.objects.not_withdrawn().filter(
        measure__plan__organisation=report.organisation_id,
        measure__plan__document=report.document_id,
        on__lte=report.cycle.due_on,
    )
    return (logged.filter(on__gt=since) if since else logged).count()


def _shortened(directive: object, limit: int = 24) -> str:
    """The first clause of a directive's text, cut to about `limit` characters."""
    text = printable(localized(directive, "text"))
    first = text.split("，")[0].split("；")[0].rstrip("。")
    return f"{first}。" if len(first) <= limit else f"{first[: limit - 2]}……"


def _by_section(entries: Sequence[ReportedDirective]) -> tuple[Block, ...]:
    """Paragraphs by section, in order; without headings if sections were not stored."""
    parts: dict[tuple[int, str], list[Block]] = {}
    for entry in entries:
        parts.setdefault(entry.heading or (0, ""), []).extend(_progress(entry))
    if any(entry.heading is None for entry in entries):
        return tuple(block for blocks in parts.values() for block in blocks)
    return numbered_parts(2, [(title, parts[order, title]) for order, title in sorted(parts)])


def _progress(entry: ReportedDirective) -> list[Block]:
    """The progress of one directive: its text in short, then what was written."""
    if not entry.unchanged:
        text = sentence(localized_text(entry.progress))
    elif reason := localized_text(entry.unchanged_reason):
        text = _("no change since the last report: %(why)s") % {"why": sentence(reason)}
    else:
        text = _("no change since the last report.")
    if not text:
        return []
    if entry.percent is not None:
        text += _("(%(percent)s%% complete)") % {"percent": entry.percent}
    return [Para(text, lead=f"{entry.code}　{entry.words}")]


def _numbered(texts: Iterable[tuple[str, str]]) -> list[Block]:
    """One numbered paragraph for each text, with the codes of all directives that have it."""
    codes: dict[str, list[str]] = {}
    for text, code in texts:
        if text := sentence(localized_text(text)):
            codes.setdefault(text, []).append(code)
    return [
        Para(f"{text.rstrip('。')}（{'、'.join(same)}）。", lead=f"{number}. ")
        for number, (text, same) in enumerate(codes.items(), 1)
    ]


def _files(entries: Iterable[ReportedDirective]) -> Table:
    files = [(entry.code, printable(name)) for entry in entries for name in entry.files]
    head = (pgettext("ledger", "No."), pgettext("ledger", "Directive code"), _("Name of the file"))
    rows = tuple((str(number), *file) for number, file in enumerate(files, 1))
    return Table(_("List of evidence"), head, rows, (10, 20, 70))


# submissions


def submission_paper(record: SubmissionRecord) -> Paper:
    """The paper of a submission, with the names and the day of that time. Needs no query."""
    submission, cover = record.submission, record.cover
    content, report = submission.content, submission.report
    with chinese_of_reader() as traditional:
        signature = Signature(
            body=cover.body,
            recipient=full_name(cover.superior) if cover.superior else "",
            signed_on=local_day(submission.submitted_at),
            fictional=demo_notice(cover.fictional),
            remark=present_names_note(cover),
        )
        if report is None:
            served = {copy["obligation"]: _heading(copy) for copy in content.get("directives", ())}
            headings = {pk: heading for pk, heading in served.items() if heading}
            head = PlanHead(signature, content.get("title", ""), content.get("summary", ""))
            return paper_of_plan(head, submitted_measures(submission), headings, traditional)
        entries = [_from_copy(copy) for copy in content["entries"]]
        return paper_of_report(
            ReportHead(signature, cover.document, report.cycle.name), entries, traditional
        )


def _heading(copy: Mapping[str, Any]) -> tuple[int, str] | None:
    section = section_of(copy)
    if section is None:
        return None
    order, title = section
    return order, title_of_section(title)


def _from_copy(copy: Mapping[str, Any]) -> ReportedDirective:
    return ReportedDirective(
        code=in_script(copy["code"], get_language()),
        words=_shortened(SimpleNamespace(**copy)),
        heading=_heading(copy),
        percent=copy["percent"],
        files=tuple(file["name"] for file in copy["files"]),
        **{name: copy[name] for name in WRITTEN},
    )
