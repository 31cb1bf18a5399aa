"""What migrating backwards would lose: rows of tables, values of columns, effects of code."""

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

# Migrations in the order of their execution; True: backwards
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
    """What undoing a migration would lose."""

    migration: str
    what: str  # such as "3332 rows of directives_figure"
    table: str = ""  # set if the whole table would be deleted


@dataclass(frozen=True, slots=True)
class _Step:
    """A migration to undo; `apps` are the models of the present schema."""

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
        """The present model; None if a later migration deleted it, or it has no table here."""
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
        elif count := self._count_set(model, field):
            yield self._loss(f"{count} values of {model._meta.db_table}.{field.column}")

    def _altered(
        self, model: type[Model] | None, operation: operations.AlterField
    ) -> Iterator[Loss]:
        """Values of a column whose earlier type may not hold them."""
        field = _field(model, operation.name)
        if model is None or field is None or field.many_to_many:
            return
        before = _field_before(self.migration, operation)
        if before.db_type(self.connection) == field.db_type(self.connection):
            return
        if count := self._count_set(model, field):
            yield self._loss(f"the form of {count} values of {model._meta.db_table}.{field.column}")

    def _count_set(self, model: type[Model], field: Field) -> int:
        """The number of rows in which the column is neither null nor empty nor the default."""
        unset = Q(**{f"{field.name}__isnull": True})
        for default in _defaults(field):
            unset |= Q(**{field.name: default})
        return model._base_manager.using(self.connection.alias).exclude(unset).count()


def _tables(model: type[Model] | None) -> list[type[Model]]:
    """A model and the tables of its many-to-many relations."""
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
    """The field before the migration.

    Models are built only for relations, which need the type of another model: it takes long.
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
    is_text = field.get_internal_type() in ("CharField", "TextField", "FileField")
    defaults: list[Any] = [""] if field.empty_strings_allowed and is_text else []
    if field.has_default() and (not callable(field.default) or field.default in (dict, list)):
        defaults.append(field.get_default())
    return defaults


def _code(operation: operations.RunPython) -> str:
    if operation.reverse_code is None:
        return "it cannot be undone"
    return f"whatever {getattr(operation.reverse_code, '__name__', 'its code')} deletes"


def losses(plan: Plan, apps: Apps, connection: BaseDatabaseWrapper) -> list[Loss]:
    """What executing the plan would lose, migration by migration.

    Values of columns are left out if the whole table is listed.
    """
    steps = [_Step(migration, apps, connection) for migration, backwards in plan if backwards]
    all_losses = [loss for step in steps for loss in step.losses()]
    within_tables = tuple(f" values of {loss.table}." for loss in all_losses if loss.table)
    return [loss for loss in all_losses if not any(part in loss.what for part in within_tables)]
