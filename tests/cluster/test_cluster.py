"""An installation of several machines, and what may happen to it.

It is made of real programs and the shipped files. One test, because one cluster takes ten seconds
to set up; its steps are functions that build on one another.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from tests.cluster.load import Browser, Load
from tests.cluster.machines import LAG_LIMIT, Cluster, wait_for

pytestmark = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
    reason="a cluster is made of PostgreSQL servers: it runs with the other engine",
)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_what_may_happen_to_an_installation_of_several_machines(cluster: Cluster) -> None:
    world = cluster.world("make")
    for name in ("node1", "node2"):
        cluster.wait_until_ready(name)
    the_pooler_gives_each_process_its_timeouts(cluster)
    a_busy_table_makes_a_migration_give_up(cluster)
    who_wrote_reads_it_while_the_replica_falls_behind(cluster, world)
    told = what_breaks_under_load_is_seen_by_nobody(cluster, world)
    the_primary_is_lost_and_the_replica_takes_its_place(cluster, world, told)
    assert told.refused() == []  # the answers to the end, beside what each step has asserted


def the_pooler_gives_each_process_its_timeouts(cluster: Cluster) -> None:
    asked = (
        "SELECT current_setting('statement_timeout'), "
        "current_setting('idle_in_transaction_session_timeout')"
    )
    for database, wanted in (("qunzhu", ("15s", "30s")), ("qunzhu_work", ("0", "10min"))):
        assert cluster.sql("pgbouncer", asked, database=database) == [wanted]
    refused = cluster.manage("migrate", environment=cluster.environment("office"))
    assert (refused.returncode, "PostgreSQL itself, not PgBouncer" in refused.stderr) == (1, True)


def a_busy_table_makes_a_migration_give_up(cluster: Cluster) -> None:
    """It takes another migrate for such a table: both wait for the same lock in the same way."""
    with cluster.holding("primary", "SELECT pg_advisory_lock(7103005381)"):
        gave_up = cluster.manage("migrate", "--lock-timeout=0.2")
    assert (gave_up.returncode, "gave up before anybody had to wait" in gave_up.stderr) == (1, True)
    assert "Traceback" not in gave_up.stderr
    assert cluster.manage("migrate", "--lock-timeout=0.2").returncode == 0


def who_wrote_reads_it_while_the_replica_falls_behind(cluster: Cluster, world: dict) -> None:
    port = cluster.ports["nginx"]
    # The second has not written.
    writer, reader = (Browser(port, world["people"][0]["session"]) for _two in range(2))
    assert reader.read("/log/").status == 200
    wait_for(lambda: reader.read("/log/").source == "replica1", "pages are read from the replica")
    cluster.sql("replica", "SELECT pg_wal_replay_pause()")
    answer, failed = writer.write(
        "/log/add/",
        {
            "measure": world["people"][0]["measure"],
            "text": "Of this very moment",
            "on": "2026-10-13",
        },
    )
    assert (answer.status, failed) == (302, 0)
    for _again in range(4):  # on either node
        seen = writer.read("/log/")
        assert (seen.status, seen.source, "Of this very moment" in seen.text) == (200, "", True)
    seen = reader.read("/log/")
    assert (seen.status, "Of this very moment" in seen.text, seen.source) == (
        200,
        seen.source == "",
        seen.source,
    )
    # Behind by more than the limit, it is not read at all.
    time.sleep(LAG_LIMIT + 1)
    for _again in range(6):
        seen = reader.read("/log/")
        assert (seen.status, seen.source, "Of this very moment" in seen.text) == (200, "", True)
    cluster.sql("replica", "SELECT pg_wal_replay_resume()")
    for browser in (reader, writer):
        wait_for(
            lambda browser=browser: browser.read("/log/").source == "replica1",
            "the replica is read again",
        )
        assert "Of this very moment" in browser.read("/log/").text


def what_breaks_under_load_is_seen_by_nobody(cluster: Cluster, world: dict) -> Load:
    """A node is killed and comes back, the other is restarted as in an upgrade.

    Then the replica is killed.
    """
    load = Load(cluster.ports["nginx"], world["people"])
    load.begin()
    beneath(load, lambda: a_backup_is_made(cluster), 60)
    beneath(load, lambda: cluster.kill("node1"), 60)
    in_flight = load.failed_writes() + load.broken_off()
    beneath(load, lambda: cluster.start_node("node1"), 0)
    cluster.wait_until_ready("node1")
    beneath(load, lambda: cluster.stop("node2"), 30)
    beneath(load, lambda: cluster.start_node("node2"), 0)
    cluster.wait_until_ready("node2")
    assert (
        sum(count for (_status, source), count in load.reads().items() if source == "replica1") > 0
    )
    beneath(load, lambda: cluster.kill("replica"), 80)
    load.end()
    assert load.refused() == [], (cluster.folder / "nginx" / "error.log").read_text(
        encoding="utf-8"
    )[-6000:]
    assert {status for status, _source in load.reads()} == {200}
    # Each had one request on its way when the node was killed.
    assert in_flight <= len(load.clients)
    assert load.broken_off() <= 2 * len(load.clients)  # two were killed: a node, the replica
    assert load.slowest() < 60  # a second on a quiet machine: nobody waits for one that is gone
    nothing_is_lost_or_done_twice(cluster, load, also=["Of this very moment"])
    return load


def a_backup_is_made(cluster: Cluster) -> None:
    """Of the primary itself; through PgBouncer it refuses."""
    target = str(cluster.folder / "backup")
    refused = cluster.manage("backup", target, environment=cluster.environment("office"))
    assert (refused.returncode, "PostgreSQL itself, not PgBouncer" in refused.stderr) == (1, True)
    made = cluster.manage("backup", target)
    assert (made.returncode, made.stderr) == (0, "")


def beneath(load: Load, event: Callable[[], object], answers: int) -> None:
    """Let something happen, and the clients go on until so many more answers have come."""
    before = load.reads().total() + load.told()
    event()
    wait_for(
        lambda: load.reads().total() + load.told() >= before + answers, "the clients are answered"
    )


def nothing_is_lost_or_done_twice(cluster: Cluster, load: Load, *, also: list[str]) -> None:
    held = cluster.world("count")
    logged = [text for client in load.clients for text in client.account.logged] + also
    acknowledged = sorted(pk for client in load.clients for pk in client.account.acknowledged)
    assert len(acknowledged) > 20
    assert held["log"] == sorted(logged)
    assert held["logged"] == len(logged)
    assert (held["acknowledged"], held["states"]) == (acknowledged, acknowledged)
    assert (held["drift"], held["faults"]) == ([], [])


def the_primary_is_lost_and_the_replica_takes_its_place(
    cluster: Cluster, world: dict, load: Load
) -> None:
    """The runbook's failover: promote, point PgBouncer at the new primary, go on.

    Nothing that had reached the replica is lost.
    """
    cluster.start_postgresql("replica")
    place = cluster.sql("primary", "SELECT pg_current_wal_flush_lsn()")[0][0]
    wait_for(
        lambda: cluster.sql("replica", f"SELECT pg_last_wal_replay_lsn() >= '{place}'::pg_lsn")[0][
            0
        ],
        "the replica has it all",
    )
    cluster.kill("primary")
    cluster.sql("replica", "SELECT pg_promote()")
    cluster.write_pgbouncer("replica")
    cluster.sql("pgbouncer", "RELOAD", database="pgbouncer")
    browser = Browser(cluster.ports["nginx"], world["people"][1]["session"])
    form = {
        "measure": world["people"][1]["measure"],
        "text": "After the failover",
        "on": "2026-10-13",
    }
    wait_for(lambda: browser.read("/").status == 200, "pages are served again")
    answer, _failed = browser.write("/log/add/", form)
    assert answer.status == 302
    seen = browser.read("/log/")
    # What was promoted is no replica any more.
    assert (seen.source, "After the failover" in seen.text) == ("", True)
    cluster.ports["primary"] = cluster.ports["replica"]
    hearts = (
        "SELECT count(*) FROM directives_jobrun WHERE name LIKE 'worker:%' "
        "AND last_ran_at > now() - interval '15 seconds'"
    )
    wait_for(
        lambda: cluster.sql("primary", hearts) == [(1,)], "the worker beats on, on the new primary"
    )
    assert cluster.processes["worker"].poll() is None
    nothing_is_lost_or_done_twice(cluster, load, also=["Of this very moment", "After the failover"])
