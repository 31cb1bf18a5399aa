"""Time the hot pages and saves, compared with two bare baselines, on throw-away databases."""

import json
import os
import sys
from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from directives.backups.throwaway import POSTGRESQL, SQLITE, InstallationError
from tests.bench import issues, sheets
from tests.bench.inside import work
from tests.bench.places import SETTINGS
from tests.bench.results import comparison, markdown, unmet, worse
from tests.bench.runs import AT_ONCE, Plan, compare, measure
from tests.bench.stage import SAMPLE

NO_CHECKOUT = "--before is the folder of another checkout, with its manage.py."
SCALES = (SAMPLE, "small", "province", "nation")


# Each option of the command, as add_argument takes it.
OPTIONS: dict[str, dict[str, Any]] = {
    "--scale": {
        "choices": SCALES,
        "default": "",
        "help": "how much made-up data; default: small, with --sheets province",
    },
    "--engine": {
        "choices": (SQLITE, POSTGRESQL),
        "default": "",
        "help": "default: that of DATABASE_URL, else sqlite",
    },
    "--against": {
        "choices": SCALES,
        "help": "a smaller scale, asked in turn with the first: what grows, and by how much",
    },
    "--rounds": {
        "type": int,
        "help": "of each kind, an export in one of five; default: 30, with --sheets 3",
    },
    "--sheets": {
        "action": "store_true",
        "help": "time workbooks out and in instead, beside the bare libraries",
    },
    "--only": {
        "choices": (sheets.OUT, sheets.IN),
        "default": "",
        "help": "with --sheets: this half alone",
    },
    "--rows": {
        "type": int,
        "default": 100000,
        "help": "with --sheets: rows of each table, if there are so many",
    },
    "--full": {"action": "store_true", "help": "with --sheets: ten times as many rows out too"},
    "--issue": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "time N directives assigned to every organisation instead, in each way; "
        "--rounds default: 3",
    },
    "--bodies": {
        "type": int,
        "default": 100,
        "help": "of the scale “sample”: bodies that owe every directive",
    },
    "--documents": {
        "type": int,
        "default": 1,
        "help": "of the other scales: small ones beside the large one",
    },
    "--writers": {
        "type": int,
        "default": AT_ONCE,
        "help": "processes that make moves beside one another; 0: none",
    },
    "--seconds": {"type": float, "default": 15.0, "help": "how long they do"},
    "--requests": {
        "type": int,
        "default": 160,
        "help": f"of each burst with {AT_ONCE} at once; 0: none",
    },
    "--keep": {
        "metavar": "DIR",
        "help": "keep the staged databases in this folder, and use those that it holds",
    },
    "--database": {
        "metavar": "URL",
        "help": "measure this database, which must hold made-up work alone; it is written to",
    },
    "--before": {
        "metavar": "DIR",
        "help": "another checkout of the product, asked in turn with this one on equal data; "
        "40 rounds",
    },
    "--json": {"action": "store_true", "dest": "as_json", "help": "print what was found as JSON"},
    "--check": {
        "action": "store_true",
        "help": "exit with 1 where something is not as it is asked to be",
    },
    "--inside": {"action": "store_true", "help": SUPPRESS},
}


def _plain(measurements: Any) -> Any:
    if isinstance(measurements, list):
        return [asdict(row) for row in measurements]
    return asdict(measurements)


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Time the hot pages and saves beside two bare floors, on a throw-away database of a scale "
        "of the demo."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, option in OPTIONS.items():
            parser.add_argument(name, **option)

    def handle(self, *, inside: bool, as_json: bool, check: bool, **options: Any) -> None:
        if inside:
            self.inside()
            return
        options["engine"] = options["engine"] or connection.vendor
        try:
            run = self.pages
            if options["sheets"]:
                run = self.sheets
            elif options["issue"]:
                run = self.issues
            elif options["before"]:
                run = self.compare
            measurements, report, unmet_limits = run(**options)
        except InstallationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            json.dumps(_plain(measurements), ensure_ascii=False) if as_json else report
        )
        if check and unmet_limits:
            raise CommandError("Not as asked: " + "; ".join(unmet_limits))

    def say(self, step: str) -> None:
        self.stderr.write(f"{timezone.localtime():%H:%M:%S} {step} …")

    def pages(
        self, *, scale: str, rounds: int | None, **options: Any
    ) -> tuple[Any, str, list[str]]:
        """Measure the hot pages and saves; returns measurements, report and unmet limits."""
        settings = {name: options[name] for name in Plan.__slots__ if name in options}
        settings |= {"scale": scale or "small", "rounds": 30 if rounds is None else rounds}
        plan = Plan(**settings)
        too_few = plan.rounds < 1 or plan.bodies < 4 or plan.documents < 1
        if too_few or plan.writers < 0 or plan.requests < 0:
            raise CommandError(
                "--rounds and --documents are at least 1, --bodies at least 4, --writers and "
                "--requests at least 0."
            )
        if plan.against == plan.scale:
            raise CommandError("--against is another scale than --scale.")
        outcome = measure(plan, self.say)
        return outcome, markdown(outcome), unmet(outcome)

    def compare(
        self, *, scale: str, rounds: int | None, **options: Any
    ) -> tuple[Any, str, list[str]]:
        """Measure them in two checkouts; returns what `pages` returns."""
        settings = {name: options[name] for name in Plan.__slots__ if name in options}
        plan = Plan(**settings | {"scale": scale or "small", "rounds": rounds or 40, "writers": 0})
        if not (Path(options["before"]) / "manage.py").is_file():
            raise CommandError(NO_CHECKOUT)
        rows = compare(plan, self.say)
        return rows, comparison(rows), worse(rows)

    def sheets(
        self, *, scale: str, rounds: int | None, **options: Any
    ) -> tuple[Any, str, list[str]]:
        """Measure the ledger as a workbook; returns what `pages` returns."""
        settings = {name: options[name] for name in sheets.Sheeting.__slots__ if name in options}
        settings |= {"scale": scale or "province", "rounds": 3 if rounds is None else rounds}
        plan = sheets.Sheeting(**settings)
        if plan.rounds < 1 or plan.rows < 1 or plan.bodies < 4:
            raise CommandError("--rounds and --rows are at least 1, --bodies at least 4.")
        measurements = sheets.measure(plan, self.say)
        return measurements, sheets.markdown(measurements), sheets.unmet(measurements)

    def issues(
        self, *, scale: str, rounds: int | None, **options: Any
    ) -> tuple[Any, str, list[str]]:
        """Measure bulk issues, also of another checkout; returns what `pages` returns."""
        settings = {name: options[name] for name in issues.Issuing.__slots__ if name in options}
        settings |= {"scale": scale or "province", "rounds": 3 if rounds is None else rounds}
        plan = issues.Issuing(**settings)
        if plan.before and not (Path(plan.before) / "manage.py").is_file():
            raise CommandError(NO_CHECKOUT)
        if plan.rounds < 1 or plan.issue < 1:
            raise CommandError("--rounds and --issue are at least 1.")
        measurements = issues.measure(plan, self.say)
        return measurements, issues.markdown(measurements), issues.unmet(measurements)

    def inside(self) -> None:
        """Run a job in the bench's own database; any other database is refused."""
        if os.environ.get("DJANGO_SETTINGS_MODULE") != SETTINGS:
            raise CommandError("--inside is for the bench's own database.")
        self.stdout.write(work(sys.stdin.readline(), timezone.now))
