"""The formats of answers (contract 3.1).

XML is as the original's DataContract serializer writes it, without its namespaces: elements by
the answer's names and in its order, `<Errors><ResponseError>…`, and an element for each entry of
Meta: `<Meta><Outcome>Created</Outcome></Meta>`. An error is in an `ErrorResponse`, a list in an
`ArrayOf…`. CSV has a header and a row for each answer, and JSON in a cell for what is no text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import orjson
from rest_framework.renderers import BaseRenderer

from commsapp.api.message.paths import read_path

Answer = Mapping[str, Any]


class MessageRenderer(BaseRenderer):
    """Writes an answer, or a list of answers, whose keys are PascalCase."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the answer in the case of keys that the request asks for."""
        context = renderer_context or {}
        name = getattr(context.get("view"), "response_name", "ResponseStatus")
        if isinstance(data, dict) and "ResponseStatus" in data:
            name = "ErrorResponse"
        if is_camel(context["request"]):
            data, name = in_camel(data), camel(name)
        return self.write(data, name)

    @classmethod
    def write(cls, answer: Answer | Sequence[Answer], name: str = "ResponseStatus") -> bytes:
        """Return the answer, which is of the type called `name`, or each answer of a list."""
        raise NotImplementedError

    @classmethod
    def content_type(cls) -> str:
        """Return the Content-Type of answers."""
        return f"{cls.media_type}; charset={cls.charset}" if cls.charset else str(cls.media_type)


# --- The case of keys -------------------------------------------------------------------------


def is_camel(request: Any) -> bool:
    """Whether keys are camelCase: on `/api/{Op}`, unless `?jsconfig=eccn` or `epcn` decides."""
    wishes = re.split(r"[,:]", request.GET.get("jsconfig", "").lower())
    if "eccn" in wishes or "epcn" in wishes:
        return "eccn" in wishes
    return read_path(request.path_info).is_plain


def in_camel(value: Any) -> Any:
    """Return an answer with its keys in camelCase; those of Meta are data and stay."""
    if isinstance(value, list):
        return [in_camel(item) for item in value]
    if isinstance(value, dict):
        return {
            camel(key): item if key == "Meta" else in_camel(item) for key, item in value.items()
        }
    return value


def camel(name: str) -> str:
    return name[:1].lower() + name[1:]


# --- The formats ------------------------------------------------------------------------------


class MessageJSONRenderer(MessageRenderer):
    """JSON."""

    media_type, format = "application/json", "json"

    @classmethod
    def write(cls, answer: Any, name: str = "ResponseStatus") -> bytes:
        return orjson.dumps(answer)


class JSONLinesRenderer(MessageRenderer):
    """JSON Lines: a line for each answer."""

    media_type, format, charset = "text/jsonl", "jsonl", None

    @classmethod
    def write(cls, answer: Any, name: str = "ResponseStatus") -> bytes:
        answers = answer if isinstance(answer, list) else [answer]
        return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in answers)


class XMLRenderer(MessageRenderer):
    """XML."""

    media_type, format, charset = "application/xml", "xml", None

    @classmethod
    def write(cls, answer: Any, name: str = "ResponseStatus") -> bytes:
        is_list = isinstance(answer, list)
        root = ElementTree.Element(f"ArrayOf{name[:1].upper()}{name[1:]}" if is_list else name)
        _fill(root, answer, name)
        written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return written


class CSVRenderer(MessageRenderer):
    """CSV."""

    media_type, format, charset = "text/csv", "csv", None

    @classmethod
    def write(cls, answer: Any, name: str = "ResponseStatus") -> bytes:
        rows = answer if isinstance(answer, list) else [answer]
        if not rows:
            return b""
        out = io.StringIO()
        writer = csv.DictWriter(out, _columns(rows), restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({key: _in_text(value) for key, value in row.items()} for row in rows)
        return out.getvalue().encode()


RENDERERS: tuple[type[MessageRenderer], ...] = (
    MessageJSONRenderer, JSONLinesRenderer, XMLRenderer, CSVRenderer,
)  # fmt: skip
FORMATS = {str(renderer.format): renderer for renderer in RENDERERS}

_ITEMS = {"Errors": "ResponseError", "errors": "responseError"}
# Characters that XML 1.0 cannot have, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _fill(element: ElementTree.Element, value: Any, item_name: str) -> None:
    """Write a value into an element; the items of a list are elements of this name."""
    if isinstance(value, list):
        for item in value:
            _fill(ElementTree.SubElement(element, item_name), item, "")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _fill(ElementTree.SubElement(element, key), inner, _ITEMS.get(key, "Item"))
    else:
        element.text = _NOT_XML.sub("\ufffd", _in_text(value))


def _columns(rows: Iterable[Answer]) -> list[str]:
    """Return all names, in the order of their first use."""
    return [*dict.fromkeys(key for row in rows for key in row)]


def _in_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
