"""Whether the text of a file is registered already, in another file.

A web page, a .docx and a .pdf of one document differ in their bytes and in what stands around the
text; the letters of their sentences are the same.
"""

import hashlib
import re
from collections.abc import Iterable

from directives.documents.ingest.reading import Reading
from directives.models import Document, User
from directives.models.documents import HEAVY

_NOT_LETTERS = re.compile(r"[\W_]+")


def text_hash(texts_hans: Iterable[str]) -> str:
    """The SHA-256 of the letters and figures of sentences in Simplified script."""
    digest = hashlib.sha256()
    for text in texts_hans:
        digest.update(_NOT_LETTERS.sub("", text).encode())
    return digest.hexdigest()


def hash_of(reading: Reading) -> str:
    return text_hash(sentence.text_hans for sentence in reading.sentences)


def same_text(user: User, reading: Reading) -> Document | None:
    """The oldest document with this text that the person may see."""
    rows = Document.objects.visible_to(user).filter(text_sha256=hash_of(reading)).defer(*HEAVY)
    return rows.order_by("registered_at").first()


def same_file(user: User, content: bytes) -> Document | None:
    """The document with these bytes, if the person may see it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Document.objects.visible_to(user).filter(sha256=sha256).defer(*HEAVY).first()
