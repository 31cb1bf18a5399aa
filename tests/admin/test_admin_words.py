"""The admin read from its front page on, as each administrator: words, names and links.

Nothing is in English, nothing is a bare id, no part of a password is shown, and every link opens.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from directives.administration.site import GROUPS, TASKS
from directives.models import Obligation
from tests.admin.test_admin_access import people, recorded, rows  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

WHO = ("system", "security", "administrator", "superuser")
# Its powers are those of the first two, and the superuser has them all: so are its words.
LEFT_OUT = ("zh-hant", "administrator")
# What a Chinese page may say in Latin letters: kinds of files, hashes, and the user names of this
# test.
LATIN = {"csv", "xlsx", "txt", "SHA", "LDAP", "English", "EN", "ID"}
NAMES = {
    "system",
    "security",
    "administrator",
    "superuser",
    "bare",
    "looks",
    "staff",
    "manager",
    "supervisor",
    "viewer",
    "outsider",
    "auditor",
    "admin",
    "above",
    "middle",
    "stranger",
    "below",
    "Tab",
    "Ctrl",
}
READ_ALOUD = ("title", "aria-label", "placeholder", "alt")
# The name of a column stands behind its word; a code, a hash, an address and what a script fills in
# are data.
DATA = re.compile(
    r"\([a-z][a-z_]*\)|\{[a-z]+\}|\b[0-9a-f]{8,}\b|\b[A-Z]+-?\d+(?:\.\d+)*\b|[\w.+-]+@[\w.-]+"
)


class Words(HTMLParser):
    """What a page says, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self.silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        self.silent += tag in ("script", "style")
        self.said += [told[name] or "" for name in READ_ALOUD if name in told]
        if tag == "input" and told.get("type") in ("submit", "button"):
            self.said.append(told.get("value") or "")
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)

    @property
    def english(self) -> set[str]:
        text = DATA.sub(" ", "\n".join(self.said))
        return set(re.findall(r"[A-Za-z]{2,}", text)) - LATIN - NAMES


def pages(client: Client) -> Iterator[tuple[str, int, str, set[str]]]:
    """Every page of the admin that links lead to from its front page.

    Of each its address, status, HTML and English words. Outside the admin none is read.
    """
    waiting, seen = ["/admin/"], {"/admin/"}
    while waiting:
        address = waiting.pop()
        answer = client.get(address)
        html = "" if answer.streaming else answer.content.decode(errors="replace")
        words = Words(html if address.startswith("/admin/") else "")
        yield address, answer.status_code, html, words.english
        for link in words.links:
            target = urlsplit(urljoin(address, link))
            if not target.netloc and target.scheme in ("", "http") and target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))


@pytest.mark.parametrize(
    ("language", "who"), [item for item in product(("zh-hans", "zh-hant"), WHO) if item != LEFT_OUT]
)
def test_every_page_is_read(recorded, people, sign_in, who, language):  # noqa: F811
    client = sign_in(people[who], language)
    closed, english, ids, secrets, count = [], {}, [], [], 0
    for address, status, html, words in pages(client):
        count += 1
        if status not in (200, 302):
            closed.append((address, status))
        if not address.startswith("/admin/") or status != 200:
            continue
        if words:
            english[address] = sorted(words)
        ids += [address] if re.search(r"\d+×\d+", html) else []
        secrets += [address] if re.search(r"argon2|pbkdf2|md5\$", html) else []
    assert (closed, english, ids, secrets) == ([], {}, [], [])
    assert count > 15


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_forms_with_faults_and_confirmations_are_read(recorded, people, sign_in, language):  # noqa: F811
    client, english = sign_in(people["superuser"], language), {}
    for model in (
        "user",
        "organisation",
        "obligation",
        "directive",
        "measure",
        "bodyalias",
        "bodyclass",
        "calendarday",
        "membership",
    ):
        changes = model not in ("membership",)
        name = "change" if changes else "add"
        address = reverse(
            f"admin:directives_{model}_{name}", args=[recorded[model]] if changes else []
        )
        with transaction.atomic():
            answer = client.post(
                address, {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
            )
            transaction.set_rollback(True)
        assert answer.status_code in (200, 302), address
        if words := Words(answer.content.decode()).english:
            english[address] = sorted(words)
    for model, action in (
        ("calendarday", "delete_selected"),
        ("measure", "delete_selected"),
        ("membership", "delete_selected"),
    ):
        address = reverse(f"admin:directives_{model}_changelist")
        answer = client.post(address, {"action": action, "_selected_action": recorded[model]})
        assert answer.status_code == 200, address
        if words := Words(answer.content.decode()).english:
            english[f"{address} {action}"] = sorted(words)
    assert english == {}


def faulty(row: Obligation) -> Iterator[tuple[str, str, str]]:
    """A model, a table of it with faults, and the row and column that are to be named."""
    yield (
        "organisation",
        "code,name_hans,parent,valid_from\nX1,甲,nowhere,2025-02-30\n",
        "第 2 行“设立日期 (valid_from)”列",
    )
    yield (
        "obligation",
        f"directive,organisation,due_on\n{row.directive_id},{row.organisation.code},soon\n",
        "第 2 行“完成时限 (due_on)”列",
    )
    yield "measure", "id,plan,number,text\n,999999,9,印发办法\n", "第 2 行"


def test_faults_of_a_table_are_said_by_row_and_column(recorded, people, sign_in):  # noqa: F811
    client = sign_in(people["superuser"])
    for model, text, place in faulty(
        Obligation.objects.select_related("organisation").get(pk=recorded["obligation"])
    ):
        file = SimpleUploadedFile("t.csv", text.encode(), "text/csv")
        html = client.post(
            reverse(f"admin:directives_{model}_import"), {"import_file": file, "format": "0"}
        ).content.decode()
        words = Words(html)
        assert place in "".join(words.said), model
        assert words.english - {"nowhere", "soon"} == set(), model


def test_the_front_page_names_every_list_and_no_other(client):
    reverse("admin:index")  # pages of the admin are registered with the addresses
    named = {name for group in GROUPS for name in group.purposes}
    assert named == {model.__name__ for model in admin.site._registry}
    assert {task.model for task in TASKS} <= named


def test_the_tasks_of_the_front_page_are_theirs(people, sign_in):  # noqa: F811
    tasks = {
        who: [url for _name, url in sign_in(people[who]).get("/admin/").context["tasks"]]
        for who in ("system", "security")
    }
    add, account = reverse("admin:directives_membership_add"), reverse("admin:directives_user_add")
    assert (account in tasks["system"], add in tasks["system"]) == (True, False)
    assert (account in tasks["security"], add in tasks["security"]) == (False, True)


def test_a_supervisor_of_nobody_is_told_of(recorded, people, sign_in, cast):  # noqa: F811
    """The role is given all the same: organisations below may follow."""
    client = sign_in(people["administrator"])
    address = reverse("admin:directives_membership_add")
    for body, told in ((cast.child, True), (cast.body, False)):
        form = {"user": people["outsider"].pk, "organisation": body.pk, "role": "supervisor"}
        html = client.post(address, form, follow=True).content.decode()
        assert (f"{body.name_hans}没有下级单位" in html) == told, body


def test_rows_are_named_in_words(recorded):  # noqa: F811
    row = Obligation.objects.get(pk=recorded["obligation"])
    assert str(row) == f"{row.organisation.name_hans} · {row.directive.code}"
    models = apps.get_app_config("directives").get_models()
    by_id = [
        model.__name__
        for model in models
        if any(name.endswith("_id") for name in model.__str__.__code__.co_names)
    ]
    assert by_id == []
