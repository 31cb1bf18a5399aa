"""Read a policy document from a file, and store it or only show the reading."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.documents.commands import registering
from directives.documents.ingest.confirmations import confirmations_of
from directives.documents.ingest.json_output import json_of
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.repair import Confirmation
from directives.documents.ingest.sources import DocumentError
from directives.models import Organisation

REFUSED = 2


class Command(BaseCommand):
    help = (
        "Reads a policy document (.docx, .pdf with text, a saved web page or plain text) and "
        "stores it. "
        "With --dry-run or --json nothing is stored and no database is needed. Exit code 2: the "
        "file cannot be taken."
    )
    requires_system_checks: list[str] = []  # reading a file needs neither the database nor the site

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the document as saved")
        parser.add_argument(
            "--json",
            action="store_true",
            help="print the reading as JSON, and nothing else; stores nothing",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="print a summary of the reading; stores nothing"
        )
        parser.add_argument(
            "--owner",
            metavar="CODE",
            help="the body that the document belongs to; the topmost one where none is named",
        )
        parser.add_argument(
            "--confirmations",
            type=Path,
            help="JSON file: who confirmed which proposed repair, and why",
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        json: bool,
        dry_run: bool,
        confirmations: Path | None,
        owner: str | None = None,
        **options: Any,
    ) -> None:
        try:
            source = _bytes_of(file)
            confirmed: Sequence[Confirmation] = ()
            if confirmations is not None:
                confirmed = confirmations_of(_bytes_of(confirmations), document=source)
            reading = read(source, name=file.name, confirmations=confirmed)
            if json:
                self.stdout.write(json_of(reading))
                return
            self._summarise(reading)
            if dry_run:
                self.stdout.write("Dry run: nothing was stored.")
                return
            document = registering.register_document(
                reading=reading,
                source=source,
                source_name=file.name,
                organisation=_owner(owner),
                by=None,
                now=timezone.now(),
            )
        except DocumentError as refusal:
            self.stderr.write(self.style.ERROR(f"{refusal.message} Nothing was stored."))
            raise SystemExit(REFUSED) from refusal
        self.stdout.write(self.style.SUCCESS(f"Stored as document {document.pk}."))

    def _summarise(self, reading: Reading) -> None:
        sentences = list(reading.sentences)
        proposed = [
            repair for repair in reading.repairs if not repair.certain and not repair.confirmed_by
        ]
        self.stdout.write(reading.title)
        for section in reading.sections:
            count = sum(map(len, section.paragraphs))
            self.stdout.write(
                f"  {section.number or '-'}  {section.title or '(unnumbered)'}: {count} sentences"
            )
        statements = sum(sentence.statement for sentence in sentences)
        items = sum(len(sentence.items) for sentence in sentences)
        self.stdout.write(
            f"{len(sentences)} sentences, of them {statements} statements; {items} items."
        )
        self.stdout.write(
            f"{len(reading.repairs)} repairs, of them {len(proposed)} proposed and waiting for a "
            "person:"
        )
        for repair in proposed:
            self.stdout.write(
                f"  line {repair.line}, character {repair.start}: “{repair.before}” → "
                f"“{repair.after}” ({repair.kind})"
            )
        self.stdout.write(f"{len(reading.left_out)} lines left out:")
        for line in reading.left_out:
            self.stdout.write(f"  line {line.line}: {line.text} ({line.reason})")


def _owner(code: str | None) -> Organisation | None:
    body = Organisation.objects.filter(code=code).first() if code else None
    if code and body is None:
        raise CommandError(f"There is no body with the code {code}. Nothing was stored.")
    return body


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise DocumentError(
            "missing", {"name": str(path), "reason": fault.strerror or "it is no file"}
        ) from fault
