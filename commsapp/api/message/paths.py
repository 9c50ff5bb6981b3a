"""The operation and the format that a path names (contract 3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMATS = ("json", "jsonl", "xml", "csv", "other")
_NAMES = "|".join(FORMATS)


def any_case(pattern: str) -> str:
    """Return a part of a URL pattern that is matched in any case. It has to be in a named group:
    outside of one, Django's reverse() cannot read it, and fails for every address."""
    return f"(?i:{pattern})"


# On `/json/reply/{Op}` and `/api/json/reply/{Op}` the path names a format; on `/api/{Op}` it does
# not, and answers are in camelCase, because the Python client reads nothing else.
ROUTES = (
    rf"(?:api/)?(?P<format>(?i:{_NAMES}))/(?P<_reply>(?i:reply))/(?P<op>[^/]+)/?",
    r"api/(?!(?:v1|schema|docs)(?:/|$))(?P<op>[^/]+)/?",
)
_ROUTES = [re.compile(rf"/{route}") for route in ROUTES]
_SUFFIX = re.compile(rf"\.({_NAMES})$", re.IGNORECASE)
_START = re.compile(rf"/(?:api/)?({_NAMES})(?:/|$)", re.IGNORECASE)
_MANY = "[]"


@dataclass(frozen=True)
class Path:
    """The parts of a path."""

    op: str = ""  # in lower case; of `SaveContactGroup[]` without the brackets
    format: str = ""
    suffix: str = ""
    is_many: bool = False  # whether it is `{Op}[]`

    @property
    def is_plain(self) -> bool:
        """Whether this is `/api/{Op}`."""
        return bool(self.op) and not self.format


def read_path(path: str) -> Path:
    """Return the parts of a path; only the format it begins with, if it is no operation's."""
    for pattern in _ROUTES:
        if found := pattern.fullmatch(path):
            op = found["op"].lower()
            suffix = _SUFFIX.search(op)
            op = _SUFFIX.sub("", op)
            return Path(
                op.removesuffix(_MANY),
                format_name(found.groupdict().get("format", "")),
                format_name(suffix[1]) if suffix else "",
                op.endswith(_MANY),
            )
    start = _START.match(path)
    return Path(format=format_name(start[1])) if start else Path()


def format_name(name: str) -> str:
    """Return a format's own name: the original's page prints `other` for jsonl."""
    name = name.lower()
    return "jsonl" if name == "other" else name


def is_stream(path: str) -> bool:
    """Return whether a path is that of a stream, which is answered while its body arrives."""
    parts = read_path(path)
    return parts.is_many and parts.format == "jsonl"
