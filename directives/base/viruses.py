"""Scanning uploads with ClamAV, if its daemon is set up (`CLAMD`)."""

import logging
import socket
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

BLOCK = 64 * 1024  # bytes
SECONDS = 30  # timeout

logger = logging.getLogger(__name__)


def _connect() -> socket.socket:
    """Raises OSError if the daemon does not listen."""
    if not settings.CLAMD.startswith("/"):
        host, _colon, port = settings.CLAMD.rpartition(":")
        return socket.create_connection((host, int(port)), SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(settings.CLAMD)
    except OSError:
        connection.close()
        raise
    return connection


def _ask(command: bytes, file: BinaryIO | None = None) -> str:
    """The daemon's answer to a command that a file may follow. Raises OSError."""
    with _connect() as connection:
        connection.sendall(b"z" + command + b"\0")
        if file is not None:
            file.seek(0)
            while block := file.read(BLOCK):
                connection.sendall(len(block).to_bytes(4, "big") + block)
            file.seek(0)
            connection.sendall(bytes(4))
        answer = b""
        while not answer.endswith(b"\0") and (read := connection.recv(4096)):
            answer += read
    return answer.rstrip(b"\0").decode(errors="replace")


def fault(file: BinaryIO, name: str) -> str:
    """Why a file is not accepted; "" if it is, or no scanner is set up.

    If the scanner does not answer, the file is not accepted.
    """
    if not settings.CLAMD:
        return ""
    try:
        answer = _ask(b"INSTREAM", file)
    except OSError as error:
        logger.error("ClamAV at %s did not answer: %s", settings.CLAMD, error)
        answer = ""
    if answer.endswith(" OK"):
        return ""
    if answer.endswith(" FOUND"):
        virus = answer.removeprefix("stream: ").removesuffix(" FOUND")
        logger.warning("An upload holds %s", virus)
        text = _("“%(name)s” contains malware (%(found)s) and was not saved. Check your computer.")
        return text % {"name": name, "found": virus}
    if answer:
        logger.error("ClamAV answered: %s", answer)
    return _(
        "“%(name)s” could not be checked for viruses now. Try again in a minute, or tell the "
        "administrator."
    ) % {"name": name}


def version() -> str:
    """The version of the scanner and the date of its signatures. Raises OSError."""
    return _ask(b"VERSION")
