"""Whatever is read is registered whole: every format, several parts, articles, tables."""

import pytest

from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.models import Directive, Document
from tests.documents.test_readings import NAMES, path_of
from tests.factories import NOW


@pytest.mark.parametrize("name", NAMES)
def test_a_reading_is_registered_whole(cast, name):
    path = path_of(name)
    content = path.read_bytes()
    reading = read(content, name=path.name)
    document = register_document(
        reading=reading, source=content, source_name=path.name, by=cast.supervisor, now=NOW
    )
    stored = Document.objects.get(pk=document.pk)
    assert (stored.title, stored.issuer) == (reading.title, reading.issuer)
    day = stored.issued_on and stored.issued_on.isoformat()
    assert (day or "") == (reading.frame.date or "")
    rows = Directive.objects.filter(document=stored).order_by("order")
    assert [(row.code, row.text, row.statement) for row in rows] == [
        (sentence.code, sentence.text, sentence.statement) for sentence in reading.sentences
    ]
    titles = [(section.number, section.title) for section in reading.sections]
    assert list(stored.sections.values_list("number", "title")) == titles
    named = [addressee.name for sentence in reading.sentences for addressee in sentence.addressees]
    assert (
        list(
            rows.order_by("order", "addressees__order")
            .exclude(addressees=None)
            .values_list("addressees__name", flat=True)
        )
        == named
    )
    assert stored.left_out.count() == len(reading.left_out)
