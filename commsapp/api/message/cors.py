"""Cross-origin requests on the Message API: none, unless CORS_ORIGINS names whose (3.1)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from commsapp.api.message import responses
from commsapp.api.message.operation import ReplySpec
from commsapp.http.origins import is_shared

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-ss-id",
    "Access-Control-Max-Age": "600",  # seconds
}
_EXPOSED = "X-AutoBatch-Completed, X-Request-Id, Retry-After"


def preflight(request: HttpRequest) -> HttpResponse | None:
    """The answer to a browser that asks whether it may send a page's request; None, if it is not
    that, or the page's origin is not configured. 200 with a body: this API knows no 204."""
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asked or not is_shared(request):
        return None
    response = responses.done(request, ReplySpec("The request may be sent."))
    for name, value in _PREFLIGHT.items():
        response[name] = value
    return response


def share(request: HttpRequest, response: HttpResponse) -> None:
    """Let the page that asked read the answer, whatever it says, if its origin is configured."""
    if not settings.CORS_ORIGINS:
        return
    patch_vary_headers(response, ("Origin",))
    if is_shared(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Allow-Credentials"] = "true"
        response["Access-Control-Expose-Headers"] = _EXPOSED
