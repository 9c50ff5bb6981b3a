"""The Idempotency-Key header: a POST that is repeated is carried out once and answered as before.

Contract 4, after the IETF draft "The Idempotency-Key HTTP Header Field". A key belongs to the API
client and the user that send it, for 24 hours. It is saved with the answer in one transaction with
the change, so that neither can be there without the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
MAX_ANSWER_BYTES = 1024 * 1024
MAX_CLEARED = 20  # expired keys, by each request that saves one

_TOO_LARGE = {"detail": "This was carried out before. Its answer was too large to be kept."}
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
# Nothing was carried out, and rights, limits and preconditions are judged anew.
_NOT_STORED = {401, 403, 412, 429}
_ANSWERED = (
    APIException, Http404, ObjectDoesNotExist, PermissionDenied, Refused, ValidationError,
)  # fmt: skip


class KeyRefused(APIException):
    """A request that is not carried out because of its Idempotency-Key."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status_code = status
        super().__init__({"detail": message, "errors": [{"code": code, "message": message}]})


class _InProgress(KeyRefused):
    wait = 1  # seconds; becomes Retry-After

    def __init__(self) -> None:
        message = "The first request with this Idempotency-Key is still being carried out."
        super().__init__(409, "IDEMPOTENCY_KEY_IN_USE", message)


def carry_out_once(view: Any, request: Request) -> None:
    """Make the view carry out a POST that has an Idempotency-Key once. To be called by initial().

    Raises KeyRefused for a header that is no key.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.method != "POST" or view.action is None:
        return
    key = key.strip()
    if len(key) > MAX_KEY_LENGTH or not _PRINTABLE.fullmatch(key):
        message = f"{HEADER} takes 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        raise KeyRefused(400, "IDEMPOTENCY_KEY_INVALID", message)
    call = _Call(view, view.post, _digest(view.by.client_id, view.by.user.pk, key))
    view.post = partial(_answer, call)


@dataclass(frozen=True)
class _Call:
    """A request under a key: the view, its method, and the checksum of client, user and key."""

    view: Any
    method: Callable[..., Response]
    checksum: str

    def fingerprint(self, request: Request) -> str:
        """Return what two requests have in common if they ask for the same."""
        path, query = request.path_info.rstrip("/"), request.META.get("QUERY_STRING", "")
        return _digest(request.method, path, query, hashlib.sha256(request._request.body).digest())


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@operation(again_on=IntegrityError)
def _answer(call: _Call, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer as before, or carry the request out and store its answer."""
    with transaction.atomic():
        _lock(call.checksum)
        fingerprint = call.fingerprint(request)
        earlier = IdempotencyKey.objects.filter(checksum=call.checksum).first()
        if earlier and not earlier.is_expired:
            return _repeated(earlier, fingerprint)
        response = _carried_out(call, request, *args, **kwargs)
        if response.status_code in _NOT_STORED or response.status_code >= 500:
            transaction.set_rollback(True)
            return response
        if earlier:
            earlier.delete()
        IdempotencyKey.objects.clear_expired(MAX_CLEARED)
        _store(call.checksum, fingerprint, response, request)
    return response


def _lock(checksum: str) -> None:
    """Hold the key until the transaction ends. Raises KeyRefused if another request has it.

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


def _carried_out(call: _Call, request: Request, *args: Any, **kwargs: Any) -> Response:
    """Return the view's answer; if it refuses the request, its changes are rolled back."""
    try:
        with transaction.atomic():
            return call.method(request, *args, **kwargs)
    except _ANSWERED as error:
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
        body=body if len(body) <= MAX_ANSWER_BYTES else render(_TOO_LARGE),
    )
    mark_transaction(partial(IdempotencyKey, pk=row.pk, checksum=row.pk.hex, status=0))


def _repeated(earlier: IdempotencyKey, fingerprint: str) -> HttpResponse:
    """Return the earlier answer, to the same request."""
    if earlier.fingerprint != fingerprint:
        message = "This Idempotency-Key belongs to another request. Nothing was changed."
        raise KeyRefused(422, "IDEMPOTENCY_KEY_REUSED", message)
    return HttpResponse(
        bytes(earlier.body),
        status=earlier.status,
        content_type="application/json",
        headers={**earlier.headers, REPLAYED: "true"},
    )
