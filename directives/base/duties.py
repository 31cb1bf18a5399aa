"""The duties of the installation (三员): what each is called, and what it may do in the admin.

A duty is of the whole installation, not of a body. It is a column of the account, so that it is
read with the session; what it may follows from this table alone (`accounts.Door`), and not from
groups that somebody would have to keep as they are meant.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SYSTEM, SECURITY, AUDITOR = "system_administrator", "security_administrator", "auditor"


@dataclass(frozen=True, eq=False, slots=True)
class Duty:
    """A duty; `permissions` are Django's, by model and verbs."""

    key: str
    name: "StrPromise"
    models: dict[str, str]

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
