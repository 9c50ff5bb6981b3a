"""Requests of the APIs: Django REST framework's, with bodies that are chunked or compressed."""

from __future__ import annotations

import io
from typing import Any

from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.request import Request

from commsapp.api.request_body import BadEncoding, BodyTooLarge, UnknownEncoding, read_body


class RequestTooLarge(APIException):
    """The body is over the limit."""

    status_code = 413
    default_detail = "The request body is too large."
    default_code = "request_too_large"


class UnsupportedEncoding(UnsupportedMediaType):
    """The body has a Content-Encoding that is not read here."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding, f"Content-Encoding “{encoding}” is not read here.")


class ApiRequest(Request):
    """A request whose parsers get the plain body, whatever way it was sent.

    Django REST framework takes a body without Content-Length for empty. This one reads the body
    when `data` is used: after credentials, permissions and the method were checked.
    """

    @property
    def stream(self) -> io.BytesIO | None:
        """Return the body; None if it is empty. It is not stored here, so that release_body()
        frees it.

        Raises RequestTooLarge, UnsupportedEncoding, ParseError.
        """
        try:
            body = read_body(self._request)
        except BodyTooLarge:
            raise RequestTooLarge from None
        except UnknownEncoding as error:
            raise UnsupportedEncoding(str(error)) from None
        except BadEncoding:
            raise ParseError("The body is not what its Content-Encoding says.") from None
        return io.BytesIO(body) if body else None

    @classmethod
    def of(cls, request: Any) -> ApiRequest:
        """Return the request for one that Django REST framework has made."""
        return cls(
            request._request,
            parsers=request.parsers,
            authenticators=request.authenticators,
            negotiator=request.negotiator,
            parser_context=request.parser_context,
        )
