"""A proof for one event: that it is, word by word, among all that a signed seal is the root of.

It shows no other event.
"""

from itertools import chain
from typing import Any

from directives.base import event_codes
from directives.core.sealing import keys
from directives.core.sealing.event_rows import events_in, valid_ranges
from directives.core.sealing.merkle import inclusion, is_included, leaf
from directives.models import Seal


def prove(pk: int) -> dict[str, Any] | None:
    """The proof against the newest seal; None for an event that no seal in its chain covers."""
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
    seal = {
        name: getattr(newest, name)
        for name in ("number", "total", "root", "hash", "key", "signature")
    }
    return {
        "event": event,
        "index": index,
        "proof": [node.hex() for node in inclusion(index, leaves)],
        "seal": seal,
    }


def is_valid_proof(document: dict[str, Any]) -> bool:
    """Whether a proof shows that its event is under the seal that it names, and that the seal's key
    signed it.
    """
    seal, proof = document["seal"], [bytes.fromhex(node) for node in document["proof"]]
    included = is_included(
        leaf(document["event"].encode()),
        document["index"],
        seal["total"],
        proof,
        bytes.fromhex(seal["root"]),
    )
    return included and keys.is_signed(seal["key"], seal["hash"], seal["signature"])
