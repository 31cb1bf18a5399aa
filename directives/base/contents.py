"""Checking the content of uploads: whether it is of the claimed type, and free of programs.

Nothing is unpacked to the disk or opened by another program: of an archive, the directory and the
first bytes of each member are read.
"""

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext as _

# How the name of some member of an archive of this type begins
PLACES = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/", "ofd": "ofd.xml"}
ARCHIVES = frozenset({*PLACES, "zip", "wps", "et"})
OLE_TYPES = frozenset({"doc", "xls", "ppt", "wps", "et"})
PROGRAM_NAMES = frozenset({
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "gadget", "hta",
    "inf", "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "reg", "scf",
    "scr", "sh", "sys", "url", "vb", "vbe", "vbs", "ws", "wsc", "wsf", "wsh", "docm", "dotm",
    "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm",
})  # fmt: skip
OTHER_ARCHIVES = frozenset(
    ["7z", "arj", "bz2", "cab", "gz", "img", "lzh", "rar", "tar", "tgz", "xz", "z"]
)
PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
VBA_IN_OLE = "_VBA_PROJECT".encode("utf-16-le")  # the name of a stream in a compound file
END_OF_ZIP, END_LENGTH = b"PK\x05\x06", 22
MEMBERS = 10_000  # of an archive, at most
NESTED_LIMIT = 50 * 1024**2  # bytes of an archive within an archive, at most
DEPTH = 3  # levels of nested archives, at most


def fault(file: BinaryIO, kind: str, name: str) -> str:
    """Why a file is not accepted, in a sentence that says what to do; "" if it is.

    The caller has checked that the first bytes fit the type.
    """
    file.seek(0)
    facts = {"name": name, "kind": kind}
    try:
        if kind in ARCHIVES and zipfile.is_zipfile(file):
            return next(_faults_inside(file, facts, depth=1), "")
        if kind in PLACES or kind == "zip":
            return not_real(name, kind)
        if kind in OLE_TYPES and _contains(file, VBA_IN_OLE):
            text = _("“%(name)s” contains macros. Save it without them, then choose it again.")
            return text % facts
        if kind not in OLE_TYPES and _ends_as_zip(file):
            return (
                _(
                    "“%(name)s” is both a %(kind)s file and an archive. Open it in its own "
                    "program, save it again, then choose it again."
                )
                % facts
            )
        return ""
    finally:
        file.seek(0)


def not_real(name: str, kind: str) -> str:
    """The message about a file that is not of the type that its name claims."""
    text = _(
        "“%(name)s” is not a real %(kind)s file. Open it in its own program, save it as %(kind)s, "
        "then choose it again."
    )
    return text % {"name": name, "kind": kind}


def _faults_inside(file: BinaryIO, facts: dict[str, str], *, depth: int) -> Iterator[str]:
    """The faults of an archive and of the archives in it."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            place = PLACES.get(facts["kind"], "") if depth == 1 else ""
            if place and not any(m.filename.lower().startswith(place) for m in members):
                yield not_real(facts["name"], facts["kind"])
                return
            if len(members) > MEMBERS:
                text = _("“%(name)s” contains more than %(limit)s files. Send fewer at a time.")
                yield text % {**facts, "limit": MEMBERS}
                return
            for member in members:
                name = PurePosixPath(member.filename).name
                yield from _faults_of_member(archive, member, {**facts, "member": name}, depth)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        yield not_real(facts["name"], facts["kind"])


def _faults_of_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, facts: dict[str, str], depth: int
) -> Iterator[str]:
    path = member.filename.lower().replace("\\", "/")
    ending = PurePosixPath(path).suffix.lstrip(".")
    if member.flag_bits & 1:
        yield (
            _(
                "“%(name)s” is password-protected and cannot be checked. Save it without a "
                "password, then choose it again."
            )
            % facts
        )
    elif path.endswith("vbaproject.bin") or "/macrosheets/" in path:
        yield _("“%(name)s” contains macros. Save it without them, then choose it again.") % facts
    elif ending in PROGRAM_NAMES or _begins_as_program(archive, member):
        text = _(
            "“%(name)s” contains a program: %(member)s. Remove it, then choose the file again."
        )
        yield text % facts
    elif ending in OTHER_ARCHIVES:
        yield _unchecked_archive(facts)
    elif ending in ARCHIVES:
        yield from _faults_of_nested(archive, member, facts, depth)


def _begins_as_program(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as content:
        return content.read(4).startswith(PROGRAMS)


def _faults_of_nested(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, facts: dict[str, str], depth: int
) -> Iterator[str]:
    with archive.open(member) as content:
        inner = content.read(NESTED_LIMIT + 1)
    if not inner.startswith(b"PK"):  # an OLE document, or an empty file
        return
    if depth == DEPTH or len(inner) > NESTED_LIMIT:
        yield _unchecked_archive(facts)
    else:
        yield from _faults_inside(BytesIO(inner), facts, depth=depth + 1)


def _unchecked_archive(facts: dict[str, str]) -> str:
    text = _(
        "“%(name)s” contains an archive that cannot be checked: %(member)s. Add its files directly."
    )
    return text % facts


def _contains(file: BinaryIO, words: bytes, block: int = 1024**2) -> bool:
    file.seek(0)
    overlap = b""
    while read := file.read(block):
        if words in overlap + read:
            return True
        overlap = read[-len(words) :]
    return False


def _ends_as_zip(file: BinaryIO) -> bool:
    """Whether a zip reader, which begins at the end of a file, would accept the file."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - END_LENGTH - 2**16))
    tail = file.read()
    at = tail.rfind(END_OF_ZIP)
    if at < 0 or at + END_LENGTH > len(tail):
        return False
    comment = int.from_bytes(tail[at + 20 : at + END_LENGTH], "little")
    return start + at + END_LENGTH + comment == size
