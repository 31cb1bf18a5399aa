"""Migration operations for tables in use, which block neither readers nor writers for long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeGuard

from django.conf import settings
from django.core.management.base import CommandError
from django.db import NotSupportedError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, RemoveIndex
from django.db.migrations.state import ProjectState

if TYPE_CHECKING:
    from django.db.backends.postgresql.schema import DatabaseSchemaEditor

INVALID = """
    SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid
    WHERE pg_class.relname = %s AND NOT pg_index.indisvalid
"""


def demand_session(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError behind PgBouncer, where session settings affect arbitrary statements."""
    if connection.vendor == "postgresql" and settings.DB_PGBOUNCER:
        raise CommandError(
            "This needs PostgreSQL itself, not PgBouncer: give its own address in DATABASE_URL, "
            "and DB_PGBOUNCER=false."
        )


@contextmanager
def lock_timeout(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Within this, a statement fails that waits longer for a lock; with 0 it waits for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(seconds * 1000)}ms"])
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])


class _Online:
    """An operation that is concurrent on PostgreSQL and ordinary on SQLite.

    It may wait for locks without limit, because it holds none that readers or writers wait for.
    """

    atomic = False

    def _concurrently(
        self, schema_editor: BaseDatabaseSchemaEditor
    ) -> TypeGuard["DatabaseSchemaEditor"]:
        if schema_editor.connection.vendor != "postgresql":
            return False
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError(f"{type(self).__name__} needs atomic = False on its migration.")
        return True


class AddIndexOnline(_Online, AddIndex):
    """AddIndex for a table in use. An invalid index of an interrupted attempt is dropped first."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._concurrently(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        connection = schema_editor.connection
        with lock_timeout(connection, 0):
            with connection.cursor() as cursor:
                cursor.execute(INVALID, [self.index.name])
                if cursor.fetchone():
                    cursor.execute(
                        f"DROP INDEX CONCURRENTLY {connection.ops.quote_name(self.index.name)}"
                    )
            schema_editor.add_index(
                to_state.apps.get_model(app_label, self.model_name), self.index, concurrently=True
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._concurrently(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        with lock_timeout(schema_editor.connection, 0):
            schema_editor.remove_index(
                from_state.apps.get_model(app_label, self.model_name), self.index, concurrently=True
            )


class RemoveIndexOnline(_Online, RemoveIndex):
    """RemoveIndex for a table in use."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._concurrently(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        with lock_timeout(schema_editor.connection, 0):
            schema_editor.remove_index(
                from_state.apps.get_model(app_label, self.model_name), index, concurrently=True
            )


class AddFieldAgain(AddField):
    """AddField for a non-atomic migration: an interrupted attempt may have added the column."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection, column = schema_editor.connection, model._meta.get_field(self.name).column
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if column not in {info.name for info in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddConstraintOnline(_Online, AddConstraint):
    """AddConstraint for a table in use: first for new rows, then for existing ones.

    After an interrupted attempt, the next one validates the constraint that it left behind.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._concurrently(schema_editor):
            with transaction.atomic(schema_editor.connection.alias):  # SQLite rebuilds the table
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        table = connection.ops.quote_name(model._meta.db_table)
        name = connection.ops.quote_name(self.constraint.name)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [self.constraint.name])
            if not cursor.fetchone():
                schema_editor.execute(
                    f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None
                )
        with lock_timeout(connection, 0):  # validation blocks neither readers nor writers
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
