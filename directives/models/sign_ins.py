"""Open sessions, sign-in attempts and former passwords."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import F, OuterRef, Subquery

from directives.models.people import User

# Texts in a user agent and the names to show, the more specific first
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
        """The sessions of this person."""
        return self.filter(user=user)

    def running(self, now: datetime) -> "OpenSessionQuerySet":
        """Sessions that have not expired, with `ends_at`; the last one used comes first."""
        sessions = Session.objects.filter(session_key=OuterRef("key"), expire_date__gt=now)
        running = self.annotate(ends_at=Subquery(sessions.values("expire_date")))
        return running.exclude(ends_at=None).order_by(F("ends_at").desc(), "-pk")

    def end(self) -> int:
        """End these sessions; returns how many."""
        keys = list(self.values_list("key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        OpenSession.objects.filter(key__in=keys).delete()
        return len(keys)


class OpenSession(models.Model):
    """Whose a session is, and from where it was begun. Django's own table has its end."""

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
        """Names of the browser and the system, as far as they are known."""
        names = (
            next((name for text, name in table.items() if text in self.agent), "")
            for table in (BROWSERS, SYSTEMS)
        )
        return " · ".join(filter(None, names))


class SignInAttempt(models.Model):
    """A failed sign-in, or the last successful one from one address.

    `account` is a keyed hash of the typed name, whether or not such an account exists. `browser` is
    set only for a browser with which this account has signed in before.
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
    """The hash of a former password."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"#{self.pk}"
