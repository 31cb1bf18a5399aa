"""Seals over the audit record, signed with keys that are not in the database.

docs/record.md describes what they prove.
"""

from directives.core.sealing.anchors import anchor
from directives.core.sealing.making import BATCH, add_unsigned_seal, seal, seal_waiting_unsigned
from directives.core.sealing.status import seal_status
from directives.core.sealing.verifying import verify

__all__ = [
    "BATCH",
    "anchor",
    "seal_status",
    "add_unsigned_seal",
    "seal_waiting_unsigned",
    "seal",
    "verify",
]
