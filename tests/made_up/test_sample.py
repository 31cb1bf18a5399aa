"""The sample: what it holds, and where it is not loaded.

`test_serve` loads all of it, progress included.
"""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from directives.made_up.sample import loading
from directives.made_up.sample.assigning import assign
from directives.made_up.sample.people import ACCOUNTS, made_up_name
from directives.models import (
    Directive,
    Document,
    Item,
    ItemState,
    Membership,
    Obligation,
    Organisation,
    Repair,
    User,
)


@pytest.fixture
def sample(db, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "demo-pass-2026")
    call_command("load_sample", "--without-progress", verbosity=0)


def test_the_document_the_bodies_and_the_accounts(sample, client):
    document = Document.objects.get()
    assert (document.script, document.fictional, document.sections.count()) == ("hant", True, 6)
    assert (Directive.objects.count(), Directive.objects.filter(statement=True).count()) == (73, 4)
    assert Organisation.objects.count() == 116
    assert Obligation.objects.count() == 0
    assert set(User.objects.values_list("username", flat=True)) == {
        account.username for account in ACCOUNTS
    }
    assert Membership.objects.filter(user__username="staff").get().organisation.code == "Q01"
    assert client.login(username="staff", password="demo-pass-2026")


def test_the_doubtful_places_are_confirmed_by_name(sample):
    decided = Repair.objects.filter(state="confirmed")
    assert decided.count() == 14
    assert (
        "".join(decided.order_by("order").values_list("after", flat=True))
        == "，按、為服務政務擔當正廉，選"
    )
    assert all(repair.decided_by and repair.why for repair in decided)
    assert Repair.objects.filter(state="proposed").count() == 0


def test_every_item_is_assigned_to_a_body_that_exists(db, monkeypatch):
    monkeypatch.setattr(loading, "ACTS", (assign,))
    call_command("load_sample", today=date(2026, 12, 1), verbosity=0)
    assert Item.objects.count() == 76
    unassigned = Item.objects.exclude(pk__in=ItemState.objects.values("item"))
    assert list(unassigned.values_list("directive__code", "name")) == []
    # 各級政府 is a class, to which the State Council belongs.
    assert Obligation.objects.filter(directive__code="八.1.2", organisation__code="R03").exists()
    receivers = Organisation.objects.filter(obligations__directive__code="結.1.2")
    military = receivers.filter(kind="military").order_by("code")
    # The general headquarters and the Second Artillery ended at the turn of 2016.
    assert list(military.values_list("code", flat=True)) == [
        *("S05", "S06", "S07", "S08", "S09", "S10", "S12", "S13")
    ]


def test_it_goes_into_an_empty_database_only(sample):
    with pytest.raises(CommandError, match="empty"):
        call_command("load_sample", verbosity=0)
    assert Document.objects.count() == 1


def test_production_refuses_it(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("load_sample", verbosity=0)
    assert (Document.objects.count(), User.objects.count()) == (0, 0)


def test_made_up_names_differ():
    assert len({made_up_name(number) for number in range(390)}) == 390
