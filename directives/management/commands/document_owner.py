"""Set the body that a document belongs to."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directives.documents.commands import registering
from directives.models import Document, Organisation
from directives.models.documents import HEAVY


class Command(BaseCommand):
    help = (
        "Gives a document to a body, whose supervisors, and those above it, then correct, assign "
        "and open cycles."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("document", type=int, help="its id, as in the address of its page")
        parser.add_argument("code", help="the code of the body")

    def handle(self, *args: Any, document: int, code: str, **options: Any) -> None:
        documents = Document.objects.select_related("organisation").defer(*HEAVY)
        stored_document = documents.filter(pk=document).first()
        body = Organisation.objects.filter(code=code).first()
        if stored_document is None:
            raise CommandError(f"There is no document {document}.")
        if body is None:
            raise CommandError(f"There is no body with the code {code}.")
        registering.hand_over(document=stored_document, to=body, by=None, now=timezone.now())
        self.stdout.write(f"{stored_document.title_hans} belongs to {body.name_hans}.")
