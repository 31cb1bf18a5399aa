"""The differences between two versions of a text.

Chinese is compared by characters, other scripts by words and numbers.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CHARACTERS = re.compile(r"[A-Za-z]+|[0-9]+|.", re.DOTALL)
SENTENCES = re.compile(r"[^。；！？\n]*[。；！？\n]|[^。；！？\n]+")
LONG = 6000  # characters of both texts together; longer texts are compared by sentences
SHORT = 2  # fewer equal characters between two changes are joined to them, for readability


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of both versions ("same"), of the later only, or of the earlier only."""

    text: str
    mark: Literal["same", "added", "removed"] = "same"


def differences(before: str, after: str) -> list[Piece]:
    """The pieces of both versions in order.

    Those that are not "added" make up `before`, and those that are not "removed" `after`.
    """
    parts = SENTENCES if len(before) + len(after) > LONG else CHARACTERS
    old, new = parts.findall(before), parts.findall(after)
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pieces: list[Piece] = []
    removed = added = ""
    for place, (opcode, old_from, old_to, new_from, new_to) in enumerate(opcodes, 1):
        old_text, new_text = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        between = (removed or added) and place < len(opcodes)
        if opcode == "equal" and not (between and len(old_text) < SHORT):
            pieces += [*_change(removed, added), Piece(old_text)]
            removed = added = ""
        else:
            removed, added = removed + old_text, added + new_text
    return [*pieces, *_change(removed, added)]


def _change(removed: str, added: str) -> list[Piece]:
    pieces = [Piece(removed, "removed"), Piece(added, "added")]
    return [piece for piece in pieces if piece.text]
