"""A reading as JSON, for other programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from directives.documents.ingest.frame import Frame
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead
from directives.documents.ingest.sources import LeftOut

# What nobody sees who opens the file is not read.
UNSEEN = ("hidden text", "deleted text")


def json_of(reading: Reading) -> str:
    """The reading as JSON text; a source is [start, end) in the text as read."""
    whole = {
        "title": reading.title,
        "issuer": reading.issuer,
        "script": reading.script,
        "sha256": reading.sha256,
        "frame": _frame(reading.frame),
        "parts": [asdict(part) for part in reading.parts],
        "sections": [_section(section) for section in reading.sections],
        "repairs": [asdict(repair) for repair in reading.repairs],
        "left_out": [_left_out(row) for row in reading.left_out if row.reason not in UNSEEN],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _frame(frame: Frame) -> Mapping[str, object]:
    source: dict[str, list[tuple[int, int]]] = {"title": []}
    for field, place in frame.places:
        source.setdefault(field, []).append(place)
    return {
        "title": frame.title,
        "number": frame.number,
        "issuers": frame.issuers,
        "recipients": frame.recipients,
        "date": frame.date,
        "annexes": frame.annexes,
        "copies": frame.copies,
        "signature": frame.signature,
        "source": source,
    }


def _section(section: SectionRead) -> Mapping[str, object]:
    return {
        "part": section.part,
        "level": section.level,
        "number": section.number,
        "title": section.title,
        "source": section.source,
        "paragraphs": [
            [_sentence(sentence) for sentence in paragraph] for paragraph in section.paragraphs
        ],
    }


def _sentence(sentence: SentenceRead) -> Mapping[str, object]:
    return {
        "code": sentence.code,
        "text": sentence.text,
        "text_hans": sentence.text_hans,
        "statement": sentence.statement,
        "title": sentence.title,
        "source": sentence.source,
        "fields": sentence.fields,
        "addressees": [asdict(addressee) for addressee in sentence.addressees],
        "modality": sentence.modality,
        "kind": sentence.kind,
        "cadence": sentence.cadence,
        "due": asdict(sentence.due) if sentence.due else None,
        "items": [asdict(item) for item in sentence.items],
    }


def _left_out(row: LeftOut) -> Mapping[str, object]:
    return {"line": row.line, "text": row.text, "reason": row.reason, "source": row.source}
