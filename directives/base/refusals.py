"""Why a command would not do what was asked, in words for people.

Views turn them into pages; nothing was changed.
"""

from django.utils.translation import gettext as _


class Refusal(Exception):
    """The command was refused and nothing changed.

    `status` is the HTTP status of the page that says so.
    """

    status = 422


class NotAllowed(Refusal):
    """The person may see this but not do it."""

    status = 403


class IllegalMove(Refusal):
    """The row is not in a state from which this move leads."""

    status = 409


class Stale(Refusal):
    """Somebody changed the row first; `theirs` is the row as it now stands."""

    status = 409

    def __init__(self, message: str = "", *, theirs: object = None) -> None:
        super().__init__(
            message
            or _("Another user changed this first. Check the current content, then decide again.")
        )
        self.theirs = theirs


class Invalid(Refusal):
    """What was given cannot be used; `errors` names each field and what was expected."""

    def __init__(self, errors: dict[str, list[str]] | str) -> None:
        self.errors = {"__all__": [errors]} if isinstance(errors, str) else errors
        # Each sentence once
        sentences = dict.fromkeys(str(text) for texts in self.errors.values() for text in texts)
        super().__init__(" ".join(sentences))
