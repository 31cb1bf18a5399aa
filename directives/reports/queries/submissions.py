"""The names in a submission: those that it kept, else those of today, which say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from directives.base.states import PARTS
from directives.base.wording import join_words
from directives.models import (
    Submission,
    User,
    Verdict,
)
from directives.models.documents import HEAVY_OF_DOCUMENT


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """A body as it was called. `kept`: by the submission itself; else it is the name of today."""

    name_hans: str
    name_hant: str
    full_name: str = ""
    kept: bool = True


@dataclass(frozen=True, slots=True)
class KeptTitle:
    """A document or a section as it was called."""

    title: str
    title_hans: str
    title_hant: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class PersonName:
    name: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """Who handed in what, as of then. `above`: to whom its papers went; None where that was not kept, or nobody is above."""

    body: OrganisationName
    document: KeptTitle
    submitted_by: PersonName
    signed: bool  # by the manager, for whom somebody had prepared it
    above: OrganisationName | None
    fictional: bool

    @property
    def kept(self) -> bool:
        """Every name is as of then."""
        return self.body.kept and self.document.kept and self.submitted_by.kept


def cover(submission: Submission) -> Cover:
    """The names of a submission that comes with its body, document and person."""
    content, document = submission.content, submission.document
    body, paper = _kept(content, "organisation"), _kept(content, "document")
    above = _kept(body, "parent")
    return Cover(
        body=_named(body) if body else _named(vars(submission.organisation), kept=False),
        document=_titled(paper) if paper else _titled(vars(document), kept=False),
        submitted_by=submitter(submission),
        signed=bool(content.get("signed")),
        above=_named(above) if above else None,
        fictional=document.fictional,
    )


def submitter(submission: Submission) -> PersonName:
    """Who handed a submission in."""
    person = _kept(submission.content, "submitted_by")
    return (
        PersonName(person["name"])
        if person
        else PersonName(str(submission.submitted_by), kept=False)
    )


def _kept(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _named(names: Mapping[str, Any], *, kept: bool = True) -> OrganisationName:
    return OrganisationName(
        names["name_hans"], names["name_hant"], names.get("full_name", ""), kept
    )


def _titled(names: Mapping[str, Any], *, kept: bool = True) -> KeptTitle:
    return KeptTitle(names["title"], names["title_hans"], names["title_hant"], kept)


def section_of(copy: Mapping[str, Any]) -> tuple[int, KeptTitle] | None:
    """Place and title of the section under which a directive stood; None where that was not kept."""
    section = _kept(copy, "section")
    return (section["order"], _titled(section)) if section else None


# a submission with its verdicts


@dataclass(frozen=True, slots=True)
class SubmittedEntry:
    """One entry as it was handed in, word for word, with its verdict."""

    code: str
    text: str
    text_hans: str
    text_hant: str
    part: str
    progress: str
    problems: str
    next_steps: str
    percent: int | None
    last_percent: int | None
    unchanged: bool
    unchanged_reason: str
    files: tuple[str, ...]
    verdict: Verdict | None

    @property
    def part_word(self) -> str:
        return str(dict(PARTS).get(self.part, ""))


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """A submission as a page prints it: of a report its entries, of a plan the plan's own words."""

    submission: Submission
    cover: Cover
    entries: tuple[SubmittedEntry, ...]
    verdict: Verdict | None  # on a plan as a whole

    @property
    def plan(self) -> Mapping[str, Any] | None:
        return self.submission.content if self.submission.plan_id else None

    @property
    def prepared_by(self) -> str:
        """Who had sent it for the signature by which it went in."""
        content = self.submission.content
        people = [one.get("asked_by") for one in (content, *content.get("entries", ()))]
        return (
            join_words(dict.fromkeys(person["name"] for person in people if person))
            if self.cover.signed
            else ""
        )

    @property
    def accepted(self) -> int:
        return sum(entry.verdict is not None and entry.verdict.accepted for entry in self.entries)

    @property
    def returned(self) -> int:
        return sum(
            entry.verdict is not None and not entry.verdict.accepted for entry in self.entries
        )

    @property
    def waiting(self) -> int:
        return len(self.entries) - self.accepted - self.returned


WORDS = tuple(
    name for name in SubmittedEntry.__dataclass_fields__ if name not in ("files", "verdict")
)


def submission_record(submission: Submission) -> SubmissionRecord:
    """A submission with its verdicts; one query. It comes with its body, document and person."""
    verdicts = {verdict.entry_id: verdict for verdict in submission.verdicts.select_related("by")}
    copies = submission.content["entries"] if submission.report_id else ()
    entries = tuple(_copied(one, verdicts.get(one["entry"])) for one in copies)
    return SubmissionRecord(submission, cover(submission), entries, verdicts.get(None))


def _copied(one: Mapping[str, Any], verdict: Verdict | None) -> SubmittedEntry:
    files = tuple(file["name"] for file in one["files"])
    return SubmittedEntry(**{name: one[name] for name in WORDS}, files=files, verdict=verdict)


def visible_submissions(user: User) -> Any:
    """The submissions that this person may read, with what they are of."""
    rows = Submission.objects.visible_to(user).select_related(
        "organisation", "document", "report__cycle", "plan", "submitted_by"
    )
    return rows.defer(*HEAVY_OF_DOCUMENT)
