"""What happens in the installation of the backup tests, each act in a process of its own.

usage: python -m tests.backups.acts ACT
ACT: fill | kill POINT FOLDER | change FOLDER | keep FOLDER MOMENT | work S
"""

import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from directives.backups import files, making  # noqa: E402
from directives.backups.throwaway import session_of  # noqa: E402
from directives.core.evidence import attach, remove  # noqa: E402
from directives.core.jobs.running import carry_out  # noqa: E402
from directives.core.relighting import tick  # noqa: E402
from directives.core.sealing import seal  # noqa: E402
from directives.models import Attachment, Plan, User  # noqa: E402
from tests.factories import (  # noqa: E402
    make_body,
    make_directive,
    make_document,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)


def upload(text: str) -> Attachment:
    """Evidence on the one plan that is there."""
    plan, staff = Plan.objects.get(), User.objects.get(username="lin")
    return attach(
        plan,
        SimpleUploadedFile(f"{text}.txt", text.encode()),
        by=staff,
        now=timezone.now(),
    )


def fill() -> None:
    """A body with work, evidence, somebody signed in, a sealed audit log and a task that waits."""
    body = make_body("Q01", parent=make_body("C000", kind="centre"))
    staff = make_member(body, "staff", "lin", full_name="林晓岚")
    document = make_document()
    for _number in range(3):
        make_obligation(make_directive(make_section(document)), body)
    make_plan(body, document)
    for text in ("会议纪要", "实施办法", "照片说明"):
        upload(text)
    session_of(staff)
    carry_out.enqueue("export", 0)
    tick(now=timezone.now(), everything=True)
    seal(now=timezone.now())


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill(point: str, folder: str) -> None:
    """Begin a backup and be killed: amid the database, between two files, or before its name."""
    engine = making.ENGINES[connection.vendor]
    dump, copy = engine.dump, files.copy

    def half_a_dump(target: Path) -> None:
        dump(target)
        os.truncate(target, target.stat().st_size // 2)
        die()

    def one_file(name: str, backup: Path, before: Path | None) -> object:
        return die() if any((backup / "files").rglob("*.txt")) else copy(name, backup, before)

    match point:
        case "database":
            engine.dump = half_a_dump
        case "files":
            files.copy = one_file
        case "end":
            making.read_back = lambda *_whole: die()
    call_command("backup", "--into", folder)


def change(folder: str) -> None:
    """A backup during which a file is deleted and another uploaded, the database being copied."""
    names = files.file_names
    changes = iter(
        (
            lambda: remove(
                Attachment.objects.first(),
                by=User.objects.get(username="lin"),
                now=timezone.now(),
            ),
        )
    )

    def meanwhile(folder: str = "") -> object:
        for act in changes:
            act()
            upload("补充材料")
        return names(folder)

    making.demand_room = lambda *_any: None
    files.file_names = meanwhile
    call_command("backup", folder)


def keep(folder: str, moment: str) -> None:
    """A backup in a folder of them, at a moment."""
    making.make_in_folder(Path(folder), now=datetime.fromisoformat(moment))


def work(seconds: str) -> None:
    """Somebody uploads and deletes evidence all the time."""
    until, staff = time.monotonic() + float(seconds), User.objects.get(username="lin")
    while time.monotonic() < until:
        row = upload(f"第{time.monotonic_ns()}号")
        if time.monotonic_ns() % 2:
            remove(row, by=staff, now=timezone.now())


if __name__ == "__main__":
    acts = {"fill": fill, "kill": kill, "change": change, "keep": keep, "work": work}
    acts[sys.argv[1]](*sys.argv[2:])
