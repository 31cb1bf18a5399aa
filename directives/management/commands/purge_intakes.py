"""Clear away the files of tables that were brought in some time ago. The worker runs it each day."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directives.intake.clearing import clear


class Command(BaseCommand):
    help = "Clear away files and rows of tables brought in more than INTAKE_DAYS days ago; what they wrote stays."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        count = clear(now=timezone.now())
        if verbosity:
            self.stdout.write(f"{count} cleared.")
