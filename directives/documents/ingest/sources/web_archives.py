"""Pages that were saved in one file with their pictures (.mht, RFC 2557)."""

import email
import email.policy

from directives.documents.ingest.sources.blocks import Source
from directives.documents.ingest.sources.encodings import decoded
from directives.documents.ingest.sources.messages import DocumentError
from directives.documents.ingest.sources.web_pages import source_of_html


def source_of_mht(content: bytes) -> Source:
    """The first page of the archive. Raises DocumentError, truncated if there is none."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return source_of_html(decoded(page).text)
    raise DocumentError("truncated")
