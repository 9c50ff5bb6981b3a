"""A request's body piece by piece, as it arrives: for streams, which cannot wait for its end."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.http import HttpRequest, UnreadablePostError

from commsapp.api.request_body import encoding_of, plain
from commsapp.server.environ import body_of
from commsapp.server.request_body import RequestBody

SILENCE = 300.0  # seconds without anything, after which the body counts as broken off
_PIECE = 64 * 1024


def iter_body(request: HttpRequest) -> Iterator[bytes]:
    """Yield the plain body as it arrives, and an empty piece wherever nothing has arrived.

    Of any length: nothing is kept. Raises UnreadablePostError if it breaks off, BadEncoding if it
    is not what its Content-Encoding says.
    """
    body = body_of(request.META)
    if body is None:  # as in tests: all of it is there
        return iter(lambda: request.read(_PIECE), b"")
    return plain(_pieces(body), encoding_of(request))


def _pieces(body: RequestBody) -> Iterator[bytes]:
    last = time.monotonic()
    try:
        while (piece := body.take(_PIECE)) is not None:
            if piece:
                last = time.monotonic()
            elif time.monotonic() - last >= SILENCE:
                raise TimeoutError
            yield piece
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
