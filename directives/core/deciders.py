"""Who can decide in place of a person who requested the decision themselves."""

from dataclasses import dataclass

from directives.base.states import SUPERVISOR
from directives.core.deciding import Subject, requesters, waits_on_own_request
from directives.core.rules import organisation_of
from directives.models import Membership, Organisation, User

PEOPLE_SHOWN = 3  # people who are named; the others are only counted


@dataclass(frozen=True, slots=True)
class Deciders:
    """The nearest organisation above with other people who may decide; empty if there is none."""

    body: Organisation | None = None
    people: tuple[User, ...] = ()

    @property
    def shown_people(self) -> tuple[User, ...]:
        return self.people[:PEOPLE_SHOWN]

    @property
    def hidden_count(self) -> int:
        return len(self.people) - len(self.shown_people)


def deciders(subject: Subject, user: User) -> Deciders | None:
    """None unless the person could decide here, had they not requested it themselves.

    Two queries in that case.
    """
    if not waits_on_own_request(subject, user):
        return None
    ancestor_ids = organisation_of(subject).strict_ancestor_ids
    supervisors = (
        Membership.objects.filter(
            organisation__in=ancestor_ids, role=SUPERVISOR, user__is_active=True
        )
        .exclude(user__in=requesters(subject))
        .select_related("user", "organisation")
        .order_by("pk")
    )
    nearest_membership = max(
        supervisors, key=lambda member: len(member.organisation.path), default=None
    )
    if nearest_membership is None:
        return Deciders()
    body = nearest_membership.organisation
    return Deciders(body, tuple(m.user for m in supervisors if m.organisation_id == body.pk))
