"""Two nodes share a database and a storage, and nothing else: whatever takes two requests begins
on one and ends on the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.mfa.totp.internal import auth as totp

from tests.migrated import migrated_database
from tests.node import (
    Answer,
    Browser,
    Node,
    environment,
    hidden,
    made_world,
    python,
)
from tests.node_world import PASSWORD
from tests.spare import told as rows_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DOCUMENT = (
    "关于开展工作的意见\n\n一、总体要求\n\n1．要健全制度。各单位要建立工作台账。\n\n"
    "2．要加强领导。各级要定期研究。\n"
)
BODIES = "code,name_hans,parent\n{},第九单位,C0\n"


@dataclass
class Pair:
    """Both nodes, the world in their database, and a browser that goes to the other node with each
    request.
    """

    first: Node
    second: Node
    world: dict
    told: dict[str, str]

    def person(self, name: str = "") -> "Wanderer":
        return Wanderer(
            self.first.browser(self.world["sessions"].get(name, "")),
            (self.first.port, self.second.port),
        )

    def rows(self, statement: str) -> list[tuple]:
        return rows_of(self.told, statement)


@dataclass
class Wanderer:
    """A person's browser before a proxy that hands each request to the node that did not get the
    last one.
    """

    browser: Browser
    ports: tuple[int, int]

    def turn(self) -> Browser:
        self.browser.port = self.ports[0] if self.browser.port == self.ports[1] else self.ports[1]
        return self.browser

    def read(self, path: str) -> Answer:
        return self.turn().read(path)

    def send(self, path: str, form: dict[str, object], *uploads: tuple[str, str, bytes]) -> Answer:
        return self.turn().send(path, form, *uploads)


@pytest.fixture
def pair(tmp_path: Path, transactional_db) -> Iterator[Pair]:
    with migrated_database(tmp_path) as url:
        first, second = (
            environment(tmp_path, url, temporary=name, DB_POOL_TIMEOUT="5")
            for name in ("first", "second")
        )
        world = made_world(first)
        with (
            Node(first, tmp_path / "first.log") as one,
            Node(second, tmp_path / "second.log") as other,
        ):
            yield Pair(one, other, world, first)


def test_whatever_takes_two_requests_may_end_on_another_node(pair: Pair, tmp_path: Path) -> None:
    for act in ACTS:
        act(pair)
    for node in (pair.first, pair.second):
        assert "Traceback" not in node.words
    # Nothing stays on a node.
    assert [list((tmp_path / name).iterdir()) for name in ("first", "second")] == [[], []]
    assert {
        line.split('"')[1]
        for node in (pair.first, pair.second)
        for line in node.words.splitlines()
        if " 500 " in line
    } == set()


def a_table_in_the_admin_is_confirmed(pair: Pair) -> None:
    admin = pair.person("admin")
    upload = ("import_file", "t.csv", BODIES.format("Q29").encode())
    page = admin.send(
        "/admin/directives/organisation/import/", {"format": "0", "resource": ""}, upload
    )
    form = {
        name: hidden(page, name)
        for name in ("import_file_name", "original_file_name", "format", "resource")
    }
    assert admin.send("/admin/directives/organisation/process_import/", form).status == 302
    assert pair.rows("SELECT count(*) FROM directives_organisation WHERE code = 'Q29'") == [(1,)]


def a_merger_in_the_admin_is_confirmed(pair: Pair) -> None:
    admin = pair.person("admin")
    [(pk, version)] = pair.rows(
        "SELECT id, version FROM directives_organisation WHERE code = 'Q29'"
    )
    shown = admin.send(
        f"/admin/directives/organisation/{pk}/merge/", {"into": "Q01", "version": version}
    )
    assert 'name="confirm"' in shown.text
    assert (
        admin.send(
            f"/admin/directives/organisation/{pk}/merge/",
            {"into": "Q01", "version": version, "confirm": "1"},
        ).status
        == 302
    )
    assert pair.rows(f"SELECT successor_id FROM directives_organisation WHERE id = {pk}") == [
        (pair.world["body"],)
    ]


def a_table_is_brought_in_matched_checked_and_applied(pair: Pair) -> None:
    admin = pair.person("admin")
    made = admin.send(
        "/intakes/new/bodies/upload/", {}, ("file", "t.csv", BODIES.format("Q39").encode())
    )
    pk = int(made.location.strip("/").split("/")[-1])

    def version() -> dict[str, object]:
        return {
            "version": pair.rows(f"SELECT version FROM directives_intake WHERE id = {pk}")[0][0]
        }

    columns = {"column-A": "code", "column-B": "name_hans", "column-C": "parent"}
    assert admin.read(f"/intakes/{pk}/columns/").status == 200
    assert admin.send(f"/intakes/{pk}/match/", columns | version()).status in (302, 422)
    assert admin.send(f"/intakes/{pk}/check/", version()).status == 302
    assert admin.send(f"/intakes/{pk}/apply/", version()).status == 302
    assert pair.rows("SELECT count(*) FROM directives_organisation WHERE code = 'Q39'") == [(1,)]


def directives_are_chosen_previewed_and_issued(pair: Pair) -> None:
    supervisor, document = pair.person("supervisor"), pair.world["document"]
    [(body,)] = pair.rows("SELECT id FROM directives_organisation WHERE code = 'Q39'")
    base, directives = f"/documents/{document}/issue/", pair.world["directives"]
    assert (
        supervisor.send(base, {"directive": directives, "body": body, "act": "next"}).location
        == f"{base}terms/"
    )
    assert supervisor.read(f"{base}terms/").status == 200
    assert supervisor.send(f"{base}terms/", {"part": "responsible"}).location == f"{base}preview/"
    preview = supervisor.read(f"{base}preview/")
    assert supervisor.send(f"{base}confirm/", {"digest": hidden(preview, "digest")}).status == 302
    assert pair.rows(
        f"SELECT count(*) FROM directives_obligation WHERE organisation_id = {body}"
    ) == [(len(directives),)]


def a_document_is_read_and_registered(pair: Pair) -> None:
    supervisor = pair.person("supervisor")
    shown = supervisor.send("/documents/new/", {}, ("file", "意见.txt", DOCUMENT.encode()))
    form = {name: hidden(shown, name) for name in ("source", "source_name")}
    form["title"] = DOCUMENT.splitlines()[0]
    assert supervisor.send("/documents/register/", form).status == 302


def a_person_signs_in_and_gives_the_second_factor(pair: Pair) -> None:
    enrol = (
        "import django; django.setup(); from directives.models import User; "
        "from allauth.mfa.totp.internal.auth import TOTP;"
        f" TOTP.activate(User.objects.get(username='manager'), '{SECRET}')"
    )
    python(pair.told | {"DJANGO_SETTINGS_MODULE": "qunzhu_tracker.settings"}, "-c", enrol)
    nobody = pair.person()
    assert nobody.read("/accounts/login/").status == 200
    asked = nobody.send("/accounts/login/", {"login": "manager", "password": PASSWORD})
    assert "authenticate" in asked.location
    assert nobody.read(asked.location).status == 200
    code = totp.format_hotp_value(
        totp.hotp_value(SECRET, next(iter(totp.yield_hotp_counters_from_time())))
    )
    assert nobody.send(asked.location, {"code": code}).location == "/"
    assert nobody.read("/").status == nobody.read("/").status == 200


def too_many_attempts_are_counted_together(pair: Pair) -> None:
    nobody = pair.person()
    answers = [
        nobody.send("/accounts/login/", {"login": "viewer", "password": "wrong"})
        for _time in range(7)
    ]
    told = [(answer.status, "Too many failed attempts" in answer.text) for answer in answers]
    assert told == [(200, False)] * 5 + [(200, True)] * 2


def a_message_is_shown_where_it_leads(pair: Pair) -> None:
    staff = pair.person("staff")
    form = {"measure": pair.world["measure"], "text": "开了会", "on": "2026-10-13"}
    written = staff.send("/log/add/", form)
    assert "Saved. The next report will use it." in staff.read(written.location).text


def a_form_sent_to_both_acts_once(pair: Pair) -> None:
    staff, form = (
        pair.person("staff"),
        {
            "measure": pair.world["measure"],
            "text": "只记一次",
            "on": "2026-10-13",
            "idempotency_key": uuid4(),
        },
    )
    assert [staff.send("/log/add/", form).status for _time in range(2)] == [302, 302]
    assert pair.rows("SELECT count(*) FROM directives_logentry WHERE text = '只记一次'") == [(1,)]


def evidence_and_exports_are_fetched(pair: Pair) -> None:
    staff, supervisor = pair.person("staff"), pair.person("supervisor")
    staff.send(
        "/files/add/", {"parent": f"plan-{pair.world['plan']}"}, ("files", "a.csv", b"a,b\n")
    )
    [(pk,)] = pair.rows("SELECT id FROM directives_attachment WHERE name = 'a.csv'")
    assert [staff.read(f"/files/{pk}/").content for _node in range(2)] == [b"a,b\n"] * 2
    asked = supervisor.send("/exports/ask/", {"list": "ledger", "format": "csv", "query": ""})
    python(pair.told, "manage.py", "worker", "--once")
    assert [supervisor.read(f"{asked.location}file/").status for _node in range(2)] == [200, 200]


def a_report_is_taken_offline_and_comes_back(pair: Pair) -> None:
    staff, report = pair.person("staff"), pair.world["report"]
    book = staff.read(f"/reports/{report}/offline/")
    assert book.content.startswith(b"PK")
    [(cycle, body)] = pair.rows(
        f"SELECT cycle_id, organisation_id FROM directives_progressreport WHERE id = {report}"
    )
    made = staff.send(
        "/intakes/new/entries/upload/",
        {"cycle": cycle, "organisation": body},
        ("file", "报告.xlsx", book.content),
    )
    assert (made.status, staff.read(made.location).status) == (302, 200)


ACTS: tuple[Callable[[Pair], None], ...] = (
    evidence_and_exports_are_fetched,  # before the tree changes, after which the file is refused
    a_table_in_the_admin_is_confirmed,
    a_merger_in_the_admin_is_confirmed,
    a_table_is_brought_in_matched_checked_and_applied,
    directives_are_chosen_previewed_and_issued,
    a_document_is_read_and_registered,
    a_person_signs_in_and_gives_the_second_factor,
    too_many_attempts_are_counted_together,
    a_message_is_shown_where_it_leads,
    a_form_sent_to_both_acts_once,
    a_report_is_taken_offline_and_comes_back,
)
