"""Checks the zip package of a workbook before it is parsed: sizes, names, checksums, entities."""

import re
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from directives.tables.parsing.limits import (
    BLOCK_SIZE,
    MAX_MEMBERS,
    MAX_MERGES,
    MAX_RATIO,
    MAX_UNPACKED_SIZE,
    RATIO_FROM,
    Fault,
)

BROKEN = (
    BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    UnicodeDecodeError,
)
_NAME = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\\|\0")
_INNER = re.compile(r"\.(?:zip|rar|7z|gz|xlsx?|docx?|csv|et)$", re.I)
_EMBEDDED = re.compile(r"^xl/embeddings/", re.I)
_ENTITIES = tuple(
    mark.encode(code)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for code in ("ascii", "utf-16-le", "utf-16-be")
)
_ROWS = (b"<row ", b":row ", b"<row>", "<row ".encode("utf-16-le"), "<row ".encode("utf-16-be"))
_MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^<>]*?ref\s*=\s*[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']"
)


@dataclass(slots=True)
class Part:
    """What scanning one part found, if it is a worksheet."""

    rows: int = 0  # about
    merges: list[str] = field(default_factory=list)  # such as A1:B2


def open_package(file: BinaryIO) -> ZipFile:
    """Open the package. Raises Fault if its directory is harmful."""
    try:
        package = ZipFile(file)
    except (*BROKEN, MemoryError) as fault:  # the directory may claim to be larger than memory
        raise Fault("truncated") from fault
    members = package.infolist()
    if len(members) > MAX_MEMBERS:
        raise Fault("many_members", count=len(members), limit=MAX_MEMBERS)
    _check_names(members)
    for member in members:
        _check_member(member)
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_SIZE:
        raise Fault(
            "bomb",
            member="",
            size=total // 2**20,
            packed=sum(member.compress_size for member in members) // 1024,
        )
    _check_kind({member.filename.lower() for member in members}, package)
    return package


def _check_names(members: list[ZipInfo]) -> None:
    names: set[str] = set()
    for member in members:
        if _NAME.search(member.orig_filename):
            raise Fault("bad_member", member=member.orig_filename[:100])
        folded = member.filename.lower()
        if folded in names:
            raise Fault("twice", member=member.filename[:100])
        names.add(folded)


def _check_member(member: ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise Fault("encrypted")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Fault("packing", member=member.filename[:100])
    if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(
        member.compress_size, 1
    ):
        raise Fault(
            "bomb",
            member=member.filename[:100],
            size=member.file_size // 2**20,
            packed=member.compress_size // 1024,
        )


def _check_kind(names: set[str], package: ZipFile) -> None:
    """Refuse other kinds of packages, each with its own code."""
    if any(
        name.endswith(("vbaproject.bin", "vbadata.xml")) or name.startswith("xl/macrosheets/")
        for name in names
    ):
        raise Fault("macros")
    if "xl/workbook.bin" in names:
        raise Fault("xlsb")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise Fault("document")
    if "mimetype" in names and "content.xml" in names:
        raise Fault("ods")
    if any(name.endswith(".iwa") for name in names):
        raise Fault("numbers")
    inner = sorted(name for name in names if _INNER.search(name) and not _EMBEDDED.match(name))
    if inner:
        raise Fault("nested", member=inner[0][:100])
    if "[content_types].xml" not in names:
        raise Fault("not_a_workbook")
    try:
        types = (
            package.read("[Content_Types].xml")
            if "[Content_Types].xml" in package.NameToInfo
            else b""
        )
    except BROKEN as fault:
        raise Fault("damaged", member="[Content_Types].xml") from fault
    if b"macroEnabled" in types:
        raise Fault("macros")


def scan_parts(package: ZipFile) -> dict[str, Part]:
    """Unpack every part once, to check that it is intact and has no entities. Parts by name."""
    return {
        member.filename: _scan_part(package, member)
        for member in package.infolist()
        if not member.is_dir()
    }


def _scan_part(package: ZipFile, member: ZipInfo) -> Part:
    part, previous = Part(), b""
    markup = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    try:
        with package.open(member) as stream:
            while block := stream.read(BLOCK_SIZE):
                if markup and any(mark in previous + block for mark in _ENTITIES):
                    raise Fault("entities", member=member.filename[:100])
                if markup:
                    part.rows += sum(map((previous[-4:] + block).count, _ROWS))
                    _add_merges(previous + block, part)
                previous = block[-200:]
    except BROKEN as fault:
        raise Fault("damaged", member=member.filename[:100]) from fault
    return part


def _add_merges(block: bytes, part: Part) -> None:
    if b"mergeCell" not in block:
        return
    recent = set(part.merges[-5:])  # the end of the previous block is scanned twice
    for match in _MERGE.finditer(block):
        text = match[1].decode("ascii")
        if text not in recent and len(part.merges) < MAX_MERGES:
            part.merges.append(text)
