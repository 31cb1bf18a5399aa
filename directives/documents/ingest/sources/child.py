"""The child process that reads a document on its standard input and writes one line of JSON.

    child.py FORMAT MEMORY SECONDS

The line has the fields of a `Source`, or "refused" with the code and parameters of a
`DocumentError`. Only `limited` starts it: there is no Django, no settings and no database here.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[4]))  # for the following imports

from directives.base.child_processes import limit_itself
from directives.documents.ingest.sources.blocks import DOCX, HTML, MHT, PDF, Source
from directives.documents.ingest.sources.messages import DocumentError

# Module and function. Importing those of all formats takes longer than reading a document.
READERS = {
    DOCX: ("word", "source_of_docx"),
    MHT: ("web_archives", "source_of_mht"),
    PDF: ("pdf", "source_of_pdf"),
    HTML: ("web_pages", "source_of_page"),
}


def reader_of(format_name: str) -> Callable[[bytes], Source]:
    module, function = READERS[format_name]
    reader: Callable[[bytes], Source] = getattr(
        import_module(f"directives.documents.ingest.sources.{module}"), function
    )
    return reader


def main(format_name: str, memory: str, seconds: str) -> None:
    """An error becomes one line, if there is still memory for it."""
    read = reader_of(format_name)
    limit_itself(int(memory), int(seconds))
    try:
        answer: object = asdict(read(sys.stdin.buffer.read()))
    except DocumentError as refusal:
        answer = {"refused": refusal.code, "params": refusal.params}
    except (MemoryError, RecursionError):
        answer = {"refused": "memory", "params": {}}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, check_circular=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    main(*sys.argv[1:])
