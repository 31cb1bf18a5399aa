"""What lies inside an uploaded file: whether it is what its type promises, and whether anything in
it would run.

Nothing is unpacked to the disk and no program of the file's own type opens it: archives are read
by their directory and the first bytes of each member.
"""

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext as _

# Where the members of a package lie, by which it is known as of its type.
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
VBA_IN_OLE = "_VBA_PROJECT".encode("utf-16-le")  # the name of a stream, as a compound file holds it
END_OF_ZIP, END_LENGTH = b"PK\x05\x06", 22
MEMBERS = 10_000
NESTED_LIMIT = 50 * 1024**2  # bytes of an archive in an archive that are read
DEPTH = 3  # archives in one another that are looked into


def fault(file: BinaryIO, kind: str, name: str) -> str:
    """Why a file of this type is not taken, in words that say what to do; "" if it is.

    Its first bytes fit the type already.
    """
    file.seek(0)
    facts = {"name": name, "kind": kind}
    try:
        if kind in ARCHIVES and zipfile.is_zipfile(file):
            return next(_faults_inside(file, facts, depth=1), "")
        if kind in PLACES or kind == "zip":
            return not_real(name, kind)
        if kind in OLE_TYPES and _holds(file, VBA_IN_OLE):
            return (
                _("“%(name)s” contains macros. Save it without them, then choose it again.") % facts
            )
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
    """What is said of a file that is not of the type that its name claims."""
    text = _(
        "“%(name)s” is not a real %(kind)s file. Open it in its own program, save it as %(kind)s, "
        "then choose it again."
    )
    return text % {"name": name, "kind": kind}


def _faults_inside(file: BinaryIO, facts: dict[str, str], *, depth: int) -> Iterator[str]:
    """The faults of an archive, and of those that it holds."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if (
                depth == 1
                and facts["kind"] in PLACES
                and not _lies_in(members, PLACES[facts["kind"]])
            ):
                yield not_real(facts["name"], facts["kind"])
                return
            if len(members) > MEMBERS:
                yield _("“%(name)s” contains more than %(limit)s files. Send fewer at a time.") % {
                    **facts,
                    "limit": MEMBERS,
                }
                return
            for member in members:
                yield from _faults_of_member(
                    archive, member, {**facts, "member": PurePosixPath(member.filename).name}, depth
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        yield not_real(facts["name"], facts["kind"])


def _lies_in(members: list[zipfile.ZipInfo], place: str) -> bool:
    return any(member.filename.lower().startswith(place) for member in members)


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
        yield (
            _("“%(name)s” contains a program: %(member)s. Remove it, then choose the file again.")
            % facts
        )
    elif ending in OTHER_ARCHIVES:
        yield (
            _(
                "“%(name)s” contains an archive that cannot be checked: %(member)s. Add its files "
                "directly."
            )
            % facts
        )
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
    if not inner.startswith(b"PK"):  # a document of the older kind, or an empty file
        return
    if depth == DEPTH or len(inner) > NESTED_LIMIT:
        yield (
            _(
                "“%(name)s” contains an archive that cannot be checked: %(member)s. Add its files "
                "directly."
            )
            % facts
        )
    else:
        yield from _faults_inside(BytesIO(inner), facts, depth=depth + 1)


def _holds(file: BinaryIO, words: bytes, block: int = 1024**2) -> bool:
    file.seek(0)
    overlap = b""
    while read := file.read(block):
        if words in overlap + read:
            return True
        overlap = read[-len(words) :]
    return False


def _ends_as_zip(file: BinaryIO) -> bool:
    """Whether a reader of archives, which begins at the end, would take the file for one."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - END_LENGTH - 2**16))
    tail = file.read()
    at = tail.rfind(END_OF_ZIP)
    if at < 0 or at + END_LENGTH > len(tail):
        return False
    comment = int.from_bytes(tail[at + 20 : at + END_LENGTH], "little")
    return start + at + END_LENGTH + comment == size
