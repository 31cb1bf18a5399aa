"""XML read as a stream, by the plain names of its elements; document types and their entities are refused."""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from directives.tables.parsing.limits import Fault
from directives.tables.parsing.packages import BROKEN

Attributes = dict[str, str]
BLOCK = 1 << 16


def parser() -> expat.XMLParserType:
    """A parser that calls whatever handlers it is given, and refuses entities."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    made.EntityDeclHandler = _refuse
    return made


def _refuse(*told: object) -> None:
    raise Fault("entities", member="")


def fed(made: expat.XMLParserType, stream: IO[bytes], member: str) -> Iterator[None]:
    """Give the stream to the parser a block at a time, stopping after each. Raises Fault where it is not XML or breaks off."""
    try:
        while block := stream.read(BLOCK):
            made.Parse(block, False)
            yield
        made.Parse(b"", True)
        yield
    except expat.ExpatError as fault:
        raise Fault(
            "xml", member=member[:100], line=fault.lineno, column=fault.offset + 1
        ) from fault
    except LookupError as fault:  # it declares an encoding that does not exist
        raise Fault("xml", member=member[:100], line=1, column=1) from fault
    except BROKEN as fault:
        raise Fault("damaged", member=member[:100]) from fault


def each(stream: IO[bytes], member: str, told: Callable[[str, str, Attributes], None]) -> None:
    """Call `told` with the local names of each element and of the one that it stands in, and its attributes, local names too."""
    path = [""]

    def start(name: str, attributes: Attributes) -> None:
        told(local(name), path[-1], {local(key): value for key, value in attributes.items()})
        path.append(local(name))

    made = parser()
    made.StartElementHandler = start
    made.EndElementHandler = lambda name: path.pop()
    for _step in fed(made, stream, member):
        continue


def local(name: str) -> str:
    """A name without the prefix of its namespace: strict and transitional workbooks differ in nothing else that is read here."""
    return name.rpartition(":")[2]
