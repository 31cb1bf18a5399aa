"""The statements whose text is kept write what the ORM would.

A statement sent with the lock sees what was changed before it was got.
"""

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction

from directives.base import tree_lock
from directives.core import audit
from directives.models import Event, FormKey, Notice, Obligation, Organisation, Unsealed
from directives.models.sql import LOT, delete_by_id, insert, insert_unless_stored, update_where
from tests.factories import NOW, TODAY, make_obligation
from tests.spare import PATIENCE, side_by_side

FACTS = {"count": 2, "body": "全国总工会 ' ; --", "none": None}


def test_rows_are_added_as_the_orm_adds_them(cast):
    rows = [
        Notice(user=person, kind="accepted", facts=FACTS, url="/x/", at=NOW)
        for person in (cast.staff, cast.manager)
    ]
    insert(Notice, rows)
    stored = [Notice.objects.get(pk=row.pk) for row in rows]
    assert [(row.user, row.kind, row.facts, row.url, row.at, row.read_at) for row in stored] == [
        (person, "accepted", FACTS, "/x/", NOW, None) for person in (cast.staff, cast.manager)
    ]
    rows[0].url = "/y/"
    rows[0].save()
    assert list(Notice.objects.order_by("pk").values_list("url", flat=True)) == ["/y/", "/x/"]
    insert(Notice, [])
    assert Notice.objects.count() == 2


def test_rows_are_erased_by_their_ids(cast):
    rows = [
        Notice(user=cast.staff, kind="accepted", facts={}, url=f"/{number}/", at=NOW)
        for number in range(LOT + 2)
    ]
    Notice.objects.bulk_create(rows)
    delete_by_id(Notice, [row.pk for row in rows if row.url != "/7/"])
    delete_by_id(Notice, [])
    assert list(Notice.objects.values_list("url", flat=True)) == ["/7/"]


def test_rows_are_overwritten_where_they_stand_as_expected(cast):
    rows = [make_obligation(organisation=cast.body) for _number in range(3)]
    Obligation.objects.filter(pk=rows[2].pk).update(version=2)
    fields = {
        "reason": "100% '; --",
        "due_on": TODAY,
        "acknowledge_by": None,
        "organisation": cast.child,
        "plan_returned": True,
        "version": 2,
    }
    ids = [row.pk for row in rows]
    assert update_where(Obligation, ids, fields, state="underway", version=1) == 2
    stored = Obligation.objects.order_by("pk").values_list(
        "reason", "due_on", "acknowledge_by", "organisation", "plan_returned", "version"
    )
    assert list(stored)[:2] == [("100% '; --", TODAY, None, cast.child.pk, True, 2)] * 2
    assert list(stored)[2][3:] == (cast.body.pk, False, 2)
    assert update_where(Obligation, ids, {"version": 3}, state="underway", version=1) == 0


def test_the_gate_demands_a_transaction(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        tree_lock.share_and_fetch(
            f"SELECT id FROM {Organisation._meta.db_table} WHERE id IN (%s)", [1]
        )


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_asked_at_the_gate_sees_what_was_changed_behind_it(
    transactional_db, monkeypatch, at_once
):
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time")
    if not at_once:
        monkeypatch.setattr(tree_lock, "can_batch_statements", lambda: False)
    body = Organisation.objects.create(code="X", name_hans="某单位")
    shut = threading.Event()

    def change() -> None:
        with transaction.atomic():
            tree_lock.hold_exclusively()
            Organisation.objects.filter(pk=body.pk).update(kind="committee")
            shut.set()
            time.sleep(0.5)

    def ask() -> list[tuple]:
        assert shut.wait(PATIENCE)
        with transaction.atomic():
            return tree_lock.share_and_fetch(
                f"SELECT kind FROM {Organisation._meta.db_table} WHERE id IN (%s)", [body.pk]
            )

    assert side_by_side(lambda number: (change, ask)[number](), 2) == [None, [("committee",)]]


def test_an_event_is_stored_as_the_orm_stores_it(cast):
    row = make_obligation(organisation=cast.body)
    facts = {"before": FACTS, "after": {"n": 1}, "reason": "'; --"}
    with transaction.atomic():
        audit.record("save", row, by=cast.staff, now=NOW, **facts)
    written = Event.objects.get()
    twin = Event.objects.create(
        at=NOW,
        by=cast.staff,
        action="save",
        subject_type="obligation",
        subject_id=row.pk,
        organisation=cast.body,
        document_id=row.document_id,
        directive_id=row.directive_id,
        obligation_id=row.pk,
        **facts,
    )
    names = [field.attname for field in Event._meta.concrete_fields if not field.primary_key]
    stored = Event.objects.order_by("pk").values_list(*names)
    assert stored[0] == stored[1]
    assert Unsealed.objects.get().event_id == written.pk != twin.pk


def test_a_row_is_inserted_unless_its_key_is_stored(cast):
    row = FormKey(key=uuid4(), user=cast.staff, at=NOW, location="/x/")
    assert insert_unless_stored(row)
    assert not insert_unless_stored(FormKey(key=row.key, user=cast.manager, at=NOW))
    other = FormKey.objects.create(key=uuid4(), user=cast.staff, at=NOW, location="/x/")
    cells = FormKey.objects.values_list("user", "at", "location")
    assert cells.get(pk=row.pk) == cells.get(pk=other.pk)
