"""Lines and groups of lines, as they arrive. In memory there is never more than one group."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from commsapp.api.message.parsers import BOM
from commsapp.api.request_body import BadEncoding
from commsapp.server.responses import WaitForBody

MAX_LINE_BYTES = 1024 * 1024  # without what ends the line
GROUP = 500  # lines
GROUP_BYTES = 2 * MAX_LINE_BYTES  # after which a group is as good as full
GROUP_SECONDS = 2.0  # after which a group is done, however many lines still trickle in
TURN_SECONDS = 0.1  # that a stream may read without a line, before others have their turn
PAUSE = 0.25  # seconds without anything new, after which the lines before are done
_UNTIL_MORE = 3600.0  # seconds: longer than any body may be silent


class Line(NamedTuple):
    """A line that is not blank. `number` counts all, from 1."""

    number: int
    text: bytes
    status: int = 200  # of an error, if its text is not to be had, and why
    wrong: str = ""


def groups_of(pieces: Iterator[bytes]) -> Iterator[list[Line] | WaitForBody]:
    """Yield the lines in groups, and how long to wait where none has arrived.

    A group ends when it is full, at a pause, so that a client that waits for answers before it
    goes on gets them, and in time where lines never pause.
    """
    group: list[Line] = []
    size, started, is_pause = 0, 0.0, False
    for lines in lines_of(pieces):
        for line in lines or ():
            if not group:
                started = time.monotonic()
            group.append(line)
            size += len(line.text)
            if len(group) == GROUP or size >= GROUP_BYTES:
                yield group
                group, size = [], 0
        if lines:
            is_pause = False
        elif group and (is_pause or time.monotonic() - started >= GROUP_SECONDS):
            yield group
            group, size = [], 0
        elif lines is None:
            yield WaitForBody(0)  # by which it is also seen that the client has gone
        else:
            yield WaitForBody(PAUSE if group else _UNTIL_MORE)
            is_pause = True
    if group:
        yield group


def lines_of(pieces: Iterator[bytes]) -> Iterator[list[Line] | None]:
    """Yield the lines that end in each piece, none for an empty piece, and None after TURN_SECONDS
    of pieces in which no line ends, or only blank ones do. Where they break off, a line says so."""
    reader, turn = _LineReader(), time.monotonic()
    try:
        for piece in pieces:
            if not piece:
                yield []
            elif lines := reader.read(piece):
                yield lines
            elif time.monotonic() - turn >= TURN_SECONDS:
                yield None
                turn = time.monotonic()
    except (UnreadablePostError, BadEncoding):
        message = _("Here the body broke off, or is not what its Content-Encoding says.")
        yield [Line(reader.number, b"", 400, message)]
    else:
        if line := reader.last():
            yield [line]


class _LineReader:
    """Makes lines of pieces. A compressed body holds a million blank lines in a kilobyte, so these
    are skipped all at once."""

    def __init__(self) -> None:
        self.number = 1  # of the next line
        self._held = bytearray()  # of a line that is still to end

    def read(self, piece: bytes) -> list[Line]:
        """Return the lines that end in this piece and are not blank."""
        lines = []
        start = 0 if self._held else self._after_blank_lines(piece, 0)
        while (end := piece.find(b"\n", start)) >= 0:
            if self._held:
                self._hold(piece, start, end)
                line = self.last()
            else:
                line = _line(self.number, piece[start:end])
            if line:
                lines.append(line)
            self.number += 1
            start = self._after_blank_lines(piece, end + 1)
        self._hold(piece, start, len(piece))
        return lines

    def last(self) -> Line | None:
        """Return the line that is still to end, as if it ended here."""
        text = bytes(self._held)
        self._held.clear()
        return _line(self.number, text)

    def _hold(self, piece: bytes, start: int, end: int) -> None:
        space = MAX_LINE_BYTES + 2 - len(self._held)  # one more than fits, and a carriage return
        self._held += piece[start : min(end, start + space)]

    def _after_blank_lines(self, piece: bytes, start: int) -> int:
        blank = _BLANK_LINES.match(piece, start)
        if blank is None:
            return start
        self.number += piece.count(b"\n", start, blank.end())
        return blank.end()


_BLANK_LINES = re.compile(rb"\s*\n")


def _line(number: int, text: bytes) -> Line | None:
    """Return a line, unless it is blank."""
    text = text.removesuffix(b"\r")
    if len(text) > MAX_LINE_BYTES:
        return Line(number, b"", 413, _("The line is longer than %d bytes.") % MAX_LINE_BYTES)
    if number == 1:
        text = text.removeprefix(BOM)
    return Line(number, text) if text and not text.isspace() else None
