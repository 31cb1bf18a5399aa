"""The progress report (贯彻落实情况报告) as a paper: drafted from the entries of a report, which are drafted from the log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.wording import in_script, local_day, localized, localized_text
from directives.models import LogEntry, ProgressReport, Section
from directives.papers.paper import Block, Paper, Para, Table, numbered_parts, printable, sentence
from directives.papers.wording import (
    chinese_of_reader,
    demo_notice,
    full_name,
    present_names_note,
    recipient_of,
    title_of_section,
)
from directives.plans import papers as plan
from directives.plans.queries.plan_page import submitted_measures
from directives.reports.queries.entries import EntryLine, ReportSheet
from directives.reports.queries.submissions import Cover, SubmissionRecord, section_of

LANGUAGE = {True: "zh-hant", False: "zh-hans"}


@dataclass(frozen=True, slots=True)
class ReportedDirective:
    """What a report says of one directive: `words` is the beginning of its text, `heading` the place and title of its section."""

    code: str
    words: str
    heading: tuple[int, str] | None  # None: it was not kept
    percent: int | None
    files: tuple[str, ...]
    progress: str
    problems: str
    next_steps: str
    unchanged: bool
    unchanged_reason: str


SAID = ("progress", "problems", "next_steps", "unchanged", "unchanged_reason")


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Of whom and what a report is, and when it was signed. `logged`: entries of the work log in its period; None: not kept."""

    body: Any
    document: Any
    period: str
    recipient: str
    signed_on: date
    fictional: str
    logged: int | None = None
    remark: str = ""  # on names that are of another day


def report_paper(sheet: ReportSheet, *, today: date) -> Paper:
    """The report as it stands now, as its page shows it to this reader; it bears today's day."""
    report = sheet.report
    with chinese_of_reader() as traditional:
        body, document = report.organisation, report.document
        told = {
            "recipient": recipient_of(body),
            "fictional": demo_notice(document.fictional),
            "logged": _logged(report),
        }
        head = ReportHead(body, document, report.cycle.name, signed_on=today, **told)
        sections = Section.objects.filter(document=report.document_id)
        headings = {section.pk: (section.order, title_of_section(section)) for section in sections}
        return paper_of_report(head, [_line(line, headings) for line in sheet.lines], traditional)


def _line(line: EntryLine, headings: Mapping[int, tuple[int, str]]) -> ReportedDirective:
    directive, shown = line.entry.obligation.directive, line.shown
    said = {name: getattr(shown, name) for name in SAID}
    files = tuple(file.name for file in line.files.files)
    return ReportedDirective(
        line.code,
        shortened(directive),
        headings[directive.section_id],
        line.entry.percent,
        files,
        **said,
    )


def paper_of_report(
    head: ReportHead, entries: Sequence[ReportedDirective], traditional: bool
) -> Paper:
    """A report as a paper. Within `chinese_of_reader`."""
    title, period, files = (
        localized(head.document, "title"),
        head.period,
        _files(entries, traditional),
    )
    parts = [
        (_("The whole"), [Para(_overall(entries, head.logged))]),
        (_("Main progress"), _by_section(entries, traditional)),
        (_("Problems"), _listed(entries, lambda one: one.problems, traditional)),
        (_("Next steps"), _listed(entries, lambda one: one.next_steps, traditional)),
    ]
    first = Para(
        _("We report on carrying out “%(title)s” in %(period)s as follows.")
        % {"title": title, "period": period}
    )
    return Paper(
        title=_("%(body)s: report on carrying out “%(title)s” in %(period)s")
        % {"body": localized(head.body, "name"), "title": title, "period": period},
        recipient=head.recipient,
        blocks=(first, *numbered_parts(1, parts), *([Para(head.remark)] if head.remark else [])),
        signer=full_name(head.body),
        signed_on=head.signed_on,
        annexes=(files.title,) if files.rows else (),
        tables=(files,) if files.rows else (),
        traditional=traditional,
        fictional=head.fictional,
    )


def _overall(entries: Sequence[ReportedDirective], logged: int | None) -> str:
    """Counts, each with what it is of."""
    percents = [one.percent for one in entries if one.percent is not None]
    facts = {
        "total": len(entries),
        "done": sum(percent == 100 for percent in percents),
        "moved": sum(not one.unchanged and bool(one.progress) for one in entries),
        "same": sum(one.unchanged for one in entries),
        "blank": sum(not one.unchanged and not one.progress for one in entries),
        "log": logged,
    }
    if logged is None:
        text = _(
            "This submission reports on %(total)s obligations: %(moved)s made progress in this period, %(same)s are unchanged, and "
            "%(done)s have been carried out in full."
        )
    else:
        text = _(
            "Of %(total)s obligations under this document, %(moved)s made progress in this period, %(same)s "
            "are unchanged, and %(done)s have been completed. %(log)s work log entries were made in the "
            "period."
        )
    text = text % facts
    if percents:
        mean = {"mean": round(sum(percents) / len(percents)), "of": len(percents)}
        text += (
            _(
                "The mean degree of completion of the %(of)s obligations that state one is %(mean)s%%."
            )
            % mean
        )
    if facts["blank"]:
        text += _("On %(blank)s of %(total)s nothing has been written yet.") % facts
    return text


def _logged(report: ProgressReport) -> int:
    """Entries in the body's log since the cycle before fell due."""
    home = {
        "measure__plan__organisation": report.organisation_id,
        "measure__plan__document": report.document_id,
    }
    mine = LogEntry.objects.not_withdrawn().filter(**home)
    earlier = ProgressReport.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    due = earlier.filter(cycle__due_on__lt=report.cycle.due_on).order_by("-cycle__due_on")
    last = due.values_list("cycle__due_on", flat=True).first()
    within = mine.filter(on__lte=report.cycle.due_on)
    return (within.filter(on__gt=last) if last else within).count()


def _progress(one: ReportedDirective, traditional: bool) -> list[Block]:
    """What was done for one directive: its words in short, then what was written."""
    if one.unchanged:
        why = localized_text(one.unchanged_reason)
        text = (
            _("no change since the last report.")
            if not why
            else _("no change since the last report: %(why)s") % {"why": sentence(why)}
        )
    else:
        text = sentence(localized_text(one.progress))
    if not text:
        return []
    share = (
        _("(%(percent)s%% complete)") % {"percent": one.percent} if one.percent is not None else ""
    )
    return [Para(text + share, lead=f"{in_script(one.code, LANGUAGE[traditional])}　{one.words}")]


def shortened(directive: Any, limit: int = 24) -> str:
    """The beginning of a directive's own words, enough to know it by."""
    text = printable(localized(directive, "text"))
    first = text.split("，")[0].split("；")[0].rstrip("。")
    return f"{first}。" if len(first) <= limit else f"{first[: limit - 2]}……"


def _by_section(entries: Sequence[ReportedDirective], traditional: bool) -> tuple[Block, ...]:
    """Under the titles of the sections, in their order; without any where they were not kept."""
    parts: dict[tuple[int, str], list[Block]] = {}
    for one in entries:
        parts.setdefault(one.heading or (0, ""), []).extend(_progress(one, traditional))
    if any(one.heading is None for one in entries):
        return tuple(block for blocks in parts.values() for block in blocks)
    return numbered_parts(2, [(title, parts[order, title]) for order, title in sorted(parts)])


def _listed(
    entries: Iterable[ReportedDirective],
    told: Callable[[ReportedDirective], str],
    traditional: bool,
) -> list[Block]:
    """One numbered paragraph for each thing said, once however often it was said."""
    said: dict[str, list[str]] = {}
    for one in entries:
        text = sentence(localized_text(told(one)))
        if text:
            said.setdefault(text, []).append(in_script(one.code, LANGUAGE[traditional]))
    return [
        Para(f"{text.rstrip('。')}（{'、'.join(codes)}）。", lead=f"{number}. ")
        for number, (text, codes) in enumerate(said.items(), 1)
    ]


def _files(entries: Iterable[ReportedDirective], traditional: bool) -> Table:
    rows = [
        (in_script(one.code, LANGUAGE[traditional]), printable(name))
        for one in entries
        for name in one.files
    ]
    head = (pgettext("ledger", "No."), pgettext("ledger", "Directive code"), _("Name of the file"))
    return Table(
        _("List of evidence"),
        head,
        tuple((str(place), *row) for place, row in enumerate(rows, 1)),
        (10, 20, 70),
    )


# what was handed in, as it was


def submission_paper(record: SubmissionRecord) -> Paper:
    """The paper of a submission. No query beside those of `record`."""
    submission, cover, content = record.submission, record.cover, record.submission.content
    with chinese_of_reader() as traditional:
        told = _told(cover) | {"signed_on": local_day(submission.submitted_at)}
        if submission.plan_id:
            served = {one["obligation"]: _heading(one) for one in content.get("directives", ())}
            headings = {pk: heading for pk, heading in served.items() if heading}
            head = plan.PlanHead(
                cover.body, content.get("title", ""), content.get("summary", ""), **told
            )
            return plan.paper_of_plan(head, submitted_measures(submission), headings, traditional)
        period = submission.report.cycle.name
        return paper_of_report(
            ReportHead(cover.body, cover.document, period, **told),
            [*map(_entry, content["entries"])],
            traditional,
        )


def _told(cover: Cover) -> dict[str, Any]:
    return {
        "recipient": full_name(cover.above) if cover.above else "",
        "fictional": demo_notice(cover.fictional),
        "remark": present_names_note(cover),
    }


def _heading(copy: Mapping[str, Any]) -> tuple[int, str] | None:
    section = section_of(copy)
    return (section[0], title_of_section(section[1])) if section else None


def _entry(one: Mapping[str, Any]) -> ReportedDirective:
    files = tuple(file["name"] for file in one["files"])
    said = {name: one[name] for name in SAID}
    return ReportedDirective(
        one["code"], shortened(_Words(one)), _heading(one), one["percent"], files, **said
    )


class _Words:
    """The text of a directive as it was, as `wording.localized` reads it."""

    def __init__(self, copy: Mapping[str, Any]) -> None:
        self.text, self.text_hans, self.text_hant = (
            copy["text"],
            copy["text_hans"],
            copy["text_hant"],
        )
