"""Delete the files of lists that were kept their time."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directives.sheets import exporting


class Command(BaseCommand):
    help = "Delete exported files that were kept their time."

    def handle(self, **options: Any) -> None:
        count = exporting.purge(now=timezone.now())
        if options["verbosity"]:
            self.stdout.write(f"Deleted: {count}")
