"""A submission as a paper: what it said, under the names of then. It bears its own day."""

from collections.abc import Mapping
from typing import Any

from directives.base.wording import as_day
from directives.papers.paper import Paper
from directives.papers.wording import (
    chinese_of_reader,
    demo,
    full_name,
    names_of_today,
    title_of_section,
)
from directives.plans import papers as plan
from directives.plans.queries.plan_page import lines_filed
from directives.reports.papers import report
from directives.reports.queries.kept import Cover, section_of
from directives.reports.queries.reviews import Record


def submission_paper(record: Record) -> Paper:
    """The paper of a submission. No query beside those of `record`."""
    submission, cover, content = record.submission, record.cover, record.submission.content
    with chinese_of_reader() as traditional:
        told = _told(cover) | {"signed_on": as_day(submission.submitted_at)}
        if submission.plan_id:
            served = {one["obligation"]: _heading(one) for one in content.get("directives", ())}
            headings = {pk: heading for pk, heading in served.items() if heading}
            head = plan.Head(
                cover.body, content.get("title", ""), content.get("summary", ""), **told
            )
            return plan.plan_of(head, lines_filed(submission), headings, traditional)
        period = submission.report.cycle.name
        return report.report_of(
            report.Head(cover.body, cover.document, period, **told),
            [*map(_entry, content["entries"])],
            traditional,
        )


def _told(cover: Cover) -> dict[str, Any]:
    return {
        "recipient": full_name(cover.above) if cover.above else "",
        "fictional": demo(cover.fictional),
        "remark": names_of_today(cover),
    }


def _heading(copy: Mapping[str, Any]) -> tuple[int, str] | None:
    section = section_of(copy)
    return (section[0], title_of_section(section[1])) if section else None


def _entry(one: Mapping[str, Any]) -> report.Told:
    files = tuple(file["name"] for file in one["files"])
    said = {name: one[name] for name in report.SAID}
    return report.Told(
        one["code"], report.shortened(_Words(one)), _heading(one), one["percent"], files, **said
    )


class _Words:
    """The text of a directive as it was, as `wording.picked` reads it."""

    def __init__(self, copy: Mapping[str, Any]) -> None:
        self.text, self.text_hans, self.text_hant = (
            copy["text"],
            copy["text_hans"],
            copy["text_hant"],
        )
