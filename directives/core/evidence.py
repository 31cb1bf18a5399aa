"""Evidence files (佐证材料): which files are accepted, how they are stored, when they are removed.

The type of a file is checked by its first bytes, never by its name alone. It is stored under a
random name, with its SHA-256.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from directives.base import contents, viruses
from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.base.states import EDITABLE, LOG_ACTS, LOG_CORRECTED, LOG_WITHDRAWN, REPLY_OWED
from directives.base.stored_files import store_file
from directives.base.wording import join_words
from directives.core import audit
from directives.core.closed import demand_open_entries, demand_open_measures
from directives.core.rules import may
from directives.models import (
    Attachment,
    CloseOutEvidence,
    LogEntry,
    LookBack,
    Plan,
    ReplyRequest,
    ReportEntry,
    User,
)

Parent = LogEntry | ReportEntry | Plan | ReplyRequest | LookBack

FIELDS: dict[type[Parent], str] = {
    LogEntry: "log_entry",
    ReportEntry: "report_entry",
    Plan: "plan",
    ReplyRequest: "reply_request",
    LookBack: "look_back",
}

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The first bytes of each type. Plain text has none: see `_is_text`.
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    **dict.fromkeys(("docx", "xlsx", "pptx", "ofd", "zip"), (ZIP,)),
    **dict.fromkeys(("doc", "xls", "ppt"), (OLE,)),
    **dict.fromkeys(("wps", "et"), (OLE, ZIP)),
    "png": (b"\x89PNG\r\n\x1a\n",),
    **dict.fromkeys(("jpg", "jpeg"), (b"\xff\xd8\xff",)),
}
TEXTS = frozenset({"txt", "csv"})
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"%PDF-", ZIP, OLE)  # never the beginning of a plain text
HEAD = 4096  # bytes that are checked
NAME_LIMIT = 120  # characters
# Invisible characters, and those that reverse a part of a name so that it reads as another type
TRICKS = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')


def file_type(name: str) -> str:
    """The suffix of a name in lower case, without the dot."""
    return PurePosixPath(name).suffix.lower().lstrip(".")


def clean_name(name: str) -> str:
    """A name that every system accepts: no folders, no invisible characters, not too long."""
    name = TRICKS.sub("", unicodedata.normalize("NFC", name)).replace("\\", "/").rsplit("/", 1)[-1]
    name = FORBIDDEN.sub("_", name).strip(" .")
    suffix = PurePosixPath(name).suffix
    stem = name.removesuffix(suffix).rstrip(" .") or "file"
    if len(suffix) >= NAME_LIMIT:
        return stem[:NAME_LIMIT]
    return stem[: NAME_LIMIT - len(suffix)] + suffix


def _is_text(head: bytes) -> bool:
    """Whether this may begin a text in UTF-8, GBK, Big5 or, with a byte order mark, UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and not head.startswith(PROGRAMS)


def _begins_as(kind: str, upload: "UploadedFile[Any]") -> bool:
    upload.seek(0)
    head = upload.read(HEAD)
    upload.seek(0)
    return _is_text(head) if kind in TEXTS else head.startswith(BEGINNINGS[kind])


def faults(upload: "UploadedFile[Any]") -> list[str]:
    """Why a file is not accepted, in sentences that say what to do; empty if it is."""
    name = clean_name(upload.name or "")
    facts = {
        "name": name,
        "types": join_words(settings.UPLOAD_TYPES),
        "limit": settings.UPLOAD_LIMIT // 1024**2,
    }
    if not upload.size:
        return [
            _(
                "“%(name)s” is empty. Open it on your computer to check its content, then choose "
                "it again."
            )
            % facts
        ]
    messages = []
    if upload.size > settings.UPLOAD_LIMIT:
        facts["size"] = f"{upload.size / 1024**2:.1f}"
        messages.append(
            _(
                "“%(name)s” is %(size)s MB; the limit is %(limit)s MB. Compress or split it, then "
                "choose it again."
            )
            % facts
        )
    kind = file_type(name)
    if kind not in settings.UPLOAD_TYPES:
        messages.append(
            _(
                "Files of the type of “%(name)s” are not accepted. Accepted: %(types)s; save it "
                "as one of these."
            )
            % facts
        )
    elif not _begins_as(kind, upload):
        messages.append(contents.not_real(name, kind))
    elif not messages and (fault := _fault_inside(upload, kind, name)):
        messages.append(fault)
    return messages


def _fault_inside(upload: "UploadedFile[Any]", kind: str, name: str) -> str:
    file = cast("BinaryIO", upload)  # it has the same methods, and the stubs do not say so
    return contents.fault(file, kind, name) or viruses.fault(file, name)


def _digest(upload: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def allows_removal(parent: Parent) -> bool:
    """Whether files may be removed: while the parent is a draft or an unreported log entry."""
    if isinstance(parent, LogEntry):
        return parent.state in LOG_ACTS["edit"]
    return accepts_files(parent)


def accepts_files(parent: Parent) -> bool:
    """Whether files may be added: to a draft, a reply that is owed, a log entry still valid."""
    if isinstance(parent, ReplyRequest):
        return parent.state in REPLY_OWED
    if isinstance(parent, LogEntry):
        return parent.state not in (LOG_CORRECTED, LOG_WITHDRAWN)
    return parent.state in EDITABLE


def may_remove(user: User, parent: Parent) -> bool:
    """Whether the user may remove files: people of the body; from a log entry only its author."""
    return may(user, "amend" if isinstance(parent, LogEntry) else "work", parent)


def parent_of(attachment: Attachment) -> Parent:
    entry = attachment.log_entry or attachment.report_entry
    parent = entry or attachment.plan or attachment.reply_request or attachment.look_back
    assert parent is not None  # a constraint of the table
    return parent


def _demand_right(by: User | None, parent: Parent) -> None:
    if not may(by, "work", parent):
        raise NotAllowed(_("Files are added and deleted by people in the organisation itself."))


def _demand_open(by: User, parent: Parent) -> None:
    """Raise unless this person may add files now."""
    _demand_right(by, parent)
    if not accepts_files(parent):
        raise IllegalMove(_("This was submitted, so its files are fixed."))
    _demand_unclosed(parent)


def _demand_unclosed(parent: Parent) -> None:
    """Raise IllegalMove if the work that the files are about is closed."""
    if isinstance(parent, LogEntry):
        demand_open_measures([parent.measure_id])
    elif isinstance(parent, ReportEntry):
        demand_open_entries([parent])


@transaction.atomic
def attach(parent: Parent, upload: "UploadedFile[Any]", *, by: User, now: datetime) -> Attachment:
    """Store a file as evidence on a log entry, a report entry, a plan or a reply.

    Raises NotAllowed, IllegalMove, Invalid {"files": …}.
    """
    _demand_open(by, parent)
    messages = faults(upload)
    if messages:
        raise Invalid({"files": messages})
    return _store(parent, upload, by, now)


def _store(parent: Parent, upload: "UploadedFile[Any]", by: User, now: datetime) -> Attachment:
    name = clean_name(upload.name or "")
    attachment = Attachment(name=name, size=upload.size or 0, sha256=_digest(upload), by=by, at=now)
    setattr(attachment, FIELDS[type(parent)], parent)
    store_file(attachment.file, f"{uuid4().hex}.{file_type(name)}", upload)
    attachment.save()
    _record("attach", attachment, parent, by, now)
    return attachment


def keep(
    look_back: LookBack, upload: "UploadedFile[Any]", *, by: User, now: datetime
) -> Attachment:
    """Store a file with the result of a look-back, which the caller has checked."""
    return _store(look_back, upload, by, now)


@transaction.atomic
def attach_all(
    parent: Parent, uploads: Sequence["UploadedFile[Any]"], *, by: User, now: datetime
) -> list[Attachment]:
    """Attach all files or none. Raises as `attach`, with the faults of all files together."""
    _demand_open(by, parent)
    messages = [fault for upload in uploads for fault in faults(upload)]
    if not uploads or messages:
        raise Invalid({"files": messages or [_("Choose a file first.")]})
    return [_store(parent, upload, by, now) for upload in uploads]


@transaction.atomic
def remove(attachment: Attachment, *, by: User, now: datetime) -> None:
    """Remove an attachment. Its file is kept if it was ever submitted: submissions never change.

    Raises NotAllowed, IllegalMove.
    """
    parent = parent_of(attachment)
    _demand_right(by, parent)
    if not may_remove(by, parent):
        raise NotAllowed(_("An entry of the work log is changed only by its author."))
    if not allows_removal(parent):
        raise IllegalMove(_("This was submitted, so its files are fixed."))
    _demand_unclosed(parent)
    if CloseOutEvidence.objects.filter(file=attachment).exists():
        raise IllegalMove(_("A close request names this file as evidence; it stays."))
    _record("remove_file", attachment, parent, by, now)
    file, was_handed_in = attachment.file, _was_handed_in(parent)
    Attachment.objects.filter(pk=attachment.pk).delete()
    if not was_handed_in:
        transaction.on_commit(lambda: file.storage.delete(file.name or ""))


def _was_handed_in(parent: Parent) -> bool:
    match parent:
        case LogEntry():
            return parent.measure.plan.submissions.exists()
        case ReportEntry():
            return parent.report.submissions.exists()
        case ReplyRequest():
            return parent.replied_at is not None
        case LookBack():
            return True  # a result is never changed
    return parent.submissions.exists()


def _record(action: str, attachment: Attachment, parent: Parent, by: User, now: datetime) -> None:
    """The event stands on the parent, which knows its body and document."""
    facts = {"file": attachment.name, "size": attachment.size, "sha256": attachment.sha256}
    before, after = ({}, facts) if action == "attach" else (facts, {})
    audit.record(action, parent, by=by, now=now, before=before, after=after)
