"""Write the ledger of a document to a file."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from directives.health.upkeep import old_lights
from directives.models import CalendarDay, Document, Obligation, Organisation
from directives.obligations.exports.ledger import Today, book
from directives.obligations.queries.filters import ObligationFilter
from directives.tables.book import Book
from directives.tables.formats import FORMATS
from directives.tables.xlsx import PAPERS


def write_whole(workbook: Book, path: Path, kind: str) -> int:
    """Write a book to a temporary file, then rename it. Returns the number of rows."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            count = FORMATS[kind].write(workbook, file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Write the ledger of a document (one line for each obligation) as a workbook or as CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--document",
            type=int,
            required=True,
            metavar="ID",
            help="the document's number, as in /documents/ID/",
        )
        parser.add_argument(
            "--organisation", metavar="CODE", help="only this body and those below it"
        )
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS),
            help="by the ending of FILE where it is not given; csv-gb is GB18030",
        )
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
        )
        parser.add_argument("--paper", choices=sorted(PAPERS), default="a4")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["out"]
        kind = options["format"] or path.suffix.lower().removeprefix(".")
        if kind not in FORMATS:
            raise CommandError(
                f"{path.name} is neither .xlsx nor .csv: say --format "
                f"{', --format '.join(FORMATS)}."
            )
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}.")
        if not Document.objects.filter(pk=options["document"]).exists():
            raise CommandError(f"There is no document {options['document']}.")
        code = options["organisation"]
        body = Organisation.objects.filter(code=code).first() if code else None
        if code and body is None:
            raise CommandError(f"There is no body with the code {code}.")
        now = timezone.now()
        today = timezone.localdate(now)
        filters = ObligationFilter(document=options["document"], body=body.pk if body else None)
        dated = Today(today, CalendarDay.objects.workdays(today))
        with translation.override(options["language"]):
            workbook = book(Obligation.objects.all(), filters, user=None, dated=dated, now=now)
            workbook = replace(workbook, paper=options["paper"], lights_on=old_lights(now))
            count = write_whole(workbook, path, kind)
        self.stdout.write(f"{count} rows written to {path}.")
