"""manage.py verify_audit: walk the signed seals and name each fault of the record."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.sealing import keys
from directives.sealing.proving import prove
from directives.sealing.verifying import Found, acknowledge, examine


class Command(BaseCommand):
    help = "Verify the audit record against its seals. Exit code 1 and a line for each fault when it was tampered with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--since-last", action="store_true", help="read only what is new since the last run on this machine")
        add("--anchor", action="append", default=[], metavar="LINE", help="compare with an anchor of a log or mail")
        add("--prove", type=int, metavar="EVENT", help="print a proof that this event is under the newest seal")
        add("--acknowledge", type=int, metavar="NUMBER", help="you know why sealing began anew with this seal")
        add("--reason", default="", help="with --acknowledge: why")

    def handle(self, *, since_last: bool, anchor: list[str], acknowledge: int | None, reason: str, **options: Any) -> None:
        if options["prove"] is not None:
            self.stdout.write(self.proof(options["prove"]))
            return
        if acknowledge is not None:
            self.note(acknowledge, reason)
            return
        found = examine(since_last=since_last, lines=anchor)
        for fault in found.faults:
            self.stderr.write(fault)
        if found.faults:
            raise CommandError(f"the audit record is not whole: {len(found.faults)} faults", returncode=1)
        if found.end:
            keys.note_verified(found.end)
        self.stdout.write(self.told(found))

    def proof(self, pk: int) -> str:
        found = prove(pk)
        if found is None:
            raise CommandError(f"No signed seal covers event {pk}.")
        return json.dumps(found, ensure_ascii=False, indent=1)

    def told(self, found: Found) -> str:
        words = f"{found.events} events under {found.seals} seals are whole; {found.waiting} wait for the next seal"
        if found.before:
            words += f"; {found.before} events before them were read by an earlier run, and not again"
        if not found.outside:
            words += ". Nothing is known of seals on this machine (AUDIT_DIR): only an anchor shows whether newer ones are missing"
        return words

    def note(self, number: int, reason: str) -> None:
        if not reason.strip():
            raise CommandError("Say why: --reason …")
        entries = acknowledge(number, reason=reason, now=timezone.now())
        if not entries:
            raise CommandError(f"Sealing did not begin anew with seal number {number}, and none of that number is missing.")
        self.stdout.write(f"Noted in AUDIT_DIR: {len(entries)} entries. From now on verify_audit names them no more.")
