"""manage.py verify_audit: walk the seals and find a changed, removed or inserted event."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directives.models import Event, Seal, Unsealed
from directives.sealing import verify


class Command(BaseCommand):
    help = "Verify the audit record against its seals. Exit code 1 and a line for each fault when it was tampered with."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = verify()
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"the audit record is not whole: {len(faults)} faults", returncode=1)
        waiting = Unsealed.objects.count()
        self.stdout.write(f"{Event.objects.count()} events under {Seal.objects.count()} seals are whole; {waiting} wait for the next seal")
