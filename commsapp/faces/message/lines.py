"""Lines and groups of lines, as they arrive. In memory there is never more than one group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from commsapp.faces.bodies import BadEncoding
from commsapp.faces.message.reading import BOM

LONGEST = 1024 * 1024  # bytes of a line, without what ends it
GROUP = 500  # lines
GROUP_BYTES = 2 * LONGEST  # after which a group is as good as full


class Line(NamedTuple):
    """A line that is not blank. `number` counts all, from 1."""

    number: int
    text: bytes
    status: int = 200  # of an error, if its text is not to be had, and why
    wrong: str = ""


def groups_of(pieces: Iterator[bytes]) -> Iterator[list[Line]]:
    """The lines in groups, and an empty one for a pause. That ends the group before it, too, so
    that who waits for answers before going on gets them."""
    group: list[Line] = []
    size = 0
    for lines in lines_of(pieces):
        for line in lines:
            group.append(line)
            size += len(line.text)
            if len(group) == GROUP or size >= GROUP_BYTES:
                yield group
                group, size = [], 0
        if not lines:
            if group:
                yield group
                group, size = [], 0
            yield []
    if group:
        yield group


def lines_of(pieces: Iterator[bytes]) -> Iterator[list[Line]]:
    """The lines that end in each piece, and none for an empty piece. Where the pieces break off, a
    line says so."""
    number = 1
    held = bytearray()  # of a line that is still to end; of one that is too long, just so much
    try:
        for piece in pieces:
            if not piece:
                yield []
                continue
            first, *others = piece.split(b"\n")
            _hold(held, first)
            if not others:
                continue
            *texts, last = bytes(held), *others
            if lines := _lines(number, texts):
                yield lines
            number += len(texts)
            held.clear()
            _hold(held, last)
    except (UnreadablePostError, BadEncoding):
        told = _("Here the body broke off, or is not what its Content-Encoding says.")
        yield [Line(number, b"", 400, told)]
    else:
        if lines := _lines(number, [bytes(held)]):
            yield lines


def _hold(held: bytearray, more: bytes) -> None:
    held += more[: LONGEST + 2 - len(held)]  # one more than fits, and a carriage return


def _lines(number: int, texts: Sequence[bytes]) -> list[Line]:
    """Those that are not blank, the first of them with this number."""
    lines = (_line(place, text) for place, text in enumerate(texts, number))
    return [line for line in lines if line]


def _line(number: int, text: bytes) -> Line | None:
    text = text.removesuffix(b"\r")
    if len(text) > LONGEST:
        return Line(number, b"", 413, _("The line is longer than %d bytes.") % LONGEST)
    if number == 1:
        text = text.removeprefix(BOM)
    return Line(number, text) if text and not text.isspace() else None
