"""Which forms keep their words in the browser: all of them, but for a few with their reasons.

What the server tells of them.
"""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from directives.models import LogEntry
from tests.factories import make_measure, make_obligation, make_plan

TEMPLATES = settings.BASE_DIR / "templates"
SCRIPTS = settings.BASE_DIR / "directives/static/directives"
POSTED = re.compile(r"<form\b((?:[^>{]|\{%.*?%\}|\{\{.*?\}\})*)>", re.S)
HIDDEN = re.compile(r'<input type="hidden" name="([^"{]+)"')
# Templates with forms that keep nothing, and why.
KEEPS_NOTHING = {
    "account/": "passwords",
    "mfa/": "passwords and codes",
    "allauth/": "passwords and codes",
    "admin/import_export/": "a file, or a choice of columns and of a format",
    "admin/directives/organisation/merge.html": "one choice for one press",
    "directives/exports/new.html": "one choice of a format",
    "directives/obligations/_list.html": "ticks for one press, on a list that changes",
    "directives/documents/_desk": "ticks for one press, on a list that changes",
}
# Hidden fields that say nothing of which form it is: the address of the form does.
NO_PART_OF_THE_KEY = {
    "version",
    "next",
    "action",
    "done",
    "unchanged_reason",
    "unchanged",
    "digest",
    "number",
    "organisation",
    "document",
}
# What a browser of 2019 (Chromium 78, as in 统信 and 麒麟 browsers) cannot read, or does not know.
TOO_NEW = re.compile(
    r"\?\?|\?\.[a-zA-Z_(\[]|&&=|\|\|=|\.replaceChildren\(|\.replaceAll\(|\.at\(|structuredClone|"
    r"#[a-z]+\s*[=(;]|static \{"
)


def forms():
    """Every form of a template that is posted: the template, and the attributes of the form."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        for given in POSTED.findall(path.read_text()):
            if re.search(r'method="(post|\{\{)', given, re.I):
                yield name, given


def test_only_listed_forms_keep_nothing():
    silent = {name for name, given in forms() if "data-no-draft" in given}
    unlisted = {name for name in silent if not name.startswith(tuple(KEEPS_NOTHING))}
    assert unlisted == set()
    assert [
        start for start in KEEPS_NOTHING if not any(name.startswith(start) for name in silent)
    ] == []
    assert len({name for name, _given in forms()} - silent) > 30


def test_every_page_loads_the_script_that_keeps_words():
    pages = [
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if "<!DOCTYPE" in path.read_text() and "<form" in path.read_text()
    ]
    assert [page for page in pages if page != "base.html"] == []
    for name in ("base.html", "admin/base_site.html"):
        source = (TEMPLATES / name).read_text()
        assert "directives/drafts.js" in source
        assert '{% include "_drafts.html" %}' in source
    assert "{% once %}" in (TEMPLATES / "admin/change_form.html").read_text()


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.name)
def test_no_script_is_too_new_for_the_browsers_of_offices(path: Path):
    lines = [
        line
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith("//") and TOO_NEW.search(line)
    ]
    assert lines == []


@pytest.fixture
def measure(cast):
    row = make_obligation(organisation=cast.body)
    return make_measure(make_plan(cast.body, row.directive.document), row)


def log(client, measure, key, text="已办", person="", **headers):
    form = {
        "idempotency_key": key,
        "measure": measure.pk,
        "on": "2026-01-05",
        "text": text,
        "_person": person,
    }
    return client.post("/log/add/", form, headers=headers)


def test_the_browser_is_told_that_a_form_is_stored(cast, measure, sign_in):
    client, key = sign_in(cast.staff), str(uuid4())
    first = log(client, measure, key)
    assert (first.status_code, LogEntry.objects.count()) == (302, 1)
    assert first.cookies["stored"].value == key
    assert not first.cookies["stored"]["httponly"]
    # Nothing is done twice, and what is stored is not offered again.
    assert key in log(client, measure, key).cookies["stored"].value


def test_the_browser_is_not_told_so_of_a_form_that_was_refused_or_met_the_sign_in(
    cast, measure, sign_in
):
    key = str(uuid4())
    assert "stored" not in log(sign_in(cast.staff), measure, key, text="").cookies
    assert "stored" not in log(Client(), measure, key).cookies
    assert LogEntry.objects.count() == 0


def test_it_names_the_last_few_forms_and_nothing_that_others_wrote_into_it(cast, measure, sign_in):
    client, keys = sign_in(cast.staff), [str(uuid4()) for _form in range(10)]
    client.cookies["stored"] = "<b>.x"
    for key in keys:
        value = log(client, measure, key).cookies["stored"].value
    assert value.split(".") == keys[-8:]


def test_the_words_of_one_person_are_not_stored_as_anothers(cast, measure, sign_in):
    key = str(uuid4())
    answer = log(sign_in(cast.manager), measure, key, person=cast.staff.pk)
    assert (answer.url, LogEntry.objects.count(), "stored" in answer.cookies) == ("/", 0, False)
    assert log(sign_in(cast.staff), measure, key, person=cast.staff.pk).status_code == 302
    assert LogEntry.objects.get().by == cast.staff


def test_a_form_out_of_date_gets_a_new_token_and_is_not_called_forbidden(cast, measure):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff, backend="directives.accounts.Door")
    client.cookies["language"] = "zh-hans"
    asked = log(client, measure, str(uuid4()), HX_Request="true")
    assert (asked.status_code, asked.headers.get("X-Form-Out-Of-Date"), asked.content) == (
        403,
        "1",
        b"",
    )
    assert asked.cookies["csrftoken"].value
    page = log(
        client, measure, str(uuid4()), text="写了很久的一段话", Referer="http://testserver/log/"
    ).content.decode()
    assert "写了很久的一段话" in page
    assert 'href="http://testserver/log/"' in page
    assert "您的角色不允许" not in page
    elsewhere = log(
        client, measure, str(uuid4()), text="别处来的话", Referer="http://elsewhere.example/"
    ).content.decode()
    assert "别处来的话" not in elsewhere
    assert LogEntry.objects.count() == 0


def test_the_browser_is_told_that_a_form_of_the_admin_is_stored(cast, sign_in):
    client, key = sign_in(cast.admin), str(uuid4())
    form = {"idempotency_key": key, "day": "2031-05-06", "name": "校庆"}
    address = "/admin/directives/calendarday/add/"
    assert 'name="idempotency_key"' in client.get(address).content.decode()
    assert "stored" not in client.post(address, {**form, "day": "0000"}).cookies
    stored = client.post(address, form)
    assert (stored.status_code, stored.cookies["stored"].value) == (302, key)
