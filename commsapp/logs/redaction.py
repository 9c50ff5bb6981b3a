"""Keeps session ids out of every log (contract 1, Credentials).

The document lets a session id be sent in the query, and queries get written down: by Django, by
gunicorn, in reports of errors. So it is taken out first, from all that they look at.

Knows neither Django's settings nor a model: gunicorn's own configuration uses it, too.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

_NAMED = re.compile(r"(session_?id=)[^&\s\"'<>]+", re.IGNORECASE)


def take_session_id(request: HttpRequest) -> None:
    """Take the query's SessionId, its name in any case, out of the request and all that the
    server keeps of it. `session_id_of()` has it from then on."""
    environ: dict[str, Any] = request.META
    query = environ.get("QUERY_STRING", "")
    kept, taken = [], ""
    for pair in query.split("&"):
        name, _equals, value = pair.partition("=")
        if unquote_plus(name).replace("_", "").lower() == "sessionid":
            taken = unquote_plus(value)
        else:
            kept.append(pair)
    request.__dict__["_session_id"] = taken
    if len(kept) == query.count("&") + 1:
        return
    environ["QUERY_STRING"] = rest = "&".join(kept)
    for name in ("RAW_URI", "REQUEST_URI"):  # the same dict is what a server logs from
        if name in environ:
            environ[name] = environ[name].partition("?")[0] + (f"?{rest}" if rest else "")


def session_id_of(request: HttpRequest) -> str:
    """What the query gave as SessionId; empty, if nothing."""
    found: str = request.__dict__.get("_session_id", "")
    return found


class WithoutSession(logging.Filter):
    """For what a server logs by itself, which may have the line of a request in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        with suppress(TypeError, ValueError):  # a message that does not fit: logging tells of it
            told = record.getMessage()
            if _NAMED.search(told):
                record.msg, record.args = _NAMED.sub(r"\1…", told), None
        return True


class ReporterFilter(SafeExceptionReporterFilter):
    """Django's, which knows no session but its own, for the reports of errors."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|SS[-_]ID|SESSION_?ID", re.IGNORECASE
    )
