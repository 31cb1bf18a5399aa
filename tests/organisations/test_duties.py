"""Three duties of the installation that three people hold, and no right that one alone gives."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from directives import accounts
from directives.base.duties import AUDITOR, DUTIES, PERMISSIONS, SECURITY, SYSTEM
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.core import jobs
from directives.core.notices import render_text
from directives.core.rules import RIGHTS, can_administer, can_give, can_reset, may
from directives.health.accounts import check_duties
from directives.health.findings import FINE, WARNING
from directives.models import (
    Event,
    Export,
    Membership,
    Notice,
    OpenSession,
    PendingRight,
    SignInAttempt,
    User,
)
from directives.organisations import commands as organising
from directives.signin.factors import needs_factor
from directives.signin.limits import account_of
from tests.factories import NOW, make_administrator, make_member, make_user
from tests.intakes.bringing import bring

STRONG = "Tong-Xun-2026!"
FIELDS = {key: duty.field for key, duty in DUTIES.items()}


@pytest.fixture
def apart(settings):
    settings.SEPARATE_DUTIES = True


@pytest.fixture
def confirmed(settings):
    settings.CONFIRM_RIGHTS = True


@pytest.fixture
def security(db):
    return make_administrator("security", SECURITY)


@pytest.fixture
def second(db):
    return make_administrator("second", SECURITY)


def stored(person: User) -> User:
    return User.objects.get(pk=person.pk)


def actions(**about: object) -> list[str]:
    return list(Event.objects.filter(**about).order_by("pk").values_list("action", flat=True))


def person_form(person: User, **changes: object) -> dict[str, object]:
    """The admin's form of an account as it stands, with these changes; False takes a box away."""
    names = ("username", "full_name", "phone", "email", "language")
    form = (
        {name: getattr(person, name) for name in names}
        | {"is_active": "on"}
        | {FIELDS[key]: "on" for key in person.duties}
    )
    form |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"} | changes
    return {name: value for name, value in form.items() if value is not False}


def change(desk, person: User, **changes: object):
    return desk.post(
        reverse("admin:directives_user_change", args=[person.pk]),
        person_form(stored(person), **changes),
    )


def add_membership(desk, person: User, body, role: str):
    return desk.post(
        reverse("admin:directives_membership_add"),
        {"user": person.pk, "organisation": body.pk, "role": role},
    )


def decide(desk, action: str, *rights: PendingRight):
    form = {"action": action, "_selected_action": [right.pk for right in rights], "index": "0"}
    return desk.post(reverse("admin:directives_pendingright_changelist"), form, follow=True)


# what a duty is


def test_every_permission_of_a_duty_is_one_that_there_is(db):
    known = {
        f"directives.{codename}"
        for codename in Permission.objects.values_list("codename", flat=True)
    }
    assert sorted(PERMISSIONS - known) == []
    assert {duty.field for duty in DUTIES.values()} <= {
        field.name for field in User._meta.get_fields()
    }


@pytest.mark.parametrize("key", DUTIES)
def test_a_duty_is_read_with_the_session(db, key, django_assert_num_queries):
    pk = make_administrator("someone", key).pk
    with django_assert_num_queries(1):
        assert accounts.person(pk).duties == {key}


@pytest.mark.parametrize("key", DUTIES)
def test_a_duty_gives_what_the_table_says_and_nothing_when_the_account_sleeps(db, key):
    person = make_administrator("someone", key)
    assert person.get_all_permissions() == DUTIES[key].permissions
    person.is_active = False
    assert stored_with(person).get_all_permissions() == set()
    assert [may(person, right) for right in ("audit", "keep_accounts", "keep_rights")] == [
        False
    ] * 3


def stored_with(person: User) -> User:
    """The person read anew, in the state in which they are here."""
    person.save()
    return stored(person)


def test_who_has_which_right(cast, db):
    people = {key: make_administrator(key, key) for key in DUTIES} | {
        "superuser": cast.admin,
        "supervisor": cast.supervisor,
    }
    held = {
        who: {right for right in ("audit", "keep_accounts", "keep_rights") if may(user, right)}
        for who, user in people.items()
    }
    assert held == {
        SYSTEM: {"keep_accounts"},
        SECURITY: {"keep_rights"},
        AUDITOR: {"audit"},
        "superuser": {"keep_accounts", "keep_rights"},
        "supervisor": set(),
    }
    assert {"audit", "keep_accounts", "keep_rights"} <= RIGHTS.keys()


def test_a_duty_brings_the_door_to_the_admin_and_takes_it_away(cast, security):
    for key, enters in ((SYSTEM, True), (SECURITY, True), (AUDITOR, False)):
        person = make_user()
        organising.give_duty(person, key, by=security, now=NOW)
        assert (stored(person).duties, stored(person).is_staff) == ({key}, enters)
        organising.take_duty(person, key, by=security, now=NOW)
        assert (stored(person).duties, stored(person).is_staff) == (frozenset(), False)
        assert actions(subject_type="user", subject_id=person.pk) == ["give_duty", "take_duty"]


def test_a_role_that_needs_a_second_factor(cast, settings, db):
    settings.SECOND_FACTOR = ["auditor"]
    assert [needs_factor(make_administrator(key, key)) for key in DUTIES] == [False, False, True]


def test_who_administered_by_the_group_holds_both_duties(db):
    group, other = Group.objects.create(name="Administrators"), Group.objects.create(name="Others")
    old, else_ = make_user("old", is_staff=True), make_user("else", is_staff=True)
    old.groups.add(group)
    else_.groups.add(other)
    import_module("directives.migrations.0025_duties").hand_over(apps, None)
    assert (stored(old).duties, list(old.groups.all())) == ({SYSTEM, SECURITY}, [])
    assert (stored(else_).duties, list(else_.groups.all())) == (frozenset(), [other])


# what each administrator does and does not


def test_a_system_administrator_makes_accounts_without_password_or_role(cast, sign_in, db):
    desk = sign_in(make_administrator("system", SYSTEM))
    page = desk.get(reverse("admin:directives_user_add"))
    assert set(page.context["adminform"].form.fields) == {"username", "full_name"}
    form = {
        "username": "new",
        "full_name": "新人",
        "password1": STRONG,
        "password2": STRONG,
        "usable_password": "true",
    }
    form |= {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        FIELDS[SECURITY]: "on",
    }
    form |= {"memberships-0-organisation": cast.body.pk, "memberships-0-role": "staff"}
    assert desk.post(reverse("admin:directives_user_add"), form).status_code == 302
    made = User.objects.get(username="new")
    assert (made.has_usable_password(), made.duties, made.is_staff, made.memberships.count()) == (
        False,
        frozenset(),
        False,
        0,
    )
    assert change(desk, made, full_name="新名", **{FIELDS[SYSTEM]: "on"}).status_code == 302
    assert (stored(made).full_name, stored(made).duties) == ("新名", frozenset())
    address = reverse("admin:auth_user_password_change", args=[made.pk])
    assert desk.post(address, {"password1": STRONG, "password2": STRONG}).status_code == 403
    assert add_membership(desk, made, cast.body, "staff").status_code == 403


def test_a_security_administrator_gives_rights_and_passwords_and_changes_no_name(
    cast, sign_in, security
):
    desk, person = sign_in(security), make_user("new")
    assert (
        change(
            desk, person, full_name="别名", is_active=False, **{FIELDS[SYSTEM]: "on"}
        ).status_code
        == 302
    )
    assert (stored(person).full_name, stored(person).is_active, stored(person).duties) == (
        "new",
        True,
        {SYSTEM},
    )
    assert desk.get(reverse("admin:directives_user_add")).status_code == 403
    plain = make_user("plain")
    assert add_membership(desk, plain, cast.body, "staff").status_code == 302
    address = reverse("admin:auth_user_password_change", args=[plain.pk])
    assert (
        desk.post(
            address, {"password1": STRONG, "password2": STRONG, "usable_password": "true"}
        ).status_code
        == 302
    )
    assert (stored(plain).password_given, plain.memberships.get().role) == (True, "staff")


def test_a_mail_address_is_entered_by_whoever_may_give_a_password(
    cast, confirmed, sign_in, security, second
):
    """A new password is asked for by mail, so the address opens the account."""
    system, both = make_administrator("system", SYSTEM), make_administrator("both")
    for who, person, entered in (
        (system, cast.supervisor, False),
        (both, second, False),
        (security, cast.supervisor, True),
    ):
        change(sign_in(who), person, email=f"{who}@example.org")
        assert (stored(person).email == f"{who}@example.org") == entered
    with pytest.raises(NotAllowed):
        organising.change_people(
            {stored(cast.staff): {"email": "x@example.org"}}, by=system, now=NOW
        )
    with pytest.raises(NotAllowed):
        organising.add_people([User(username="puppet", email="x@example.org")], by=system, now=NOW)
    rows = [
        {"username": "new", "full_name": "新", "email": "x@example.org"},
        {"username": "staff", "full_name": "林晓岚", "email": "x@x.cn"},
    ]
    assert [
        (number, field) for number, field, _expected in bring(KINDS["people"], system, rows).faults
    ] == [(1, "email"), (2, "email")]


def test_nobody_gives_a_duty_to_themselves(cast, sign_in, security):
    change(sign_in(security), security, **{FIELDS[SYSTEM]: "on"})
    assert stored(security).duties == {SECURITY}
    with pytest.raises(NotAllowed):
        organising.give_duty(security, SYSTEM, by=security, now=NOW)
    with pytest.raises(NotAllowed):
        organising.take_duty(security, SECURITY, by=security, now=NOW)


def test_who_may_change_whom(cast, db):
    system, security, auditor = (make_administrator(key, key) for key in DUTIES)
    both, second = make_administrator("both"), make_administrator("second", SECURITY)
    people = {
        "system": system,
        "security": security,
        "auditor": auditor,
        "both": both,
        "second": second,
        "staff": cast.staff,
    }
    people |= {"superuser": cast.admin}

    def allowed(predicate, user):
        return {name for name, person in people.items() if predicate(user, person)}

    assert allowed(can_administer, system) == {"system", "staff"}
    assert allowed(can_administer, security) == {"security", "second", "staff"}
    assert allowed(can_administer, both) == {"system", "security", "both", "second", "staff"}
    assert allowed(can_give, system) == set()
    assert allowed(can_give, security) == {"system", "auditor", "both", "second", "staff"}
    assert allowed(can_reset, security) == {"second", "staff"}
    assert allowed(can_reset, system) == set()
    assert allowed(can_reset, cast.admin) == people.keys() - {"superuser"}


def test_an_account_that_sleeps_keeps_its_duties_from_others(db):
    asleep = make_administrator("asleep", SECURITY)
    asleep.is_active = False
    assert can_administer(make_administrator("system", SYSTEM), stored_with(asleep)) is False


def test_sessions_are_ended_and_accounts_unlocked(cast, sign_in, security):
    OpenSession.objects.create(key="x", user=cast.staff, began_at=NOW)
    SignInAttempt.objects.create(account=account_of("staff"), address="10.0.0.1", at=NOW)
    desk = sign_in(security)
    for action in ("end_sessions", "unlock"):
        desk.post(
            reverse("admin:directives_user_changelist"),
            {"action": action, "_selected_action": [cast.staff.pk], "index": "0"},
        )
    assert (OpenSession.objects.filter(user=cast.staff).count(), SignInAttempt.objects.count()) == (
        0,
        0,
    )
    assert actions(subject_type="user", subject_id=cast.staff.pk) == ["end_sessions_of", "unlock"]


# separation


@pytest.mark.parametrize("held", DUTIES)
@pytest.mark.parametrize("wanted", DUTIES)
def test_nobody_holds_two_duties(apart, cast, security, held, wanted):
    person = make_administrator("someone", held)
    if held == wanted:
        assert organising.give_duty(person, wanted, by=security, now=NOW) is None
        return
    with pytest.raises(Invalid) as refused:
        organising.give_duty(person, wanted, by=security, now=NOW)
    assert str(DUTIES[held].name) in str(refused.value)
    assert (stored(person).duties, Event.objects.count()) == ({held}, 0)


def test_an_auditor_has_no_role_and_whoever_has_one_does_not_audit(apart, cast, security):
    auditor = make_administrator("auditor", AUDITOR)
    with pytest.raises(Invalid):
        organising.give_roles(
            [Membership(user=auditor, organisation=cast.body, role="viewer")], by=security, now=NOW
        )
    with pytest.raises(Invalid):
        organising.give_duty(cast.staff, AUDITOR, by=security, now=NOW)
    asleep = make_member(cast.body, "staff", is_active=False)
    with pytest.raises(Invalid):
        organising.give_duty(asleep, AUDITOR, by=security, now=NOW)
    assert (
        auditor.memberships.count(),
        stored(cast.staff).is_auditor,
        stored(asleep).is_auditor,
    ) == (0, False, False)


def test_where_duties_are_not_separate_one_person_holds_several(cast, security):
    for key in DUTIES:
        organising.give_duty(cast.staff, key, by=security, now=NOW)
    assert stored(cast.staff).duties == DUTIES.keys()


def test_the_form_says_it_at_the_field(apart, cast, sign_in, security):
    desk, person = sign_in(security), make_administrator("someone", SYSTEM)
    answer = change(desk, person, **{FIELDS[AUDITOR]: "on"})
    assert list(answer.context["adminform"].form.errors) == [FIELDS[AUDITOR]]
    both = change(desk, make_user("plain"), **{FIELDS[SYSTEM]: "on", FIELDS[AUDITOR]: "on"})
    assert list(both.context["adminform"].form.errors) == [FIELDS[AUDITOR]]
    assert change(desk, person, **{FIELDS[SYSTEM]: False, FIELDS[AUDITOR]: "on"}).status_code == 302
    assert (stored(person).duties, stored(person).is_staff) == ({AUDITOR}, False)
    role = add_membership(desk, person, cast.body, "staff")
    assert list(role.context["adminform"].form.errors) == ["role"]
    inline = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-organisation": cast.body.pk,
        "memberships-0-role": "staff",
    }
    assert change(desk, person, **inline).status_code == 200
    assert person.memberships.count() == 0


def test_the_doctor_names_who_holds_two_and_strips_nobody(settings, cast, db):
    both = make_administrator("both")
    works = make_member(cast.body, "staff", "works", is_auditor=True)
    make_administrator("fine", SYSTEM)
    assert {finding.level for finding in check_duties(NOW)} == {FINE}
    settings.SEPARATE_DUTIES = True
    found = [finding for finding in check_duties(NOW) if finding.level == WARNING]
    assert [finding.message.split()[0] for finding in found] == ["both", "works"]
    assert all(finding.remedy for finding in found)
    assert (stored(both).duties, works.memberships.count()) == ({SYSTEM, SECURITY}, 1)


# a second person


def test_nobody_rises_through_a_second_account(confirmed, cast, sign_in, second):
    """An administrator makes an account, gives it every right there is, and signs in as it."""
    evil = make_administrator("evil")
    desk = sign_in(evil)
    form = {
        "username": "puppet",
        "full_name": "某人",
        "usable_password": "true",
        "password1": STRONG,
        "password2": STRONG,
    }
    desk.post(
        reverse("admin:directives_user_add"),
        form | {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"},
    )
    puppet = User.objects.get(username="puppet")
    inline = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-organisation": cast.centre.pk,
        "memberships-0-role": "supervisor",
    }
    change(desk, puppet, **inline, **{FIELDS[SECURITY]: "on", FIELDS[AUDITOR]: "on"})
    assert (stored(puppet).duties, stored(puppet).is_staff, puppet.memberships.count()) == (
        frozenset(),
        False,
        0,
    )
    assert sorted(PendingRight.objects.values_list("right", flat=True)) == [
        AUDITOR,
        SECURITY,
        "supervisor",
    ]
    User.objects.filter(pk=puppet.pk).update(password_given=False)  # it chooses its own
    as_puppet = sign_in(puppet)
    assert as_puppet.get("/admin/").status_code == 302
    assert as_puppet.get("/events/").context["rows"] == []
    # neither the one who asked nor the one who gets it confirms it
    decide(desk, "confirm", *PendingRight.objects.all())
    for right in PendingRight.objects.all():
        with pytest.raises(NotAllowed):
            organising.confirm_right(right, by=stored(puppet), now=NOW)
    assert (stored(puppet).duties, puppet.memberships.count(), PendingRight.objects.count()) == (
        frozenset(),
        0,
        3,
    )
    # nor does the one who asked become the second person, or be alone
    address = reverse("admin:auth_user_password_change", args=[second.pk])
    assert desk.post(address, {"password1": STRONG, "password2": STRONG}).status_code == 403
    User.objects.filter(is_superuser=True).update(is_active=False)
    change(desk, second, is_active=False)
    with pytest.raises(NotAllowed):
        organising.change_people({stored(second): {"is_active": False}}, by=evil, now=NOW)
    change(desk, second, **{FIELDS[SECURITY]: False})
    assert (stored(second).is_active, stored(second).duties) == (True, {SECURITY})
    assert stored(second).has_usable_password() is False


@pytest.fixture
def waiting(confirmed, cast, security, second):
    """A duty and a role that wait, asked by `security`."""
    person = make_user("person")
    organising.give_duty(person, AUDITOR, by=security, now=NOW)
    other = make_user("other")
    organising.give_roles(
        [Membership(user=other, organisation=cast.body, role="supervisor")], by=security, now=NOW
    )
    return {
        right.right: right
        for right in PendingRight.objects.select_related("person", "asked_by", "organisation")
    }


def test_what_waits_is_confirmed_by_a_second_person(waiting, cast, sign_in, second):
    page = decide(sign_in(second), "confirm", *waiting.values())
    assert page.status_code == 200
    person, other = User.objects.get(username="person"), User.objects.get(username="other")
    assert (person.is_auditor, other.memberships.get().role, PendingRight.objects.count()) == (
        True,
        "supervisor",
        0,
    )
    assert actions(by=second) == ["confirm_right", "give_duty", "confirm_right", "add"]
    asked, given = (
        Event.objects.get(action="ask_right", organisation=None),
        Event.objects.get(action="give_duty"),
    )
    assert asked.after == {"person": "person", "right": AUDITOR}
    assert given.after == {"is_auditor": True, "is_staff": False}


def test_those_who_could_confirm_are_told_and_then_who_asked(waiting, cast, security, second):
    told = Notice.objects.filter(kind="rights_wait")
    assert sorted(told.values_list("user__username", flat=True)) == [
        "admin",
        "admin",
        "second",
        "second",
    ]
    assert "security" in render_text(told[0])
    organising.confirm_right(waiting[AUDITOR], by=second, now=NOW)
    organising.decline_right(waiting["supervisor"], by=second, now=NOW)
    words = [render_text(notice) for notice in Notice.objects.filter(user=security).order_by("pk")]
    assert [
        "person" in words[0],
        "审计员" in words[0],
        "other" in words[1],
        "全国总工会" in words[1],
    ] == [True] * 4


def test_declined_or_taken_back_it_is_given_to_nobody(waiting, cast, security, second):
    organising.decline_right(waiting[AUDITOR], by=second, now=NOW)
    organising.decline_right(waiting["supervisor"], by=security, now=NOW)
    assert actions(subject_type="pendingright", action__in=("decline_right", "withdraw_right")) == [
        "decline_right",
        "withdraw_right",
    ]
    assert (User.objects.filter(is_auditor=True).count(), PendingRight.objects.count()) == (0, 0)
    with pytest.raises(Stale):
        organising.confirm_right(waiting[AUDITOR], by=second, now=NOW)


def test_who_gives_no_rights_decides_none(waiting, cast, sign_in, db):
    for who in (cast.supervisor, make_administrator("system", SYSTEM), waiting[AUDITOR].person):
        for command in (organising.confirm_right, organising.decline_right):
            with pytest.raises(NotAllowed):
                command(waiting[AUDITOR], by=who, now=NOW)
    decide(sign_in(make_administrator("other-system", SYSTEM)), "confirm", waiting[AUDITOR])
    assert PendingRight.objects.count() == 2


def test_asked_twice_it_waits_once(waiting, cast, security, second):
    again = organising.give_duty(waiting[AUDITOR].person, AUDITOR, by=security, now=NOW)
    assert (again, PendingRight.objects.count(), len(actions(action="ask_right"))) == (
        waiting[AUDITOR],
        2,
        2,
    )
    for right in waiting.values():
        with pytest.raises(IntegrityError), transaction.atomic():
            PendingRight.objects.create(
                person=right.person,
                right=right.right,
                organisation=right.organisation,
                asked_by=second,
                asked_at=NOW,
            )


def test_what_keeps_duties_apart_is_asked_again_when_it_is_confirmed(
    waiting, apart, cast, security, second
):
    organising.give_roles(
        [Membership(user=waiting[AUDITOR].person, organisation=cast.body, role="staff")],
        by=security,
        now=NOW,
    )
    with pytest.raises(Invalid):
        organising.confirm_right(waiting[AUDITOR], by=second, now=NOW)
    assert (stored(waiting[AUDITOR].person).is_auditor, PendingRight.objects.count()) == (False, 2)


def test_where_nobody_else_is_there_it_is_given_at_once_and_the_record_says_so(
    confirmed, cast, security
):
    User.objects.filter(is_superuser=True).update(is_active=False)
    assert organising.give_duty(cast.outsider, AUDITOR, by=security, now=NOW) is None
    organising.give_roles(
        [Membership(user=cast.staff, organisation=cast.body, role="supervisor")],
        by=security,
        now=NOW,
    )
    organising.give_roles(
        [Membership(user=cast.staff, organisation=cast.body, role="viewer")], by=security, now=NOW
    )
    assert [event.after.get("alone") for event in Event.objects.order_by("pk")] == [
        True,
        True,
        None,
    ]
    assert stored(cast.outsider).is_auditor


def test_the_only_other_person_is_no_second_one_for_their_own_right(
    confirmed, cast, security, second
):
    User.objects.filter(is_superuser=True).update(is_active=False)
    assert organising.give_duty(second, SYSTEM, by=security, now=NOW) is None
    assert stored(second).duties == {SECURITY, SYSTEM}


def test_other_roles_and_what_is_taken_away_do_not_wait(confirmed, cast, security, second):
    organising.give_roles(
        [Membership(user=cast.outsider, organisation=cast.body, role="manager")],
        by=security,
        now=NOW,
    )
    organising.take_roles(
        list(cast.supervisor.memberships.select_related("user", "organisation")),
        by=security,
        now=NOW,
    )
    assert (
        cast.outsider.memberships.count(),
        cast.supervisor.memberships.count(),
        PendingRight.objects.count(),
    ) == (1, 0, 0)


def test_every_door_of_the_admin_lets_a_supervisor_wait(confirmed, cast, sign_in, security, second):
    desk = sign_in(security)
    assert add_membership(desk, cast.outsider, cast.body, "supervisor").url == reverse(
        "admin:directives_pendingright_changelist"
    )
    inline = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-organisation": cast.child.pk,
        "memberships-0-role": "supervisor",
    }
    assert change(desk, cast.outsider, **inline).status_code == 302
    member = cast.staff.memberships.get()
    altered = desk.post(
        reverse("admin:directives_membership_change", args=[member.pk]),
        {"user": cast.staff.pk, "organisation": cast.body.pk, "role": "supervisor"},
    )
    assert (altered.status_code, cast.staff.memberships.get().role) == (403, "staff")
    assert (
        cast.outsider.memberships.count(),
        PendingRight.objects.filter(person=cast.outsider).count(),
    ) == (0, 2)


def test_a_table_of_people_lets_a_supervisor_wait_and_takes_that_back(confirmed, cast, second):
    rows = [{"username": "zhang", "full_name": "张三", "body": "Q01", "role": "supervisor"}]
    rows += [{"username": "zhang", "full_name": "张三", "body": "Q02", "role": "viewer"}]
    brought = bring(KINDS["people"], make_administrator("keeper"), rows)
    brought.apply()
    zhang = User.objects.get(username="zhang")
    assert ([row.role for row in zhang.memberships.all()], PendingRight.objects.get().person) == (
        ["viewer"],
        zhang,
    )
    brought.undo()
    assert (PendingRight.objects.count(), User.objects.filter(username="zhang").count()) == (0, 0)
    assert actions(subject_type="pendingright") == ["ask_right", "withdraw_right"]


def test_each_administrator_is_told_what_of_a_table_is_not_theirs(cast, db):
    rows = [
        {"username": "zhang", "full_name": "张三", "body": "Q01", "role": "staff"},
        {"username": "staff", "full_name": "另一个"},
    ]
    rows += [{"username": "viewer", "full_name": "viewer", "body": "Q02", "role": "viewer"}]
    faults = {}
    for key in (SYSTEM, SECURITY):
        brought = bring(KINDS["people"], make_administrator(key, key), rows)
        faults[key] = [(number, field) for number, field, _expected in brought.faults]
    assert faults == {
        SYSTEM: [(1, "role"), (3, "role")],
        SECURITY: [(1, "username"), (2, "username")],
    }


def test_who_has_one_of_the_administrative_duties_brings_in_their_part_of_a_table(cast, db):
    system, security = (
        make_administrator("system", SYSTEM),
        make_administrator("security", SECURITY),
    )
    with pytest.raises(NotAllowed):
        organising.add_people([User(username="zhang")], by=security, now=NOW)
    with pytest.raises(NotAllowed):
        organising.give_roles(
            [Membership(user=cast.outsider, organisation=cast.body, role="staff")],
            by=system,
            now=NOW,
        )
    bring(KINDS["people"], system, [{"username": "zhang", "full_name": "张三"}]).apply()
    bring(
        KINDS["people"],
        security,
        [{"username": "zhang", "full_name": "张三", "body": "Q01", "role": "staff"}],
    ).apply()
    assert Membership.objects.get(user__username="zhang").role == "staff"
    assert [
        KINDS["people"].may(who)
        for who in (system, security, make_administrator("auditor", AUDITOR))
    ] == [True, True, False]


# what an auditor sees


@pytest.fixture
def auditor(db):
    return make_administrator("auditor", AUDITOR)


def test_an_auditor_reads_the_whole_record_and_is_led_nowhere_else(
    cast, auditor, sign_in, security
):
    organising.give_roles(
        [Membership(user=cast.outsider, organisation=cast.body, role="manager")],
        by=security,
        now=NOW,
    )
    client = sign_in(auditor)
    assert client.get("/").url == "/events/"
    page = client.get("/events/")
    assert [entry.url for entry in page.context["shell"].nav] == ["/events/"]
    line = page.context["rows"][0]
    assert (line.event.after["role"], line.address) == ("manager", "")
    assert 'role="search" action="/obligations/"' not in page.content.decode()


def test_an_auditor_takes_the_record_away_and_no_other_list(cast, auditor, sign_in):
    client = sign_in(auditor)
    organising.give_duty(cast.outsider, SYSTEM, by=None, now=NOW)
    file = b"".join(client.get("/events/?export=csv").streaming_content).decode("utf-8-sig")
    assert "授予职责" in file
    assert client.get("/obligations/?export=csv").status_code == 403
    event = Event.objects.get(action="export")
    assert (event.subject_type, event.subject_id, event.organisation) == ("user", auditor.pk, None)
    assert [may(auditor, "export", key) for key in ("events", "ledger", "")] == [True, False, False]
    assert [
        may(cast.viewer, "export", "events"),
        may(cast.staff, "export", "ledger"),
        may(cast.admin, "export", "events"),
    ] == [
        False,
        True,
        False,
    ]


def test_a_long_file_of_the_record_is_the_auditors_while_they_audit(
    cast, auditor, sign_in, security, key
):
    client = sign_in(auditor)
    asked = client.post("/exports/ask/", {"list": "events", "format": "csv", **key()})
    export = Export.objects.get(by=auditor)
    assert (asked.url, export.reach) == (f"/exports/{export.pk}/", [[AUDITOR, ""]])
    jobs.run("export", export.pk)
    organising.move_body(
        cast.child, new_parent=cast.sibling, by=None, now=timezone.now()
    )  # nothing goes out of their view
    assert "时间" in client.get(f"/exports/{export.pk}/file/").getvalue().decode("utf-8-sig")
    organising.take_duty(auditor, AUDITOR, by=security, now=NOW)
    organising.give_roles(
        [Membership(user=auditor, organisation=cast.body, role="staff")], by=security, now=NOW
    )
    assert client.get(f"/exports/{export.pk}/file/").status_code == 403


def test_made_up_people_confirm_nothing_in_production(settings, confirmed, cast, security):
    User.objects.filter(is_superuser=True).update(is_active=False)
    User.objects.filter(pk=make_administrator("demo", SECURITY).pk).update(made_up=True)
    for production, waits in ((False, True), (True, False)):
        settings.PRODUCTION = production
        right = organising.give_duty(make_user(), AUDITOR, by=security, now=NOW)
        assert (right is not None) == waits
