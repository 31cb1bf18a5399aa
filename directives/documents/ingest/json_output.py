"""A reading as JSON, for other programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from directives.documents.ingest.reading import Reading, SentenceRead


def json_of(reading: Reading) -> str:
    """The reading as JSON text: title, issuer, script, sha256, sections, repairs, left_out."""
    sections = [
        {
            "number": section.number,
            "title": section.title,
            "paragraphs": [
                [_sentence(sentence) for sentence in paragraph] for paragraph in section.paragraphs
            ],
        }
        for section in reading.sections
    ]
    whole = {
        "title": reading.title,
        "issuer": reading.issuer,
        "script": reading.script,
        "sha256": reading.sha256,
        "sections": sections,
        "repairs": [asdict(repair) for repair in reading.repairs],
        "left_out": [asdict(line) for line in reading.left_out],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _sentence(sentence: SentenceRead) -> Mapping[str, object]:
    return {
        "code": sentence.code,
        "text": sentence.text,
        "text_hans": sentence.text_hans,
        "statement": sentence.statement,
        "addressees": [asdict(addressee) for addressee in sentence.addressees],
        "modality": sentence.modality,
        "kind": sentence.kind,
        "cadence": sentence.cadence,
        "items": [asdict(item) for item in sentence.items],
    }
