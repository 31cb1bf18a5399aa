"""The administrative duties of the installation (三员), and their permissions in the admin.

A duty belongs to the whole installation, not to a body. It is a column of the account, so that it
is loaded with the session. Its permissions follow from this table alone (`accounts.Door`), and not
from Django's groups, which somebody would have to maintain.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SYSTEM, SECURITY, AUDITOR = "system_administrator", "security_administrator", "auditor"


@dataclass(frozen=True, eq=False, slots=True)
class Duty:
    """A duty, and what it permits."""

    key: str
    name: "StrPromise"
    models: dict[str, str]  # model → verbs of Django's permissions

    @property
    def field(self) -> str:
        """The column of the account that says who holds it."""
        return f"is_{self.key}"

    @property
    def permissions(self) -> frozenset[str]:
        return frozenset(
            f"directives.{verb}_{model}"
            for model, verbs in self.models.items()
            for verb in verbs.split()
        )


DUTIES = {
    duty.key: duty
    for duty in (
        Duty(
            SYSTEM,
            pgettext_lazy("duty", "System administrator"),
            {
                "user": "view add change",
                "membership": "view",
                "organisation": "view add change delete",
                "document": "view",
                "directive": "view change",
                "obligation": "view change",
                "measure": "view change",
                "indicator": "view",
                "bodyalias": "view add change delete",
                "bodyclass": "view add change delete",
                "calendarday": "view add change delete",
                "event": "view",
                "seal": "view",
            },
        ),
        Duty(
            SECURITY,
            pgettext_lazy("duty", "Security administrator"),
            {
                "user": "view change",
                "membership": "view add delete",
                "pendingright": "view",
                "organisation": "view",
                "event": "view",
                "seal": "view",
            },
        ),
        Duty(AUDITOR, pgettext_lazy("duty", "Auditor"), {}),
    )
}
ADMINISTRATIVE = (SYSTEM, SECURITY)  # their holders enter the admin
PERMISSIONS = frozenset().union(*(duty.permissions for duty in DUTIES.values()))
