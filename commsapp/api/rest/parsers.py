"""JSON in UTF-8, in and out."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.utils.mediatypes import _MediaType

from commsapp.core import strict_json


class AlwaysJSON(DefaultContentNegotiation):
    """Answers are JSON, whatever Accept or `?format=` asks for."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, with numbers as they are written."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        charset = _MediaType(media_type or "").params.get("charset", "utf-8")
        if charset.strip("'\"").lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(media_type or "")
        try:
            return strict_json.read(stream.read())
        except strict_json.NotJSON as error:
            raise ParseError(str(error)) from None
