"""Log lines: one entry is one line, whatever was sent, and says whose request it belongs to."""

from __future__ import annotations

import io
import json
import logging
import unicodedata

import pytest
from django.test import RequestFactory

from commsapp.logs import request_context
from commsapp.logs.formatting import ClientErrors, LineFormatter, escape_control_characters
from commsapp.logs.request_context import Source

FORGED = "x\n2026-11-30T00:00:00Z WARNING axes FORGED=1"


@pytest.fixture(params=[True, False], ids=["json", "text"])
def line(request):
    """A logger, and what it has written so far."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(is_json=request.param))
    log = logging.getLogger(f"tests.log_format.{request.param}")
    log.propagate = False
    log.handlers = [handler]
    yield log, out
    request_context.clear()


def test_every_control_and_invisible_character_is_escaped():
    unsafe = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    for code in (*range(0x3000), *range(0xD800, 0xE000), 0xFEFF, 0xFFF9, 0xE0001, 0xE007F):
        character = chr(code)
        escaped = escape_control_characters(f"a{character}b")
        if unicodedata.category(character) in unsafe:
            assert character not in escaped, hex(code)
            assert json.loads(f'"{escaped}"') == f"a{character}b", hex(code)
        elif unicodedata.category(character) != "Cn":  # nothing yet
            assert escaped == f"a{character}b", hex(code)


@pytest.mark.parametrize("forged", ["\n", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_a_line_end_in_a_message_makes_no_second_line(line, forged):
    log, out = line
    log.warning("%s not allowed", FORGED.replace("\n", forged))
    [written] = out.getvalue().splitlines()
    assert "FORGED=1" in written


def test_a_line_end_in_an_exception_makes_no_line_that_looks_like_an_entry(line):
    log, out = line
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("it failed")
    first, *others = out.getvalue().splitlines()
    assert "it failed" in first
    assert all(other.startswith("    ") for other in others)
    assert "FORGED=1" in out.getvalue()


def test_a_line_of_a_request_has_its_id_and_address(line):
    log, out = line
    request = RequestFactory().get("/")
    request_context.bind(Source("rest", "0a1b2c", "192.0.2.7", request=request))
    log.warning("slow")
    assert "0a1b2c" in out.getvalue()
    assert "192.0.2.7" in out.getvalue()
    request_context.clear()
    log.warning("later")
    assert "0a1b2c" not in out.getvalue().splitlines()[-1]


def test_a_clients_error_has_no_traceback_and_ours_has_one():
    def record(status: int) -> logging.LogRecord:
        error = ValueError("why")
        made = logging.makeLogRecord({"exc_info": (ValueError, error, None)})
        made.status_code = status
        assert ClientErrors().filter(made)
        return made

    assert record(400).exc_info is None
    assert record(500).exc_info is not None
