"""Check this installation, and say what to do about its faults."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from directives.health.doctor import examine
from directives.health.findings import FINE, STATES, Finding

CLOSING = {
    "ok": "Nothing is wrong.",
    "warning": "It works; something wants seeing to.",
    "wrong": "Something is wrong.",
}


class Command(BaseCommand):
    help = "One page on how this installation does. Exit code 0: well, 1: warnings, 2: wrong."
    requires_system_checks = ()  # one of its own checks runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--deep",
            action="store_true",
            help="also count everything again and verify the record, which takes its time",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")

    def handle(self, *, deep: bool, as_json: bool, **options: Any) -> None:
        now = timezone.now()
        findings = list(examine(now, deep=deep))
        level = max((finding.level for _name, finding in findings), default=FINE)
        self.write_json(findings, level) if as_json else self.write_text(findings, level)
        if level:
            sys.exit(level)

    def write_json(self, findings: list[tuple[str, Finding]], level: int) -> None:
        rows = [
            {
                "check": name,
                "level": STATES[finding.level],
                "words": finding.message,
                "remedy": finding.remedy,
            }
            for name, finding in findings
        ]
        self.stdout.write(
            json.dumps({"state": STATES[level], "findings": rows}, ensure_ascii=False, indent=1),
        )

    def write_text(self, findings: list[tuple[str, Finding]], level: int) -> None:
        moment = timezone.localtime(timezone.now())
        self.stdout.write(f"The tracker on {moment:%Y-%m-%d %H:%M}, {settings.ENVIRONMENT}")
        for name, finding in findings:
            state = STATES[finding.level]
            label = state.upper() if finding.level else state
            self.stdout.write(f"{label:<8} {name:<13} {finding.message}")
            if finding.remedy:
                self.stdout.write(f"{'':<23}→ {finding.remedy}")
        self.stdout.write(CLOSING[STATES[level]])
