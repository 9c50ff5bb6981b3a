"""Format log lines: JSON, or plain text on a terminal; no line can contain a forged one.

Every handler uses `LineFormatter`. It adds the request id, user and address of the current request,
and escapes control characters, wherever the text came from.

Knows no model and no setting: the server's own configuration uses it, too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

from commsapp.logs.request_context import context

AUDIT = "commsapp.audit"

# Line ends, other control characters, and what hides or turns round the text beside it (Unicode
# categories Cc, Cf, Cs, Zl, Zp).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_HEAD = ("time", "level", "logger", "event")
_INDENT = "    "  # of a traceback's lines: no line of a log begins so by itself


def escape_control_characters(text: str) -> str:
    """Return the text with each unsafe character as JSON writes it, like `\\n` or `\\u2028`."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character == "\x7f":  # JSON leaves this one as it is
        return "\\u007f"
    return json.dumps(character)[1:-1]


def to_json(entry: dict[str, Any], **options: Any) -> str:
    """Return one line of JSON, in which names stay readable and control characters do not."""
    ordered = {**{name: entry.get(name) for name in _HEAD}, **entry}
    return escape_control_characters(json.dumps(ordered, ensure_ascii=False, default=str))


def to_text(logger: Any, method: str, entry: EventDict) -> str:
    """Return the entry as people read it; a traceback follows, indented."""
    entry = dict(entry)
    head = [str(entry.pop(name, "")) for name in _HEAD]
    traceback = entry.pop("exception", "")
    fields = [f"{name}={value}" for name, value in entry.items() if value not in (None, "")]
    lines = [" ".join([*head, *fields]), *str(traceback).splitlines()]
    return f"\n{_INDENT}".join(escape_control_characters(line) for line in lines if line)


def add_request(logger: Any, method: str, entry: EventDict) -> EventDict:
    """Add what is known of the current request, below what the entry says itself."""
    return {**entry, **{name: entry.get(name, value) for name, value in context().items()}}


_SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
]


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Format any record, ours or a library's: `is_json` chooses between the two kinds of line."""

    def __init__(self, *args: Any, is_json: bool, **kwargs: Any) -> None:
        renderer = structlog.processors.JSONRenderer(serializer=to_json) if is_json else to_text
        super().__init__(
            foreign_pre_chain=_SHARED,
            processors=[
                self.remove_processors_meta,
                add_request,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )


def server_formatter() -> LineFormatter:
    """Return the formatter for the web server's own log, which goes to standard error."""
    return LineFormatter(is_json=not sys.stderr.isatty())


class ClientErrors(logging.Filter):
    """Drops the traceback of what a client did wrong: there is nothing to fix."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True


def audit_handler(target: str) -> dict[str, Any]:
    """Return the handler of the audit log: `stdout`, `stderr`, `off`, or the path of a file."""
    if target == "off":
        return {"class": "logging.NullHandler"}
    if target in ("stdout", "stderr"):
        where = {"class": "logging.StreamHandler", "stream": f"ext://sys.{target}"}
    else:  # reopened when another program has moved it away
        where = {"class": "logging.handlers.WatchedFileHandler", "filename": target,
                 "encoding": "utf-8"}  # fmt: skip
    return {**where, "formatter": "json"}


def configure(*, level: str, audit: str) -> dict[str, Any]:
    """Return Django's LOGGING, and let structlog write through it."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    line = {"()": "commsapp.logs.formatting.LineFormatter"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {**line, "is_json": not sys.stderr.isatty()},
            "json": {**line, "is_json": True},
        },
        "filters": {
            "without_session": {"()": "commsapp.logs.redaction.WithoutSession"},
            "client_errors": {"()": "commsapp.logs.formatting.ClientErrors"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["without_session", "client_errors"],
            },
            "audit": audit_handler(audit),
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            AUDIT: {"handlers": ["audit"], "level": "INFO", "propagate": False},
            # The answers to requests that are refused: the audit log has the 403s, with who asked.
            "django.request": {"level": "ERROR"},
            # Sign-ins that fail, without the name and the address: the audit log has both.
            "axes": {"level": "ERROR"},
            # runserver tells each request's line, query and all.
            "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        },
    }
