"""What befalls a database while a long list is read from it is the worker's to bear.

The reader gets a file all the same.
"""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import InterfaceError, InternalError, OperationalError, connection, connections
from django.utils import timezone

from directives.base import retries
from directives.base.replicas import ReplicaState
from directives.core.jobs import running
from directives.downloads import export_job, exporting, snapshot
from directives.models import Export, Notice
from directives.models.exports import CANCELLED, READY, RUNNING, STOPPED, WAITING
from tests.downloads.test_exporting import ask, content, done, shelf, undisturbed  # noqa: F401 - fixtures
from tests.factories import make_directive, make_obligation

LOST = OperationalError("server closed the connection unexpectedly")


@pytest.fixture
def work(cast):
    return [make_obligation(make_directive(), body) for body in (cast.body, cast.child)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(retries, "PAUSES", (0, 0))


def failing(monkeypatch, *errors):
    """The first readings meet these errors, after half a file.

    Returns the databases that were tried.
    """
    written, tried, waiting = export_job._write, [], list(errors)

    def broken(export, alias, notes, file):
        tried.append(alias)
        if waiting:
            file.write(b"half a file")
            notes.rows_written = 7
            raise waiting.pop(0)
        return written(export, alias, notes, file)

    monkeypatch.setattr(export_job, "_write", broken)
    return tried


# begun anew


@pytest.mark.parametrize(
    "error",
    [
        LOST,
        OperationalError("canceling statement due to conflict with recovery"),
        InterfaceError("the connection is closed"),
        InternalError("current transaction is aborted"),
    ],
)
def test_a_primary_that_went_away_is_read_again(cast, work, monkeypatch, error):
    tried = failing(monkeypatch, error)
    export = done(ask(cast.manager))
    assert (export.state, export.tries) == (WAITING, 1)
    done(export)
    assert (export.state, export.fault, len(content(export)), tried) == (
        READY,
        "",
        3,
        ["default"] * 2,
    )
    assert Notice.objects.filter(kind="export_ready").count() == 1


def test_what_fails_every_time_is_told(cast, work, monkeypatch):
    tried = failing(monkeypatch, *[LOST] * 9)
    export = ask(cast.manager)
    for _turn in range(4):
        done(export)
    assert (export.state, len(tried), "三次" in export.fault) == (STOPPED, 3, True)


def test_begun_anew_its_clock_begins_again(cast, work, monkeypatch):
    """Else the time left is told by the rows of this run and the seconds of all."""
    clocks, written = [], export_job._write

    def broken(export, alias, notes, file):
        row = Export.objects.get(pk=export.pk)
        clocks.append((row.started_at, row.done))
        if len(clocks) == 1:
            Export.objects.update(done=7)
            raise LOST
        return written(export, alias, notes, file)

    monkeypatch.setattr(export_job, "_write", broken)
    done(export := ask(cast.manager))
    assert done(export).state == READY
    assert clocks[0][0] < clocks[1][0]
    assert [rows for _at, rows in clocks] == [0, 0]


def test_the_time_left_is_judged_from_the_first_row_on(cast, work, sign_in):
    """A minute of counting and sorting before it says nothing of the rest."""
    export, now = ask(cast.manager), timezone.now()
    Export.objects.update(state=RUNNING, started_at=now - timedelta(minutes=5), moved_at=now)
    export.refresh_from_db()
    notes, client = export_job.ProgressNotes(export, total=10_000), sign_in(cast.manager)
    notes.save_progress()
    assert Export.objects.get().started_at == now - timedelta(minutes=5)
    page = client.get(f"/exports/{export.pk}/").content.decode()
    assert "10,000" in page and "正在清点、排序" in page
    notes(500)
    notes.first_row_at = now - timedelta(seconds=10)  # as if they had come some time ago
    notes(1000)
    notes.save_progress()
    assert Export.objects.get().started_at == now - timedelta(seconds=10)
    assert "约剩 2 分钟" in client.get(f"/exports/{export.pk}/").content.decode()
    Export.objects.update(state=CANCELLED, version=9)
    notes.save_progress()
    assert notes.cancelled.is_set()


def test_what_was_cancelled_meanwhile_is_not_begun_anew(cast, work, monkeypatch):
    export = ask(cast.manager)
    tried = failing(monkeypatch, LOST)
    monkeypatch.setattr(
        running,
        "retry_while_away",
        lambda act: exporting.cancel(export, by=cast.manager, now=timezone.now()) or act(),
    )
    assert (done(export).state, len(tried)) == (CANCELLED, 1)


# the replica


def test_a_replica_that_is_gone_since_the_last_look_is_passed_over(
    cast, work, settings, monkeypatch
):
    class Copy:
        alias = "gone"
        failed = None

        def state(self):
            return ReplicaState(replayed=1, lag=0.0)

        def fail(self, error):
            self.failed = error

    copy = Copy()
    settings.REPLICAS = ["gone"]
    monkeypatch.setattr(snapshot, "replica", lambda alias: copy)
    using = type(Export.objects).using

    def asked(self, alias):
        if alias == "gone":
            raise LOST
        return using(self, alias)

    monkeypatch.setattr(type(Export.objects), "using", asked)
    assert list(snapshot.aliases(ask(cast.manager))) == ["default"]
    assert copy.failed is LOST


# the end


@pytest.mark.parametrize("heard", [False, True])
def test_a_file_is_handed_over_though_the_primary_was_away(cast, work, monkeypatch, shelf, heard):  # noqa: F811
    """The answer to the commit is lost, or the commit itself.

    The file stays and its reader is told once.
    """
    send, failed = export_job._finish, []

    def broken(export, facts):
        if not failed:
            failed.append(heard)
            if heard:
                send(export, facts)
            raise LOST
        send(export, facts)

    monkeypatch.setattr(export_job, "_finish", broken)
    export = done(ask(cast.manager))
    assert (export.state, failed, len(content(export))) == (READY, [heard], 3)
    assert Notice.objects.filter(kind="export_ready").count() == 1


# told and heard


def test_it_goes_on_telling_after_its_connection_broke(transactional_db, cast, work, monkeypatch):
    """A connection that is not usable any more is left for a new one.

    Or nobody would hear the reader call it off.
    """
    export = ask(cast.manager)
    Export.objects.update(state=RUNNING, started_at=timezone.now())
    export.refresh_from_db()
    notes = export_job.ProgressNotes(export, rows_written=5, total=9)
    told = []

    def tell():
        notes.save_progress()
        connections["default"].connection.close()  # as a server that ended does
        notes.rows_written = 6
        notes.save_progress()
        notes.save_progress()
        told.append(Export.objects.get(pk=export.pk).done)
        connections.close_all()

    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()
    assert told == [6]


SLOW = {
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
        "SELECT count(*) FROM n"
    ),
    "postgresql": "SELECT pg_sleep(600)",
}


def test_cancelled_it_waits_no_longer_for_a_slow_answer(
    transactional_db,
    cast,
    work,
    monkeypatch,
    shelf,  # noqa: F811
):
    """Counting and sorting a nation's rows takes long before the first of them comes."""
    export = ask(cast.manager)
    monkeypatch.setattr(export_job, "PROGRESS_INTERVAL", 0.1)
    asking, answered = threading.Event(), []

    def slowly(book, file):
        with connection.cursor() as cursor:
            asking.set()
            cursor.execute(SLOW[connection.vendor])
            answered.append(cursor.fetchone())

    def cancel():
        asking.wait(30)
        exporting.cancel(export, by=cast.manager, now=timezone.now())
        connection.close()

    monkeypatch.setitem(export_job.FORMATS, "csv", replace(export_job.FORMATS["csv"], write=slowly))
    other = threading.Thread(target=cancel)
    other.start()
    done(export)
    other.join()
    assert (answered, export.state, list(shelf.rglob("*.csv"))) == ([], CANCELLED, [])
