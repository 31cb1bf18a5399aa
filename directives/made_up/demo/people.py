"""The people of the demo: accounts at every level; of each province a writer and a reviewer."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from directives.base.states import STAFF, SUPERVISOR
from directives.made_up.demo.bodies import HOME, Placed
from directives.made_up.sample.people import (
    ACCOUNTS,
    TOP,
    Account,
    make_accounts,
    make_silent,
)
from directives.made_up.sample.people import HOME as HOME_BODY
from directives.models import User

CITY, COUNTY, LEAF = f"{HOME}01", f"{HOME}0101", f"{HOME}0101-G"
# Beside those of the sample: a supervisor at each level below the centre, and staff at the bottom.
MORE = (
    Account("province", "秦望舒", "555-0201", ((HOME, SUPERVISOR),)),
    Account("city", "陆川平", "555-0202", ((CITY, SUPERVISOR),)),
    Account("county", "叶知行", "555-0203", ((COUNTY, SUPERVISOR),)),
    Account("leaf", "白小满", "555-0204", ((LEAF, STAFF),)),
)


@dataclass(frozen=True, slots=True)
class Crew:
    """The ids of the users who write and sign for a body, by its code, and who decide above it.

    Of other bodies those of their province, by its code; "" is the centre.
    """

    writers: dict[str, int]
    signers: dict[str, int]
    reviewers: dict[str, int]
    names: dict[int, str]

    def writer(self, placed: Placed) -> int:
        return self.writers.get(placed.body.code) or self.writers[placed.body.province]

    def signer(self, placed: Placed) -> int:
        return self.signers.get(placed.body.code) or self.writer(placed)

    def reviewer(self, placed: Placed) -> int:
        """Somebody of the province, and of the centre for the province itself."""
        return self.reviewers["" if placed.body.above == TOP else placed.body.province]


@transaction.atomic
def make(password: str, provinces: list[str], *, now: datetime) -> Crew:
    """Make the accounts, all with this password, and people of the provinces who cannot sign in.

    The bodies must be stored.
    """
    accounts = {user.username: user.pk for user in make_accounts(password, now=now, more=MORE)}
    writers = {HOME_BODY: accounts["staff"], LEAF: accounts["leaf"]}
    reviewers = {"": accounts["supervisor"], HOME: accounts["province"]}
    for number, code in enumerate(["", *provinces]):
        staff = make_silent(f"filler-{code or TOP}", number, (code or HOME_BODY, STAFF), now=now)
        writers[code] = staff.pk
        if code not in reviewers:
            role = (code, SUPERVISOR)
            reviewers[code] = make_silent(f"reviewer-{code}", 100 + number, role, now=now).pk
    used = {*writers.values(), *reviewers.values(), *accounts.values()}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=used)}
    return Crew(writers, {HOME_BODY: accounts["manager"]}, reviewers, names)


def accounts() -> tuple[Account, ...]:
    return (*ACCOUNTS, *MORE)
