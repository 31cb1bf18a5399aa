"""The evidence files of a log entry, a report entry or a plan, as a page lists them."""

from collections.abc import Sequence
from dataclasses import dataclass

from directives.core import evidence
from directives.core.rules import may
from directives.models import Attachment, User


@dataclass(frozen=True, slots=True)
class FileList:
    """`parent` names the row in forms: plan-12, log_entry-3, report_entry-5, reply_request-7."""

    parent: str
    files: tuple[Attachment, ...]
    adds: bool = False
    removes: bool = False
    errors: tuple[str, ...] = ()


def file_list(parent: evidence.Parent, user: User, *, errors: Sequence[str] = ()) -> FileList:
    """The files of one row, and whether this person may add and remove them now.

    One query, for `parent.files`, if the row was read with its body, a log entry `with_state`.
    """
    name = f"{evidence.FIELDS[type(parent)]}-{parent.pk}"
    adds = may(user, "work", parent) and evidence.accepts_files(parent)
    removes = evidence.may_remove(user, parent) and evidence.allows_removal(parent)
    return FileList(name, tuple(parent.files.all()), adds, removes, tuple(errors))
