"""Write a signed copy of the audit log, or of a part of it."""

import os
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.core import captions
from directives.core.sealing.keys import Damaged
from directives.models import Organisation
from directives.record.exports import signed
from directives.record.queries.events import SUBJECTS, EventFilter
from directives.record.queries.timeline import WORDS


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day: write 2026-10-13") from error


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Write a signed copy of the audit record, with the proof of each event. verify_audit "
        "--file checks it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--output",
            required=True,
            metavar="FILE.zip",
            help="the file to write; one that is there is not overwritten",
        )
        add("--since", type=day, metavar="DAY", help="from this day on")
        add("--until", type=day, metavar="DAY", help="up to this day")
        add(
            "--action",
            choices=sorted(WORDS),
            metavar="ACTION",
            default="",
            help=f"one of {', '.join(sorted(WORDS))}",
        )
        add(
            "--subject",
            choices=sorted(SUBJECTS),
            metavar="SUBJECT",
            default="",
            help=f"one of {', '.join(SUBJECTS)}",
        )
        add(
            "--body",
            type=int,
            metavar="NUMBER",
            help="a body with everything below it, by its number",
        )
        add("--document", type=int, metavar="NUMBER", help="a document, by its number")
        add(
            "--act",
            choices=sorted(captions.ACT_LABELS),
            metavar="ACT",
            default="",
            help="as the dashboard counts it",
        )
        add("--q", default="", metavar="WORDS", help="of the name of the body or of the person")

    def handle(self, *, output: str, **options: Any) -> None:
        names = ("action", "subject", "q", "since", "until", "act", "document", "body")
        event_filter = EventFilter(**{name: options[name] for name in names})
        if event_filter.body and not Organisation.objects.filter(pk=event_filter.body).exists():
            raise CommandError(f"There is no body of number {event_filter.body}.")
        path = Path(output)
        part = path.with_name(path.name + ".part")
        if path.exists():
            raise CommandError(f"{path} is there already.")
        try:
            file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(file, "w+b") as out:
                copy = signed.for_command(out, event_filter, now=timezone.now())
            part.rename(path)
        except (OSError, Damaged) as error:
            raise CommandError(f"No copy was written: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        sealed = copy.events - copy.unsealed
        self.stdout.write(
            f"{copy.events} events in {path}: {sealed} under seals, {copy.unsealed} that no seal "
            "covers yet."
        )
        self.stdout.write(
            f"Signed by {copy.key}; the record tells of it by the manifest {copy.manifest}."
        )
