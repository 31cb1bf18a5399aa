"""Submissions as stored: names of that time, entries, and their verdicts.

Old submissions lack names. Today's are shown instead, marked as such (`is_stored` is false).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from directives.base.states import PARTS
from directives.base.wording import join_words
from directives.models import Submission, User, Verdict
from directives.models.documents import HEAVY_OF_DOCUMENT


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """The name of an organisation. `is_stored`: the submission stored it; else it is today's."""

    name_hans: str
    name_hant: str
    full_name: str = ""
    is_stored: bool = True


@dataclass(frozen=True, slots=True)
class StoredTitle:
    """The title of a document or a section; `is_stored` as in `OrganisationName`."""

    title: str
    title_hans: str
    title_hant: str
    is_stored: bool = True


@dataclass(frozen=True, slots=True)
class PersonName:
    name: str
    is_stored: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """Who handed in what, at that time.

    `superior` is the organisation it went to; None if it was not stored, or there is none.
    """

    body: OrganisationName
    document: StoredTitle
    submitted_by: PersonName
    signed: bool  # by the manager, after somebody else had prepared it
    superior: OrganisationName | None
    fictional: bool

    @property
    def is_stored(self) -> bool:
        """Whether every name is that of the submission."""
        return self.body.is_stored and self.document.is_stored and self.submitted_by.is_stored


def cover(submission: Submission) -> Cover:
    """The cover of a submission that comes with its organisation, document and person."""
    content, document = submission.content, submission.document
    stored_body, stored_document = _part(content, "organisation"), _part(content, "document")
    superior = _part(stored_body, "parent")
    return Cover(
        body=_name(stored_body or vars(submission.organisation), is_stored=bool(stored_body)),
        document=_title(stored_document or vars(document), is_stored=bool(stored_document)),
        submitted_by=submitter(submission),
        signed=bool(content.get("signed")),
        superior=_name(superior) if superior else None,
        fictional=document.fictional,
    )


def submitter(submission: Submission) -> PersonName:
    """Who handed a submission in."""
    person = _part(submission.content, "submitted_by")
    return PersonName(person["name"]) if person else PersonName(str(submission.submitted_by), False)


def section_of(copy: Mapping[str, Any]) -> tuple[int, StoredTitle] | None:
    """Place and title of the section of a directive; None if they were not stored."""
    section = _part(copy, "section")
    return (section["order"], _title(section)) if section else None


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The mapping stored under a name; empty if there is none."""
    part = content.get(name)
    return part if isinstance(part, Mapping) else {}


def _name(names: Mapping[str, Any], *, is_stored: bool = True) -> OrganisationName:
    return OrganisationName(
        names["name_hans"], names["name_hant"], names.get("full_name", ""), is_stored
    )


def _title(names: Mapping[str, Any], *, is_stored: bool = True) -> StoredTitle:
    return StoredTitle(names["title"], names["title_hans"], names["title_hant"], is_stored)


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

    @classmethod
    def of(cls, copy: Mapping[str, Any], verdict: Verdict | None) -> "SubmittedEntry":
        """The entry of a copy in the content of a submission."""
        fields = {name: copy[name] for name in cls.__dataclass_fields__ if name != "verdict"}
        fields["files"] = tuple(file["name"] for file in copy["files"])
        return cls(**fields, verdict=verdict)

    @property
    def part_word(self) -> str:
        return str(dict(PARTS).get(self.part, ""))


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """A submission as its page shows it: the entries of a report, or the texts of a plan."""

    submission: Submission
    cover: Cover
    entries: tuple[SubmittedEntry, ...]
    verdict: Verdict | None  # on a plan as a whole

    @property
    def plan(self) -> Mapping[str, Any] | None:
        return self.submission.content if self.submission.plan_id else None

    @property
    def prepared_by(self) -> str:
        """Who sent it to be signed, if it was signed."""
        if not self.cover.signed:
            return ""
        content = self.submission.content
        people = [copy.get("asked_by") for copy in (content, *content.get("entries", ()))]
        return join_words(dict.fromkeys(person["name"] for person in people if person))

    @property
    def accepted(self) -> int:
        return sum(bool(entry.verdict and entry.verdict.accepted) for entry in self.entries)

    @property
    def returned(self) -> int:
        return sum(bool(entry.verdict and not entry.verdict.accepted) for entry in self.entries)

    @property
    def waiting(self) -> int:
        return len(self.entries) - self.accepted - self.returned


def submission_record(submission: Submission) -> SubmissionRecord:
    """A submission with its verdicts; one query.

    It comes with its organisation, document and person.
    """
    verdicts = {verdict.entry_id: verdict for verdict in submission.verdicts.select_related("by")}
    copies = submission.content["entries"] if submission.report_id else ()
    entries = tuple(SubmittedEntry.of(copy, verdicts.get(copy["entry"])) for copy in copies)
    return SubmissionRecord(submission, cover(submission), entries, verdicts.get(None))


def visible_submissions(user: User) -> QuerySet[Submission]:
    """The submissions that this person may read, with related rows."""
    related = ("organisation", "document", "report__cycle", "plan", "submitted_by")
    rows = Submission.objects.visible_to(user).select_related(*related)
    return rows.defer(*HEAVY_OF_DOCUMENT)
