"""The file beside a document in which people confirm its proposed repairs.

{"document": SHA-256 of the source, "confirmations":
    [{"line", "start", "proposed", "after", "confirmed_by", "why"}]}
`after` differs from `proposed` where the person corrects the proposal.
"""

import hashlib
import json

from directives.documents.ingest.repair import Confirmation
from directives.documents.ingest.sources import DocumentError

_TEXTS = ("proposed", "after", "confirmed_by", "why")


def confirmations_of(sheet: bytes, *, document: bytes) -> tuple[Confirmation, ...]:
    """The confirmations in a file for this document. Raises DocumentError "confirmations"."""
    try:
        content = json.loads(sheet.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise _unusable("it is not JSON in UTF-8") from fault
    if not isinstance(content, dict) or not isinstance(content.get("confirmations"), list):
        raise _unusable("it has no list “confirmations”")
    if content.get("document") != hashlib.sha256(document).hexdigest():
        raise _unusable("it is for another document (the SHA-256 differs)")
    return tuple(
        _confirmation(row, number) for number, row in enumerate(content["confirmations"], 1)
    )


def _confirmation(row: object, number: int) -> Confirmation:
    if not isinstance(row, dict):
        raise _unusable(f"entry {number} is no object")
    line, start = row.get("line"), row.get("start")
    if type(line) is not int or type(start) is not int:
        raise _unusable(f"entry {number} lacks line or start, both whole numbers")
    texts = [text for key in _TEXTS if isinstance(text := row.get(key), str) and text.strip()]
    if len(texts) < len(_TEXTS):
        raise _unusable(f"entry {number} lacks one of {', '.join(_TEXTS)}")
    return Confirmation(line, start, *texts)


def _unusable(reason: str) -> DocumentError:
    return DocumentError("confirmations", {"reason": reason})
