"""Password validators."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path

from django.contrib.auth.hashers import check_password, is_password_usable
from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from directives.models import FormerPassword, User

COMMON = Path(__file__).parent / "common_passwords.txt"
KEY_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
MIN_RUN = 4  # neighbouring keys or letters that count as a common part
MIN_UNCOMMON_LENGTH = 5  # characters that must be left after common parts are removed
LOOKALIKES = str.maketrans("@4301!5$7", "aaeoiisst")
CHARACTER_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
REQUIRED_KINDS = 3  # of these kinds


class LongEnough(MinimumLengthValidator):
    """A minimum length. Django's own message for it is not translated."""

    def get_error_message(self) -> str:
        return _("This password is too short: use at least %(n)s characters.") % {
            "n": self.min_length
        }

    def get_help_text(self) -> str:
        return _("At least %(n)s characters.") % {"n": self.min_length}


def _runs() -> Iterator[str]:
    """Yield every run of neighbouring keys or letters, forwards and backwards."""
    for row in (*KEY_ROWS, *(row[::-1] for row in KEY_ROWS)):
        for start, end in combinations(range(len(row) + 1), 2):
            if end - start >= MIN_RUN:
                yield row[start:end]


@cache
def common_parts() -> re.Pattern:
    """Common parts of passwords: listed words, runs of keys, years, repeated characters."""
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    listed = {line.strip().lower() for line in lines if line.strip() and not line.startswith("#")}
    alternatives = sorted(listed | set(_runs()), key=lambda word: (-len(word), word))
    return re.compile("|".join([*map(re.escape, alternatives), r"(?:19|20)\d\d", r"(.)\1\1+"]))


def uncommon_length(password: str) -> int:
    """How many characters are left after common parts and repetitions are removed."""
    plain = password.lower()
    repetition = re.fullmatch(r"(.+?)\1+", plain)
    plain = repetition[1] if repetition else plain
    without_symbols = re.sub(
        r"\d{3,}|.",
        lambda part: (
            part[0] if part[0].isdigit() and len(part[0]) > 1 else part[0].translate(LOOKALIKES)
        ),
        plain,
    )
    return min(len(common_parts().sub("", form)) for form in (plain, without_symbols))


class NotCommon(CommonPasswordValidator):
    """Refuses common passwords, and those made of common parts."""

    def validate(self, password: str, user: User | None = None) -> None:
        listed = password.lower().strip() in self.passwords
        if listed or uncommon_length(password) < MIN_UNCOMMON_LENGTH:
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _(
            "This password is easily guessed: it is common, repetitive, a row of keys, or made of "
            "such parts."
        )

    def get_help_text(self) -> str:
        return _(
            "No common words, rows of keys, repetitions, nor the name of the product or of an "
            "organisation."
        )


class Mixed:
    """Requires three of four kinds of characters."""

    def validate(self, password: str, user: User | None = None) -> None:
        if sum(bool(re.search(kind, password)) for kind in CHARACTER_KINDS) < REQUIRED_KINDS:
            raise ValidationError(self.get_help_text(), code="password_not_mixed")

    def get_help_text(self) -> str:
        return _(
            "At least three of these: small letters, capital letters, digits, other characters."
        )


class NotHadBefore:
    """Refuses the `last` few passwords, the present one included.

    Earlier hashes are stored only if `last` is more than 1.
    """

    def __init__(self, last: int) -> None:
        self.last = last

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None:
            return
        stored = User.objects.filter(pk=user.pk).values_list("password", flat=True).first() or ""
        earlier = user.former_passwords.order_by("-pk").values_list("password", flat=True)[
            : self.last
        ]
        former_hashes = (
            hashed for hashed in (stored, *earlier) if is_password_usable(hashed) and hashed
        )
        if any(check_password(password, hashed) for hashed in former_hashes):
            raise ValidationError(self.get_help_text(), code="password_had_before")

    def password_changed(self, password: str, user: User) -> None:
        """Store when the password was set, and its hash. Django calls this for every change."""
        now = timezone.now()
        User.objects.filter(pk=user.pk).update(password_set_at=now)
        if self.last > 1:
            FormerPassword.objects.create(user=user, password=user.password, at=now)
            latest = user.former_passwords.order_by("-pk").values_list("pk", flat=True)
            user.former_passwords.exclude(pk__in=list(latest[: self.last])).delete()

    def get_help_text(self) -> str:
        if self.last == 1:
            return _("Not the password that you have now.")
        return _("None of your last %(n)s passwords.") % {"n": self.last}
