"""The child process that reads a document on its standard input and writes one line of JSON.

    child.py FORMAT MEMORY SECONDS

The line has the fields of a `Source`, or "refused" with the code and parameters of a
`DocumentError`. Only `limited` starts it: there is no Django, no settings and no database here.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[4]))  # for the following imports

from directives.base.child_processes import limit_itself
from directives.documents.ingest.sources.blocks import DOCX, HTML, MHT, PDF
from directives.documents.ingest.sources.messages import DocumentError
from directives.documents.ingest.sources.pdf import source_of_pdf
from directives.documents.ingest.sources.web_archives import source_of_mht
from directives.documents.ingest.sources.web_pages import source_of_html
from directives.documents.ingest.sources.word import source_of_docx

READERS = {
    DOCX: source_of_docx,
    MHT: source_of_mht,
    PDF: source_of_pdf,
    HTML: lambda content: source_of_html(content.decode("utf-8")),
}


def main(format_name: str, memory: str, seconds: str) -> None:
    """An error becomes one line, if there is still memory for it."""
    limit_itself(int(memory), int(seconds))
    try:
        answer: object = asdict(READERS[format_name](sys.stdin.buffer.read()))
    except DocumentError as refusal:
        answer = {"refused": refusal.code, "params": refusal.params}
    except (MemoryError, RecursionError):
        answer = {"refused": "memory", "params": {}}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, check_circular=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    main(*sys.argv[1:])
