"""The Connect API: Salesforce-style REST as the Connect REST API has it (contract, section 2).

A handler is a function that takes the id in the path and the parsed body and returns the documented
output; `patch()` makes a view of it. The order of checks is the contract's: path 404, 401, 405,
413, 415, 403, the id, the body, and only then the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from commsapp.api.authentication import actor_of
from commsapp.api.connect.schema import (
    ResourceSpec,
    limits_described,
    patched,
    resources_described,
    versions_described,
)
from commsapp.api.openapi.fragments import OpenApiFragment, attach_schema
from commsapp.api.request_body import BadEncoding, is_utf8, take_body
from commsapp.core import strict_json
from commsapp.core.actors import Actor, has_permission
from commsapp.core.audit import Busy, Refusal, Refused, TimedOut
from commsapp.core.metering import usage
from commsapp.core.metering.usage import Use
from commsapp.db.commits import has_committed
from commsapp.db.ids import NIL, Guids, read_guid, read_guids
from commsapp.models import Channel, Record

VERSIONS = {
    "64.0": "Summer '25",
    "65.0": "Winter '26",
    "66.0": "Spring '26",
    "67.0": "Summer '26",
    "68.0": "Winter '27",
}
MAX_ERRORS = 200  # listed in one answer; a last entry says how many more there are

_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="services"'},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "5"},
}

Output = dict[str, Any]
ResourceHandler = Callable[["Call"], Output]


class ProtocolError(Exception):
    """What ends a request before the business is asked: status, errorCode, message."""

    def __init__(self, status: int, code: str, message: str, *fields: str, allow: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields
        self.headers = dict(_HEADERS.get(status, {}))
        if allow:
            self.headers["Allow"] = allow


_NOT_FOUND = (404, "NOT_FOUND", "The requested resource does not exist")
_NO_LOCK = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
# What goes wrong outside of a handler, by status.
_ERRORS = {
    400: ("JSON_PARSER_ERROR", "The request could not be read"),
    403: ("INSUFFICIENT_ACCESS", "insufficient access rights on the object"),
    404: _NOT_FOUND[1:],
    408: ("JSON_PARSER_ERROR", "The request body did not arrive in time"),
    413: ("REQUEST_TOO_LARGE", "The request body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The request body must be JSON in UTF-8"),
    503: ("SERVER_UNAVAILABLE", "The server is busy. Nothing was changed. Try again shortly."),
}


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """A protocol error for what happened outside of a handler."""
    code, told = _ERRORS.get(status, ("UNKNOWN_EXCEPTION", ""))
    if not told:
        told = f"An unexpected error occurred. Request id: {request.request_id}"  # type: ignore[attr-defined]
    response = _json(request, [{"errorCode": code, "message": message or told}], status)
    for name, value in _HEADERS.get(status, {}).items():
        response[name] = value
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """A change that may have been saved: what may be asked here may be asked again."""
    return error_response(request, 503, f"{uncertainty} It is safe to send the request again.")


# --- A request ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One request to a handler: who asks, for which record, and the body's parsed object."""

    by: Actor
    record_id: str  # 32 hex digits
    body: dict[str, Any]

    def parameters(self) -> Mapping[str, str]:
        """additionalParameters: a map of string to string, or absent."""
        given = self.body.get("additionalParameters")
        if given is None:
            return {}
        if not isinstance(given, dict):
            _refuse_type("additionalParameters", "a map of string to string")
        for key, value in given.items():
            if not isinstance(value, str):
                _refuse_type(f"additionalParameters.{key}", "a string")
        return given

    def flag(self, name: str, *, default: bool) -> bool:
        """One of additionalParameters that is `true` or `false`; key and value in any case.

        Anything else is an error, and so is a second one: a mistyped dry run must not write.
        """
        given = {
            key: value.lower()
            for key, value in self.parameters().items()
            if key.lower() == name.lower()
        }
        for place, (key, value) in enumerate(given.items()):
            if place or value not in ("true", "false"):
                _refuse_type(f"additionalParameters.{key}", "“true” or “false”, and given once")
        return "true" in given.values() if given else default

    def texts(self, name: str) -> list[str]:
        """A list of strings; absent or null is empty."""
        given = self.body.get(name)
        if given is None:
            return []
        if not isinstance(given, list):
            _refuse_type(name, "a list of strings")
        for place, item in enumerate(given):
            if not isinstance(item, str):
                _refuse_type(f"{name}[{place}]", "a string")
        return given

    def take_guids(self, name: str) -> Guids:
        """The ids of a list of strings, which leaves the body: 100,000 texts are twice its size."""
        texts = self.texts(name)
        self.body.pop(name, None)
        return read_guids(texts)


def _refuse_type(name: str, wanted: str) -> NoReturn:
    raise ProtocolError(400, "JSON_PARSER_ERROR", f"{name} must be {wanted}", name)


def patch(
    path: str, handler: ResourceHandler, *, verb: str, model: type[Record], about: ResourceSpec
) -> Any:
    """The URL pattern of a PATCH resource below `connect/`, where `{id}` stands for the id.

    The actor needs `verb` on the model; `about` says which properties the body has, and whether
    one is required.
    """
    names, body = frozenset(about.properties), bool(about.required)

    def answer(request: HttpRequest, record_id: str) -> Output:
        by, use = _signed_in(request)
        _require_method(request, "PATCH")
        raw = _read(request)
        _require_json(request, raw)
        _require_allocation(use)
        if not has_permission(by, verb, model):
            raise ProtocolError(403, *_ERRORS[403])
        call = Call(by, _guid(record_id), _object(raw, names, required=body))
        del raw  # what is large does not stay while the database works
        try:
            return handler(call)
        except model.DoesNotExist:
            raise ProtocolError(*_NOT_FOUND) from None

    below = re.escape(path).replace(re.escape("{id}"), "(?P<record_id>[^/]+)")
    return _resource(rf"/connect/{below}", answer, patched(path, about, [*VERSIONS]))


# --- What there is to discover --------------------------------------------------------------


def discovery() -> list[Any]:
    """The URL patterns of the versions, a version's resources, and the limits."""
    return [
        re_path(r"^services/data/?$", _view(_versions, versions_described(VERSIONS))),
        _resource("", _resources, resources_described([*VERSIONS])),
        _resource("/limits", _limits, limits_described([*VERSIONS])),
    ]


def _versions(request: HttpRequest) -> list[dict[str, str]]:
    """Without sign-in, as clients ask for it before they have one."""
    _require_method(request, "GET", "HEAD")
    return [
        {"label": label, "url": f"/services/data/v{version}", "version": version}
        for version, label in VERSIONS.items()
    ]


def _resources(request: HttpRequest) -> Output:
    _by, use = _signed_in(request)
    _require_method(request, "GET", "HEAD")
    _require_allocation(use)
    base = request.path_info.rstrip("/")
    return {name: f"{base}/{name}" for name in ("connect", "limits")}


def _limits(request: HttpRequest) -> Output:
    _by, use = _signed_in(request)
    _require_method(request, "GET", "HEAD")
    most = settings.DAILY_API_REQUESTS
    return {"DailyApiRequests": {"Max": most, "Remaining": max(most - use.calls, 0)}}


def _resource(path: str, answer: Callable[..., object], described: OpenApiFragment) -> Any:
    """The URL pattern of a resource below a version."""
    view = _view(answer, described)
    return re_path(rf"^services/data/(?P<version>v?[0-9.]+|latest){path}/?$", view)


def _view(answer: Callable[..., object], described: OpenApiFragment) -> Callable[..., HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest, version: str = "latest", **kwargs: str) -> HttpResponse:
        try:
            if version.removeprefix("v") not in VERSIONS and version != "latest":
                raise ProtocolError(*_NOT_FOUND)
            return _json(request, answer(request, **kwargs), 200)
        except ProtocolError as error:
            return _protocol_error(request, error)
        except TimedOut:
            raise  # which says another thing of it, as of all that fails in the database
        except Busy:
            if has_committed():
                raise
            return _protocol_error(request, ProtocolError(503, *_NO_LOCK))

    attach_schema(view, described)
    return view


def _protocol_error(request: HttpRequest, error: ProtocolError) -> HttpResponse:
    entry: dict[str, Any] = {"errorCode": error.code, "message": error.message}
    if error.fields:
        entry["fields"] = error.fields
    response = _json(request, [entry], error.status)
    for name, value in error.headers.items():
        response[name] = value
    return response


def _json(request: HttpRequest, data: object, status: int) -> HttpResponse:
    pretty = request.META.get("HTTP_X_PRETTYPRINT") == "1"
    content = orjson.dumps(data, option=orjson.OPT_INDENT_2 if pretty else None)
    response = HttpResponse(content, "application/json;charset=UTF-8", status)
    used = request.__dict__.get("_api_calls", 0)
    response["Sforce-Limit-Info"] = f"api-usage={used}/{settings.DAILY_API_REQUESTS}"
    return response


# --- The checks, in the contract's order ----------------------------------------------------


def _signed_in(request: HttpRequest) -> tuple[Actor, Use]:
    """Who asks; and from here on the answer says how much of the allocation is used."""
    by = actor_of(request, Channel.CONNECT)
    if by is None:
        raise ProtocolError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    use = usage.count(by)
    request.__dict__["_api_calls"] = min(use.calls, settings.DAILY_API_REQUESTS)
    return by, use


def _require_allocation(use: Use) -> None:
    if use.is_over_day:
        raise ProtocolError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    if use.is_over_second:
        text = "Too many requests in this second. Nothing was changed."
        raise ProtocolError(429, "REQUEST_RATE_EXCEEDED", text)


def _require_method(request: HttpRequest, *allowed: str) -> None:
    method = request.method
    if method == "POST":
        method = request.GET.get("_HttpMethod", "POST").upper()
    if method not in allowed:
        names = ", ".join(allowed)
        text = f"HTTP Method '{method}' not allowed. Allowed are {names}"
        if method == "OPTIONS" and "PATCH" in allowed:
            names += ", POST"  # who asks for all there is: with _HttpMethod, it is a PATCH
        raise ProtocolError(405, "METHOD_NOT_ALLOWED", text, allow=names)


def _read(request: HttpRequest) -> bytes | BadEncoding:
    """The body; what is wrong with it is told in its turn."""
    try:
        return take_body(request)
    except BadEncoding as error:
        return error


def _require_json(request: HttpRequest, raw: bytes | BadEncoding) -> None:
    """No body needs no type."""
    if raw and not (request.content_type == "application/json" and is_utf8(request)):
        raise ProtocolError(415, *_ERRORS[415])


def _guid(text: str) -> str:
    guid = read_guid(text)
    if guid is None or guid == NIL:
        raise ProtocolError(400, "INVALID_ID_FIELD", f"Invalid identifier: {text}")
    return guid


def _object(raw: bytes | BadEncoding, known: frozenset[str], *, required: bool) -> dict[str, Any]:
    """The body's one object, with known properties only."""
    if isinstance(raw, BadEncoding):
        _refuse_json("The body is not what its Content-Encoding says")
    if not raw:
        if required:
            _refuse_json("A request body is required")
        return {}
    try:
        data = strict_json.read(raw)
    except strict_json.NotJSON as error:
        _refuse_json(str(error))
    if not isinstance(data, dict):
        _refuse_json("The request body must be a JSON object")
    for name in data:
        if name not in known:
            raise ProtocolError(400, "JSON_PARSER_ERROR", f'Unrecognized field "{name}"', name)
    return data


def _refuse_json(told: str) -> NoReturn:
    raise ProtocolError(400, "JSON_PARSER_ERROR", told)


# --- Output ---------------------------------------------------------------------------------


def output(
    message: str, refusals: Iterable[Refusal], entry: Callable[[Refusal], dict[str, str]],
    more: dict[str, str],
) -> Output:  # fmt: skip
    """The documented output: successful where nothing was refused.

    `entry` words a refusal; `more` is the entry that stands for those past the limit.
    """
    errors = [entry(refusal) for refusal in refusals]
    hidden = len(errors) - MAX_ERRORS
    if hidden > 0:
        text = f"{hidden} more error{_plural(hidden)}."
        last = {"statusCode": "TOO_MANY_ERRORS", "errorMessage": text, **more}
        errors[MAX_ERRORS:] = [last]
    return {"isSuccessful": not errors, "statusMessage": message, "errorsList": errors}


def refused_message(refused: Refused, *, planned: bool) -> str:
    """The statusMessage of a call that changed nothing, or of a dry run of one that would not."""
    count = len(refused.refusals)
    text = "would be" if planned else "was"
    return f"Nothing {text} changed: {count} error{_plural(count)}."


def _plural(count: int) -> str:
    return "" if count == 1 else "s"
