"""Lines of the log: from which request each is; and what is refused in one line.

A traceback is kept for faults of ours.
"""

import logging

from directives.base import origins

EXPECTED = frozenset({*range(400, 500), 503, 507})  # statuses


class OneLine(logging.Filter):
    """Takes the traceback from the record of an expected answer; of an outage the line tells the
    cause.
    """

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
    """Gives each record `origin`: the id of the request or the name of the task in hand, "-" where
    there is none.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        # Of an answer Django logs once the request is over: it gives the request along.
        origin = getattr(getattr(record, "request", None), "origin", None) or origins.current()
        record.origin = origin.request or "-"
        return True
