"""Logging filters: the origin of each line, and no traceback for expected responses."""

import logging

from directives.base import origins

EXPECTED = frozenset({*range(400, 500), 503, 507})  # statuses


class OneLine(logging.Filter):
    """Remove the traceback of expected responses; for an outage, append its cause to the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        status: int = getattr(record, "status_code", 0)
        if status in EXPECTED and record.exc_info:
            error = record.exc_info[1]
            if status >= 500:
                cause = " ".join(f"{type(error).__name__}: {error}".split())
                record.msg, record.args = "%s (%s)", (record.getMessage(), cause)
            record.exc_info = record.exc_text = None
        return True


class FromWhere(logging.Filter):
    """Set `origin` on each record: the id of the request, the name of the task, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs a response after the request is over, and passes the request.
        origin = getattr(getattr(record, "request", None), "origin", None) or origins.current()
        record.origin = origin.request or "-"
        return True
