"""Starts an intake: stores the file, confirms its columns, checks it again, discards it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.script import fold
from directives.base.stored_files import store_file
from directives.core import jobs
from directives.core.evidence import clean_name, file_type
from directives.intakes import checking
from directives.intakes.steps import context_of, kind_of, shift
from directives.models import Intake, IntakeRow, Matching, User
from directives.models.intakes import APPLYING, CHECKING, DISCARDED, OPEN
from directives.tables.fields import Fault, TableKind
from directives.tables.matching import FieldNames, Headings, heading_faults


def faults(upload: "UploadedFile[Any]") -> list[str]:
    """The reasons why a file is not accepted; its content is checked when it is read."""
    name, limit = clean_name(upload.name or ""), settings.INTAKE_LIMIT // 1024**2
    if not upload.size:
        text = _(
            "“%(name)s” is empty. Open it on your computer to check its content, then choose "
            "it again."
        )
        return [text % {"name": name}]
    if upload.size > settings.INTAKE_LIMIT:
        params = {"name": name, "size": f"{upload.size / 1024**2:.1f}", "limit": limit}
        text = _(
            "“%(name)s” is %(size)s MB; the limit is %(limit)s MB. Remove pictures or split it, "
            "then choose it again."
        )
        return [text % params]
    return []


@transaction.atomic
def start_intake(
    *,
    kind: TableKind,
    place: Mapping[str, int],
    upload: "UploadedFile[Any]",
    language: str,
    by: User,
    now: datetime,
) -> Intake:
    """Store a file and have it checked. Raises NotAllowed, Invalid {"file": …}."""
    if not kind.may(by):
        raise NotAllowed(_("You cannot import tables of this kind. Ask your system administrator."))
    if reasons := faults(upload):
        raise Invalid({"file": reasons})
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    name = clean_name(upload.name or "")
    intake = Intake(
        kind=kind.key,
        place=dict(place),
        by=by,
        at=now,
        name=name,
        size=upload.size or 0,
        sha256=digest.hexdigest(),
        language=language,
        state=CHECKING,
        asked_at=now,
    )
    store_file(intake.file, f"{uuid4().hex}.{file_type(name) or 'bin'}"[:60], upload)
    intake.save()
    jobs.enqueue(intake, at_once=checking.is_small(intake))
    return intake


@transaction.atomic
def match(
    intake: Intake, fields: Mapping[str, str], *, language: str, by: User, now: datetime
) -> Intake:
    """Match the columns (letter → field), remember that for such tables, and check the rows.

    Raises Invalid {"columns": …}, Stale.
    """
    if not intake.tables:
        raise Stale(theirs=intake)
    names = FieldNames(kind_of(intake).fields(context_of(intake, now)))
    heads = [Headings.of_json(table).with_fields(fields) for table in intake.tables]
    if faults := heading_faults(heads[0], names):
        raise Invalid({"columns": [fault_in_words(fault) for fault in faults]})
    columns = {fold(column.heading): column.field for column in heads[0].columns if column.heading}
    Matching.objects.update_or_create(
        user=by,
        kind=intake.kind,
        headings=Headings.of_json(intake.tables[0]).digest,
        defaults={"columns": columns},
    )
    tables = [head.as_json() for head in heads]
    return checking.begin(
        intake, now=now, tables=tables, matching=checking.matching_of(heads), language=language
    )


def fault_in_words(fault: Fault) -> str:
    return _("Expected: %(expected)s. %(remedy)s") % {
        "expected": fault.expected,
        "remedy": fault.remedy,
    }


@transaction.atomic
def check_again(intake: Intake, *, language: str, now: datetime) -> Intake:
    """Check the rows again. Raises Stale."""
    return checking.begin(intake, now=now, language=language)


@transaction.atomic
def settle_names(
    intake: Intake, answers: Mapping[str, str], *, language: str, by: User, now: datetime
) -> Intake:
    """Remember what names of the table mean, and check the rows again.

    Raises Invalid {"names": …}, NotAllowed, Stale.
    """
    kind = kind_of(intake)
    if kind.settle_names is not None and answers:
        kind.settle_names(context_of(intake, now), answers)
    return checking.begin(intake, now=now, language=language)


@transaction.atomic
def discard(intake: Intake) -> None:
    """Cancel the job under way; delete the file and rows. Raises Stale if it was applied."""
    name, storage, applying = intake.file.name, intake.file.storage, intake.state == APPLYING
    shift(intake, DISCARDED, from_states=OPEN, file="", fault="")
    # While the intake is being applied, its rows are locked by a transaction that waits for this
    # one; `clearing` deletes them later.
    if not applying:
        IntakeRow.objects.filter(intake=intake).delete()
    if name:
        transaction.on_commit(lambda: storage.delete(name))
