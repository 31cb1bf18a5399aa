"""Long documents are read by the worker; what it read is kept for a day, for the preview."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.base.refusals import Refusal
from directives.core import jobs
from directives.core.clearing import READINGS
from directives.documents.commands import registering
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import MESSAGES, DocumentError, is_text
from directives.documents.ingest.stored_reading import from_json, to_json
from directives.models import JobProgress, User

KIND = "read"
# Above these sizes the worker reads. A text of 300 KB takes one to two seconds; a .docx or .pdf of
# 2 MB may have as many characters, or only pictures.
LONG_TEXT, LONG_FILE = 300_000, 2_000_000  # bytes

logger = logging.getLogger("directives.worker")


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to become a document; `encoding` is "" where the evidence decides."""

    content: bytes
    name: str
    encoding: str = ""

    @property
    def is_slow(self) -> bool:
        """Whether nobody should wait for its reading."""
        return len(self.content) > (LONG_TEXT if is_text(self.content) else LONG_FILE)


def message_of(fault: DocumentError) -> str:
    """The message of the error in the language of the reader."""
    return _(MESSAGES[fault.code]) % fault.params


@transaction.atomic
def start_reading(*, upload: Upload, by: User, now: datetime) -> JobProgress:
    """Have the worker read a document; the person sees the progress on the page of the job."""
    return jobs.start_job(KIND, total=0, by=by, now=now, asked=keep(upload))


def keep(upload: Upload) -> dict[str, str]:
    """Keep a file for a day; returns what a job has to know of it."""
    file = default_storage.save(f"{READINGS}/{uuid4().hex}", ContentFile(upload.content))
    return {"file": file, "name": upload.name, "encoding": upload.encoding}


def keep_reading(reading: Reading, asked: Mapping[str, str]) -> None:
    """Keep what was read in a file that is kept, in place of an earlier reading."""
    default_storage.delete(_answer(asked))
    default_storage.save(_answer(asked), ContentFile(to_json(reading).encode()))


def upload_of(job: JobProgress) -> Upload:
    """Raises Refusal if the file is no longer kept."""
    content = _kept(job.asked["file"])
    return Upload(content, job.asked["name"], job.asked["encoding"])


def reading_of(job: JobProgress) -> Reading:
    """What the worker read. Raises Refusal if it is no longer kept."""
    try:
        return from_json(_kept(_answer(job.asked)).decode())
    except (ValueError, KeyError, TypeError) as fault:  # another release wrote it
        logger.warning("The reading of job %s cannot be used: %s", job.pk, fault)
        raise _gone() from fault


def _answer(asked: Mapping[str, str]) -> str:
    return f"{asked['file']}.json"


def _kept(name: str) -> bytes:
    try:
        with default_storage.open(name) as file:
            return bytes(file.read())
    except FileNotFoundError as fault:
        raise _gone() from fault


def _gone() -> Refusal:
    return Refusal(_("What was read is kept for a day. Choose the file again."))


def carry_out(job: JobProgress) -> bool:
    """Read the whole document; a second process begins again."""
    upload = upload_of(job)
    try:
        reading = read(upload.content, name=upload.name, encoding=upload.encoding)
        registering.check(reading, upload.name)
    except DocumentError as fault:
        raise Refusal(message_of(fault)) from fault
    keep_reading(reading, job.asked)
    with transaction.atomic():
        sentences = sum(1 for _sentence in reading.sentences)
        jobs.finish(job, finished_at=timezone.now(), made=sentences)
    return False


ACT = jobs.Act(carry_out)
