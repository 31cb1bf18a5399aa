"""Documents of thousands of sentences are registered by the worker.

Their rows are made before the transaction that stores them, which on SQLite keeps every other
writer waiting; until it commits nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from directives.base.refusals import NotAllowed, Refusal
from directives.core import jobs
from directives.core.rules import may
from directives.documents.commands import registering, slow_reading
from directives.documents.commands.frames import FrameWords
from directives.documents.commands.reading_rows import ReadingRows, rows_of
from directives.documents.commands.slow_reading import Upload
from directives.documents.ingest.reading import Reading
from directives.documents.ingest.sources import DocumentError
from directives.models import JobProgress, Organisation, User

KIND = "register"
LONG = 2_000  # sentences, whose rows take about a second to be made
STEP = 500  # sentences between two notes of the progress


def is_slow(reading: Reading) -> bool:
    """Whether nobody should wait until it is registered."""
    return sum(1 for _sentence in reading.sentences) > LONG


@transaction.atomic
def start_registering(
    *,
    reading: Reading,
    upload: Upload,
    read_by: JobProgress | None,
    by: User,
    now: datetime,
    organisation: Organisation | None,
    fictional: bool,
    frame: FrameWords,
) -> JobProgress:
    """Have the worker register a reading; `read_by` is the job that read it, if one did.

    The rest is as in `register_document`. Raises NotAllowed if the person may not register.
    """
    if not may(by, "register", organisation):
        raise NotAllowed(str(registering.NOT_REGISTRAR))
    if read_by is None:
        kept = slow_reading.keep(upload)
        slow_reading.keep_reading(reading, kept)
    else:
        kept = {name: read_by.asked[name] for name in ("file", "name", "encoding")}
    asked = {
        **kept,
        "organisation": organisation.pk if organisation else None,
        "fictional": fictional,
        "frame": _to_json(frame),
    }
    sentences = sum(1 for _sentence in reading.sentences)
    return jobs.start_job(KIND, total=sentences, by=by, now=now, asked=asked)


def _to_json(frame: FrameWords) -> dict[str, Any]:
    return asdict(frame) | {"issued_on": frame.issued_on.isoformat() if frame.issued_on else None}


def _frame(values: Mapping[str, Any]) -> FrameWords:
    day = values["issued_on"]
    lists = {name: tuple(values[name]) for name in ("recipients", "annexes")}
    return FrameWords(**{**values, **lists, "issued_on": date.fromisoformat(day) if day else None})


def carry_out(job: JobProgress) -> bool:
    """Register the whole document; a second process begins again."""
    assert job.by is not None, "set by start_registering"
    asked, upload = job.asked, slow_reading.upload_of(job)
    reading, owner = slow_reading.reading_of(job), asked["organisation"]
    try:
        registering.check(reading, upload.name)
        rows = _rows(reading, job)
        with transaction.atomic():
            document = registering.register_document(
                reading=reading,
                source=upload.content,
                source_name=upload.name,
                by=User.objects.get(pk=job.by.pk),  # with the roles they have now
                now=job.at,
                organisation=Organisation.objects.get(pk=owner) if owner else None,
                fictional=asked["fictional"],
                frame=_frame(asked["frame"]),
                rows=rows,
            )
            made, ended_at = len(rows.directives), timezone.now()
            jobs.finish(job, document=document, done=made, made=made, finished_at=ended_at)
    except DocumentError as fault:
        raise Refusal(slow_reading.message_of(fault)) from fault
    return False


def _rows(reading: Reading, job: JobProgress) -> ReadingRows:
    """Make the rows; the page of the job shows how many there are."""

    def made(sentences: int) -> None:
        if sentences % STEP == 0:
            jobs.save_progress(job, done=sentences)

    return rows_of(reading, job.at, made)


ACT = jobs.Act(carry_out)
