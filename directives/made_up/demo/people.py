"""The people of the demo: accounts at every level; of each province a writer and a reviewer."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from directives.base.states import STAFF, SUPERVISOR
from directives.made_up.demo.bodies import HOME, TreeNode
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
EXTRA_ACCOUNTS = (
    Account("province", "秦望舒", "555-0201", ((HOME, SUPERVISOR),)),
    Account("city", "陆川平", "555-0202", ((CITY, SUPERVISOR),)),
    Account("county", "叶知行", "555-0203", ((COUNTY, SUPERVISOR),)),
    Account("leaf", "白小满", "555-0204", ((LEAF, STAFF),)),
)


@dataclass(frozen=True, slots=True)
class Participants:
    """The ids of the users who write and sign for bodies, by code, and who decide above them.

    Other bodies have those of their province, by its code; "" is the centre.
    """

    writers: dict[str, int]
    signers: dict[str, int]
    reviewers: dict[str, int]
    names: dict[int, str]

    def writer(self, node: TreeNode) -> int:
        return self.writers.get(node.body.code) or self.writers[node.body.province]

    def signer(self, node: TreeNode) -> int:
        return self.signers.get(node.body.code) or self.writer(node)

    def reviewer(self, node: TreeNode) -> int:
        """Somebody of the province, and of the centre for the province itself."""
        return self.reviewers["" if node.body.parent_code == TOP else node.body.province]


@transaction.atomic
def make(password: str, provinces: list[str], *, now: datetime) -> Participants:
    """Make the accounts, all with this password, and people of the provinces who cannot sign in.

    The bodies must be stored.
    """
    accounts = {
        user.username: user.pk for user in make_accounts(password, now=now, more=EXTRA_ACCOUNTS)
    }
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
    return Participants(writers, {HOME_BODY: accounts["manager"]}, reviewers, names)


def accounts() -> tuple[Account, ...]:
    return (*ACCOUNTS, *EXTRA_ACCOUNTS)
