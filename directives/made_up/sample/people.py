"""Made-up people: an account for each role, and for each body a writer who cannot sign in."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from directives.base.duties import AUDITOR, SECURITY, SYSTEM
from directives.base.states import MANAGER, STAFF, SUPERVISOR, VIEWER
from directives.core import audit
from directives.models import Membership, Organisation, User
from directives.organisations import commands as organising

HOME = "Q01"  # the body that the demo accounts fill in for
TOP = "C000"


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account: its name, its roles as (body code, role), its duties of the installation."""

    username: str
    full_name: str
    phone: str
    roles: tuple[tuple[str, str], ...]
    duties: tuple[str, ...] = ()


ACCOUNTS = (
    Account("staff", "林晓岚", "010-5550 0101", ((HOME, STAFF),)),
    Account("manager", "顾明远", "010-5550 0102", ((HOME, MANAGER), (TOP, VIEWER))),
    Account("supervisor", "周启明", "010-5550 0103", ((TOP, SUPERVISOR),)),
    Account("viewer", "沈知秋", "010-5550 0104", ((TOP, VIEWER),)),
    Account("admin", "何守一", "010-5550 0105", (), (SYSTEM, SECURITY)),
    Account("auditor", "秦正言", "010-5550 0106", (), (AUDITOR,)),
)
SURNAMES = "王李张刘陈杨赵黄吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程"
GIVEN = (
    *("一诺", "子涵", "文博", "雨桐", "思远", "嘉禾"),
    *("景行", "若水", "明哲", "清和", "书瑶", "亦凡", "南乔"),
)


def made_up_name(number: int) -> str:
    """The number-th made-up name; the first 390 differ."""
    return SURNAMES[number % len(SURNAMES)] + GIVEN[number // len(SURNAMES) % len(GIVEN)]


@transaction.atomic
def make_accounts(password: str, *, now: datetime, more: tuple[Account, ...] = ()) -> list[User]:
    """The demo accounts, and `more`, with this password. Bodies must be loaded."""
    users = []
    for account in (*ACCOUNTS, *more):
        user = User.objects.create_user(
            account.username,
            password=password,
            full_name=account.full_name,
            phone=account.phone,
            made_up=True,
        )
        enrol(user, account.roles, now)
        # Where duties are separate, one account cannot have both.
        for key in account.duties[:1] if settings.SEPARATE_DUTIES else account.duties:
            organising.give_duty(user, key, by=None, now=now)
        users.append(user)
    return users


def enrol(user: User, roles: tuple[tuple[str, str], ...], now: datetime) -> None:
    """Give a person their roles, as (body code, role), and record it."""
    names = {"username": user.username, "full_name": user.full_name}
    audit.record("add", user, by=None, now=now, after=names)
    for code, role in roles:
        body = Organisation.objects.get(code=code)
        member = Membership.objects.create(user=user, organisation=body, role=role)
        after = {"user": user.username, "body": code, "role": role}
        audit.record("add", member, by=None, now=now, after=after)


@transaction.atomic
def make_fillers(bodies: list[Organisation], *, now: datetime) -> dict[int, User]:
    """Who fills in for each body, by its id."""
    return {
        body.pk: make_silent(f"filler-{body.code}", number, (body.code, STAFF), now=now)
        for number, body in enumerate(bodies)
    }


def make_silent(username: str, number: int, role: tuple[str, str], *, now: datetime) -> User:
    """A person with a role, as (body code, role), and no password: nobody signs in as them."""
    user = User(
        username=username.lower(),
        full_name=made_up_name(number),
        phone=f"555-{number:04}",
        made_up=True,
    )
    user.set_unusable_password()
    user.save()
    enrol(user, (role,), now)
    return user
