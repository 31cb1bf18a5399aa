"""The audit record cannot be changed, and where somebody goes around the triggers it is found."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from directives.core import audit
from directives.core.sealing import seal, verify
from directives.core.transitions import move
from directives.models import Event, Seal, Submission, Unsealed
from tests.factories import NOW, make_body, make_obligation, make_plan
from tests.spare import side_by_side

GUARDS = import_module("directives.migrations.0003_append_only")


@pytest.fixture
def events(cast):
    """Three sealed events and one that waits."""
    row = make_obligation(organisation=cast.body, state="assigned")
    move(row, "acknowledge", by=cast.staff, now=NOW)
    move(row, "start", by=cast.staff, now=NOW)
    assert seal(now=NOW) == 2
    move(row, "request_close", by=cast.staff, now=NOW, reason="办完")
    assert seal(now=NOW + timedelta(minutes=1)) == 1
    move(row, "close", by=cast.supervisor, now=NOW, reason="核实")
    return list(Event.objects.order_by("id"))


@pytest.fixture
def without_guards(db):
    """The triggers off, as somebody with the database's password could have them."""
    with connection.schema_editor() as editor:
        GUARDS.release(apps, editor)
    yield
    with connection.schema_editor() as editor:
        GUARDS.guard(apps, editor)


@pytest.mark.parametrize(
    "statement", ["UPDATE directives_event SET reason = 'x'", "DELETE FROM directives_event"]
)
def test_the_database_refuses_to_change_an_event(events, statement):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.count() == 4
    assert Event.objects.filter(reason="x").count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL knows TRUNCATE")
def test_the_database_refuses_to_empty_the_record(events):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE directives_event CASCADE")
    assert Event.objects.count() == 4


def test_the_database_refuses_to_change_a_submission(cast):
    plan = make_plan(cast.body)
    row = Submission.objects.create(
        organisation=cast.body,
        document=plan.document,
        plan=plan,
        number=1,
        content={},
        submitted_at=NOW,
        submitted_by=cast.staff,
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Submission.objects.filter(pk=row.pk).update(number=2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()
    assert Submission.objects.get().number == 1


def test_a_whole_record_verifies(events, capsys):
    assert verify() == []
    assert (Seal.objects.count(), Unsealed.objects.count()) == (2, 1)
    call_command("verify_audit")
    assert "3 events under 2 seals are whole; 1 wait" in capsys.readouterr().out


def test_sealing_twice_seals_nothing_twice(events):
    assert seal(now=NOW) == 1
    assert seal(now=NOW) == 0
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_a_changed_event_is_found(events, without_guards):
    Event.objects.filter(pk=events[1].pk).update(reason="改过")
    assert verify() == [
        (
            f"seal 1, events {events[0].pk} to {events[1].pk}: "
            "an event was changed after it was sealed"
        ).replace("seal 1", f"seal {Seal.objects.first().pk}")
    ]
    with pytest.raises(CommandError, match="not whole: 1 faults"):
        call_command("verify_audit")


@pytest.mark.django_db(transaction=True)
def test_a_removed_event_is_found(events, without_guards):
    Event.objects.filter(pk=events[2].pk).delete()
    assert len(verify()) == 1
    assert verify()[0].endswith("1 events were sealed, 0 are there")


@pytest.mark.django_db(transaction=True)
def test_an_event_slipped_in_is_found(events, cast):
    slipped = Event.objects.create(
        at=NOW, by=cast.staff, action="close", subject_type="obligation", subject_id=1
    )
    assert verify() == [
        f"event {slipped.pk}: not covered by any seal and not waiting for one: it was slipped in"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_removed_or_changed_seal_is_found(events, without_guards):
    first = Seal.objects.order_by("id").first()
    Seal.objects.filter(pk=first.pk).update(rows_hash="0" * 64)
    assert [fault.split(": ")[1] for fault in verify()] == [
        "an event was changed after it was sealed",
        "the seal itself was changed",
    ]
    first.delete()
    assert any("the seal before it was changed or removed" in fault for fault in verify())


def test_an_event_outside_a_transaction_is_refused(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        audit.record("x", make_plan(), by=None, now=NOW)


def test_two_workers_that_seal_at_once_make_one_chain(transactional_db, monkeypatch):
    """Each would take the same seal for the last one, and chain to it."""
    monkeypatch.setattr("directives.core.sealing.making.BATCH", 3)
    body = make_body("X")
    with transaction.atomic():
        for _number in range(40):
            audit.record("create", body, by=None, now=NOW)

    def drain(_index):
        return sum(iter(lambda: seal(now=NOW), 0))

    assert sum(side_by_side(drain, 3)) == 40
    assert (verify(), Unsealed.objects.count()) == ([], 0)
    assert Seal.objects.count() >= 14
