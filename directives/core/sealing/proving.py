"""Proof that one event, unchanged, is covered by a signed seal. It reveals no other event."""

from itertools import chain
from typing import Any

from directives.base import event_codes
from directives.core.sealing import keys
from directives.core.sealing.event_rows import events_in, valid_ranges
from directives.core.sealing.merkle import inclusion, is_included, leaf
from directives.models import Seal


def prove(pk: int) -> dict[str, Any] | None:
    """The proof against the newest signed seal; None if no seal covers the event."""
    newest = Seal.objects.exclude(signature="").order_by("-id").first()
    if newest is None:
        return None
    ranges = Seal.objects.filter(pk__lte=newest.pk).order_by("id").values_list("ranges", flat=True)
    leaves: list[bytes] = []
    index, event = None, ""
    for row in chain.from_iterable(map(events_in, map(valid_ranges, ranges))):
        data = event_codes.canonical_bytes(row)
        if row["id"] == pk:
            index, event = len(leaves), data.decode()
        leaves.append(leaf(data))
    if index is None:
        return None
    names = ("number", "total", "root", "hash", "key", "signature")
    return {
        "event": event,
        "index": index,
        "proof": [node.hex() for node in inclusion(index, leaves)],
        "seal": {name: getattr(newest, name) for name in names},
    }


def is_valid_proof(document: dict[str, Any]) -> bool:
    """Whether the event is covered by the seal of its proof, and the key of the seal signed it."""
    seal, proof = document["seal"], [bytes.fromhex(node) for node in document["proof"]]
    event, root = leaf(document["event"].encode()), bytes.fromhex(seal["root"])
    included = is_included(event, document["index"], seal["total"], proof, root)
    return included and keys.is_signed(seal["key"], seal["hash"], seal["signature"])
