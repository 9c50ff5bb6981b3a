"""Forms in UTF-8, as RFC 6749 has them; `multipart/form-data` is read as well."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from rest_framework import parsers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.utils.mediatypes import _MediaType


class FormParser(parsers.FormParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the form. Raise UnsupportedMediaType for another charset than UTF-8."""
        _require_utf8(media_type)
        return super().parse(stream, media_type, parser_context)


class MultiPartParser(parsers.MultiPartParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the form and its files. Raise UnsupportedMediaType for another charset than
        UTF-8, and ParseError."""
        _require_utf8(media_type)
        return super().parse(stream, media_type, parser_context)


def _require_utf8(media_type: str | None) -> None:
    charset = _MediaType(media_type or "").params.get("charset", "utf-8")
    if charset.strip("'\"").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(media_type or "")


def has_nul(parameters: QueryDict) -> bool:
    """Return whether a name or a value has a NUL, which PostgreSQL's texts cannot hold."""
    return any("\0" in text for name, texts in parameters.lists() for text in (name, *texts))
