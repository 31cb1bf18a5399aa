"""The files on a record, an entry or a plan, and what this person may do with them now."""

from collections.abc import Sequence
from dataclasses import dataclass

from directives.core import evidence
from directives.core.rules import may
from directives.models import Attachment, User


@dataclass(frozen=True, slots=True)
class FileList:
    """`parent` is the address of what the files stand on, as forms name it: plan-12, log_entry-3,
    report_entry-5.
    """

    parent: str
    files: tuple[Attachment, ...]
    adds: bool = False
    removes: bool = False
    errors: tuple[str, ...] = ()


PARENTS = {"Plan": "plan", "LogEntry": "log_entry", "ReportEntry": "report_entry"}


def file_list(parent: evidence.Parent, user: User, *, errors: Sequence[str] = ()) -> FileList:
    """The files of one parent; no query beyond `parent.files` if it comes with its body, a log
    entry `with_state`.
    """
    name = f"{PARENTS[type(parent).__name__]}-{parent.pk}"
    writes = may(user, "work", parent)
    adds, removes = (
        writes and evidence.accepts_files(parent),
        evidence.may_remove(user, parent) and evidence.allows_removal(parent),
    )
    return FileList(name, tuple(parent.files.all()), adds, removes, tuple(errors))
