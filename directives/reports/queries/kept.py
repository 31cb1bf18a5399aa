"""The names in a submission: those that it kept, else those of today, which say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from directives.models import Submission


@dataclass(frozen=True, slots=True)
class Named:
    """A body as it was called. `kept`: by the submission itself; else it is the name of today."""

    name_hans: str
    name_hant: str
    full_name: str = ""
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Titled:
    """A document or a section as it was called."""

    title: str
    title_hans: str
    title_hant: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """Who handed in what, as of then. `above`: to whom its papers went; None where that was not kept, or nobody is above."""

    body: Named
    document: Titled
    submitted_by: Person
    signed: bool  # by the manager, for whom somebody had prepared it
    above: Named | None
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


def submitter(submission: Submission) -> Person:
    """Who handed a submission in."""
    person = _kept(submission.content, "submitted_by")
    return Person(person["name"]) if person else Person(str(submission.submitted_by), kept=False)


def _kept(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _named(names: Mapping[str, Any], *, kept: bool = True) -> Named:
    return Named(names["name_hans"], names["name_hant"], names.get("full_name", ""), kept)


def _titled(names: Mapping[str, Any], *, kept: bool = True) -> Titled:
    return Titled(names["title"], names["title_hans"], names["title_hant"], kept)


def section_of(copy: Mapping[str, Any]) -> tuple[int, Titled] | None:
    """Place and title of the section under which a directive stood; None where that was not kept."""
    section = _kept(copy, "section")
    return (section["order"], _titled(section)) if section else None
