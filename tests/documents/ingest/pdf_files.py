"""Makes small .pdf files, as a test needs them."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfReader, PdfWriter

WIDTH, HEIGHT = 595, 842  # A4
LEFT, RIGHT, EM = 88, 508, 14.0  # 30 characters a line


@dataclass(frozen=True)
class Put:
    """A text at a place; `mode` 3 is invisible."""

    text: str
    x: float
    y: float
    size: float = EM
    mode: int = 0


def body(lines: Iterable[str], top: float = 740) -> list[Put]:
    """Lines at the left margin; 　　 at the start of one is an indent, not characters."""
    placed = []
    for at, line in enumerate(lines):
        text = line.lstrip("\u3000")
        x = LEFT + EM * (len(line) - len(text))
        placed.append(Put(text, x, top - 28 * at))
    return placed


def pdf(
    pages: Sequence[Sequence[Put]], *, mapped: bool = True, meant: str = "", picture: bool = False
) -> bytes:
    """A file with one font. `mapped`: it says which characters it has; `meant`: says others.

    `picture` puts a picture over each whole page.
    """
    used = sorted({character for page in pages for put in page for character in put.text})
    codes = {character: at for at, character in enumerate(used, 1)}
    objects: list[bytes] = [b"", b""]  # the catalogue and the pages, known at the end
    font = _font(objects, used, mapped=mapped, meant=meant)
    image = _add(
        objects,
        _stream(
            b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray"
            b"/BitsPerComponent 8",
            b"\x80",
        ),
    )
    kids = []
    for page in pages:
        content = b"".join(_shown(put, codes) for put in page)
        if picture:
            content = b"q %d 0 0 %d 0 0 cm /I Do Q " % (WIDTH, HEIGHT) + content
        stream = _add(objects, _stream(b"", content))
        kids.append(
            _add(
                objects,
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources"
                b"<</Font<</F %d 0 R>>/XObject<</I %d 0 R>>>>>>"
                % (WIDTH, HEIGHT, stream, font, image),
            )
        )
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (
        len(kids),
        b" ".join(b"%d 0 R" % kid for kid in kids),
    )
    return _file(objects)


def encrypted(content: bytes) -> bytes:
    """The file, which opens with a password alone."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.encrypt("secret", algorithm="AES-128")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def _shown(put: Put, codes: dict[str, int]) -> bytes:
    text = "".join(f"{codes[character]:04x}" for character in put.text)
    return f"BT /F {put.size} Tf {put.mode} Tr {put.x} {put.y} Td <{text}> Tj ET\n".encode()


def _font(objects: list[bytes], used: Sequence[str], *, mapped: bool, meant: str) -> int:
    said = [*meant, *used[len(meant) :]] if meant else used
    pairs = "".join(
        f"<{at:04x}> <{character.encode('utf-16-be').hex()}>\n"
        for at, character in enumerate(said, 1)
    )
    to_unicode = _add(
        objects,
        _stream(
            b"",
            (
                "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
                "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
                f"{len(said)} beginbfchar\n{pairs}endbfchar\nendcmap end end"
            ).encode(),
        ),
    )
    inner = _add(
        objects,
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+Made/DW 1000/CIDSystemInfo"
        b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type"
        b"/FontDescriptor/FontName/AAAAAA+Made/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880"
        b"/Descent -120/CapHeight 880/ItalicAngle 0/StemV 80>>>>",
    )
    mapping = b"/ToUnicode %d 0 R" % to_unicode if mapped else b""
    return _add(
        objects,
        b"<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+Made/Encoding/Identity-H"
        b"/DescendantFonts[%d 0 R]%s>>" % (inner, mapping),
    )


def _add(objects: list[bytes], content: bytes) -> int:
    objects.append(content)
    return len(objects)


def _stream(entries: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content)
    return b"<<%s/Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (
        entries,
        len(packed),
        packed,
    )


def _file(objects: Sequence[bytes]) -> bytes:
    content, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return content
