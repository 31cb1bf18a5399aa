"""Seals over the audit record, made beside the writers and signed by keys that no database holds. docs/record.md says what they prove."""

from directives.core.sealing.anchors import anchor
from directives.core.sealing.making import BATCH, link, link_waiting, seal
from directives.core.sealing.status import known
from directives.core.sealing.verifying import verify

__all__ = ["BATCH", "anchor", "known", "link", "link_waiting", "seal", "verify"]
