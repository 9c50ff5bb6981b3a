"""How answers are written, and in which format a request asks for them (contract 3.1).

XML is as the original's DataContract serializer writes it, without its namespaces: elements by
the answer's names and in its order, `<Errors><ResponseError>…`, and an element for each entry of
Meta: `<Meta><Outcome>Created</Outcome></Meta>`. An error is in an `ErrorResponse`, a list in an
`ArrayOf…`. CSV has a header and a row for each answer, and JSON in a cell for what is no text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import orjson
from django.http import HttpRequest

from commsapp.api.message.paths import known, read_path

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """A way to write an answer, or a list of them."""

    content_type: str
    _write: Callable[[Answer | Sequence[Answer], str], bytes]

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0]

    def write(self, answer: Answer | Sequence[Answer], name: str = "ResponseStatus") -> bytes:
        """The answer, which is of the type called `name`; each of them, if it is a list."""
        return self._write(answer, name)


def format_of(request: HttpRequest) -> Format:
    """The format of the answer: `?format=`, else the suffix, else what Accept names if that is
    one, else the path's, else JSON. Unknown ones fall through. For `Op[]` always the path's."""
    path = read_path(request.path_info)
    if path.is_many:
        return FORMATS[path.format or "json"]
    accepted = request.headers.get("Accept", "").split(",")
    named = {_BY_TYPE.get(each.partition(";")[0].strip().lower(), "") for each in accepted} - {""}
    wishes = [
        known(request.GET.get("format", "")),
        path.suffix,
        *(named if len(named) == 1 else ()),
        path.format,
        "json",
    ]
    return next(FORMATS[name] for name in wishes if name in FORMATS)


# --- The case of keys -------------------------------------------------------------------------


def is_camel(request: HttpRequest) -> bool:
    """Whether keys are camelCase: on `/api/{Op}`, and `?jsconfig=eccn` or `epcn` decides else."""
    wishes = re.split(r"[,:]", request.GET.get("jsconfig", "").lower())
    if "eccn" in wishes or "epcn" in wishes:
        return "eccn" in wishes
    return read_path(request.path_info).is_plain


def in_camel(value: Any) -> Any:
    """An answer with its keys in camelCase; those of Meta are data and stay."""
    if isinstance(value, list):
        return [in_camel(item) for item in value]
    if isinstance(value, dict):
        return {
            camel(key): item if key == "Meta" else in_camel(item) for key, item in value.items()
        }
    return value


def camel(name: str) -> str:
    return name[:1].lower() + name[1:]


# --- Writing ----------------------------------------------------------------------------------


def _write_json(answer: Any, name: str) -> bytes:
    return orjson.dumps(answer)


def _write_lines(answer: Any, name: str) -> bytes:
    answers = answer if isinstance(answer, list) else [answer]
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in answers)


def _write_xml(answer: Any, name: str) -> bytes:
    whole = f"ArrayOf{name[:1].upper()}{name[1:]}" if isinstance(answer, list) else name
    root = ElementTree.Element(whole)
    _fill(root, answer, name)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


_ITEMS = {"Errors": "ResponseError", "errors": "responseError"}
# What XML 1.0 has no way to write, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _fill(element: ElementTree.Element, value: Any, item: str) -> None:
    """Write a value into an element; `item` is what each of a list is called."""
    if isinstance(value, list):
        for one in value:
            _fill(ElementTree.SubElement(element, item), one, "")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            _fill(ElementTree.SubElement(element, key), one, _ITEMS.get(key, "Item"))
    else:
        element.text = _NOT_XML.sub("\ufffd", _in_text(value))


def _write_csv(answer: Any, name: str) -> bytes:
    rows = answer if isinstance(answer, list) else [answer]
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.DictWriter(out, _columns(rows), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _in_text(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode()


def _columns(rows: Iterable[Answer]) -> list[str]:
    """The names that there are, each where it first stands."""
    return [*dict.fromkeys(key for row in rows for key in row)]


def _in_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


FORMATS = {
    "json": Format("application/json; charset=utf-8", _write_json),
    "jsonl": Format("text/jsonl", _write_lines),
    "xml": Format("application/xml", _write_xml),
    "csv": Format("text/csv", _write_csv),
}
_BY_TYPE = {each.media_type: name for name, each in FORMATS.items()}
