"""Reads XML as a stream, by local names; document types and entities are refused."""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from directives.tables.parsing.limits import Fault
from directives.tables.parsing.packages import BROKEN

Attributes = dict[str, str]
BLOCK_SIZE = 1 << 16


def parser() -> expat.XMLParserType:
    """Make a parser without handlers that refuses entities."""
    expat_parser = expat.ParserCreate()
    expat_parser.buffer_text = True
    expat_parser.StartDoctypeDeclHandler = _refuse
    expat_parser.EntityDeclHandler = _refuse
    return expat_parser


def _refuse(*_details: object) -> None:
    raise Fault("entities", member="")


def parse_blocks(
    expat_parser: expat.XMLParserType, stream: IO[bytes], member: str
) -> Iterator[None]:
    """Parse a stream, yielding after each block. Raises Fault if it is not complete XML."""
    try:
        while block := stream.read(BLOCK_SIZE):
            expat_parser.Parse(block, False)
            yield
        expat_parser.Parse(b"", True)
        yield
    except expat.ExpatError as fault:
        raise Fault(
            "xml", member=member[:100], line=fault.lineno, column=fault.offset + 1
        ) from fault
    except LookupError as fault:  # it declares an encoding that does not exist
        raise Fault("xml", member=member[:100], line=1, column=1) from fault
    except BROKEN as fault:
        raise Fault("damaged", member=member[:100]) from fault


def each_element(
    stream: IO[bytes], member: str, handle: Callable[[str, str, Attributes], None]
) -> None:
    """Call `handle` for each element with its name, its parent's name and its attributes."""
    path = [""]

    def start(name: str, attributes: Attributes) -> None:
        handle(local(name), path[-1], {local(key): value for key, value in attributes.items()})
        path.append(local(name))

    expat_parser = parser()
    expat_parser.StartElementHandler = start
    expat_parser.EndElementHandler = lambda name: path.pop()
    for _step in parse_blocks(expat_parser, stream, member):
        continue


def local(name: str) -> str:
    """A name without its prefix: strict and transitional workbooks differ in their namespaces."""
    return name.rpartition(":")[2]
