"""Idempotency-Key: a POST that is repeated is carried out once and gets the first response again.

Contract 4, after the IETF draft "The Idempotency-Key HTTP Header Field". A key belongs to the API
client and the user that send it, for 24 hours. It is saved with the response in one transaction
with the change, so that neither can exist without the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.core.audit import Refused, operation
from commsapp.db.commits import mark_transaction
from commsapp.models.idempotency import IdempotencyKey

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
MAX_KEY_LENGTH = 255
MAX_RESPONSE_BYTES = 1024 * 1024
MAX_CLEARED = 20  # expired keys, by each request that saves one

_TOO_LARGE = {"detail": "This was carried out before. Its answer was too large to be kept."}
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
# Nothing was carried out; permissions, limits and preconditions are checked anew.
_NOT_STORED = {401, 403, 412, 429}
_HANDLED = (
    APIException, Http404, ObjectDoesNotExist, PermissionDenied, Refused, ValidationError,
)  # fmt: skip


class KeyRefused(APIException):
    """A request that is not carried out because of its Idempotency-Key."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status_code = status
        super().__init__(message, code)


class _InProgress(KeyRefused):
    wait = 1  # seconds; becomes Retry-After

    def __init__(self) -> None:
        message = "The first request with this Idempotency-Key is still being carried out."
        super().__init__(409, "IDEMPOTENCY_KEY_IN_USE", message)


def idempotent(method: Callable[..., Response]) -> Callable[..., HttpResponse]:
    """Decorator of a viewset's method for POST: carry it out once for each Idempotency-Key.

    The method raises KeyRefused for a malformed key.
    """

    @wraps(method)
    def handler(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return method(view, request, *args, **kwargs)
        checksum = _digest(view.by.client_id, view.by.user.pk, _valid_key(key))
        call = _Call(view, partial(method, view, request, *args, **kwargs), checksum)
        return _respond_once(call, request)

    return handler


def _valid_key(header: str) -> str:
    key = header.strip()
    if len(key) > MAX_KEY_LENGTH or not _PRINTABLE.fullmatch(key):
        message = f"{HEADER} takes 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        raise KeyRefused(400, "IDEMPOTENCY_KEY_INVALID", message)
    return key


@dataclass(frozen=True)
class _Call:
    """A request with a key: view, bound method, and the checksum of client, user and key."""

    view: Any
    method: Callable[[], Response]
    checksum: str


def _fingerprint(request: Request) -> str:
    """Return what two requests have in common if they ask for the same."""
    path, query = request.path_info.rstrip("/"), request.META.get("QUERY_STRING", "")
    body = request.stream.read() if request.stream else b""
    return _digest(request.method, path, query, hashlib.sha256(body).digest())


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@operation(again_on=IntegrityError)
def _respond_once(call: _Call, request: Request) -> HttpResponse:
    """Return the stored response, or carry the request out and store its response."""
    with transaction.atomic():
        _lock(call.checksum)
        fingerprint = _fingerprint(request)
        earlier = IdempotencyKey.objects.filter(checksum=call.checksum).first()
        if earlier and not earlier.is_expired:
            return _stored_response(earlier, fingerprint)
        response = _carry_out(call)
        if response.status_code in _NOT_STORED or response.status_code >= 500:
            transaction.set_rollback(True)
            return response
        if earlier:
            earlier.delete()
        IdempotencyKey.objects.clear_expired(MAX_CLEARED)
        _store(call.checksum, fingerprint, response, request)
    return response


def _lock(checksum: str) -> None:
    """Lock the key until the transaction ends. Raise KeyRefused if another request has it.

    On SQLite the transaction has waited for all others by now.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(bytes.fromhex(checksum)[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        [is_locked] = cursor.fetchone()
    if not is_locked:
        raise _InProgress


def _carry_out(call: _Call) -> Response:
    """Return the view's response; if it refuses the request, roll its changes back."""
    try:
        with transaction.atomic():
            return call.method()
    except _HANDLED as error:
        refused: Response = call.view.handle_exception(error)
        return refused


def _store(checksum: str, fingerprint: str, response: Response, request: Request) -> None:
    render: Callable[[Any], Any] = request.accepted_renderer.render
    body = render(response.data)
    row = IdempotencyKey.objects.create(
        checksum=checksum,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: text for name, text in response.items() if name != "Content-Type"},
        body=body if len(body) <= MAX_RESPONSE_BYTES else render(_TOO_LARGE),
    )
    mark_transaction(partial(IdempotencyKey, pk=row.pk, checksum=row.pk.hex, status=0))


def _stored_response(earlier: IdempotencyKey, fingerprint: str) -> HttpResponse:
    """Return the response to the first request. Raise KeyRefused if this is another one."""
    if earlier.fingerprint != fingerprint:
        message = "This Idempotency-Key belongs to another request. Nothing was changed."
        raise KeyRefused(422, "IDEMPOTENCY_KEY_REUSED", message)
    return HttpResponse(
        bytes(earlier.body),
        status=earlier.status,
        content_type="application/json",
        headers={**earlier.headers, REPLAYED: "true"},
    )
