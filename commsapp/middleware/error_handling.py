"""What all APIs and pages share: a request id, the language, and errors in the shape of the path's
API."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.locale import LocaleMiddleware
from django.template import loader
from django.template.loader import render_to_string
from django.utils import translation
from django.views import defaults

from commsapp.api.request_body import BadEncoding, BodyTooLarge, UnknownEncoding, close_body
from commsapp.core import number_format
from commsapp.core.audit import unavailable_reason
from commsapp.db.commits import OutcomeUnknown, has_committed, start_request
from commsapp.db.errors import (
    Reason,
    is_partly_saved,
    message_of,
    reason_of,
    refusal_of,
    uncertainty_of,
)
from commsapp.db.ids import uuid7
from commsapp.http.client_address import client_address
from commsapp.http.compression import compress
from commsapp.http.response_headers import set_headers
from commsapp.logs import request_context
from commsapp.logs.redaction import take_session_id
from commsapp.logs.security_log import log_answer
from commsapp.server.request_body import BodyTimeoutError, TooManyBodiesError

log = logging.getLogger("commsapp")
Respond = Callable[[HttpRequest], HttpResponse]

# The path decides the API (contract, before section 1). The first that fits.
_PATHS = [
    (re.compile(r"/services/oauth2/authorize(/|$)"), "staff"),
    (re.compile(r"/services/oauth2(/|$)"), "oauth"),
    (re.compile(r"/services(/|$)"), "connect"),
    (re.compile(r"/api/(v1|schema|docs)(/|$)"), "rest"),
    (re.compile(r"/(api|(?i:auth|types|metadata))(/|$)"), "message"),
    (re.compile(r"/(json|jsonl|xml|csv|other)(/|$)", re.IGNORECASE), "message"),
]
_SHAPES = {
    "oauth": "commsapp.api.oauth.exceptions",
    "connect": "commsapp.api.connect.exceptions",
    "rest": "commsapp.api.rest.exceptions",
    "message": "commsapp.api.message.exceptions",
}
_STATUSES: list[tuple[type[Exception] | tuple[type[Exception], ...], int]] = [
    ((Http404, ObjectDoesNotExist), 404),
    (PermissionDenied, 403),
    ((BodyTooLarge, RequestDataTooBig), 413),
    (UnknownEncoding, 415),
    (BodyTimeoutError, 408),
    (TooManyBodiesError, 503),
    (
        (BadEncoding, BadRequest, MultiPartParserError, UnreadablePostError, SuspiciousOperation),
        400,
    ),
]


def channel_of(path: str) -> str:
    """Which API owns a path: connect, oauth, rest, message or staff."""
    return next((channel for pattern, channel in _PATHS if pattern.match(path)), "staff")


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """An error as the path's API words it. Not for the staff site, which has pages."""
    shape = import_module(_SHAPES[channel_of(request.path_info)])
    response: HttpResponse = shape.error_response(request, status, message)
    return response


def outcome_unknown(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503, as the path's API words it: the change may have been saved, or may not; or it was, and
    its answer could not be made."""
    log.error(
        "request %s: the outcome is unknown", request.request_id, exc_info=error  # type: ignore[attr-defined]
    )  # fmt: skip
    channel = channel_of(request.path_info)
    if channel != "staff":
        shape = import_module(_SHAPES[channel])
        unknown: HttpResponse = shape.outcome_unknown(request, uncertainty_of(error))
        return unknown
    page = loader.get_template("outcome_unknown.html")  # which asks the database for nothing
    content = page.render({"is_partly_saved": is_partly_saved(error)})
    return HttpResponse(content, status=503, headers={"Retry-After": "5"})


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: an address that is nobody's."""
    if channel_of(request.path_info) == "staff":
        return defaults.page_not_found(request, exception)
    return error_response(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: what went wrong before or after a view, or in another error's page."""
    error: Any = sys.exception()
    if reason := reason_of(error):
        return _failed_in_database(request, error, reason)
    if channel_of(request.path_info) == "staff":
        return defaults.server_error(request)
    return error_response(request, 500)


def cause_of(error: Exception) -> Exception:
    """Return why a body could not be read, where the server knows; else the error itself."""
    cause: BaseException | None = error
    while isinstance(cause, UnreadablePostError):
        cause = cause.__cause__
    return cause if isinstance(cause, BodyTimeoutError | TooManyBodiesError) else error


def _failed_in_database(request: HttpRequest, error: Exception, reason: Reason) -> HttpResponse:
    """503, which says that nothing was changed only where that is certain."""
    if isinstance(error, OutcomeUnknown) or has_committed():
        return outcome_unknown(request, error)
    log.error("request %s: %s", request.request_id, error)  # type: ignore[attr-defined]
    return unavailable(request, reason)


def status_of(error: Exception) -> int:
    """Return the status by which an error that no view has caught is answered."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def unavailable(request: HttpRequest, reason: Reason) -> HttpResponse:
    """503: the database cannot do its work now, and was not asked for this answer."""
    if channel_of(request.path_info) == "staff":
        is_read = request.method in ("GET", "HEAD")  # of a change made before it says nothing
        page = render_to_string("503.html", {"message": message_of(reason), "is_read": is_read})
        return HttpResponse(page, status=503, headers={"Retry-After": "5"})
    return error_response(request, 503, refusal_of(reason))


def unknown_encoding(request: HttpRequest, error: UnknownEncoding) -> HttpResponse:
    """A 415 that names the Content-Encoding."""
    return error_response(request, 415, f"Content-Encoding “{error}” is not read here.")


class CompressionMiddleware:
    """Outermost: compresses what every other has done with."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # What is shorter hardly gets any shorter; but a client of the Connect API that asks for
        # gzip gets gzip.
        min_length = 1 if channel_of(request.path_info) == "connect" else 200
        compress(request, response, min_length=min_length)
        return response


class ErrorMiddleware:
    """Gives the request its id, and no answer of an API leaves as HTML."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("//"):  # a client whose base URL ends in a slash
            request.path_info = "/" + request.path_info.lstrip("/")
            request.path = request.META.get("SCRIPT_NAME", "").rstrip("/") + request.path_info
        request.request_id = id = uuid7().hex  # type: ignore[attr-defined]
        channel = channel_of(request.path_info)
        request_context.bind(
            request_context.Source(channel, id, client_address(request), request=request)
        )
        start_request()
        translation.activate("en")  # whatever this thread spoke last; people choose theirs below
        take_session_id(request)
        close_body(request)
        response = self._answer(request)
        response["X-Request-Id"] = id
        set_headers(request, response)
        log_answer(request, response.status_code)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_html = response.get("Content-Type", "").startswith("text/html")
        if response.status_code >= 400 and is_html and channel_of(request.path_info) != "staff":
            return error_response(request, response.status_code)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view did not catch: from staff pages, only that the database cannot be used."""
        if reason := unavailable_reason(error):
            return _failed_in_database(request, error, reason)
        if channel_of(request.path_info) == "staff":
            return None
        error = cause_of(error)
        status = status_of(error)
        if status >= 500:
            logged = None if isinstance(error, TooManyBodiesError) else error  # nothing to mend
            log.error(
                "request %s failed", request.request_id, exc_info=logged  # type: ignore[attr-defined]
            )  # fmt: skip
        if isinstance(error, UnknownEncoding):
            return unknown_encoding(request, error)
        return error_response(request, status)


class LanguageMiddleware(LocaleMiddleware):
    """APIs answer in English, whatever Accept-Language says, and count in digits alone."""

    def process_request(self, request: HttpRequest) -> None:
        is_staff = channel_of(request.path_info) == "staff"
        number_format.set_number_style(people=is_staff)
        if is_staff:
            super().process_request(request)
        else:
            translation.activate("en")
            request.LANGUAGE_CODE = "en"

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if channel_of(request.path_info) == "staff":
            return super().process_response(request, response)
        return response
