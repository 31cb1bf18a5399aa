"""The progress report (贯彻落实情况报告) as a paper: drafted from the entries of a report, which are drafted from the log."""

from collections.abc import Callable, Iterable
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.models import LogEntry, ProgressReport, Section
from directives.overview.entries import Line, Sheet
from directives.papers.paper import Block, Paper, Para, Table, clean, headed, sentence
from directives.papers.wording import chinese_of_reader, demo, full_name, recipient_of
from directives.states import ACCEPTED
from directives.wording import as_day, in_script, picked, scripted

LANGUAGE = {True: "zh-hant", False: "zh-hans"}


def report_paper(sheet: Sheet, *, today: date) -> Paper:
    """The report as its page shows it to this reader; signed on the day it was first handed in, a draft on `today`."""
    report = sheet.report
    with chinese_of_reader() as traditional:
        body, document = report.organisation, report.document
        period, title = report.cycle.name, picked(document, "title")
        files = _files(sheet.lines, traditional)
        return Paper(
            title=_("%(body)s: report on carrying out “%(title)s” in %(period)s")
            % {"body": picked(body, "name"), "title": title, "period": period},
            recipient=recipient_of(body),
            blocks=(
                Para(_("We report on carrying out “%(title)s” in %(period)s as follows.") % {"title": title, "period": period}),
                *headed(1, _parts(sheet, traditional)),
            ),
            signer=full_name(body),
            signed_on=as_day(report.first_submitted_at) if report.first_submitted_at else today,
            annexes=(files.title,) if files.rows else (),
            tables=(files,) if files.rows else (),
            traditional=traditional,
            fictional=demo(document),
        )  # fmt: skip


def _parts(sheet: Sheet, traditional: bool) -> list[tuple[str, Iterable[Block]]]:
    def told(name: str) -> Callable[[Line], str]:
        return lambda line: getattr(line.shown, name)

    return [
        (_("The whole"), [Para(_overall(sheet))]),
        (_("Main progress"), _by_section(sheet, _progress, traditional)),
        (_("Problems"), _listed(sheet.lines, told("problems"), traditional)),
        (_("Next steps"), _listed(sheet.lines, told("next_steps"), traditional)),
    ]


def _overall(sheet: Sheet) -> str:
    """Counts, each with what it is of."""
    lines, report = sheet.lines, sheet.report
    percents = [line.entry.percent for line in lines if line.entry.percent is not None]
    facts = {
        "total": len(lines),
        "done": sum(percent == 100 for percent in percents),
        "moved": sum(not line.shown.unchanged and bool(line.shown.progress) for line in lines),
        "same": sum(line.shown.unchanged for line in lines),
        "blank": sum(line.blank for line in lines),
        "accepted": sum(line.entry.state == ACCEPTED for line in lines),
        "log": _logged(report),
    }
    text = _(
        "Of %(total)s obligations under this document, %(moved)s made progress in this period, %(same)s "
        "are unchanged, and %(done)s have been completed. %(log)s work log entries were made in the "
        "period."
    )
    text = text % facts
    if percents:
        mean = {"mean": round(sum(percents) / len(percents)), "of": len(percents)}
        text += _("The mean degree of completion of the %(of)s obligations that state one is %(mean)s%%.") % mean
    if facts["blank"]:
        text += _("On %(blank)s of %(total)s nothing has been written yet.") % facts
    return text


def _logged(report: ProgressReport) -> int:
    """Entries in the body's log since the cycle before fell due."""
    mine = LogEntry.objects.filter(measure__plan__organisation=report.organisation_id, measure__plan__document=report.document_id)
    earlier = ProgressReport.objects.filter(organisation=report.organisation_id, document=report.document_id)
    due = earlier.filter(cycle__due_on__lt=report.cycle.due_on).order_by("-cycle__due_on")
    last = due.values_list("cycle__due_on", flat=True).first()
    within = mine.filter(on__lte=report.cycle.due_on)
    return (within.filter(on__gt=last) if last else within).count()


def _progress(line: Line, traditional: bool) -> list[Block]:
    """What was done for one directive: its words in short, then what was written."""
    if line.shown.unchanged:
        why = scripted(line.shown.unchanged_reason)
        text = _("no change since the last report.") if not why else _("no change since the last report: %(why)s") % {"why": sentence(why)}
    else:
        text = sentence(scripted(line.shown.progress))
    if not text:
        return []
    percent = line.entry.percent
    share = _("(%(percent)s%% complete)") % {"percent": percent} if percent is not None else ""
    return [Para(text + share, lead=f"{in_script(line.code, LANGUAGE[traditional])}　{_short(line)}")]


def _short(line: Line, limit: int = 24) -> str:
    """The beginning of a directive's own words, enough to know it by."""
    text = clean(picked(line.entry.obligation.directive, "text"))
    first = text.split("，")[0].split("；")[0].rstrip("。")
    return f"{first}。" if len(first) <= limit else f"{first[: limit - 2]}……"


def _by_section(sheet: Sheet, told: Callable[[Line, bool], list[Block]], traditional: bool) -> tuple[Block, ...]:
    parts: dict[int, list[Block]] = {}
    for line in sheet.lines:
        parts.setdefault(line.entry.obligation.directive.section_id, []).extend(told(line, traditional))
    sections = Section.objects.filter(document=sheet.report.document_id).order_by("order")
    named = [(picked(section, "title") or _("Closing paragraph"), parts.get(section.pk, [])) for section in sections]
    return headed(2, named)


def _listed(lines: Iterable[Line], told: Callable[[Line], str], traditional: bool) -> list[Block]:
    """One numbered paragraph for each thing said, once however often it was said."""
    said: dict[str, list[str]] = {}
    for line in lines:
        text = sentence(scripted(told(line)))
        if text:
            said.setdefault(text, []).append(in_script(line.code, LANGUAGE[traditional]))
    return [
        Para(f"{text.rstrip('。')}（{'、'.join(codes)}）。", lead=f"{number}. ") for number, (text, codes) in enumerate(said.items(), 1)
    ]


def _files(lines: Iterable[Line], traditional: bool) -> Table:
    rows = [(in_script(line.code, LANGUAGE[traditional]), clean(file.name)) for line in lines for file in line.files.files]
    head = (pgettext("ledger", "No."), pgettext("ledger", "Directive code"), _("Name of the file"))
    return Table(_("List of evidence"), head, tuple((str(place), *row) for place, row in enumerate(rows, 1)), (10, 20, 70))
