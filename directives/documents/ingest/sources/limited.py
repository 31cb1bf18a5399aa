"""Reads what has markup in a limited child process (`child.py`).

Whatever that process does (crash, hang, exceed its limits, answer nonsense), the caller gets a
`Source` or a `DocumentError`.
"""

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from directives.base.child_processes import ChildFailed, answer_of
from directives.documents.ingest.sources.blocks import Cell, LeftOut, Source, SourceLine
from directives.documents.ingest.sources.messages import MESSAGES, DocumentError

MEMORY = 768 * 2**20  # bytes of address space of the child
SECONDS = 60  # of its computing
PATIENCE = 90  # seconds of waiting for it
LONGEST = 256 * 2**20  # bytes of its answer

_CHILD = str(Path(__file__).with_name("child.py"))


def source_in_child(content: bytes, format_name: str) -> Source:
    """Raises DocumentError, whose parameters lack the name of the document."""
    command = [sys.executable, "-I", "-X", "utf8", _CHILD, format_name, str(MEMORY), str(SECONDS)]
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        try:
            with closing(answer_of(command, file, patience=PATIENCE, longest=LONGEST)) as lines:
                answer = b"".join(lines)
        except ChildFailed as failed:
            raise DocumentError(_known(failed.code)) from failed
    try:
        return _source(json.loads(answer))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise DocumentError("broke_off") from fault


def _known(code: object) -> str:
    return code if isinstance(code, str) and code in MESSAGES else "broke_off"


def _source(answer: dict[str, Any]) -> Source:
    if "refused" in answer:
        raise DocumentError(_known(answer["refused"]), answer["params"])
    lines = (
        SourceLine(**{**line, "cell": Cell(**line["cell"]) if line["cell"] else None})
        for line in answer["lines"]
    )
    return Source(
        text=str(answer["text"]),
        lines=tuple(lines),
        left_out=tuple(LeftOut(**line) for line in answer["left_out"]),
        format=str(answer["format"]),
    )
