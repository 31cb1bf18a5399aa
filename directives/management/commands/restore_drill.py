"""Show that a backup of this installation can be restored elsewhere (make restore-drill)."""

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.backups import drill
from directives.backups.throwaway import InstallationError


class Command(BaseCommand):
    help = "Back up, restore into a throw-away place, and check, serve and read it there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        # For the restored installation.
        parser.add_argument("--look", action="store_true", help=SUPPRESS)

    def handle(self, *, look: bool, **options: Any) -> None:
        if look:
            self.stdout.write(drill.check_restored())
            return
        try:
            drill.drill(now=timezone.now(), say=self.say)
        except InstallationError as error:
            raise CommandError(str(error)) from error
        self.say("The drill succeeded; nothing of it is left.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
