"""Exceptions by which a command refuses, with a message for the user. Nothing was changed."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.forms import BaseForm


class Refusal(Exception):
    """A command was refused, and nothing was changed."""

    status = 422  # HTTP status of the page that shows the message


class NotAllowed(Refusal):
    """The person may see this but not do it."""

    status = 403


class IllegalMove(Refusal):
    """The move is not possible in the present state of the row."""

    status = 409


class Stale(Refusal):
    """Somebody changed the row first; `theirs` is the row as it is now."""

    status = 409

    def __init__(self, message: str = "", *, theirs: object = None) -> None:
        super().__init__(
            message
            or _("Another user changed this first. Check the current content, then decide again.")
        )
        self.theirs = theirs


class Invalid(Refusal):
    """Invalid input; `errors` are messages by field."""

    def __init__(self, errors: dict[str, list[str]] | str) -> None:
        self.errors = {"__all__": [errors]} if isinstance(errors, str) else errors
        # Without repetitions
        sentences = dict.fromkeys(str(text) for texts in self.errors.values() for text in texts)
        super().__init__(" ".join(sentences))

    def add_to(self, form: "BaseForm") -> None:
        """Show the errors at the fields of the form; those of no field above them."""
        for name, texts in self.errors.items():
            form.add_error(name if name in form.fields else None, texts)
