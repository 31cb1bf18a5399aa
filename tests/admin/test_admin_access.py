"""Every address of the admin × everybody who might try it.

One that is not in the tables fails; no request changes what it may not.

The tables say what each may do with each model, in words of their own, independently of the code.
"""

from collections.abc import Iterator
from importlib import import_module
from itertools import product

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from directives.base import duties
from directives.core import audit, denials
from directives.core.sealing import seal
from directives.models import BodyClass, CalendarDay, Event, Indicator, PendingRight, Seal, User
from directives.organisations.commands import remember
from tests.factories import (
    NOW,
    make_administrator,
    make_indicator,
    make_measure,
    make_obligation,
    make_plan,
    make_user,
)

pytestmark = pytest.mark.once  # SQLite counts the rows that are written

# What an administrator may do with each model, what a permission to look gives, and what even a
# superuser may not do.
SYSTEM = {
    "bodyalias": "view add change delete import export",
    "bodyclass": "view add change delete",
    "calendarday": "view add change delete",
    "directive": "view change import export",
    "document": "view",
    "event": "view",
    "indicator": "view",
    "measure": "view change import export",
    "membership": "view",
    "obligation": "view change import export",
    "organisation": "view add change import export",
    "pendingright": "",
    "seal": "view",
    "user": "view add change",
}
SECURITY = dict.fromkeys(SYSTEM, "") | {
    "event": "view",
    "membership": "view add delete",
    "organisation": "view export",
    "pendingright": "view decide",
    "seal": "view",
    "user": "view change reset",
}
ADMINISTRATOR = {model: f"{SYSTEM[model]} {SECURITY[model]}" for model in SYSTEM}
SUPERUSER = ADMINISTRATOR | {
    "measure": "view change delete import export",
    "user": "view add change reset delete",
}
WITH_TABLES = ("bodyalias", "directive", "measure", "obligation", "organisation")
LOOKS = {model: "view export" if model in WITH_TABLES else "view" for model in SYSTEM}
TABLES = {
    "system": SYSTEM,
    "security": SECURITY,
    "administrator": ADMINISTRATOR,
    "superuser": SUPERUSER,
    "looks": LOOKS,
}
POWERS = {
    who: {model: set(powers.split()) for model, powers in table.items()}
    for who, table in TABLES.items()
}
POWERS["bare"] = dict.fromkeys(SYSTEM, set())
# The power that an address asks for, with GET and with POST; None: it answers no such request.
PAGES = {
    "changelist": ("view", "view"),
    "add": ("add", "add"),
    "change": ("view", "change"),
    "delete": ("delete", "delete"),
    "history": ("view", "view"),
    "import": ("import", "import"),
    "process_import": (None, "import"),
    "export": ("export", "export"),
    "merge": ("change", "change"),
    "password_change": ("reset", "reset"),
}
OF_NOTHING = {"add", "changelist", "import", "process_import", "export"}  # they name no row
EVERYBODYS = {
    "index",
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "jsi18n",
    "autocomplete",
    "view_on_site",
    "app_list",
}
OUTSIDE = ("outsider", "staff", "manager", "supervisor", "viewer", "auditor")


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def addresses() -> list[str]:
    import_module(settings.ROOT_URLCONF)  # pages of the admin are registered with the addresses
    return list(names(admin.site.get_urls()))


def split(name: str) -> tuple[str, str]:
    """The model and the page of an address: directives_obligation_change → obligation, change."""
    if name == "auth_user_password_change":
        return "user", "password_change"
    if name.startswith("directives_"):
        model, _line, page = name.removeprefix("directives_").partition("_")
        return model, page
    return "", name


def test_every_address_is_in_the_tables():
    found = {split(name) for name in addresses()}
    assert {page for model, page in found if not model} == EVERYBODYS
    assert {model for model, _page in found if model} == SYSTEM.keys()
    assert {page for model, page in found if model} == PAGES.keys()


@pytest.fixture
def rows(cast) -> dict[str, int]:
    """One row of each model."""
    obligation = make_obligation(organisation=cast.body)
    measure = make_measure(make_plan(cast.body, obligation.document), obligation)
    make_indicator(obligation.document, cast.centre)
    cast.centre.save()
    alias = remember("群工办", [cast.body], owner=None, by=cast.admin, now=NOW)
    return {
        "bodyalias": alias.pk,
        "bodyclass": BodyClass.objects.get(name="各部门").pk,
        "calendarday": CalendarDay.objects.first().pk,
        "directive": obligation.directive_id,
        "document": obligation.document_id,
        "measure": measure.pk,
        "membership": cast.staff.memberships.get().pk,
        "obligation": obligation.pk,
        "organisation": cast.child.pk,
        "user": cast.staff.pk,
        "indicator": Indicator.objects.get().pk,
        "pendingright": PendingRight.objects.create(
            person=cast.viewer, right="auditor", asked_by=cast.admin, asked_at=NOW
        ).pk,
    }


@pytest.fixture
def recorded(cast, rows) -> dict[str, int]:
    """The same with an event and a seal."""
    with transaction.atomic():
        audit.record("change", cast.body, by=cast.admin, now=NOW)
    seal(now=NOW)
    return {**rows, "event": Event.objects.latest("pk").pk, "seal": Seal.objects.latest("pk").pk}


@pytest.fixture
def people(cast) -> dict[str, User]:
    looks = make_user("looks", is_staff=True)
    looks.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    special = {
        "administrator": make_administrator("administrator"),
        "looks": looks,
        "system": make_administrator("system", duties.SYSTEM),
        "security": make_administrator("security", duties.SECURITY),
        "bare": make_user("bare", is_staff=True),
        "superuser": make_user("superuser", is_staff=True, is_superuser=True),
    }
    special["auditor"] = make_administrator("auditor", duties.AUDITOR)
    return special | {name: getattr(cast, name) for name in OUTSIDE if name not in special}


@pytest.fixture(autouse=True)
def refusals_are_not_written(monkeypatch) -> None:
    """That they are is told in tests/core/test_denials.py; here a refusal writes nothing else."""
    monkeypatch.setattr(denials, "record_refusal", lambda *arguments, **facts: None)


def ask(client: Client, address: str, method: str, **form: object) -> tuple[int, bool]:
    """The status, and whether any row was written; each asks of the same world."""
    with transaction.atomic():
        before = connection.connection.total_changes
        answer = getattr(client, method)(
            address, {"post": "yes", **form} if method == "post" else {}
        )
        changed = connection.connection.total_changes != before
        transaction.set_rollback(True)
    return answer.status_code, changed


@pytest.mark.usefixtures("refusals_drawn_once")
@pytest.mark.parametrize("who", [*POWERS, *OUTSIDE])
def test_who_may(recorded, people, sign_in, who):
    client, found, wanted = sign_in(people[who]), {}, {}
    for name in addresses():
        model, page = split(name)
        if not model:
            continue
        address = reverse(f"admin:{name}", args=() if page in OF_NOTHING else (recorded[model],))
        for method, power in zip(("get", "post"), PAGES[page], strict=True):
            if power is None:
                continue
            status, changed = ask(client, address, method)
            may = who in POWERS and power in POWERS[who][model]
            found[name, method] = (
                status in (302, 403, 404) and not (may and status == 302),
                changed and not may,
            )
            wanted[name, method] = (not may, False)
    differing = {key: (found[key], wanted[key]) for key in found if found[key] != wanted[key]}
    assert differing == {}
    assert len(found) > 80


# What an action of a list asks for.
ACTIONS = {
    "delete_selected": "delete",
    "merge_chosen": "change",
    "forget_factors": "reset",
    "end_sessions": "reset",
    "unlock": "reset",
    "confirm": "decide",
    "decline": "decide",
}


@pytest.mark.usefixtures("refusals_drawn_once")
@pytest.mark.parametrize("who", [*POWERS, "supervisor", "auditor"])
def test_who_may_act_on_a_list(recorded, people, sign_in, who):
    client, found, wanted = sign_in(people[who]), {}, {}
    for model, action in product(SYSTEM, ACTIONS):
        address = reverse(f"admin:directives_{model}_changelist")
        powers = POWERS.get(who, {}).get(model, set())
        chosen = {"action": action, "_selected_action": [recorded[model]], "index": "0"}
        status, changed = ask(client, address, "post", **chosen)
        found[model, action] = (
            status == 403 or (status == 302 and who not in POWERS),
            changed and ACTIONS[action] not in powers,
        )
        wanted[model, action] = ("view" not in powers, False)
    assert found == wanted


def test_the_actions_of_the_lists_are_known(client):
    addresses()
    request = client.get("/accounts/login/").wsgi_request
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    names = {name for page in admin.site._registry.values() for name in page.get_actions(request)}
    assert names == ACTIONS.keys()
