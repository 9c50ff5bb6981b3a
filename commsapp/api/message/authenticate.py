"""Signing in by a name and a password, and out again (contract 1, Credentials)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, QueryDict
from django.urls import URLPattern, re_path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.authentication import SESSION_COOKIE, actor_of, token_pk_of
from commsapp.api.message.authenticate_schema import AuthenticateSchema, LogoutSchema
from commsapp.api.message.binding import bind
from commsapp.api.message.definition import normalize_key
from commsapp.api.message.exceptions import error_reply
from commsapp.api.message.operation import ReplySpec
from commsapp.api.message.parsers import MessageJSONParser, as_request
from commsapp.api.message.paths import any_case
from commsapp.api.message.responses import done_status
from commsapp.api.message.urls import operation_patterns
from commsapp.api.message.viewsets import MessageViewSet
from commsapp.api.request_body import limit_body
from commsapp.core.audit import Refusal, RefusalCode, Refused
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
            yield Refusal(
                RefusalCode.PREDICATE, _("The provider is “credentials” or “logout”."), "Provider"
            )
        for name, value in (("UserName", self.user_name), ("Password", self.password)):
            if not value and name not in unread:
                yield Refusal(RefusalCode.NOT_EMPTY, _("It must be given."), name)
            if len(value) > _MAX_LENGTH[name]:
                message = _("It has at most %d characters.") % _MAX_LENGTH[name]
                yield Refusal(RefusalCode.MAXIMUM_LENGTH, message, name)


class AuthenticateResponse(Message):
    """The reply to a sign-in."""

    user_id: str = ""
    session_id: str = ""
    user_name: str = ""
    display_name: str = ""
    bearer_token: str = ""


# --- The viewsets ---------------------------------------------------------------------------


@method_decorator([sensitive_post_parameters(), sensitive_variables()], name="dispatch")
class AuthenticateViewSet(MessageViewSet):
    """Sign-in by name and password, or sign-out if that is the provider.

    Errors: 400; 401 for a wrong name or password, whether or not there is such a user; 429 for a
    while after too many of them, also for the right password; 503 if too many sign in at once.
    """

    authentication_classes = []
    permission_classes = []
    parser_classes = [MessageJSONParser, FormParser, MultiPartParser]
    schema = AuthenticateSchema()
    request_message, response_message = Authenticate, AuthenticateResponse
    response_name = AuthenticateResponse.__name__

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        limit_body(request._request, settings.MAX_SIGN_IN_BODY_BYTES)
        super().initial(request, *args, **kwargs)

    @sensitive_variables()
    def sign_in(self, request: Request, provider: str = "", **kwargs: Any) -> Response:
        """Return a session and its token."""
        credentials = self._read()
        is_sign_out = not provider and credentials.provider.lower() == _LOGOUT
        if is_sign_out and not credentials.shape_faults:
            return _sign_out(request)
        if faults := [*credentials.faults()]:
            return self.refused(Refused(*faults))
        return _sign_in(request, credentials)

    def _read(self) -> Authenticate:
        data = self.data
        values = data.dict() if isinstance(data, QueryDict) else as_request(data)
        parameters = {
            name: text
            for name, text in self.parameters.items()
            if normalize_key(name) != "password"
        }
        return bind(Authenticate, values, parameters)


class LogoutViewSet(MessageViewSet):
    """Sign-out. It also removes the cookie of a session that has ended already."""

    schema = LogoutSchema()

    def sign_out(self, request: Request, **kwargs: Any) -> Response:
        """End the session."""
        return _sign_out(request)

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if response.status_code == 401:
            _delete_cookie(self.request._request, response)
        return response


def urlpatterns() -> list[URLPattern]:
    """Return the addresses of Authenticate as an operation, `/auth`, `/auth/credentials` and
    `/auth/logout`, in any case."""
    auth = rf"^(?P<_auth>{any_case('auth')})"
    credentials = rf"(?P<provider>{any_case('credentials')})"
    logout = rf"(?P<_logout>{any_case(_LOGOUT)})"
    return [
        *operation_patterns(Authenticate.__name__, AuthenticateViewSet, {"": "sign_in"}),
        _pattern(rf"{auth}/?$", AuthenticateViewSet, "sign_in"),
        _pattern(rf"{auth}/{credentials}/?$", AuthenticateViewSet, "sign_in", "/auth/credentials"),
        _pattern(rf"{auth}/{logout}/?$", LogoutViewSet, "sign_out", "/auth/logout"),
    ]


def _pattern(
    route: str, viewset: type[MessageViewSet], action: str, documented_path: str = ""
) -> URLPattern:
    view: Any = viewset.as_view({"post": action})
    view.documented_path = documented_path
    pattern: URLPattern = re_path(route, view)
    return pattern


# --- Signing in and out ---------------------------------------------------------------------


def _sign_in(request: Request, credentials: Authenticate) -> Response:
    attempt = _attempt(request._request)
    try:
        user: Any = auth.authenticate(
            attempt, username=credentials.user_name, password=credentials.password
        )
    except SignInsBusy:
        message = _("Too many are signing in right now. Try again in a few seconds.")
        response = error_reply(request, 503, message)
        response["Retry-After"] = str(BUSY_SECONDS)
        return response
    if user is None and getattr(attempt, "axes_locked_out", False):
        response = error_reply(request, 429, _("There were too many wrong passwords."))
        response["Retry-After"] = str(seconds_to_wait(attempt))
        return response
    if user is None:
        return error_reply(request, 401, _("The user name or the password is wrong."))
    opened = message_sessions.open_session(user)
    if opened is None:  # the password, or its hash, was changed meanwhile
        return _sign_in(request, credentials)
    user_logged_in.send(sender=type(user), request=attempt, user=user)
    response = keep_uncompressed(Response(_session_body(user, opened)))
    if not is_foreign(request._request):  # another site's page must not sign its visitors in
        _set_cookie(request._request, response, str(opened.id))
    return response


def _session_body(user: User, opened: message_sessions.Opened) -> dict[str, Any]:
    return {
        "UserId": str(user.pk),
        "SessionId": str(opened.id),
        "UserName": user.get_username(),
        "DisplayName": user.get_full_name() or user.get_username(),
        "BearerToken": opened.token,
    }


def _attempt(request: HttpRequest) -> HttpRequest:
    """Return the request as django-axes records it: without anything that was sent.

    It counts attempts by name and address, with those of the staff's sign-in page.
    """
    attempt = HttpRequest()
    attempt.META, attempt.path, attempt.method = request.META, request.path, request.method
    return attempt


def _sign_out(request: Request) -> Response:
    by = actor_of(request._request, Channel.MESSAGE)
    if by is None:
        response = error_reply(request, 401)
    elif message_sessions.end_session(token_pk_of(by)):
        log_event("sign_out")
        response = Response(done_status(ReplySpec(_("You are signed out."))))
    else:
        message = _("There is no session to end; the API client's token goes on.")
        response = Response(done_status(ReplySpec(message)))
    _delete_cookie(request._request, response)
    return response


def _delete_cookie(request: HttpRequest, response: Response) -> None:
    _set_cookie(request, response, "", max_age=0)
    response.cookies[SESSION_COOKIE]["expires"] = ""


def _set_cookie(request: HttpRequest, response: Response, value: str, **more: Any) -> None:
    """Set the cookie without `expires`: a client's cookie jar under Node breaks on its comma."""
    is_shared = bool(settings.CORS_ALLOWED_ORIGINS)  # then other sites' pages have to send it
    response.set_cookie(
        SESSION_COOKIE,
        value,
        httponly=True,
        secure=is_shared or request.is_secure() or settings.HTTPS,
        samesite="None" if is_shared else "Strict",
        **more,
    )
