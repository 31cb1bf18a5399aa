"""Uploads are shown to a real ClamAV that knows one signature, made here.

What it cannot look at is not taken.
"""

import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from directives.base import viruses
from directives.core import evidence
from directives.health import machine
from tests.factories import NOW
from tests.spare import wait_for

pytestmark = pytest.mark.once

SIGN = b"a sign that this test alone knows"
CONFIGURATION = """
LocalSocket {folder}/socket
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
StreamMaxLength 25M
Foreground yes
LogFile {folder}/log
"""


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a running daemon."""
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "signatures").mkdir()
    (folder / "signatures" / "test.ndb").write_text(
        f"Test.Made.Here:0:*:{SIGN.hex()}\n", encoding="ascii"
    )
    (folder / "clamd.conf").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
    process = subprocess.Popen(
        ["/usr/sbin/clamd", "--config-file", str(folder / "clamd.conf")],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_for(lambda: (folder / "socket").exists() or process.poll() is not None)
        assert process.poll() is None, process.stderr.read()
        yield folder / "socket"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def fault(content: bytes) -> str:
    return viruses.fault(BytesIO(content), "附件.pdf")


def test_what_the_scanner_knows_is_not_taken(settings, clamd):
    settings.CLAMD = str(clamd)
    assert fault(b"%PDF-1.7 " + b"x" * 200_000) == ""
    assert "malware (Test.Made.Here" in fault(b"%PDF-1.7 " + b"x" * 200_000 + SIGN)
    found = evidence.faults(SimpleUploadedFile("附件.pdf", b"%PDF-1.7 " + SIGN))
    assert ["Test.Made.Here" in text for text in found] == [True]


def test_what_it_cannot_look_at_now_is_not_taken(settings, clamd, tmp_path):
    settings.CLAMD = str(tmp_path / "nobody")
    assert "could not be checked" in fault(b"%PDF-1.7")
    settings.CLAMD = str(clamd)
    assert "could not be checked" in fault(b"x" * (26 * 1024**2))  # more than the daemon takes


def test_without_a_scanner_nothing_is_asked(settings):
    settings.CLAMD = ""
    assert fault(SIGN) == ""


def test_the_doctor_asks_it(settings, clamd, tmp_path):
    settings.CLAMD = str(clamd)
    [well] = machine.check_scanner(NOW)
    assert ("ClamAV" in well.message, well.remedy) == (True, "")
    settings.CLAMD = str(tmp_path / "nobody")
    [ill] = machine.check_scanner(NOW)
    assert ("does not answer" in ill.message, bool(ill.remedy)) == (True, True)
    settings.CLAMD = ""
    assert [bool(one.remedy) for one in machine.check_scanner(NOW)] == [False]
