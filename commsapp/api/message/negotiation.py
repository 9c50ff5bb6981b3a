"""Which parser reads a body, and which renderer writes the answer (contract 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from commsapp.api.message.paths import format_name, read_path


class MessageNegotiation(BaseContentNegotiation):
    """The Content-Type of a body only tells a form from JSON, where forms are read at all; formats
    that are not known are no error."""

    def select_parser(self, request: Any, parsers: Any) -> BaseParser:
        """Return the view's parser of forms for a form, else its first parser.

        curl calls every body a form: one that begins as a JSON object is JSON.
        """
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        if request._request.body.lstrip().startswith(b"{"):
            return cast(BaseParser, parsers[0])
        form_parser = next((parser for parser in parsers if parser.media_type == sent), parsers[0])
        return cast(BaseParser, form_parser)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of `?format=`, else of the suffix, else of Accept if it names exactly
        one, else of the path, else the first. For `Op[]` always the path's."""
        by_format = {renderer.format: renderer for renderer in renderers}
        formats = _requested_formats(request, renderers)
        renderer = next((by_format[name] for name in formats if name in by_format), renderers[0])
        return renderer, str(renderer.media_type)


def _requested_formats(request: Any, renderers: Sequence[BaseRenderer]) -> Iterator[str]:
    path = read_path(request.path_info)
    if not path.is_many:
        yield format_name(request.GET.get("format", ""))
        yield path.suffix
        accepted = {
            item.partition(";")[0].strip().lower()
            for item in request.META.get("HTTP_ACCEPT", "").split(",")
        }
        matching = [renderer.format for renderer in renderers if renderer.media_type in accepted]
        if len(matching) == 1:
            yield str(matching[0])
    yield path.format
