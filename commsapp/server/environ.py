"""The WSGI environment of a request (PEP 3333)."""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from commsapp.server.asgi_types import Scope
from commsapp.server.request_body import READ_AHEAD, RequestBody

_BODY = "commsapp.body"
SERVER = "commsapp.server"  # the ThreadedApplication


def environ_of(scope: Scope, body: RequestBody) -> dict[str, Any]:
    """Return the environment for a scope of ASGI, with the body as `wsgi.input`."""
    server, client = scope.get("server") or ("", ""), scope.get("client") or ("", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BufferedReader(body, READ_AHEAD),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        _BODY: body,
    }
    for header, value in scope["headers"]:
        name = header.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        text = value.decode("latin-1")
        environ[name] = f"{environ[name]},{text}" if name in environ else text
    return environ


def body_of(environ: dict[str, Any]) -> RequestBody | None:
    """Return the body as it arrives, or None under another server, as in tests."""
    return environ.get(_BODY)


def is_stopping(environ: dict[str, Any]) -> bool:
    """Return whether the server is about to end: long answers had better come to theirs."""
    server = environ.get(SERVER)
    return server is not None and server.is_stopping
