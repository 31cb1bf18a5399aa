"""The hash of the words of the documents from before: each a transaction of its own.

As documents/commands/same_text.py makes it.
"""

import hashlib
import re

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NOT_LETTERS = re.compile(r"[\W_]+")


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    documents = apps.get_model("directives", "Document").objects.filter(text_sha256="")
    directives = apps.get_model("directives", "Directive").objects.order_by("order")
    for pk in documents.order_by("pk").values_list("pk", flat=True):
        digest = hashlib.sha256()
        texts = directives.filter(document=pk).values_list("text_hans", flat=True)
        for text in texts.iterator(chunk_size=1000):
            digest.update(NOT_LETTERS.sub("", text).encode())
        documents.filter(pk=pk).update(text_sha256=digest.hexdigest())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0033_text_hash")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
