"""What signing in leaves behind: sessions that are open, failed attempts, earlier passwords."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import F, OuterRef, Subquery

from directives.models.people import User

# Marks of a user agent and what they mean, the more special first.
BROWSERS = {
    "MicroMessenger": "WeChat",
    "QQBrowser": "QQ Browser",
    "UCBrowser": "UC Browser",
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "OpenHarmony": "HarmonyOS",
    "HarmonyOS": "HarmonyOS",
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


class OpenSessionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "OpenSessionQuerySet":
        """Everybody's own; nobody else's."""
        return self.filter(user=user)

    def running(self, now: datetime) -> "OpenSessionQuerySet":
        """Those that have not ended, each with the instant `ends_at`, the last one used first."""
        ends = Session.objects.filter(session_key=OuterRef("key"), expire_date__gt=now).values(
            "expire_date"
        )
        return (
            self.annotate(ends_at=Subquery(ends))
            .exclude(ends_at=None)
            .order_by(F("ends_at").desc(), "-pk")
        )

    def end(self) -> int:
        """End these sessions; returns how many."""
        keys = list(self.values_list("key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        OpenSession.objects.filter(key__in=keys).delete()
        return len(keys)


class OpenSession(models.Model):
    """Whose a session is, and from where it was begun. Its end stands in Django's own table."""

    key = models.CharField(max_length=40, unique=True)  # of django_session
    user = models.ForeignKey(User, models.CASCADE, related_name="open_sessions")
    began_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    objects = OpenSessionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.address} {self.agent}"

    @property
    def browser(self) -> str:
        """Browser and system as people call them; "" where they are not known."""
        marks = (
            next((name for mark, name in table.items() if mark in self.agent), "")
            for table in (BROWSERS, SYSTEMS)
        )
        return " · ".join(filter(None, marks))


class SignInAttempt(models.Model):
    """A sign-in that failed, or the last that succeeded from one place.

    `account` is a keyed hash of the name that was typed, whether somebody has it or not; `browser`
    is the one by which this account has signed in before, empty for any other.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    browser = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    succeeded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_of_account"),
            models.Index(fields=["address", "at"], name="attempt_from_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.address}"


class FormerPassword(models.Model):
    """A password that somebody had, hashed."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"#{self.pk}"
