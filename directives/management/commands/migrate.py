"""Django's migrate, safe to run while people work: it gives up if a table is locked too long.

Migrations that were applied stay applied. The one that gave up left nothing behind, or an index
that its next attempt removes first. Run it again.

Migrating backwards is refused if rows or values would be lost, unless --lose-data is given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import pre_migrate
from psycopg.errors import LockNotAvailable

from directives.base import migration_losses, online

ONE_AT_A_TIME = 7_103_005_381  # the key of the advisory lock; any number that nothing else uses


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let one machine migrate at a time; others wait up to the lock timeout."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def refuse_losses(plan: migration_losses.Plan, apps: Apps, using: str, **_signal: Any) -> None:
    """A receiver of `pre_migrate`. Raises CommandError if the plan would lose data."""
    lost = migration_losses.losses(plan, apps, connections[using])
    if lost:
        lines = [f"  {loss.migration}: {loss.what}" for loss in lost]
        message = [
            "Going back would lose:",
            *lines,
            "Nothing was changed. Make a backup; if they are to go, say so with --lose-data.",
        ]
        raise CommandError("\n".join(message))


@contextmanager
def refusing(losses: bool) -> Iterator[None]:
    """Refuse plans that lose data within this context, if `losses` is true."""
    sender = apps.get_app_config("directives")  # Django sends the signal for each application
    if losses:
        pre_migrate.connect(refuse_losses, sender=sender)
    try:
        yield
    finally:
        pre_migrate.disconnect(refuse_losses, sender=sender)


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        seconds = settings.MIGRATION_LOCK_TIMEOUT
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=seconds,
            metavar="SECONDS",
            help=f"default: {seconds}; 0 waits for ever",
        )
        parser.add_argument(
            "--lose-data",
            action="store_true",
            help="go back although rows or values are lost: it names them without this",
        )

    def handle(
        self, *args: Any, lock_timeout: float = 0, lose_data: bool = False, **options: Any
    ) -> None:
        with refusing(losses=not (lose_data or options["fake"])):
            self.carry_out(lock_timeout, *args, **options)

    def carry_out(self, lock_timeout: float, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        online.demand_session(connection)
        try:
            self.migrate(connection, lock_timeout, *args, **options)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise CommandError(
                f"A table, or another migrate, was busy for longer than {lock_timeout:g} s, so "
                "this gave up before anybody had to wait."
                " What is done is done; run it again, at a quieter time if need be."
            ) from error

    def migrate(
        self, connection: BaseDatabaseWrapper, seconds: float, *args: Any, **options: Any
    ) -> None:
        with online.lock_timeout(connection, seconds), alone(connection):
            super().handle(*args, **options)
