"""The cast is made by bulk inserts; here it is held against bodies that are saved one by one."""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from directives.models import BodyName, Organisation
from tests.conftest import make_cast
from tests.factories import make_body


def save_one_by_one() -> None:
    centre = make_body("C000", name_hans="中共中央", name_hant="中共中央", kind="centre")
    body = make_body("Q01", parent=centre, name_hans="全国总工会", name_hant="全國總工會")
    make_body(
        "Q01A", parent=body, name_hans="北京市总工会", name_hant="北京市總工會", level="provincial"
    )
    make_body("Q02", parent=centre, name_hans="共青团中央", name_hant="共青團中央")


def bodies() -> list[dict[str, Any]]:
    """All that is stored of each body, other bodies by their codes."""
    codes = dict(Organisation.objects.values_list("pk", "code"))
    rows = []
    for row in Organisation.objects.order_by("code"):
        told = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        told |= {"id": row.code, "parent_id": codes.get(row.parent_id)}
        rows.append(told | {"path": [codes[pk] for pk in row.ancestor_ids]})
    return rows


def stored() -> tuple[Any, ...]:
    columns = ("organisation__code", "key", "basis", "place")
    names = set(BodyName.objects.values_list(*columns))
    return bodies(), names, {model for model in apps.get_models() if filled(model)}


def filled(model: type[Model]) -> bool:
    people = {"User", "Membership"}  # whom nobody saves one by one here
    return model.__name__ not in people and model._base_manager.exists()


def test_the_cast_is_what_saving_body_by_body_makes(db: None) -> None:
    with transaction.atomic():
        save_one_by_one()
        wanted = stored()
        transaction.set_rollback(True)
    cast = make_cast()
    assert stored() == wanted
    for row in (cast.centre, cast.body, cast.child, cast.sibling):
        there = Organisation.objects.get(pk=row.pk)
        assert all(getattr(row, f.attname) == getattr(there, f.attname) for f in row._meta.fields)
