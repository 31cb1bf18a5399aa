"""Django's changepassword, with an audit event."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction
from django.utils import timezone

from directives.core import audit
from directives.models import User


class Command(changepassword.Command):
    def handle(self, *arguments: Any, **options: Any) -> str | None:
        message = super().handle(*arguments, **options)
        user = User.objects.get(username=options["username"] or getpass.getuser())
        with transaction.atomic():  # not around the command, which waits for input
            audit.record("set_password", user, by=None, now=timezone.now())
        return message
