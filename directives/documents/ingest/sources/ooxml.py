"""Packages of word processors: checked before they are opened, and their parts as XML.

Names of elements and attributes are compared without their namespaces: files of the strict and the
transitional standard differ in these alone.
"""

import posixpath
import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from lxml import etree

from directives.documents.ingest.sources.messages import DocumentError

Element = Any  # lxml has no types

MEMBERS = 2_000
UNPACKED = 150 * 2**20  # bytes of all parts
PART = 60 * 2**20  # bytes of a part that is parsed
RATIO, RATIO_FROM = 200, 10 * 2**20  # a part that is larger may be so many times its packed size

_BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
_ENTITIES = tuple(
    mark.encode(code)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for code in ("ascii", "utf-16-le", "utf-16-be")
)
_INNER = re.compile(r"\.(?:zip|rar|7z|gz|docx?|docm|wps|odt|pdf|mht|html?)$", re.I)
_EMBEDDED = re.compile("(?:^|/)(?:embeddings|Object )", re.I)


def opened(source: bytes) -> ZipFile:
    """Open a package. Raises DocumentError if it may be harmful."""
    try:
        package = ZipFile(BytesIO(source))
    except (*_BROKEN, MemoryError) as fault:  # a directory may claim to be larger than memory
        raise DocumentError("truncated") from fault
    members = package.infolist()
    if len(members) > MEMBERS:
        raise DocumentError("many_members", {"count": len(members), "limit": MEMBERS})
    for member in members:
        _check(member)
    total = sum(member.file_size for member in members)
    if total > UNPACKED:
        raise _bomb(total, sum(member.compress_size for member in members))
    return package


def _check(member: ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise DocumentError("encrypted")
    name = member.filename[:100]
    if member.file_size > RATIO_FROM and member.file_size > RATIO * max(member.compress_size, 1):
        raise _bomb(member.file_size, member.compress_size)
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise DocumentError("damaged", {"member": name})
    if _INNER.search(member.filename) and not _EMBEDDED.search(member.filename):
        raise DocumentError("nested", {"member": name})


def _bomb(size: int, packed: int) -> DocumentError:
    return DocumentError("bomb", {"size": size // 2**20, "packed": packed // 1024})


def part_of(package: ZipFile, member: str) -> Element:
    """The root of a part. Raises DocumentError damaged, bomb or entities."""
    try:
        if package.getinfo(member).file_size > PART:
            raise _bomb(package.getinfo(member).file_size, package.getinfo(member).compress_size)
        content = package.read(member)
    except (*_BROKEN, KeyError) as fault:
        raise DocumentError("damaged", {"member": member[:100]}) from fault
    if any(mark in content for mark in _ENTITIES):
        raise DocumentError("entities", {"member": member[:100]})
    return parsed_xml(content, member)


def parsed_xml(content: bytes, member: str) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as fault:
        if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from fault
        raise DocumentError("damaged", {"member": member[:100]}) from fault
    if root.getroottree().docinfo.doctype:
        raise DocumentError("entities", {"member": member[:100]})
    return root


def related(package: ZipFile, member: str) -> dict[str, list[str]]:
    """The parts that a part refers to, by the last word of the relation ("styles", "footer").

    `member` "" is the package itself.
    """
    folder, name = posixpath.split(member)
    rels = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, list[str]] = {}
    if rels not in package.NameToInfo:
        return found
    for one in children(part_of(package, rels), "Relationship"):
        target = one.get("Target", "")
        path = posixpath.normpath(
            target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        )
        if one.get("TargetMode") != "External" and path in package.NameToInfo:
            found.setdefault(posixpath.basename(one.get("Type", "")), []).append(path)
    return found


# Elements by their local names


def local(element: Element) -> str:
    """The name of an element without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    return (one for one in element if local(one) == name)


def child(element: Element | None, name: str) -> Element | None:
    return None if element is None else next(children(element, name), None)


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name, "" if there is none."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def value_of(element: Element | None, name: str) -> str:
    """The w:val of a child, "" if there is none."""
    found = child(element, name)
    return "" if found is None else attribute(found, "val")


def is_on(element: Element | None) -> bool:
    """Whether a switch such as w:vanish is there and not off."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off", "none")


def number_of(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
