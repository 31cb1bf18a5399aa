"""Doors of the admin.

Whoever lacks a model's permission is kept out of its tables too, and nobody rises by the accounts
of others.
"""

from itertools import product

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from directives.administration.table_admin import TableAdmin
from directives.base.refusals import NotAllowed
from directives.models import Event, Measure, Membership, Obligation, Organisation, User
from directives.organisations.commands import change_people, give_roles, remove_people, take_roles
from tests.admin.test_admin import confirm, import_file
from tests.factories import (
    NOW,
    make_administrator,
    make_directive,
    make_measure,
    make_obligation,
    make_plan,
    make_user,
)

STRONG = "Tong-Xun-2026!"
WITH_TABLES = ("bodyalias", "directive", "measure", "obligation", "organisation")
TABLE_PAGES = ("import", "export", "process_import")


@pytest.fixture
def bare(cast, sign_in):
    """Somebody who may enter the admin and has no permission there."""
    return sign_in(make_user("bare", is_staff=True))


@pytest.fixture
def administrator(cast):
    return make_administrator("office")


@pytest.fixture
def admin_client(administrator, sign_in):
    return sign_in(administrator)


def test_no_other_model_is_in_the_admin(client):
    client.get("/admin/")
    names = sorted(model._meta.model_name for model in admin.site._registry)
    assert names == [
        "bodyalias",
        "bodyclass",
        "calendarday",
        "directive",
        "document",
        "event",
        "indicator",
        "measure",
        "membership",
        "obligation",
        "organisation",
        "pendingright",
        "seal",
        "user",
    ]


def test_every_model_with_tables_is_looked_at(client):
    client.get("/admin/")  # the pages of the admin are registered with the addresses
    assert {
        model._meta.model_name
        for model, page in admin.site._registry.items()
        if isinstance(page, TableAdmin)
    } == set(WITH_TABLES)


@pytest.mark.parametrize(
    ("model", "page", "method"), [*product(WITH_TABLES, TABLE_PAGES, ("get", "post"))]
)
def test_tables_are_closed_without_a_permission(bare, model, page, method):
    answer = getattr(bare, method)(reverse(f"admin:directives_{model}_{page}"))
    assert answer.status_code == (405 if (page, method) == ("process_import", "get") else 403)


@pytest.mark.parametrize("model", WITH_TABLES)
def test_a_permission_to_look_gives_a_file_and_takes_none(cast, sign_in, model):
    user = make_user("looks", is_staff=True)
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label="directives", codename=f"view_{model}")
    )
    admin_client = sign_in(user)
    statuses = [
        admin_client.get(reverse(f"admin:directives_{model}_{page}")).status_code
        for page in ("export", "import")
    ]
    assert statuses == [200, 403]


def test_a_table_founds_bodies_only_for_whoever_may_add_them(cast, sign_in):
    user = make_user("changes", is_staff=True)
    names = ("view_organisation", "change_organisation")
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="directives", codename__in=names)
    )
    assert (
        import_file(sign_in(user), "organisation", "code,name_hans\nQ99,新单位\n").status_code
        == 403
    )
    assert not Organisation.objects.filter(code="Q99").exists()


def test_no_obligation_is_issued_by_a_table(admin_client, cast):
    directive = make_directive()
    shown = import_file(
        admin_client, "obligation", f"directive,organisation,part\n{directive.pk},Q02,supporting\n"
    )
    assert not shown.context.get("confirm_form")
    assert f"{directive.code}没有交办给" in shown.content.decode()
    assert Obligation.objects.count() == 0


@pytest.mark.parametrize("state", ["awaiting", "submitted", "accepted"])
def test_a_plan_that_was_handed_in_keeps_its_measures(admin_client, administrator, cast, state):
    row = make_obligation(organisation=cast.body)
    decided = {"decided_at": NOW, "decided_by": cast.supervisor} if state == "accepted" else {}
    plan = make_plan(cast.body, row.document, state=state, **decided)
    measure = make_measure(plan, row, text="原来的措施")
    shown = import_file(
        admin_client,
        "measure",
        f"id,plan,number,text,obligations\n{measure.pk},{plan.pk},1,改过的措施,{row.pk}\n",
    )
    assert not shown.context.get("confirm_form")
    change, delete = (
        reverse(f"admin:directives_measure_{page}", args=[measure.pk])
        for page in ("change", "delete")
    )
    fields = {"number": "1", "text": "改过的措施", "obligations": str(row.pk)}
    assert [
        admin_client.post(change, fields).status_code,
        admin_client.post(delete, {"post": "yes"}).status_code,
    ] == [403, 403]
    assert Measure.objects.get().text == "原来的措施"


def test_a_measure_stays_in_its_plan(admin_client, cast):
    row = make_obligation(organisation=cast.body)
    plan, other = make_plan(cast.body, row.document), make_plan(cast.sibling, row.document)
    measure = make_measure(plan, row)
    shown = import_file(
        admin_client, "measure", f"id,plan,number,text\n{measure.pk},{other.pk},1,办法\n"
    )
    assert not shown.context.get("confirm_form")
    assert Measure.objects.get().plan == plan


def test_a_measure_serves_what_its_own_body_owes(admin_client, cast):
    row, foreign = (
        make_obligation(organisation=cast.body),
        make_obligation(organisation=cast.sibling),
    )
    measure = make_measure(make_plan(cast.body, row.document), row)
    fields = {"number": "1", "text": "印发办法", "obligations": str(foreign.pk)}
    answer = admin_client.post(
        reverse("admin:directives_measure_change", args=[measure.pk]), fields
    )
    assert answer.status_code == 200 and "obligations" in answer.context["adminform"].form.errors
    assert list(measure.obligations.all()) == [row]


def test_each_row_of_a_table_names_who_brought_it_in(admin_client, administrator, cast):
    row = make_obligation(organisation=cast.body)
    plan = make_plan(cast.body, row.document)
    measure = make_measure(plan, row)
    tables = {
        "obligation": f"directive,organisation,leader\n{row.directive_id},Q01,王一诺\n",
        "measure": (
            f"id,plan,number,text,obligations\n{measure.pk},{plan.pk},1,改过的措施,{row.pk}\n"
        ),
        "directive": (
            "id,code,text,kind\n"
            f"{row.directive_id},{row.directive.code},{row.directive.text},resource\n"
        ),
        "organisation": "code,name_hans,parent\nQ01,改名单位,C000\nQ98,新单位,Q01\n",
    }
    for model, table in tables.items():
        assert (
            confirm(admin_client, model, import_file(admin_client, model, table)).status_code == 302
        ), model
    told = Event.objects.filter(subject_type__in=tables).order_by("id")
    assert {event.subject_type for event in told} == set(tables)
    assert {event.by for event in told} == {administrator}


# Accounts


def change_password(admin_client, account):
    address = reverse("admin:auth_user_password_change", args=[account.pk])
    return admin_client.post(
        address, {"usable_password": "true", "password1": STRONG, "password2": STRONG}
    )


@pytest.fixture
def above(cast):
    """Accounts that may more than an administrator, and a role of each."""
    superuser = make_user("above-all", is_staff=True, is_superuser=True)
    wider = make_administrator("wider")
    wider.user_permissions.add(
        Permission.objects.get(content_type__app_label="directives", codename="delete_user")
    )
    return {
        person: Membership.objects.create(user=person, organisation=cast.body, role="viewer")
        for person in (superuser, wider)
    }


def test_nobody_changes_an_account_that_may_more(admin_client, above, cast):
    for account, role in above.items():
        was = account.password
        assert change_password(admin_client, account).status_code == 403
        change = reverse("admin:directives_user_change", args=[account.pk])
        assert (
            admin_client.post(
                change, {"username": account.username, "email": "me@example.org"}
            ).status_code
            == 403
        )
        for page in ("change", "delete"):
            address = reverse(f"admin:directives_membership_{page}", args=[role.pk])
            assert (
                admin_client.post(
                    address,
                    {
                        "user": account.pk,
                        "organisation": cast.body.pk,
                        "role": "staff",
                        "post": "yes",
                    },
                ).status_code
                == 403
            )
        stored = User.objects.get(pk=account.pk)
        assert (stored.password, stored.email, stored.memberships.get().role) == (was, "", "viewer")
    added = reverse("admin:directives_membership_add")
    for account in above:
        admin_client.post(
            added, {"user": account.pk, "organisation": cast.body.pk, "role": "supervisor"}
        )
        assert account.memberships.count() == 1


def test_a_table_of_people_changes_no_account_that_may_more(administrator, above, cast):
    for account, role in above.items():
        with pytest.raises(NotAllowed):
            change_people({account: {"email": "me@example.org"}}, by=administrator, now=NOW)
        with pytest.raises(NotAllowed):
            give_roles(
                [Membership(user=account, organisation=cast.child, role="staff")],
                by=administrator,
                now=NOW,
            )
        with pytest.raises(NotAllowed):
            take_roles([role], by=administrator, now=NOW)
        with pytest.raises(NotAllowed):
            remove_people([account], by=administrator, now=NOW)


def test_superusers_are_made_and_changed_on_the_machine_only(cast, sign_in):
    first, second = (
        make_user(name, is_staff=True, is_superuser=True) for name in ("first", "second")
    )
    admin_client = sign_in(first)
    assert change_password(admin_client, second).status_code == 403
    page = admin_client.get(reverse("admin:directives_user_change", args=[cast.staff.pk]))
    fields = page.context["adminform"].form.fields.keys()
    assert {"is_superuser", "is_staff", "groups"} & fields == set()
    assert {"is_system_administrator", "is_security_administrator", "is_auditor"} <= fields


def test_a_password_that_an_administrator_sets_is_on_record(admin_client, administrator, cast):
    assert change_password(admin_client, cast.staff).status_code == 302
    event = Event.objects.get(action="set_password")
    assert (event.by, event.subject_type, event.subject_id) == (
        administrator,
        "user",
        cast.staff.pk,
    )
    assert STRONG not in str((event.before, event.after))
    assert User.objects.get(pk=cast.staff.pk).check_password(STRONG)


NO_KEYS = ("a", "'", "1' OR 1=1", "http://x/", "9" * 30, "-1", "é")


def pages_that_look_rows_up(cast) -> list[tuple[str, str]]:
    """Each form of the admin with a field that takes the key of a row.

    Its address, and what the form calls the field.
    """
    found = []
    for model, page in admin.site._registry.items():
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found += [(reverse(f"{label}_add"), name) for name in page.autocomplete_fields]
        own = [(inline, name) for inline in page.inlines for name in inline.autocomplete_fields]
        found += [
            (reverse(f"{label}_change", args=[cast.staff.pk]), f"memberships-0-{name}")
            for _inline, name in own
        ]
    return found


def test_what_is_no_key_of_a_row_is_a_fault_of_its_field(cast, sign_in):
    admin_client, failed = sign_in(cast.admin), {}
    admin_client.get("/admin/")
    admin_client.raise_request_exception = False
    managed = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-role": "staff",
    }
    pages = pages_that_look_rows_up(cast)
    for (address, name), value in product(pages, NO_KEYS):
        statuses = (
            admin_client.post(address, {**managed, name: value}).status_code,
            admin_client.get(address, {name: value}).status_code,
        )
        if statuses != (200, 200):
            failed[address, name, value] = statuses
    assert failed == {}
    assert sorted(name for _address, name in pages) == [
        "bodies",
        "memberships-0-organisation",
        "organisation",
        "owner",
        "parent",
        "successor",
        "user",
    ]
