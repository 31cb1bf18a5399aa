"""Long lists are written by the worker.

Watched, cancelled, begun anew after a death, kept some days, given to nobody else.
"""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import OperationalError, connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives.base.refusals import IllegalMove, NotAllowed, Refusal
from directives.base.replicas import ReplicaState
from directives.core import jobs
from directives.downloads import export_job, exporting, snapshot
from directives.models import (
    Event,
    Export,
    JobRun,
    ListChoice,
    Membership,
    Notice,
    Obligation,
    Organisation,
)
from directives.models.exports import CANCELLED, FAILED, READY, RUNNING, STOPPED, WAITING
from directives.organisations.commands import tree
from directives.tables.lists import ListQuery
from tests.factories import make_body, make_directive, make_member, make_obligation
from tests.spare import wait_for


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch):
    """A test's transaction is its own.

    Nobody looks into it from beside, and files fall into a folder of the test.
    """
    monkeypatch.setattr(export_job, "PROGRESS_INTERVAL", 600)


@pytest.fixture(autouse=True)
def shelf(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def short(monkeypatch):
    """A file of more than two rows is long."""
    monkeypatch.setattr(exporting, "AT_ONCE_ROWS", 2)


@pytest.fixture
def work(cast):
    first, second = make_directive(), make_directive()
    return [
        make_obligation(row, body)
        for row in (first, second)
        for body in (cast.body, cast.child, cast.sibling)
    ]


def asked(user, query=""):
    now = timezone.now()
    return ListQuery(user, QueryDict(query), timezone.localdate(now), now, None)


def ask(user, *, key="ledger", query="", format_key="csv", place=None):
    given = {
        "key": key,
        "place": place or {},
        "query": query,
        "format_key": format_key,
        "language": "zh-hans",
    }
    return exporting.ask(**given, list_request=asked(user, query), by=user, now=timezone.now())


def done(export):
    jobs.run("export", export.pk)
    export.refresh_from_db()
    return export


def content(export):
    with export.file.open("rb") as file:
        return file.read().decode("utf-8-sig").splitlines()


# short ones


def test_a_short_list_comes_at_once_and_stands_in_the_record(cast, work, sign_in):
    answer = sign_in(cast.manager).get("/obligations/?part=responsible&page=2&export=csv")
    assert answer.status_code == 200
    assert len(b"".join(answer).decode("utf-8-sig").splitlines()) == 5
    event = Event.objects.get(action="export")
    assert (event.by, event.subject_type, event.organisation) == (
        cast.manager,
        "membership",
        cast.body,
    )
    wanted = {
        "list": "ledger",
        "name": "责任事项台账",
        "query": "part=responsible",
        "format": "csv",
        "rows": 4,
    }
    assert event.after == wanted
    assert Export.objects.count() == 0


def test_what_is_refused_stands_nowhere(cast, work, sign_in):
    assert sign_in(cast.viewer).get("/obligations/?export=csv").status_code == 403
    assert sign_in(cast.manager).get("/obligations/?export=pdf").status_code == 404
    assert Event.objects.filter(action="export").count() == 0


def test_a_long_list_leads_to_the_page_that_offers_to_write_it(cast, work, sign_in, short):
    client = sign_in(cast.supervisor)
    answer = client.get("/obligations/?light=green&after=x&export=csv")
    assert (answer.status_code, answer.url) == (
        302,
        "/exports/new/?list=ledger&format=csv&query=light%3Dgreen",
    )
    page = client.get(answer.url).content.decode()
    assert "正常" in page and 'name="query" value="light=green"' in page
    assert Export.objects.count() == 0  # nothing is begun by looking
    posted = client.post(
        "/exports/ask/",
        {
            "idempotency_key": "7a6b4f8e-3f7e-4f0b-8b6b-0a4c1a0e7f11",
            "list": "ledger",
            "format": "csv",
        },
    )
    assert posted.url == f"/exports/{Export.objects.get().pk}/"


# asking


def test_an_export_says_again_what_was_asked(cast, work):
    ListChoice.objects.create(user=cast.manager, list="ledger", columns=["percent"], paper="a3")
    export = ask(cast.manager, query="part=responsible")
    assert (export.state, export.columns, export.paper, export.query) == (
        WAITING,
        ["percent"],
        "a3",
        "part=responsible",
    )
    assert export.reach == [["manager", cast.body.path]]
    assert export.told == [["责任类型", "责任"]]
    assert Event.objects.get(action="export").after["export"] == export.pk


def test_what_is_under_way_is_not_begun_twice(cast, work):
    first = ask(cast.manager)
    assert ask(cast.manager) == first
    assert ask(cast.manager, format_key="xlsx") != first
    assert Event.objects.filter(action="export").count() == 2
    done(first)
    assert ask(cast.manager) != first


def test_nobody_has_more_than_three_under_way(cast, work):
    for number in range(3):
        ask(cast.manager, query=f"q={number}")
    with pytest.raises(Refusal, match="3 个导出文件正在生成"):
        ask(cast.manager, query="q=3")
    assert ask(cast.supervisor).state == WAITING
    exporting.cancel(
        Export.objects.filter(by=cast.manager).first(), by=cast.manager, now=timezone.now()
    )
    assert ask(cast.manager, query="q=3").state == WAITING


def test_those_who_only_look_have_nothing_written(cast, work):
    with pytest.raises(NotAllowed):
        ask(cast.viewer)
    assert Export.objects.count() == 0


def test_a_list_of_what_is_out_of_sight_is_not_written(cast, work, sign_in, key):
    form = {"list": "entries", "pk": 1, "format": "csv", **key()}
    assert sign_in(cast.manager).post("/exports/ask/", form).status_code == 404
    assert (
        sign_in(cast.manager)
        .post("/exports/ask/", {"list": "none", "format": "csv", **key()})
        .status_code
        == 404
    )


# carrying out


def test_the_file_is_that_of_the_page(cast, work, sign_in):
    ListChoice.objects.create(user=cast.manager, list="ledger", columns=["body", "percent"])
    export = done(ask(cast.manager))
    wanted = (
        b"".join(sign_in(cast.manager).get("/obligations/?export=csv"))
        .decode("utf-8-sig")
        .splitlines()
    )
    assert content(export) == wanted
    assert (export.state, export.done, export.total, export.size > 50) == (READY, 4, 4, True)
    assert export.name.startswith("责任事项台账 ") and export.name.endswith(".csv")
    assert export.started_at <= export.as_of <= export.finished_at
    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.url) == (
        cast.manager,
        "export_ready",
        f"/exports/{export.pk}/",
    )
    assert notice.facts["name"].startswith("责任事项台账")


@pytest.mark.parametrize("format_key", ["xlsx", "csv", "csv-gb"])
def test_every_format_is_written(cast, work, format_key):
    export = done(ask(cast.manager, format_key=format_key))
    with export.file.open("rb") as file:
        head = file.read(4)
    assert head.startswith(
        {"xlsx": b"PK", "csv": b"\xef\xbb\xbf", "csv-gb": "序号".encode("gb18030")}[format_key][:4]
    )
    assert export.name.rpartition(".")[2] == format_key.partition("-")[0]


def test_it_is_written_in_the_language_of_its_reader(cast, work):
    export = ask(cast.manager)
    Export.objects.update(language="zh-hant")
    assert content(done(export))[0].startswith("序號,")


def test_run_again_it_leaves_what_is_ready_alone(cast, work):
    export = done(ask(cast.manager))
    finished = export.finished_at
    assert done(export).finished_at == finished
    assert Notice.objects.count() == 1


def test_begun_anew_it_starts_from_the_first_row_and_leaves_one_file(cast, work, shelf):
    """A worker died in the middle: what is on the disk of it is replaced."""
    export = ask(cast.manager)
    Export.objects.update(state=RUNNING, started_at=timezone.now(), done=3)
    default_storage.save(export_job.file_path_of(export), ContentFile(b"half a file"))
    done(export)
    assert (export.done, len(content(export))) == (4, 5)
    assert [path.name for path in shelf.rglob("*.*")] == [f"{export.pk}.csv"]


def test_a_person_who_lost_the_right_gets_no_file(cast, work):
    export = ask(cast.manager)
    Membership.objects.filter(user=cast.manager).update(role="viewer")
    done(export)
    assert (export.state, export.fault, export.file.name) == (
        STOPPED,
        "填报员、负责人和督查员可以导出。",
        "",
    )


def test_rows_are_those_that_the_person_may_take_when_it_is_written(cast, work):
    export = ask(cast.supervisor)
    Membership.objects.filter(user=cast.supervisor).update(organisation=cast.body)
    done(export)
    assert (export.done, export.reach) == (4, [["supervisor", cast.body.path]])


def test_a_thing_that_is_gone_is_told(cast, work):
    document = work[0].document
    export = ask(cast.manager, key="directives", place={"pk": document.pk})
    Export.objects.update(place={"pk": 10**9})
    done(export)
    assert (export.state, export.fault) == (
        STOPPED,
        "该清单所属的内容已不存在，或不在您的查看范围内。",
    )


def test_a_failure_is_told_and_logged(cast, work, monkeypatch):
    export = ask(cast.manager)

    def broken(book, file):
        raise OSError("the disk is full")

    monkeypatch.setitem(export_job.FORMATS, "csv", replace(export_job.FORMATS["csv"], write=broken))
    with pytest.raises(OSError, match="disk is full"):
        done(export)
    export.refresh_from_db()
    assert (export.state, f"export-{export.pk}-" in export.fault) == (FAILED, True)


def test_one_over_which_every_worker_died_is_told_and_offered_again(cast, work, sign_in):
    export = ask(cast.manager)
    Export.objects.update(state=RUNNING, moved_at=timezone.now(), tries=2)
    jobs.sweep()  # its task is in the queue
    assert Export.objects.get().state == RUNNING
    DBTaskResult.objects.all().delete()
    jobs.sweep()
    export.refresh_from_db()
    assert (export.state, "三次" in export.fault, Notice.objects.get().kind) == (
        STOPPED,
        True,
        "act_stopped",
    )
    page = sign_in(cast.manager).get(f"/exports/{export.pk}/").content.decode()
    assert ("已停止" in page, "重新生成" in page) == (True, True)


def test_one_whose_worker_died_waits_again(cast, work):
    """Others may come first: it is not being written."""
    export = ask(cast.manager)
    Export.objects.update(state=RUNNING, moved_at=timezone.now())
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    jobs.rescue(DBTaskResult.objects.get(), counts=True, now=timezone.now())
    export.refresh_from_db()
    assert (export.state, export.moved_at, export.tries, done(export).state) == (
        WAITING,
        None,
        1,
        READY,
    )


def test_queries_do_not_grow_with_rows_beyond_their_batches(
    cast, work, django_assert_max_num_queries
):
    directive = work[0].directive
    for number in range(20):
        make_obligation(directive, make_body(f"N{number}", parent=cast.centre))
    export = ask(cast.supervisor)
    with django_assert_max_num_queries(40):
        done(export)
    assert export.done == 26


# one instant


def test_all_rows_are_as_of_one_instant(transactional_db, cast, monkeypatch):
    """What somebody writes while the file is being written is not in it."""
    for number in range(4):
        make_obligation(make_directive(), cast.body, percent=10, note=str(number))
    export = ask(cast.manager, key="ledger")
    rows, write = [], export_job.FORMATS["csv"].write

    def slowly(book, file):
        def watched():
            for row in book.rows:
                if not rows:
                    other = threading.Thread(target=change)
                    other.start()
                    other.join()
                rows.append(row.percent)
                yield row

        return write(replace(book, rows=watched()), file)

    def change():
        Obligation.objects.filter(organisation=cast.body).update(percent=99)
        make_obligation(made.directive, cast.child)
        connection.close()

    made = make_obligation(make_directive(), cast.body, percent=10)
    monkeypatch.setattr("directives.obligations.queries.ledger.BATCH", 1)
    monkeypatch.setitem(export_job.FORMATS, "csv", replace(export_job.FORMATS["csv"], write=slowly))
    done(export)
    made.refresh_from_db()
    assert (rows, made.percent) == ([10] * 5, 99)  # the writer did not wait, the reader did not see
    assert export.total == 5


def test_nothing_can_be_held_up_by_reading(transactional_db, cast):
    """Within one instant the row of another is written at once.

    Afterwards the connection is as it was.
    """
    with snapshot.snapshot_of("default"):
        assert Organisation.objects.count() == 4
        found = []

        def write():
            found.append(Organisation.objects.filter(pk=cast.child.pk).update(full_name="新名"))
            connection.close()

        other = threading.Thread(target=write)
        other.start()
        other.join(15)
        assert (found, Organisation.objects.get(pk=cast.child.pk).full_name) == (
            [1],
            cast.child.full_name,
        )
    assert Organisation.objects.get(pk=cast.child.pk).full_name == "新名"
    assert not connection.in_atomic_block


# replicas


@pytest.fixture
def copy(settings, monkeypatch):
    """The database under test is a replica of itself, two seconds behind."""
    standing = SimpleNamespace(alias="default", state=lambda: ReplicaState(replayed=1, lag=2.0))
    settings.REPLICAS, settings.REPLICA_MAX_LAG = ["default"], 60
    monkeypatch.setattr(snapshot, "replica", lambda alias: standing)
    return standing


def test_a_replica_that_has_the_row_is_read_first(cast, work, copy):
    export = ask(cast.manager)
    assert list(snapshot.aliases(export)) == ["default", "default"]
    copy.state = lambda: ReplicaState(replayed=1, lag=61.0)
    assert list(snapshot.aliases(export)) == ["default"]
    copy.state = lambda: None
    assert list(snapshot.aliases(export)) == ["default"]
    copy.state = lambda: ReplicaState(replayed=1, lag=2.0)
    Export.objects.all().delete()
    assert list(snapshot.aliases(export)) == ["default"]  # it lacks what was written last


def test_what_a_replica_shows_is_as_of_its_own_instant(cast, work, copy):
    before = timezone.now()
    with snapshot.snapshot_of("default") as as_of:
        assert before <= as_of + timedelta(seconds=2) <= timezone.now()


def test_when_a_replica_fails_it_is_read_from_the_primary(cast, work, monkeypatch, caplog):
    monkeypatch.setattr(export_job, "aliases", lambda export: iter(("copy", "default")))
    written = export_job._write

    def broken(export, alias, teller, file):
        if alias == "copy":
            file.write(b"half a file")
            raise OperationalError("it went away")
        return written(export, alias, teller, file)

    monkeypatch.setattr(export_job, "_write", broken)
    export = done(ask(cast.manager))
    assert (export.state, len(content(export))) == (READY, 5)
    assert "database copy failed: it went away" in caplog.text


# cancelling


def test_it_ends_when_it_is_cancelled(transactional_db, cast, monkeypatch, shelf):
    make_obligation(make_directive(), cast.body)
    export = ask(cast.manager)
    monkeypatch.setattr(export_job, "PROGRESS_INTERVAL", 0.1)
    written = []

    def slowly(book, file):
        for number in range(600):
            time.sleep(0.05)
            written.append(number)
            book.on_progress(number)
        return 600

    def cancel():
        wait_for(lambda: Export.objects.get(pk=export.pk).done > 0)  # how far it has come is seen
        exporting.cancel(export, by=cast.manager, now=timezone.now())
        connection.close()

    monkeypatch.setitem(export_job.FORMATS, "csv", replace(export_job.FORMATS["csv"], write=slowly))
    other = threading.Thread(target=cancel)
    other.start()
    done(export)
    other.join()
    assert (export.state, export.file.name, list(shelf.rglob("*.csv"))) == (CANCELLED, "", [])
    assert 0 < export.done <= written[-1] < 599
    assert Notice.objects.count() == 0


def test_what_is_cancelled_while_it_waits_is_not_begun(cast, work):
    export = ask(cast.manager)
    exporting.cancel(export, by=cast.manager, now=timezone.now())
    assert done(export).state == CANCELLED
    with pytest.raises(IllegalMove):
        exporting.cancel(export, by=cast.manager, now=timezone.now())
    assert Event.objects.filter(action="cancel_export").count() == 1


def test_what_is_cancelled_at_its_very_end_leaves_no_file(cast, work, shelf, monkeypatch):
    export = ask(cast.manager)
    save = default_storage.save

    def late(name, file):
        Export.objects.update(state=CANCELLED, version=9)
        return save(name, file)

    monkeypatch.setattr(export_job.default_storage, "save", late)
    done(export)
    assert (export.state, list(shelf.rglob("*.csv")), Notice.objects.count()) == (CANCELLED, [], 0)


# fetching


def fetched(client, export):
    answer = client.get(f"/exports/{export.pk}/file/")
    return answer.status_code, (b"".join(answer) if answer.streaming else answer.content)


def test_the_file_is_handed_out_as_it_is(cast, work, sign_in):
    export = done(ask(cast.manager))
    client = sign_in(cast.manager)
    answer = client.get(f"/exports/{export.pk}/file/")
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        200,
        "text/csv; charset=utf-8",
        "nosniff",
    )
    assert (
        "attachment" in answer["Content-Disposition"]
        and "sandbox" in answer["Content-Security-Policy"]
    )
    assert b"".join(answer).decode("utf-8-sig").splitlines() == content(export)


def test_nobody_else_finds_it(cast, work, sign_in):
    export = done(ask(cast.manager))
    for person in (cast.supervisor, cast.staff, cast.admin, cast.outsider):
        client = sign_in(person)
        assert [
            client.get(f"/exports/{export.pk}/{part}").status_code for part in ("", "file/")
        ] == [404, 404]


def test_one_that_is_not_ready_leads_to_its_page(cast, work, sign_in):
    export = ask(cast.manager)
    assert sign_in(cast.manager).get(f"/exports/{export.pk}/file/").url == f"/exports/{export.pk}/"


@pytest.mark.parametrize("change", ["removed", "lowered", "moved", "merged", "old", "lost"])
def test_it_is_refused_in_words_to_whom_may_no_longer_see_every_row(cast, work, sign_in, change):
    supervisor = make_member(cast.body, "supervisor", "county")
    export = done(ask(supervisor))
    assert fetched(sign_in(supervisor), export)[0] == 200
    elsewhere, status = make_body("Z1", parent=cast.centre), 403
    match change:
        case "removed":
            Membership.objects.filter(user=supervisor).update(organisation=elsewhere)
        case "lowered":
            Membership.objects.filter(user=supervisor).update(role="viewer")
        case "moved":
            tree.move_body(cast.child, new_parent=cast.centre, by=None, now=timezone.now())
        case "merged":
            Event.objects.create(
                at=timezone.now(),
                action="merge",
                subject_type="organisation",
                subject_id=1,
                organisation=cast.child,
            )
        case "old":
            Export.objects.update(
                finished_at=timezone.now() - exporting.RETENTION - timedelta(minutes=1)
            )
        case "lost":
            default_storage.delete(export.file.name)
            status = 404
    found, page = fetched(sign_in(supervisor), export)
    assert found == status
    assert "导出文件不予下载" in page.decode()
    assert ("重新生成" in page.decode()) is (change != "lowered")


def test_what_moves_elsewhere_takes_nobody_s_file_away(cast, work, sign_in):
    export = done(ask(cast.manager))
    tree.move_body(cast.sibling, new_parent=None, by=None, now=timezone.now())
    assert fetched(sign_in(cast.manager), export)[0] == 200


# keeping


def test_files_are_deleted_after_their_days(cast, work, shelf, django_capture_on_commit_callbacks):
    old, new = done(ask(cast.manager)), done(ask(cast.supervisor))
    Export.objects.filter(pk=old.pk).update(
        finished_at=timezone.now() - exporting.RETENTION - timedelta(hours=1)
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert exporting.purge(now=timezone.now()) == 1
    assert [path.name for path in shelf.rglob("*.csv")] == [f"{new.pk}.csv"]
    call_command("clear_old", verbosity=0)
    assert [row.pk for row in Export.objects.all()] == [new.pk]


def test_deleting_takes_file_and_row(
    cast, work, shelf, sign_in, key, django_capture_on_commit_callbacks
):
    export = done(ask(cast.manager))
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in(cast.manager).post(f"/exports/{export.pk}/delete/", key())
    assert (answer.url, Export.objects.count(), list(shelf.rglob("*.csv"))) == ("/exports/", 0, [])
    assert Event.objects.filter(action="delete", subject_type="export").count() == 1


def test_what_is_being_written_is_cancelled_first(cast, work, sign_in, key):
    export = ask(cast.manager)
    client = sign_in(cast.manager)
    assert client.post(f"/exports/{export.pk}/delete/", key()).status_code == 409
    assert client.post(f"/exports/{export.pk}/cancel/", key()).status_code == 302
    assert client.post(f"/exports/{export.pk}/cancel/", key()).status_code == 409


# pages


def test_the_page_says_how_far_it_is(cast, work, sign_in):
    export = ask(cast.manager)
    client, address = sign_in(cast.manager), f"/exports/{export.pk}/"
    assert "后台服务没有运行" in client.get(address).content.decode()
    JobRun.objects.create(
        name="worker:x", last_ran_at=timezone.now(), last_day=timezone.localdate()
    )
    assert "后台服务没有运行" not in client.get(address).content.decode()
    Export.objects.update(
        state=RUNNING,
        started_at=timezone.now() - timedelta(seconds=60),
        moved_at=timezone.now(),
        done=2500,
        total=10_000,
    )
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page and "hx-trigger" in page
    assert "2,500" in page and "10,000" in page and "约剩 4 分钟" in page
    Export.objects.update(moved_at=None)
    done(export)
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in page and f"/exports/{export.pk}/file/" in page


def test_the_list_shows_one_s_own_files_alone(cast, work, sign_in):
    done(ask(cast.manager))
    ask(cast.manager, format_key="xlsx")
    ask(cast.supervisor)
    page = sign_in(cast.manager).get("/exports/").content.decode()
    assert page.count('scope="row"') == 2
    assert "hx-trigger" in page
    assert "暂无为您保留的文件" in sign_in(cast.staff).get("/exports/").content.decode()


def test_what_was_asked_is_told_in_the_script_of_its_reader(cast, work, sign_in):
    """The words were stored in the language in which they were asked for."""
    export, client = ask(cast.manager, query="light=red"), sign_in(cast.manager)
    Export.objects.update(state=FAILED, fault="文件未能生成。", finished_at=timezone.now())
    client.cookies["language"] = "zh-hant"
    for address in ("/exports/", f"/exports/{export.pk}/"):
        page = client.get(address).content.decode()
        assert "亮燈" in page and "文件未能生成。" in page and "亮灯" not in page
    Export.objects.update(
        fault="数据库中断。", name="责任事项台账.csv", told=[["条款编号", "数据"]]
    )
    page = client.get("/exports/").content.decode()
    assert (
        "數據庫中斷。" in page,
        "責任事項臺賬.csv" in page or "責任事項台賬.csv" in page,
        "條款編號" in page,
    ) == (True, True, True)


def test_the_list_says_how_long_the_writing_will_take(cast, work, sign_in):
    ask(cast.manager)
    Export.objects.update(
        state=RUNNING,
        started_at=timezone.now() - timedelta(seconds=60),
        moved_at=timezone.now(),
        done=2500,
        total=10_000,
    )
    assert "约剩 4 分钟" in sign_in(cast.manager).get("/exports/").content.decode()


def test_the_list_takes_as_many_queries_for_three_files_as_for_one(cast, work, sign_in):
    client = sign_in(cast.manager)
    counts = []
    for _number in range(3):
        done(ask(cast.manager))
        with CaptureQueriesContext(connection) as found:
            client.get("/exports/")
        counts.append(len(found))
    assert len(set(counts)) == 1
    assert counts[0] <= 6
