"""Request bodies are bounded before anything reads them, on every address."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from commsapp.api.message.paths import is_stream
from commsapp.api.request_body import (
    BadEncoding,
    BodyTooLarge,
    UnknownEncoding,
    announced_length,
    limit_body,
    prepare,
    refuse_reading,
    release_body,
)
from commsapp.core.number_format import format_count
from commsapp.db.errors import Reason
from commsapp.middleware.error_handling import (
    cause_of,
    channel_of,
    error_response,
    status_of,
    unavailable,
    unknown_encoding,
)

MAX_FORM_ESCAPES = 500_000  # of “%41” in one form: each is an object for a moment
MAX_PARTS = 1_000  # of a form with files: the headers of each take up to a millisecond
_PIECE = 64 * 1024
_MAX_NAME_LENGTH = 60  # of a field in a message

_REFUSED = (
    BadEncoding, BadRequest, BodyTooLarge, MultiPartParserError, SuspiciousOperation,
    UnknownEncoding, UnreadablePostError,
)  # fmt: skip


class FormTooLong(BodyTooLarge):
    """The fields of a staff form have too many characters; the message is for its sender."""


class RequestBodyMiddleware:
    """Sets the limit of the body. APIs refuse it in their order, after address and credentials;
    the staff site refuses a Content-Length over the limit at once, and the rest as it is read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        if not response.streaming:
            release_body(request)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        channel = channel_of(request.path_info)
        if channel == "staff":
            if announced_length(request) > settings.MAX_BODY_BYTES:
                return _refuse(request, 413)
            return self.get_response(request)  # without a view, nothing is read
        try:
            is_bounded = not is_stream(request.path_info)  # else of any length, read as it comes
            prepare(request, settings.MAX_BODY_BYTES if is_bounded else sys.maxsize)
        except UnknownEncoding as error:
            if channel == "message":  # its streams read past the request's own
                return unknown_encoding(request, error)
            refuse_reading(request, error)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Read the form that CsrfViewMiddleware is about to read, which asks nobody who they are:
        of somebody who has not signed in it is no larger than a sign-in."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        is_signed_in = request.user.is_authenticated
        limit = settings.MAX_BODY_BYTES if is_signed_in else settings.MAX_SIGN_IN_BODY_BYTES
        try:
            if channel_of(request.path_info) == "staff":
                prepare(request, limit)
                max_length = getattr(view, "max_form_characters", settings.MAX_FORM_CHARACTERS)
                _check_length(read_form(request), max_length)
            else:
                limit_body(request, limit)
                read_form(request)
        except _REFUSED as error:
            for handler in request.upload_handlers:
                handler.upload_interrupted()  # deletes what has arrived of a file
            message = str(error) if isinstance(error, FormTooLong) else ""
            return _refuse(request, status_of(cause_of(error)), message)
        return None


def read_form(request: HttpRequest) -> QueryDict:
    """Return the request's form, whose fields and escapes are counted before it is parsed. Raises
    BodyTooLarge and what Django raises for a form that is too large or broken."""
    if request.content_type == "application/x-www-form-urlencoded":
        if request.body.count(b"%") > MAX_FORM_ESCAPES:
            raise BodyTooLarge
    elif request.content_type == "multipart/form-data":
        if not announced_length(request):  # it would be taken for empty
            request.META["CONTENT_LENGTH"] = str(settings.MAX_BODY_BYTES)
        request._stream = io.BufferedReader(_CountedParts(request), _PIECE)
    return request.POST


def _check_length(form: QueryDict, limit: int) -> None:
    """Raise FormTooLong, which names the longest field, if the form's fields are too long to be
    shown again. Files count by the limit of the body alone."""
    lengths = {name: len(name) + sum(map(len, values)) for name, values in form.lists()}
    if sum(lengths.values()) > limit:
        longest = max(lengths, key=lambda name: lengths[name])
        raise FormTooLong(
            _("A form has at most %(limit)s characters; the longest field here is “%(name)s”.")
            % {
                "limit": format_count(limit),
                "name": Truncator(longest).chars(_MAX_NAME_LENGTH),
            }
        )


class _CountedParts(io.RawIOBase):
    """The stream of a form in parts, which raises BodyTooLarge where there are too many."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        boundary = (request.content_params or {}).get("boundary", "")
        self._stream, self._boundary = request._stream, f"--{boundary}".encode()
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece: bytes = self._stream.read(len(buffer))
        self._count += piece.count(self._boundary)
        if self._count > MAX_PARTS:
            raise BodyTooLarge
        buffer[: len(piece)] = piece
        return len(piece)


def _refuse(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    if status == 503:
        return unavailable(request, Reason.BUSY)
    if channel_of(request.path_info) == "staff":
        return render(request, f"{status}.html", {"message": message}, status=status)
    return error_response(request, status)
