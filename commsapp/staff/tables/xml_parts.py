"""Reading the XML parts of a workbook by Expat: as streams, without entities, and bounded.

Names are taken without their namespaces, by the prefix of the part's first element: to spell the
namespace out in each of a million names takes a fifth of all the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.parsers.expat import ParserCreate

from django.utils.translation import gettext as _

from commsapp.staff.tables.cells import MAX_CELL_LENGTH, Unreadable
from commsapp.staff.tables.reading_limits import ReadingLimits

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Handlers = Callable[[str, list[str]], tuple[Start, End]]

MAX_DEPTH = 100  # of elements in elements
MAX_TAG_BYTES = 131_072  # of any one tag or comment: a longer one is scanned anew with each piece
_PIECE_BYTES = 65_536
_MAX_TEXTS = 1_000  # pieces of one text, before they are joined


def parse(part: IO[bytes], handlers: Handlers, limits: ReadingLimits) -> Iterator[None]:
    """Parse a part piece by piece; between two pieces it yields.

    `handlers(prefix, data)` makes the functions that are called at each start and end of an
    element; `data` holds the texts since they last cleared it. Of a text that is longer than any
    cell may be, at least one character more than that is there.
    """
    parser, data = ParserCreate(), list[str]()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        prefix = tag[: tag.find(":") + 1]
        parser.StartElementHandler, parser.EndElementHandler = handlers(prefix, data)

    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.CharacterDataHandler = data.append
    parser.StartDoctypeDeclHandler = _refuse_entities
    done = 0
    while piece := part.read(_PIECE_BYTES):
        limits.count_markup(piece)
        parser.Parse(piece)
        done += len(piece)
        if done - parser.CurrentByteIndex > MAX_TAG_BYTES:
            raise ValueError("a tag that is too long")
        if len(data) > _MAX_TEXTS:
            data[:] = ["".join(data)[: 8 * MAX_CELL_LENGTH]]
        yield
    parser.Parse(b"", True)
    yield


def read_elements(part: IO[bytes], limits: ReadingLimits) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements of a part, each with its attributes, without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []
    depth = 0

    def handlers(prefix: str, data: list[str]) -> tuple[Start, End]:
        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError("nested too deep")
            data.clear()
            found.append((tag.removeprefix(prefix), attributes))

        def end(tag: str) -> None:
            nonlocal depth
            depth -= 1

        return start, end

    for _piece in parse(part, handlers, limits):
        yield from found
        found.clear()


def _refuse_entities(*doctype: Any) -> None:
    raise Unreadable(_("The file defines entities, which no spreadsheet does."))
