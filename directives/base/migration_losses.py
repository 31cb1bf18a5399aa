"""What going back to an earlier state of the schema would lose: rows of tables, values of columns,
what code may do to either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Field, ManyToManyField, Model, Q

# Migrations in the order in which they are carried out; True: backwards
Plan = list[tuple[Migration, bool]]
HARMLESS = (
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.AddConstraint,
    operations.RemoveConstraint,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterUniqueTogether,
    operations.AlterIndexTogether,
    operations.AlterOrderWithRespectTo,
    operations.RemoveField,
    operations.DeleteModel,
)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a step back would lose: "3332 rows of directives_figure".

    `table` is one that goes as a whole.
    """

    migration: str
    what: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """A migration to be undone; `apps` are the models as the database has them now."""

    migration: Migration
    apps: Apps
    connection: BaseDatabaseWrapper

    def losses(self) -> Iterator[Loss]:
        for operation in self.migration.operations:
            yield from self._of(operation)

    def _of(self, operation: operations.base.Operation) -> Iterator[Loss]:
        match operation:
            case operations.SeparateDatabaseAndState():
                for inner in operation.database_operations:
                    yield from self._of(inner)
            case operations.CreateModel():
                yield from self._table(self._model(operation.name))
            case operations.AddField():
                yield from self._column(self._model(operation.model_name), operation.name)
            case operations.AlterField():
                yield from self._altered(self._model(operation.model_name), operation)
            case operations.RunPython() if operation.reverse_code is not operations.RunPython.noop:
                yield self._loss(_code(operation))
            case operations.RunSQL() if operation.reverse_sql != operations.RunSQL.noop:
                yield self._loss(
                    "whatever its SQL deletes" if operation.reversible else "it cannot be undone"
                )
            case operations.RunPython() | operations.RunSQL():
                return
            case _ if not isinstance(operation, HARMLESS):
                yield self._loss(f"whatever {type(operation).__name__} deletes")

    def _loss(self, what: str, table: str = "") -> Loss:
        return Loss(str(self.migration), what, table)

    def _model(self, name: str) -> type[Model] | None:
        """The model as it is now; None if a later migration has deleted it, or if it has no table
        here.
        """
        model = self.apps.all_models[self.migration.app_label].get(name.lower())
        return model if model is not None and model._meta.can_migrate(self.connection) else None

    def _table(self, model: type[Model] | None) -> Iterator[Loss]:
        for table in _tables(model):
            count = table._base_manager.using(self.connection.alias).count()
            if count:
                yield self._loss(f"{count} rows of {table._meta.db_table}", table._meta.db_table)

    def _column(self, model: type[Model] | None, name: str) -> Iterator[Loss]:
        field = _field(model, name)
        if model is None or field is None:
            return
        if isinstance(field, ManyToManyField):
            yield from self._table(field.remote_field.through)
        elif count := self._said(model, field):
            yield self._loss(f"{count} values of {model._meta.db_table}.{field.column}")

    def _altered(
        self, model: type[Model] | None, operation: operations.AlterField
    ) -> Iterator[Loss]:
        """Values of a column that would be of another type again, and may not fit."""
        field = _field(model, operation.name)
        if model is None or field is None or field.many_to_many:
            return
        before = _field_before(self.migration, operation)
        count = (
            self._said(model, field)
            if before.db_type(self.connection) != field.db_type(self.connection)
            else 0
        )
        if count:
            yield self._loss(f"the form of {count} values of {model._meta.db_table}.{field.column}")

    def _said(self, model: type[Model], field: Field) -> int:
        """Rows in which the column says something: neither nothing nor what it says by itself."""
        rows = model._base_manager.using(self.connection.alias).exclude(
            **{f"{field.name}__isnull": True}
        )
        silent = Q()
        for default in _defaults(field):
            silent |= Q(**{field.name: default})
        return (rows.exclude(silent) if silent else rows).count()


def _tables(model: type[Model] | None) -> list[type[Model]]:
    """A model and the tables that tie it to others, which come and go with it."""
    if model is None:
        return []
    through = (field.remote_field.through for field in model._meta.local_many_to_many)
    return [model, *(table for table in through if table is not None)]


def _field(model: type[Model] | None, name: str) -> Field | None:
    """The field of that name; None if a later migration has removed it."""
    fields = () if model is None else (*model._meta.local_fields, *model._meta.local_many_to_many)
    return next((field for field in fields if field.name == name), None)


@cache
def _state_before(app: str, migration: str) -> ProjectState:
    return MigrationLoader(None).project_state((app, migration), at_end=False)


def _field_before(migration: Migration, operation: operations.AlterField) -> Field:
    """The field as it was before the migration.

    Models are built for relations alone: it takes long, and only these ask others for their type.
    """
    state = _state_before(migration.app_label, migration.name)
    field = state.models[migration.app_label, operation.model_name_lower].get_field(operation.name)
    if not field.is_relation:
        return field
    return state.apps.get_model(migration.app_label, operation.model_name)._meta.get_field(
        operation.name
    )


def _defaults(field: Field) -> list[Any]:
    if field.is_relation:
        return []
    defaults = (
        [""]
        if field.empty_strings_allowed
        and field.get_internal_type() in ("CharField", "TextField", "FileField")
        else []
    )
    if field.has_default() and (not callable(field.default) or field.default in (dict, list)):
        defaults.append(field.get_default())
    return defaults


def _code(operation: operations.RunPython) -> str:
    if operation.reverse_code is None:
        return "it cannot be undone"
    return f"whatever {getattr(operation.reverse_code, '__name__', 'its code')} deletes"


def losses(plan: Plan, apps: Apps, connection: BaseDatabaseWrapper) -> list[Loss]:
    """What carrying out the plan would lose, migration by migration; empty where it only goes
    forwards or loses nothing.
    """
    steps = [_Step(migration, apps, connection) for migration, backwards in plan if backwards]
    found = [loss for step in steps for loss in step.losses()]
    whole = tuple(f" values of {loss.table}." for loss in found if loss.table)
    return [loss for loss in found if not any(part in loss.what for part in whole)]
