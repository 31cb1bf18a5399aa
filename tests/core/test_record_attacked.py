"""Somebody has the whole database, without its triggers, but neither AUDIT_DIR nor SECRET_KEY.

Whatever they do is found and named.
"""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from directives.base import event_codes, origins
from directives.core import audit
from directives.core.sealing import anchor, anchors, keys, proving, seal, verify
from directives.models import Event, Organisation, Seal, Unsealed
from tests.factories import NOW, make_body

GUARDS = import_module("directives.migrations.0003_append_only")
ORIGIN = origins.Origin("203.0.113.9", "a3f1c08e5b27")
LATER = NOW + timedelta(minutes=9)


def write(number: int = 1) -> None:
    """Somebody's changes, each in a transaction of its own."""
    body = make_body(f"B{Organisation.objects.count()}")
    for index in range(number):
        with origins.use(ORIGIN), transaction.atomic():
            audit.record(
                "create",
                body,
                by=None,
                now=NOW + timedelta(seconds=index),
                after={"name": f"第{index}项"},
            )


@pytest.fixture
def record(transactional_db: None) -> Iterator[list[int]]:
    """Three seals of three events each, and two events that wait; their ids.

    The triggers are off.
    """
    for minute in range(3):
        write(3)
        assert seal(now=NOW + timedelta(minutes=minute)) == 3
    write(2)
    assert verify() == []
    with connection.schema_editor() as editor:
        GUARDS.release(apps, editor)
    yield list(Event.objects.order_by("id").values_list("id", flat=True))
    with connection.schema_editor() as editor:
        GUARDS.guard(apps, editor)


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def swap(one: int, other: int) -> None:
    rows = [Event.objects.values().get(pk=pk) for pk in (one, other)]
    for pk, row in zip((other, one), rows, strict=True):
        Event.objects.filter(pk=pk).update(
            **{name: value for name, value in row.items() if name != "id"}
        )


def insert(*, waiting: bool) -> int:
    row = Event.objects.values().first()
    pk = Event.objects.create(
        **{name: value for name, value in row.items() if name != "id"} | {"reason": "补记"}
    ).pk
    if waiting:
        sql("INSERT INTO directives_unsealed (event_id, mac) VALUES (%s, %s)", pk, "ab" * 32)
    return pk


def seals() -> list[Seal]:
    return list(Seal.objects.order_by("id"))


def cut(after: int) -> None:
    """Delete the seals after so many, with their events and all that waits."""
    gone = seals()[after:]
    sql("DELETE FROM directives_unsealed")
    sql("DELETE FROM directives_event WHERE id >= %s", gone[0].ranges[0][0])
    sql("DELETE FROM directives_seal WHERE id >= %s", gone[0].pk)


def seal_as(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Somebody seals what has no seal with keys of their own, by the product's own code.

    With codes that they can make.
    """
    with patch.context() as own:
        own.setattr(settings, "AUDIT_DIR", folder)
        own.setattr(settings, "SECRET_KEY", "another")
        covered = {
            pk for one in seals() for first, last in one.ranges for pk in range(first, last + 1)
        }
        sql("DELETE FROM directives_unsealed")
        for row in Event.objects.exclude(pk__in=covered).order_by("id").values():
            sql(
                "INSERT INTO directives_unsealed (event_id, mac) VALUES (%s, %s)",
                row["id"],
                event_codes.mac_of(row),
            )
        assert seal(now=LATER) + seal(now=LATER + timedelta(hours=1)) > 0


def words(faults: list[str]) -> list[str]:
    """Each fault without the number of the seal's row and its remedy."""
    return [fault.partition(": ")[2].partition(". If")[0] for fault in faults]


MARK = "the mark outside the database says that it was sealed"


@pytest.mark.parametrize(
    "column",
    [
        "reason = 'x'",
        "by_id = NULL, action = 'x'",
        "at = at",
        "subject_id = 7",
        "address = '198.51.100.7'",
        "address = ''",
        "request = 'x'",
        "request = '', address = ''",
        "address = request, request = address",
    ],
)
def test_a_sealed_event_that_is_edited(record, column):
    sql(f"UPDATE directives_event SET {column} WHERE id = %s", record[4])
    whole = column == "at = at"
    assert words(verify()) == ([] if whole else ["an event was changed after it was sealed"])
    assert whole or verify()[0].startswith(
        f"seal {seals()[1].pk}, events {record[3]} to {record[5]}: "
    )


def test_a_sealed_event_that_is_deleted(record):
    sql("DELETE FROM directives_event WHERE id = %s", record[4])
    assert words(verify()) == ["3 events were sealed, 2 are there"]


def test_two_events_that_are_swapped(record):
    swap(record[0], record[1])
    swap(record[9], record[10])
    unsealed = "it awaits its seal, and is not as the product wrote it"
    assert words(verify()) == ["an event was changed after it was sealed", unsealed, unsealed]


def test_two_events_that_wait_are_swapped_with_their_codes(record):
    codes = dict(Unsealed.objects.values_list("event_id", "mac"))
    swap(record[9], record[10])
    for one, other in ((record[9], record[10]), (record[10], record[9])):
        sql("UPDATE directives_unsealed SET mac = %s WHERE event_id = %s", codes[other], one)
    assert (
        words(verify())
        == ["it awaits its seal, and is not the one that was written under this number"] * 2
    )


@pytest.mark.parametrize("waiting", [False, True])
def test_an_event_that_is_slipped_in(record, waiting):
    pk = insert(waiting=waiting)
    said = (
        "it awaits its seal, and is not as the product wrote it"
        if waiting
        else "not covered by any seal and not waiting for one: it was slipped in"
    )
    assert verify() == [f"event {pk}: {said}"]
    assert seal(now=LATER) == 2
    assert verify() == [f"event {pk}: {said}"]


@pytest.mark.parametrize("column", ["reason = 'x'", "address = ''", "request = 'x'"])
def test_an_event_that_waits_is_changed(record, column):
    sql(f"UPDATE directives_event SET {column} WHERE id = %s", record[9])
    named = [f"event {record[9]}: it awaits its seal, and is not as the product wrote it"]
    assert verify() == named
    assert seal(now=LATER) == 1
    assert verify() == named


@pytest.mark.parametrize("whole", [False, True])
def test_an_event_that_waits_is_deleted(record, whole):
    """With the line that says that it waits, or alone; and after the rest was sealed."""
    if whole:
        sql("DELETE FROM directives_unsealed WHERE event_id = %s", record[9])
    elif connection.vendor == "postgresql":
        sql("SET session_replication_role = replica")  # no reference is looked at
    else:
        sql("PRAGMA foreign_keys = OFF")
    sql("DELETE FROM directives_event WHERE id = %s", record[9])
    named = [f"event {record[9]}: it {'was written' if whole else 'awaits its seal'}, and is gone"]
    assert verify() == named
    assert seal(now=LATER) == 1
    assert verify() == named
    sql("DELETE FROM directives_unsealed")
    sql(
        "SET session_replication_role = origin"
        if connection.vendor == "postgresql"
        else "PRAGMA foreign_keys = ON"
    )


def test_the_tail_is_deleted_with_its_seal(record):
    number, total = seals()[2].number, seals()[2].total
    cut(2)
    found = verify()
    assert found[0].startswith(
        f"seal number {number}: {MARK} {(NOW + timedelta(minutes=2)).isoformat()}, "
        f"{total} events in all: it is gone"
    )
    assert [fault for fault in found[1:] if "it was written, and is gone" not in fault] == []
    assert len(found) == 3


def test_the_tail_is_deleted_and_work_goes_on(record):
    cut(2)
    write(4)
    assert seal(now=LATER) == 4
    found = words(verify())
    assert found[0] == "it was signed with a key that the seal before it does not name"
    assert found[1].startswith(MARK)
    write(1)
    assert seal(now=LATER) == 1
    assert words(verify()) == found


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_all_seals_but_one_are_gone(record, kept):
    sql("DELETE FROM directives_seal WHERE id <> %s", seals()[kept].pk)
    found = " ".join(words(verify()))
    assert "they were slipped in" in found
    assert (MARK in found) == (kept != 2)
    assert ("the seal before it was changed or removed" in found) == (kept != 0)


def test_everything_is_wiped(record):
    for table in ("unsealed", "event", "seal"):
        sql(f"DELETE FROM directives_{table}")
    assert words(verify())[0].startswith(MARK)
    write(2)
    assert seal(now=LATER) == 2
    assert words(verify())[0].startswith(MARK)


@pytest.mark.parametrize("kept", [0, 1])
def test_the_record_is_rewritten_and_sealed_anew(record, kept, tmp_path, monkeypatch):
    """All of it, or its end; by keys of their own. Sealing then goes on by ours."""
    sql("DELETE FROM directives_seal WHERE id > %s", seals()[kept - 1].pk if kept else 0)
    sql("UPDATE directives_event SET reason = 'x' WHERE id = %s", record[7])
    seal_as(tmp_path, monkeypatch)
    found = words(verify())
    assert [fault for fault in found if fault.startswith(MARK)] != []
    assert ("it was signed with a key that the seal before it does not name" in found) == bool(kept)
    write(1)
    assert seal(now=LATER) == 1
    assert words(verify())[-1].startswith(MARK)


def test_the_record_is_sealed_anew_as_it_was_before_signing_began(record):
    Seal.objects.all().delete()
    last = None
    for first in (0, 3, 6):
        ids = record[first : first + 3]
        found = hash_of(ids)
        last = import_module("directives.core.sealing.making").add_unsigned_seal(
            last, [[ids[0], ids[-1]]], found, 3, now=NOW
        )
    assert [fault.startswith(MARK) for fault in words(verify())] == [True]


def hash_of(ids: list[int]) -> str:
    rows = import_module("directives.core.sealing.event_rows")
    return rows.hash_rows(rows.events_in([[ids[0], ids[-1]]]), rows.Frontier()).digest


def test_an_older_seal_is_made_anew_with_a_newer_key(record, tmp_path, monkeypatch):
    """Somebody took the key of the next seal."""
    shutil.copytree(settings.AUDIT_DIR, tmp_path / "taken")
    state, first = json.loads((tmp_path / "taken" / "state").read_text()), seals()[0]
    state["mark"] = {
        "number": first.number,
        "total": first.total,
        "root": first.root,
        "hash": first.hash,
        "key": first.key,
        "signature": first.signature,
        "at": "x",
        "tree": first.tree,
    }
    (tmp_path / "taken" / "state").write_text(json.dumps(state))
    sql("DELETE FROM directives_seal WHERE id > %s", first.pk)
    sql("UPDATE directives_event SET reason = 'x' WHERE id = %s", record[4])
    seal_as(tmp_path / "taken", monkeypatch)
    found = words(verify())
    assert found[0] == "it was signed with a key that the seal before it does not name"
    assert found[-1].startswith(MARK)


@pytest.mark.parametrize("old", [1, 2])
def test_a_retired_key_seals_what_is_newer(transactional_db, tmp_path, monkeypatch, old):
    """Somebody kept a key before it was erased."""
    for minute in range(3):
        if minute == old:
            shutil.copytree(settings.AUDIT_DIR, tmp_path / "kept")
        write(1)
        seal(now=NOW + timedelta(minutes=minute))
    last, state = seals()[-1], json.loads((tmp_path / "kept" / "state").read_text())
    state["mark"] |= {
        "number": 3,
        "total": last.total,
        "root": last.root,
        "hash": last.hash,
        "tree": last.tree,
    }
    (tmp_path / "kept" / "state").write_text(json.dumps(state))
    Event.objects.create(at=NOW, action="x", subject_type="x", subject_id=1)
    seal_as(tmp_path / "kept", monkeypatch)
    assert words(verify()) == [f"it was signed with the retired key of seal {seals()[old].pk}"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("signature = '00'", "its signature is not that of the key that it names"),
        ("number = 9", "it says that it is number 9"),
        ("total = 99", "its total or its root is not that of all events up to it"),
        ("root = ''", "the seal itself was changed"),
        ("signature = ''", "it has no signature, and signing had begun before it"),
        ("hash = 'x'", "the seal before it was changed or removed"),
        ("tree = '[\"00\"]'", "its total or its root is not that of all events up to it"),
        ("ranges = '[]'", "the seal itself was changed"),
        ("ranges = '[[1]]'", "the seal itself was changed"),
        (
            "ranges = '{}', tree = '[1]', total = NULL, number = NULL, key = ''",
            "the seal itself was changed",
        ),
        ("next_key = 'x'", "it was signed with a key that the seal before it does not name"),
    ],
)
def test_a_seal_that_is_changed(record, change, said):
    sql(f"UPDATE directives_seal SET {change} WHERE id = %s", seals()[1].pk)
    assert said in words(verify())


@pytest.mark.parametrize(
    "change", ["tree = '[1]'", "ranges = '{}'", "total = NULL, number = NULL", "root = ''"]
)
def test_no_seal_that_makes_no_sense_keeps_what_comes_from_being_sealed(record, change):
    sql(f"UPDATE directives_seal SET {change}, hash = 'x' WHERE id = %s", seals()[-1].pk)
    assert seal(now=LATER) == 2
    assert [fault for fault in words(verify()) if fault.startswith(MARK)] != []


def test_sealed_twice(record, monkeypatch):
    row = Event.objects.values().get(pk=record[0])
    sql(
        "INSERT INTO directives_unsealed (event_id, mac) VALUES (%s, %s)",
        record[0],
        event_codes.mac_of(row),
    )
    seal(now=LATER)
    assert verify() == [f"events {record[0]} to {record[0]}: two seals cover them"]


# Anchors


def test_an_anchor_outside_finds_what_the_mark_no_longer_tells(record, tmp_path, settings, capsys):
    """The machine is gone with its AUDIT_DIR; the record was cut before."""
    kept = tmp_path / "anchors"
    settings.AUDIT_ANCHORS = [f"file://{kept}"]
    assert (anchor(now=NOW), anchor(now=NOW)) == (True, False)
    assert kept.read_text().count("\n") == 1
    assert verify() == []
    settings.AUDIT_DIR = tmp_path / "new"
    cut(2)
    assert words(verify()) == [
        (
            f"an anchor of {(NOW + timedelta(minutes=2)).isoformat()} tells of it, "
            "9 events in all, and it is gone"
        )
    ]
    settings.AUDIT_ANCHORS = []
    assert verify() == []
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_audit", anchor=[f"Nov 30 host qunzhu: {kept.read_text()}"])
    write(1)
    assert (seal(now=LATER), seal(now=LATER + timedelta(minutes=10))) == (0, 1)
    with pytest.raises(CommandError, match="2 faults"):
        call_command("verify_audit", anchor=[kept.read_text()])
    told = capsys.readouterr().err
    assert "it is not the one of which an anchor of" in told
    assert "it was signed with a key that the seal before it does not name" in told


def test_what_is_no_anchor_and_what_nobody_signed(record):
    line = anchors.line_of(keys.load_state().mark)
    assert list(anchors.faults([line])) == []
    assert words(list(anchors.faults([line.replace("signature=", "signature=00")])))[0].endswith(
        "is not signed by the key that it names"
    )
    assert list(anchors.faults(["hello"])) == ["1 lines are no anchors"]


def test_anchors_by_mail_and_in_the_log(record, settings, mailoutbox, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(anchors.syslog, "syslog", lambda level, line: said.append(line))
    settings.AUDIT_ANCHORS = ["file:///no/such/folder/x", "syslog:", "mailto:auditor@example.org"]
    with pytest.raises(OSError, match="file:///no/such/folder/x: "):
        anchor(now=NOW)
    line = anchors.line_of(keys.load_state().mark)
    assert (said, mailoutbox[0].to, mailoutbox[0].body) == (
        [line],
        ["auditor@example.org"],
        line + "\n",
    )
    settings.AUDIT_ANCHORS = ["syslog:"]
    assert anchor(now=NOW)
    assert len(said) == 2


# What is no attack


def test_an_event_is_proved_to_somebody_who_sees_no_other(record, capsys):
    call_command("verify_audit", prove=record[4])
    given = json.loads(capsys.readouterr().out)
    assert (proving.is_valid_proof(given), given["index"], given["seal"]["total"]) == (True, 4, 9)
    assert json.loads(given["event"])["id"] == record[4]
    for change in (
        {"event": given["event"].replace("第", "弟")},
        {"index": 5},
        {"proof": given["proof"][1:]},
    ):
        assert not proving.is_valid_proof(given | change)
    assert not proving.is_valid_proof(given | {"seal": given["seal"] | {"signature": "00"}})
    with pytest.raises(CommandError, match="No signed seal covers"):
        call_command("verify_audit", prove=record[9])


def test_clearing_what_is_old_leaves_the_record(record):
    call_command("clear_old", verbosity=0)
    assert verify() == []


def test_seals_from_before_signing_began_are_covered_by_the_first_signed_one(transactional_db):
    write(5)
    making = import_module("directives.core.sealing.making")
    ids = list(Event.objects.order_by("id").values_list("id", flat=True))
    last = making.add_unsigned_seal(None, [[ids[0], ids[2]]], hash_of(ids[:3]), 3, now=NOW)
    making.add_unsigned_seal(last, [[ids[3], ids[3]]], hash_of(ids[3:4]), 1, now=NOW)
    Unsealed.objects.filter(event_id__in=ids[:4]).delete()
    Unsealed.objects.update(mac="")  # a node of the release before wrote it
    event_codes.forget(ids)
    assert verify() == []
    assert seal(now=NOW) == 1
    assert verify() == []
    first = Seal.objects.get(number=1)
    assert (first.total, first.count) == (5, 1)
    with connection.schema_editor() as editor:
        GUARDS.release(apps, editor)
    Event.objects.filter(pk=ids[3]).update(reason="x")
    named = ["an event was changed after it was sealed"]
    assert words(verify()) == named
    with connection.schema_editor() as editor:
        GUARDS.guard(apps, editor)


def test_since_the_last_time_only_what_is_new_is_read(record, capsys):
    call_command("verify_audit")
    write(1)
    assert seal(now=LATER) == 3
    sql("UPDATE directives_event SET reason = 'x' WHERE id = %s", record[0])
    capsys.readouterr()
    call_command("verify_audit", since_last=True)
    assert (
        "3 events under 1 seals are whole; 0 wait for the next seal; "
        "9 events before them were read by an earlier run"
    ) in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_audit")
    write(1)
    assert seal(now=LATER) == 1
    sql("UPDATE directives_event SET reason = 'x' WHERE id > %s", record[10])
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_audit", since_last=True)


def test_a_restored_record_begins_anew_and_an_administrator_says_so(
    record, tmp_path, settings, capsys
):
    """Its AUDIT_DIR is new: no backup has the key.

    What waits is left to the machine that has it, for ten minutes.
    """
    settings.AUDIT_DIR = tmp_path / "new"
    call_command("verify_audit")
    assert "Nothing is known of seals on this machine" in capsys.readouterr().out
    assert [seal(now=NOW + timedelta(minutes=minute)) for minute in (3, 12, 13)] == [0, 0, 2]
    assert words(verify()) == ["it was signed with a key that the seal before it does not name"]
    with pytest.raises(CommandError, match="Say why"):
        call_command("verify_audit", acknowledge=4)
    with pytest.raises(CommandError, match="did not begin anew"):
        call_command("verify_audit", acknowledge=3, reason="恢复备份")
    call_command("verify_audit", acknowledge=4, reason="恢复备份")
    assert verify() == []
    event = Event.objects.latest("pk")
    assert (event.action, event.subject_type, event.subject_id) == (
        "acknowledge_seal",
        "seal",
        seals()[3].pk,
    )
    assert (event.reason, event.after) == ("恢复备份", {"number": 4, "entries": 1})
    write(1)
    assert (seal(now=NOW + timedelta(minutes=14)), verify()) == (2, [])


def test_two_machines_with_folders_of_their_own_make_one_chain(
    transactional_db, tmp_path, settings
):
    """The one that has the key seals.

    When it is silent for ten minutes, the other begins anew, and then the first leaves it.
    """
    one, other = tmp_path / "one", tmp_path / "other"

    def at(folder: Path, minute: int) -> int:
        settings.AUDIT_DIR = folder
        return seal(now=NOW + timedelta(minutes=minute))

    write(1)
    assert at(one, 1) == 1
    write(1)
    assert (at(other, 2), at(one, 2)) == (0, 1)
    write(1)
    assert (at(other, 3), at(other, 12), at(other, 13)) == (0, 0, 1)
    write(1)
    assert (at(one, 14), at(other, 14)) == (0, 1)
    settings.AUDIT_DIR = other
    assert len(verify()) == 1
    call_command("verify_audit", acknowledge=3, reason="换机")
    assert verify() == []


def test_a_mark_that_an_administrator_acknowledges(record):
    cut(2)
    call_command("verify_audit", acknowledge=3, reason="从备份恢复到昨天")
    assert verify() == []
    assert (
        Event.objects.filter(
            action="acknowledge_seal", subject_id=0, reason="从备份恢复到昨天"
        ).count()
        == 1
    )
    write(1)
    assert seal(now=LATER) == 2
    assert words(verify()) == ["it was signed with a key that the seal before it does not name"]
    call_command("verify_audit", acknowledge=3, reason="同上")
    assert verify() == []


# A process that dies


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


def killing(patch: pytest.MonkeyPatch, place: str, *, after: bool) -> None:
    """Die before or after this function has run, once."""
    module, _dot, name = place.rpartition(".")
    there = import_module(module)
    inner = getattr(there, name)

    def dying(*args: Any, **options: Any) -> None:
        patch.undo()
        if after:
            inner(*args, **options)
        raise Killed

    patch.setattr(there, name, dying)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "place",
    [
        "keys.prepare",
        "making.hash_seal",
        "keys.adopt",
        "keys.erase",
        "keys._settle",
        "event_codes.forget",
    ],
)
def test_a_worker_that_dies_at_any_point_leaves_a_record_that_goes_on(
    transactional_db, first, after, place
):
    """At the very first seal too. Nothing is named, and no event is sealed twice or left."""
    write(2)
    if not first:
        assert seal(now=NOW) == 2
        write(2)
    room = "directives.base." if place.startswith("event_codes") else "directives.core.sealing."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "AUDIT_DIR", settings.AUDIT_DIR)
        folder = settings.AUDIT_DIR
        killing(patch, room + place, after=after)
        died = True
        try:
            seal(now=NOW)
            died = False  # the first seal erases nothing
        except Killed:
            settings.AUDIT_DIR = folder
    assert died or (first and place == "keys.erase")
    assert verify() == []
    write(1)
    seal(now=NOW + timedelta(minutes=1))
    seal(now=NOW + timedelta(minutes=1))
    assert (verify(), Unsealed.objects.count()) == ([], 0)
    assert [one.number for one in seals()] == [*range(1, len(seals()) + 1)]
    assert [one.next_key for one in seals()][:-1] == [one.key for one in seals()][1:]
    assert not (settings.AUDIT_DIR / "pending").exists()


def test_a_key_is_for_its_owner_alone_and_signs_once(record):
    place = Path(settings.AUDIT_DIR)
    assert [(place / name).stat().st_mode & 0o777 for name in ("state", "written", "lock", "")] == [
        0o600,
        0o600,
        0o600,
        0o700,
    ]
    assert len({one.key for one in seals()}) == 3
    assert keys.public_of(keys.load_state().private) == seals()[-1].next_key


def test_a_folder_that_was_there_is_closed_to_others(record):
    settings.AUDIT_DIR.chmod(0o755)
    seal(now=LATER)
    assert settings.AUDIT_DIR.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["{", "[7]", '{"a": 1}', "7", "\0\0"])
@pytest.mark.parametrize("name", ["acknowledged", "verified", "state"])
def test_what_is_damaged_is_told_in_a_sentence(record, name, text, capsys):
    """A damaged state is one fault among others; without the other two nothing can be said."""
    (Path(settings.AUDIT_DIR) / name).write_text(text)
    with pytest.raises(CommandError) as told:
        call_command("verify_audit", since_last=True)
    said = f"{Path(settings.AUDIT_DIR) / name} is damaged"
    assert told.value.returncode == (1 if name == "state" else 2)
    assert said in capsys.readouterr().err + str(told.value)


def test_a_folder_that_is_none_is_told_in_a_sentence(record, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "AUDIT_DIR", tmp_path / "file")
    with pytest.raises(CommandError, match="Nothing was verified: .*Not a directory") as told:
        call_command("verify_audit")
    assert told.value.returncode == 2
    with pytest.raises(CommandError, match="Nothing was verified"):
        call_command("verify_audit", acknowledge=3, reason="x")
    assert Event.objects.filter(action="acknowledge_seal").count() == 0


def test_lines_of_what_was_written_that_cannot_be_read_are_named_and_dropped(record):
    """A power failure leaves zeros; sealing goes on."""
    place = Path(settings.AUDIT_DIR) / "written"
    place.write_bytes(place.read_bytes() + b"\0\0\xff\n12\n")
    assert verify() == [
        (
            "2 lines of AUDIT_DIR/written cannot be read: "
            "events that were deleted before their seal may not be missed"
        )
    ]
    assert seal(now=LATER) == 2
    assert (verify(), place.read_bytes()) == ([], b"")


def test_a_damaged_key_is_named_and_nothing_is_sealed(record):
    (settings.AUDIT_DIR / "state").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        seal(now=LATER)
    assert [
        fault.endswith("what was sealed on this machine cannot be compared") for fault in verify()
    ] == [True]


def test_a_secret_that_is_replaced_still_shows_what_waits(record, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "new" * 20
    assert verify() == []
    settings.SECRET_KEY_FALLBACKS = []
    assert len(verify()) == 2


def test_a_full_disk_stops_no_writer_and_is_one_line_of_the_log(
    cast, settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    settings.AUDIT_DIR = tmp_path
    (tmp_path / "written").symlink_to("/dev/full")
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        audit.record("change", cast.body, by=None, now=NOW)
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("ERROR", None)]
    assert "1 events could not be noted in AUDIT_DIR" in caplog.text


def test_a_line_that_was_cut_off_is_taken_back(settings, tmp_path, monkeypatch, caplog):
    settings.AUDIT_DIR, written, write = tmp_path, tmp_path / "written", os.write
    event_codes.note_written([(1, "a" * 64)])
    monkeypatch.setattr(os, "write", lambda file, lines: write(file, lines[:5]))
    event_codes.note_written([(2, "b" * 64)])
    assert written.read_text() == f"1 {'a' * 16}\n"
    assert "No space left on device" in caplog.text
