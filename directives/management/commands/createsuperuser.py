"""Django's createsuperuser, with an audit event."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.utils import timezone

from directives.core import audit
from directives.models import User


class Command(createsuperuser.Command):
    def handle(self, *arguments: Any, **options: Any) -> None:
        before = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
        super().handle(*arguments, **options)
        with transaction.atomic():  # not around the command, which waits for input
            for user in User.objects.filter(is_superuser=True).exclude(pk__in=before):
                after = {"username": user.username, "is_superuser": "True"}
                audit.record("add", user, by=None, now=timezone.now(), after=after)
