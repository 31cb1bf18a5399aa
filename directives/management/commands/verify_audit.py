"""Verify the audit log, or a copy of it, against its signed seals."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.core.sealing import keys
from directives.core.sealing.copy_checking import Checked, check
from directives.core.sealing.proving import prove
from directives.core.sealing.verifying import Verification, acknowledge, examine


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Verify the audit record against its seals. Exit code 1 and a line for each fault when it "
        "was tampered with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--since-last",
            action="store_true",
            help="read only what is new since the last run on this machine",
        )
        add(
            "--anchor",
            action="append",
            default=[],
            metavar="LINE",
            help="compare with an anchor of a log or mail",
        )
        add(
            "--prove",
            type=int,
            metavar="EVENT",
            help="print a proof that this event is under the newest seal",
        )
        add(
            "--file",
            metavar="FILE.zip",
            help="check a copy that export_record wrote; needs no database",
        )
        add(
            "--acknowledge",
            type=int,
            metavar="NUMBER",
            help="you know why sealing began anew with this seal",
        )
        add("--reason", default="", help="with --acknowledge: why")

    def handle(self, **options: Any) -> None:
        """Exit with 2 if nothing can be verified, for example because AUDIT_DIR is unreadable."""
        try:
            self.carry_out(**options)
        except keys.Damaged as error:
            message = (
                f"{error}, so nothing was verified. Keep it aside for whoever looks into it, and "
                "run this again without it"
            )
            raise CommandError(message, returncode=2) from error
        except OSError as error:
            raise CommandError(f"Nothing was verified: {error}", returncode=2) from error

    def carry_out(
        self,
        *,
        since_last: bool,
        anchor: list[str],
        acknowledge: int | None,
        reason: str,
        **options: Any,
    ) -> None:
        if options["file"] is not None:
            self.check_copy(options["file"], anchor)
        elif options["prove"] is not None:
            self.stdout.write(self.proof(options["prove"]))
        elif acknowledge is not None:
            self.note_acknowledged(acknowledge, reason)
        else:
            result = examine(since_last=since_last, lines=anchor)
            self.demand_whole("the audit record", result.faults)
            if result.end:
                keys.note_verified(result.end)
            self.stdout.write(self.summary(result))

    def demand_whole(self, subject: str, faults: list[str]) -> None:
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{subject} is not whole: {len(faults)} faults", returncode=1)

    def check_copy(self, name: str, lines: list[str]) -> None:
        result = check(Path(name), lines=lines)
        self.demand_whole(name, result.faults)
        for line in self.copy_summary(result):
            self.stdout.write(line)

    def copy_summary(self, result: Checked) -> list[str]:
        """What a copy without faults proves, and what it does not prove."""
        proved, newest = len(result.places), result.newest
        lines = [
            f"{proved} events are as they were sealed; {len(result.unsealed)} more were under no "
            "seal when the copy was made."
        ]
        if proved:
            between = (
                f"{result.gaps} events between the first and the last are not in it: a selection "
                "does not prove what it leaves out"
            )
            consecutive = (
                f"They stand at the places {min(result.places)} to {max(result.places)} of the "
                "record: none between is missing"
            )
            lines.append(f"{between if result.gaps else consecutive}.")
        if newest:
            lines.append(
                f"Newest seal: number {newest.number}, {newest.total} events in all, hash "
                f"{newest.hash}."
            )
        if result.compared:
            lines.append(
                "Its seals are in the chain of this installation, whose record tells that the "
                "copy was taken."
            )
        if result.anchored:
            lines.append(f"{result.anchored} anchors tell of its seals.")
        if not result.compared and not result.anchored:
            lines.append(
                "Whoever forges a copy can make seals and keys of their own: compare the newest "
                "seal with an anchor (--anchor)."
            )
        return lines

    def proof(self, pk: int) -> str:
        result = prove(pk)
        if result is None:
            raise CommandError(f"No signed seal covers event {pk}.")
        return json.dumps(result, ensure_ascii=False, indent=1)

    def summary(self, result: Verification) -> str:
        text = (
            f"{result.events} events under {result.seals} seals are whole; "
            f"{result.waiting} wait for the next seal"
        )
        if result.before:
            text += (
                f"; {result.before} events before them were read by an earlier run, and not again"
            )
        if not result.outside:
            text += (
                ". Nothing is known of seals on this machine (AUDIT_DIR): only an anchor shows "
                "whether newer ones are missing"
            )
        return text

    def note_acknowledged(self, number: int, reason: str) -> None:
        if not reason.strip():
            raise CommandError("Say why: --reason …")
        entries = acknowledge(number, reason=reason, now=timezone.now())
        if not entries:
            raise CommandError(
                f"Sealing did not begin anew with seal number {number}, and none of that number is "
                "missing."
            )
        self.stdout.write(
            f"Noted in AUDIT_DIR: {len(entries)} entries. From now on verify_audit names them no "
            "more."
        )
