"""Streaming XML of workbooks, hardened: no document type, no entities, bounded in elements and in the size of a piece.

Expat pushes events; blocks of 64 KiB keep memory flat whatever the document's size. Names come without namespaces:
Excel's transitional and strict dialects differ in nothing else that is read here.
"""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

_BLOCK = 1 << 16
_LARGEST_PIECE = 1 << 20  # one tag or comment; expat reads an unfinished one again with every block
MOST_ELEMENTS = 8_000_000

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Characters = Callable[[str], None]


class BadXml(ValueError):
    """The document cannot be read, or must not be."""


def read_events(stream: IO[bytes], start: Start, end: End | None = None, characters: Characters | None = None) -> None:
    """Read a whole document. Raises `BadXml`."""
    for _block in stream_events(stream, start, end, characters):
        pass


def stream_events(
    stream: IO[bytes], start: Start, end: End | None = None, characters: Characters | None = None
) -> Iterator[None]:
    """Read a document block by block, giving the caller a turn after each. Raises `BadXml`."""
    parser = expat.ParserCreate()
    elements = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if elements > MOST_ELEMENTS:
            raise BadXml("too many elements")
        start(name.rpartition(":")[2], attributes)

    parser.StartElementHandler = started
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if characters:
        parser.CharacterDataHandler = characters
        parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    fed = 0
    try:
        while block := stream.read(_BLOCK):
            parser.Parse(block, False)
            fed += len(block)
            if fed - parser.CurrentByteIndex > _LARGEST_PIECE:
                raise BadXml("a piece is too long")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadXml(str(error)) from error
    yield


def _refuse_document_type(*_declared: object) -> None:
    raise BadXml("a document type is declared")
