"""Signing in by a name and a password, and out again (contract 1, Credentials)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from commsapp.api.authentication import SESSION_COOKIE, actor_of, token_pk_of
from commsapp.api.message import authenticate_schema, responses
from commsapp.api.message.binding import bind
from commsapp.api.message.definition import normalize_key
from commsapp.api.message.exceptions import error_response
from commsapp.api.message.operation import ReplySpec
from commsapp.api.message.parsers import UnreadableRequest, read_one
from commsapp.api.message.paths import read_path
from commsapp.api.openapi.fragments import attach_schema
from commsapp.api.request_body import limit_body, read_body
from commsapp.core.audit import Refusal, Refused
from commsapp.core.credentials import message_sessions
from commsapp.core.message_types import Message, RequestMessage, documented
from commsapp.http.compression import keep_uncompressed
from commsapp.http.origins import is_foreign
from commsapp.http.sign_in_limits import BUSY_SECONDS, SignInsBusy, seconds_to_wait
from commsapp.logs.security_log import log_event
from commsapp.models import Channel, User

# --- The request ----------------------------------------------------------------------------

_MAX_LENGTH = {"UserName": 150, "Password": 4096}  # characters; a form takes no more
_LOGOUT = "logout"


class Authenticate(RequestMessage):
    """A sign-in by name and password, or a sign-out."""

    provider: Annotated[str, documented("`credentials` (the default), or `logout`.")] = ""
    user_name: Annotated[str, documented("The user's name.", is_required=True)] = ""
    password: Annotated[
        str, documented("In the body only, never in the query.", is_required=True)
    ] = ""

    def __repr__(self) -> str:
        return f"Authenticate(user_name={self.user_name!r})"  # without the password

    def faults(self) -> Iterator[Refusal]:
        """Yield all that is wrong with the request, whoever sends it."""
        yield from self.shape_faults
        unread = {refusal.field for refusal in self.shape_faults}
        if self.provider.lower() not in ("", "credentials"):
            yield Refusal("Predicate", _("The provider is “credentials” or “logout”."), "Provider")
        for name, value in (("UserName", self.user_name), ("Password", self.password)):
            if not value and name not in unread:
                yield Refusal("NotEmpty", _("It must be given."), name)
            if len(value) > _MAX_LENGTH[name]:
                message = _("It has at most %d characters.") % _MAX_LENGTH[name]
                yield Refusal("MaximumLength", message, name)


class AuthenticateResponse(Message):
    """The reply to a sign-in."""

    user_id: str = ""
    session_id: str = ""
    user_name: str = ""
    display_name: str = ""
    bearer_token: str = ""


# --- The addresses --------------------------------------------------------------------------


def urlpatterns() -> list[URLPattern]:
    """`/auth`, `/auth/credentials` and `/auth/logout`, in any case."""
    attach_schema(_auth, authenticate_schema.openapi_paths())
    auth, ways = "[Aa][Uu][Tt][Hh]", "(?P<provider>(?i:credentials|logout))"
    return [re_path(rf"^(?P<_auth>{auth})(?:/{ways})?/?$", _auth)]


@csrf_exempt  # what a cookie may do here, its Origin decides
def _auth(request: HttpRequest, provider: str | None = None, **named: str) -> HttpResponse:
    return authenticate(request, (provider or "").lower())


@sensitive_post_parameters()
@sensitive_variables()
def authenticate(request: HttpRequest, provider: str = "") -> HttpResponse:
    """Sign in, and answer with a session and its token; or out, if that is the provider.

    The path's provider is before the request's own. What is wrong: 400; a wrong name or password
    401, whether or not there is such a user; too many of them: 429 for a while, also for the right
    password; too many at once: 503.
    """
    if request.method != "POST":
        response = error_response(request, 405)
        response["Allow"] = "POST"
        return response
    if provider == _LOGOUT:
        return _log_out(request)
    try:
        asked = _read(request)
    except UnreadableRequest as error:
        return error_response(request, 400, str(error))
    if not provider and asked.provider.lower() == _LOGOUT and not asked.shape_faults:
        return _log_out(request)
    if faults := [*asked.faults()]:
        status = responses.refused_status(Refused(*faults))
        return responses.respond(request, {"ResponseStatus": status}, "ErrorResponse", status=400)
    return _log_in(request, asked)


def _log_in(request: HttpRequest, asked: Authenticate) -> HttpResponse:
    attempt = _attempt(request)
    try:
        user: Any = auth.authenticate(attempt, username=asked.user_name, password=asked.password)
    except SignInsBusy:
        message = _("Too many are signing in right now. Try again in a few seconds.")
        response = error_response(request, 503, message)
        response["Retry-After"] = str(BUSY_SECONDS)
        return response
    if user is None and getattr(attempt, "axes_locked_out", False):
        response = error_response(request, 429, _("There were too many wrong passwords."))
        response["Retry-After"] = str(seconds_to_wait(attempt))
        return response
    if user is None:
        return error_response(request, 401, _("The user name or the password is wrong."))
    opened = message_sessions.open_session(user)
    if opened is None:  # meanwhile there is another password, or another hash of the same
        return _log_in(request, asked)
    user_logged_in.send(sender=type(user), request=attempt, user=user)
    answer = responses.respond(request, _answer(user, opened), "AuthenticateResponse")
    response = keep_uncompressed(answer)
    if not is_foreign(request):  # another site's page is not to sign its visitors in
        _set_cookie(request, response, str(opened.id))
    return response


def _answer(user: User, opened: message_sessions.Opened) -> dict[str, Any]:
    return {
        "UserId": str(user.pk),
        "SessionId": str(opened.id),
        "UserName": user.get_username(),
        "DisplayName": user.get_full_name() or user.get_username(),
        "BearerToken": opened.token,
    }


def _attempt(request: HttpRequest) -> HttpRequest:
    """The request as django-axes writes it down: who and from where, and nothing that was sent.

    It counts attempts by name and address, with those of the staff's sign-in page.
    """
    attempt = HttpRequest()
    attempt.META, attempt.path, attempt.method = request.META, request.path, request.method
    return attempt


def _log_out(request: HttpRequest) -> HttpResponse:
    by = actor_of(request, Channel.MESSAGE)
    if by is None:
        response = error_response(request, 401)
    elif message_sessions.end_session(token_pk_of(by)):
        log_event("sign_out")
        response = responses.done(request, ReplySpec(_("You are signed out.")))
    else:
        message = _("There is no session to end; the API client's token goes on.")
        response = responses.done(request, ReplySpec(message))
    _set_cookie(request, response, "", max_age=0)
    response.cookies[SESSION_COOKIE]["expires"] = ""
    return response


def _set_cookie(request: HttpRequest, response: HttpResponse, value: str, **more: Any) -> None:
    """Without `expires`, which has a comma in it: a client's cookie jar under Node breaks on it."""
    is_shared = bool(settings.CORS_ORIGINS)  # then other sites' pages are to send it
    response.set_cookie(
        SESSION_COOKIE,
        value,
        httponly=True,
        secure=is_shared or request.is_secure() or settings.HTTPS,
        samesite="None" if is_shared else "Strict",
        **more,
    )


# --- Reading --------------------------------------------------------------------------------


def _read(request: HttpRequest) -> Authenticate:
    """What was sent. Raises Unreadable."""
    limit_body(request, settings.MAX_SIGN_IN_BODY_BYTES)
    body = read_body(request)
    if request.content_type in _FORMS and not body.lstrip().startswith(b"{"):
        given = _FORMS[request.content_type](request)
    else:  # curl calls everything a form
        given = read_one(body, read_path(request.path_info).format)
    query = request.GET.dict()
    query = {name: text for name, text in query.items() if normalize_key(name) != "password"}
    return bind(Authenticate, given, query)


def _form(request: HttpRequest) -> dict[str, Any]:
    return QueryDict(request.body, encoding="utf-8").dict()


def _multipart(request: HttpRequest) -> dict[str, Any]:
    request.encoding = "utf-8"
    return request.POST.dict()


_FORMS = {"application/x-www-form-urlencoded": _form, "multipart/form-data": _multipart}
