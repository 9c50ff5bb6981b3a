"""Compression of answers, by gzip, for all APIs and pages alike."""

from __future__ import annotations

import re
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

MAX_RANDOM_BYTES = 100  # of a file name in gzip's header, as Django does against BREACH
_REFUSED = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*", re.IGNORECASE)

Answer = TypeVar("Answer", bound=HttpResponseBase)


def keep_uncompressed(response: Answer) -> Answer:
    """Mark an answer with a secret in its body beside text that somebody else may have chosen.

    From the length of such an answer, compressed, the secret can be guessed bit by bit (BREACH).
    The CSRF token is no such secret: Django masks it anew in each answer.
    """
    response.__dict__["keep_uncompressed"] = True
    return response


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding names gzip, and not with a weight of 0."""
    for item in header.split(","):
        name, _semicolon, weight = item.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return not _REFUSED.fullmatch(weight)
    return False


def compress(request: HttpRequest, response: HttpResponse, *, min_length: int) -> None:
    """Compress an answer, where its client asks for that.

    Streams stay as they are: each of their lines is to arrive when it is written.
    """
    if response.streaming or response.has_header("Content-Encoding"):
        return
    if "keep_uncompressed" in response.__dict__:
        return
    if len(response.content) < min_length:
        return
    patch_vary_headers(response, ["Accept-Encoding"])
    if accepts_gzip(request.headers.get("Accept-Encoding", "")):
        content = compress_string(response.content, max_random_bytes=MAX_RANDOM_BYTES)
        response.content = content
        response["Content-Length"] = str(len(content))
        response["Content-Encoding"] = "gzip"
