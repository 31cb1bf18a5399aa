"""A copy of the record away from its database.

It proves what is in it, and whatever somebody does to it is named.
"""

import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from directives.base import duties, origins
from directives.core import audit
from directives.core.sealing import anchors, copying, keys, seal, seal_waiting_unsigned
from directives.core.sealing.copy_checking import check
from directives.core.sealing.copying import ABOUT, EVENTS, MANIFEST, PROOFS, SEALS, SIGNATURE
from directives.core.sealing.making import hash_seal
from directives.management.commands.export_record import day
from directives.models import Event, Organisation, Seal, Unsealed
from directives.record.exports import signed
from tests.factories import NOW, make_administrator, make_body, make_obligation
from tests.node import environment, python

Edit = Callable[[bytes], bytes]
ENTRIES = {EVENTS, PROOFS, SEALS, ABOUT, MANIFEST, SIGNATURE, "record.csv", "README.txt"}


def write(number: int, minute: int, action: str = "create") -> None:
    body = Organisation.objects.first() or make_body("B0", name_hans="全国总工会")
    with origins.use(origins.Origin("203.0.113.9", "a3f1c08e5b27")), transaction.atomic():
        for index in range(number):
            audit.record(
                action,
                body,
                by=None,
                now=NOW + timedelta(minutes=minute, seconds=index),
                after={"name": f"第{index}项"},
            )


@pytest.fixture
def record(db) -> list[int]:
    """Three seals over 3, 4 and 3 events, and two events that wait; their ids."""
    for minute, number in enumerate((3, 4, 3)):
        write(number, minute, "acknowledge" if minute == 1 else "create")
        assert seal(now=NOW + timedelta(minutes=minute + 1)) == number
    write(2, 5)
    return list(Event.objects.order_by("id").values_list("id", flat=True))


def take(path: Path, **options: object) -> Path:
    call_command("export_record", output=str(path), stdout=io.StringIO(), **options)
    return path


@pytest.fixture
def copy(record, tmp_path) -> Path:
    return take(tmp_path / "record.zip")


def rewrite(path: Path, edits: dict[str, Edit], *, sign: bool = False) -> Path:
    """The copy as somebody changes it.

    `sign`: they make the manifest anew, and sign it with a key of their own.
    """
    with ZipFile(path) as package:
        held = {name: package.read(name) for name in package.namelist()}
    for name, edit in edits.items():
        held[name] = edit(held[name])
    held = {name: data for name, data in held.items() if data is not None}
    if sign:
        private = keys.new_key()
        manifest = json.loads(held[MANIFEST]) | {"key": keys.public_of(private)}
        manifest["files"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in held.items()
            if name not in (MANIFEST, SIGNATURE)
        }
        held[MANIFEST] = json.dumps(manifest).encode()
        held[SIGNATURE] = keys.sign(private, held[MANIFEST], purpose=keys.COPY).encode()
    other = path.with_name("other.zip")
    with ZipFile(other, "w") as package:
        for name, data in held.items():
            package.writestr(name, data)
    return other


def of(text: str, new: str) -> Edit:
    return lambda data: data.replace(text.encode(), new.encode(), 1)


def without(place: int) -> Edit:
    def edit(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join(lines[:place] + lines[place + 1 :])

    return edit


def said(**facts: object) -> Edit:
    return lambda data: json.dumps(json.loads(data) | facts).encode()


SIGNED = "the record of this installation does not tell that this copy was taken"


def changed(*names: str) -> list[str]:
    return [f"{name} is not the one that was signed" for name in names]


# A copy as it was made


def test_a_whole_copy_proves_every_event(record, copy, capsys):
    found = check(copy)
    assert (found.faults, list(found.places), found.unsealed) == ([], list(range(10)), record[10:])
    assert (found.gaps, found.compared, found.about["whole"], found.about["filter"]) == (
        0,
        True,
        True,
        {},
    )
    call_command("verify_audit", file=str(copy))
    told = capsys.readouterr().out
    assert "10 events are as they were sealed; 2 more were under no seal" in told
    assert "the places 0 to 9 of the record: none between is missing" in told
    assert "Its seals are in the chain of this installation" in told


def test_it_holds_what_was_hashed_and_a_table_for_people(record, copy):
    with ZipFile(copy) as package:
        assert set(package.namelist()) == ENTRIES
        lines = package.read(EVENTS).splitlines()
        table = package.read("record.csv").decode("utf-8-sig").splitlines()
        proofs = [json.loads(line) for line in package.read(PROOFS).splitlines()]
    assert [json.loads(line)["id"] for line in lines] == [one["id"] for one in proofs] == record
    assert [one["seal"] for one in proofs] == [1] * 3 + [2] * 4 + [3] * 3 + [None] * 2
    assert (len(table), "203.0.113.9" in table[1], "全国总工会" in table[1]) == (13, True, True)


def test_that_it_was_taken_stands_in_the_record(copy):
    event, manifest = Event.objects.latest("pk"), ZipFile(copy).read(MANIFEST)
    assert (event.action, event.by, event.subject_type, event.subject_id) == (
        "take_record",
        None,
        "seal",
        Seal.objects.latest("pk").pk,
    )
    told = {
        "events": 12,
        "filter": {},
        "manifest": hashlib.sha256(manifest).hexdigest(),
        "key": json.loads(manifest)["key"],
    }
    assert event.after == told
    assert told["key"] not in set(Seal.objects.values_list("key", flat=True)) | set(
        Seal.objects.values_list("next_key", flat=True)
    )


def test_a_filtered_copy_proves_what_is_in_it_and_says_so(record, tmp_path, capsys):
    copy = take(tmp_path / "some.zip", action="create")
    found = check(copy)
    assert (found.faults, list(found.places), found.gaps) == ([], [0, 1, 2, 7, 8, 9], 4)
    assert (found.about["filter"], found.about["whole"]) == ({"action": "create"}, False)
    call_command("verify_audit", file=str(copy))
    assert "a selection does not prove what it leaves out" in capsys.readouterr().out


def test_days_and_bodies_are_chosen_as_on_the_page(record, tmp_path):
    body = Organisation.objects.get()
    copy = take(
        tmp_path / "some.zip",
        since=day("2026-10-01"),
        until=day("2026-10-31"),
        body=body.pk,
        subject="organisation",
    )
    assert check(copy).about["events"] == 12
    assert take(tmp_path / "none.zip", until=day("2026-09-30")).exists()
    assert (check(tmp_path / "none.zip").faults, check(tmp_path / "none.zip").about["events"]) == (
        [],
        0,
    )
    with pytest.raises(CommandError, match="There is no body of number 99999"):
        take(tmp_path / "x.zip", body=99999)
    with pytest.raises(CommandError, match="is there already"):
        take(copy)


def test_events_from_before_signing_began_are_under_the_first_signed_seal(db, tmp_path):
    write(5, 0)
    seal_waiting_unsigned(now=NOW)
    write(3, 1)
    seal_waiting_unsigned(now=NOW)
    write(2, 2)
    assert seal(now=NOW) == 2
    found = check(take(tmp_path / "x.zip"))
    assert (found.faults, list(found.places), found.unsealed) == ([], list(range(10)), [])


def test_it_is_checked_without_a_database(copy, tmp_path):
    told = environment(tmp_path, f"sqlite:///{tmp_path}/empty.sqlite3", QUNZHU_ENV="local")
    said_there = python(told, "manage.py", "verify_audit", "--file", str(copy)).stdout
    assert "10 events are as they were sealed" in said_there
    assert "compare the newest seal with an anchor" in said_there
    line = anchors.line_of(keys.load_state().mark)
    assert (
        "1 anchors tell of its seals"
        in python(told, "manage.py", "verify_audit", "--file", str(copy), "--anchor", line).stdout
    )
    bad = python(
        told,
        "manage.py",
        "verify_audit",
        "--file",
        str(rewrite(copy, {EVENTS: without(4)})),
        check=False,
    )
    assert (bad.returncode, "Traceback" in bad.stderr) == (1, False)


def test_only_seals_that_cover_something_are_read(record, monkeypatch):
    read, within = [], copying.events_in
    monkeypatch.setattr(copying, "events_in", lambda ranges: read.append(ranges) or within(ranges))
    list(copying.proved_events(copying.array("q", [record[4]]), copying.newest()))
    assert read == [[[record[3], record[6]]]] * 2


# What somebody does to it


def test_an_event_that_is_edited(record, copy):
    first = f"event {record[0]}: it is not as it was sealed (seal number 1)"
    assert check(rewrite(copy, {EVENTS: of("第0项", "第9项")})).faults == [*changed(EVENTS), first]
    assert check(rewrite(copy, {EVENTS: of("203.0.113.9", "203.0.113.8")}, sign=True)).faults == [
        first,
        SIGNED,
    ]


def test_an_event_that_is_removed(record, copy):
    gone = f"event {record[4]}: there is a proof of it, and it is gone"
    about = f"{ABOUT} tells of 12 events, 11 are there"
    assert check(rewrite(copy, {EVENTS: without(4)})).faults == [*changed(EVENTS), gone, about]
    both = {EVENTS: without(4), PROOFS: without(4), ABOUT: said(events=11)}
    missing = (
        "the copy is to hold the whole record, and "
        "what stands at the places 4 to 4 of it is missing"
    )
    assert check(rewrite(copy, both, sign=True)).faults == [missing, SIGNED]
    end = {EVENTS: without(9), PROOFS: without(9), ABOUT: said(events=11)}
    assert check(rewrite(copy, end, sign=True)).faults == [
        missing.replace("4 to 4", "9 to 9"),
        SIGNED,
    ]
    alone = f"event {record[4]}: it is in the file, and has no proof"
    assert check(rewrite(copy, {PROOFS: without(4)}, sign=True)).faults == [alone, SIGNED]


def test_an_event_that_is_added_told_twice_or_moved(record, copy):
    more = {
        EVENTS: lambda data: data + data.splitlines(keepends=True)[0].replace(b'"id":', b'"id":9')
    }
    assert "has no proof" in check(rewrite(copy, more, sign=True)).faults[0]
    twice = {
        name: lambda data: data + data.splitlines(keepends=True)[0] for name in (EVENTS, PROOFS)
    }
    faults = check(rewrite(copy, twice, sign=True)).faults
    assert [f"event {record[0]} is in {name} 2 times" for name in (EVENTS, PROOFS)] == faults[:2]
    swapped = {
        EVENTS: lambda data: b"".join(
            [(lines := data.splitlines(keepends=True))[1], lines[0], *lines[2:]]
        )
    }
    assert (
        check(rewrite(copy, swapped, sign=True)).faults[0]
        == f"event {record[1]}: it does not stand where its proof does"
    )


def test_an_event_that_is_said_to_await_its_seal(record, copy):
    """So that it needs no proof."""

    def unproved(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        told = (
            json.dumps({"id": record[4], "seal": None, "index": None, "proof": []}).encode() + b"\n"
        )
        return b"".join([*lines[:4], told, *lines[5:]])

    edits = {
        EVENTS: lambda data: data.replace("第1项".encode(), "第9项".encode()),
        PROOFS: unproved,
        ABOUT: said(whole=False),
    }
    faults = check(rewrite(copy, edits, sign=True)).faults
    assert (
        f"event {record[4]}: no seal covers it, and it is not as this installation has it" in faults
    )
    assert f"event {record[1]}: it is not as it was sealed (seal number 1)" in faults


def forged(data: bytes) -> bytes:
    """All seals with keys of somebody's own, over the same events."""
    made, private, before = [], keys.new_key(), ""
    for line in data.splitlines():
        told = json.loads(line)
        one = Seal(
            at=datetime.fromisoformat(told["at"]),
            **{name: told[name] for name in copying.SEAL_FIELDS},
        )
        following = keys.new_key()
        one.previous_hash, one.key, one.next_key = (
            before,
            keys.public_of(private),
            keys.public_of(following),
        )
        one.hash = hash_seal(one)
        one.signature = keys.sign(private, one.hash)
        private, before = following, one.hash
        made.append(json.dumps(copying.seal_facts(one)).encode() + b"\n")
    return b"".join(made)


def test_seals_that_are_swapped(record, copy):
    """By themselves they are whole: what is known outside tells."""
    line = anchors.line_of(keys.load_state().mark)
    with ZipFile(copy) as package:
        seals = forged(package.read(SEALS))
    newest = json.loads(seals.splitlines()[-1])
    other = rewrite(copy, {SEALS: lambda data: seals, ABOUT: said(seal=newest)}, sign=True)
    chain = [
        f"seal number {number}: it is not in the chain of this installation" for number in (1, 2, 3)
    ]
    assert check(other).faults == [*chain, SIGNED]
    found = check(other, lines=[line])
    assert found.faults[0].startswith("seal number 3: it is not the one of which an anchor of")
    assert check(rewrite(copy, {SEALS: lambda data: seals})).faults[0] == changed(SEALS)[0]


@pytest.mark.parametrize(
    ("edit", "said_of_it"),
    [
        (of('"total": 7', '"total": 8'), ["seal number 2 was changed"]),
        (
            without(1),
            [
                "seal number 3: the seal before it was changed or removed",
                "the seal that is to cover it is not in the file",
            ],
        ),
        (without(2), [f"{ABOUT} names another newest seal than {SEALS} ends with"]),
        (lambda data: b"nonsense\n" + data, [f"line 1 of {SEALS} is damaged"]),
        (
            lambda data: re.sub(rb'"signature": "..', b'"signature": "00', data, count=1),
            ["its signature is not that of the key that it names"],
        ),
    ],
)
def test_a_seal_that_is_changed(record, copy, edit, said_of_it):
    faults = " ".join(check(rewrite(copy, {SEALS: edit}, sign=True)).faults)
    assert [words for words in said_of_it if words not in faults] == []


def test_the_manifest_is_edited(record, copy):
    manifest = {MANIFEST: of('"format": 1', '"format": 2')}
    assert check(rewrite(copy, manifest)).faults == [
        f"{MANIFEST} was changed after it was signed",
        SIGNED,
    ]
    assert check(rewrite(copy, {SIGNATURE: lambda data: b"00"})).faults == [
        f"{MANIFEST} was changed after it was signed"
    ]
    assert (
        check(rewrite(copy, {MANIFEST: lambda data: b"[]"})).faults[0]
        == f"{MANIFEST} was changed after it was signed"
    )
    hashes = {MANIFEST: lambda data: re.sub(rb'"record.csv": "..', b'"record.csv": "00', data)}
    assert check(rewrite(copy, hashes)).faults[:2] == [
        f"{MANIFEST} was changed after it was signed",
        *changed("record.csv"),
    ]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_each_file_of_it_is_missed_and_its_change_is_seen(record, copy, name):
    gone = check(rewrite(copy, {name: lambda data: None})).faults
    assert f"{name} is missing from the file" in gone
    assert check(rewrite(copy, {name: lambda data: data + b"0\n "})).faults != []


def test_what_is_no_copy_is_told_in_a_sentence(copy, tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(copy.read_bytes()[:-200])
    with pytest.raises(CommandError, match="1 faults") as told:
        call_command("verify_audit", file=str(tmp_path / "x.zip"))
    assert (told.value.returncode, "the file cannot be read" in capsys.readouterr().err) == (
        1,
        True,
    )
    with pytest.raises(CommandError, match="Nothing was verified") as told:
        call_command("verify_audit", file=str(tmp_path / "nowhere.zip"))
    assert told.value.returncode == 2
    broken = bytearray(copy.read_bytes())
    broken[60:90] = b"\0" * 30
    (tmp_path / "y.zip").write_bytes(broken)
    assert check(tmp_path / "y.zip").faults != []
    for name in (EVENTS, PROOFS, SEALS, ABOUT):
        assert (
            check(
                rewrite(
                    copy, {name: lambda data: b'{"id": [], "seal": {}}\nnull\n[1]\n'}, sign=True
                )
            ).faults
            != []
        )


# The page


@pytest.fixture
def auditor(cast):
    return make_administrator("auditor", duties.AUDITOR)


def test_the_page_hands_out_what_its_filter_shows(cast, auditor, sign_in, tmp_path):
    row = make_obligation(organisation=cast.body, state="assigned")
    with transaction.atomic():
        for action in ("acknowledge", "dispute", "acknowledge"):
            audit.record(action, row, by=cast.staff, now=NOW, reason="不归我们")
        audit.record("sign_in", cast.staff, by=cast.staff, now=NOW)
    seal(now=NOW)
    client = sign_in(auditor)
    page = client.get("/events/?action=acknowledge").content.decode()
    assert "?action=acknowledge&amp;export=signed" in page
    answer = client.get("/events/?action=acknowledge&export=signed")
    (tmp_path / "x.zip").write_bytes(b"".join(answer.streaming_content))
    found = check(tmp_path / "x.zip")
    assert (found.faults, len(found.places), found.gaps) == ([], 2, 1)
    event = Event.objects.latest("pk")
    assert (event.action, event.by, event.after["filter"], event.request) == (
        "take_record",
        auditor,
        {"action": "acknowledge"},
        answer["X-Request-ID"],
    )


def test_without_a_filter_it_is_the_whole_record(cast, auditor, sign_in, tmp_path):
    with transaction.atomic():
        audit.record("sign_in", cast.staff, by=cast.staff, now=NOW)
    (tmp_path / "x.zip").write_bytes(
        b"".join(sign_in(auditor).get("/events/?export=signed").streaming_content)
    )
    assert (
        check(tmp_path / "x.zip").about["events"],
        check(tmp_path / "x.zip").about["whole"],
    ) == (1, True)


@pytest.mark.parametrize("name", ["staff", "manager", "supervisor", "viewer", "admin", "outsider"])
def test_it_is_for_those_who_audit(cast, sign_in, name):
    client = sign_in(getattr(cast, name))
    assert client.get("/events/?export=signed").status_code == 403
    assert "export=signed" not in client.get("/events/").content.decode()
    assert Event.objects.filter(action="take_record").count() == 0


def test_a_long_one_is_left_to_the_command(cast, auditor, sign_in, monkeypatch):
    monkeypatch.setattr(signed, "AT_ONCE", 2)
    row = make_obligation(organisation=cast.body)
    with transaction.atomic():
        audit.record_many("issue", [audit.Change(row)] * 3, by=None, now=NOW)
    answer = sign_in(auditor).get(
        reverse("events"), {"action": "issue", "since": "2026-10-01", "export": "signed"}
    )
    assert answer.status_code == 422
    assert (
        "manage.py export_record --action issue --since 2026-10-01 --output record.zip"
        in answer.content.decode()
    )
    assert Event.objects.filter(action="take_record").count() == 0


def test_the_key_of_copies_is_made_once_and_kept_from_others(record, tmp_path, settings):
    keys_of = {
        json.loads(ZipFile(take(tmp_path / f"{number}.zip")).read(MANIFEST))["key"]
        for number in range(2)
    }
    kept = Path(settings.AUDIT_DIR) / "copy_key"
    assert (len(keys_of), kept.stat().st_mode & 0o777) == (1, 0o600)
    kept.write_text("{")
    with pytest.raises(CommandError, match="copy_key is damaged"):
        take(tmp_path / "x.zip")
    assert sorted(path.name for path in tmp_path.glob("x.zip*")) == []
    assert Unsealed.objects.exists()
