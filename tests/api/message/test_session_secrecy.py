"""A session's id gets into no log and no report (contract 1, Credentials)."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter

from commsapp.logs import redaction
from contacts import message as contacts_message
from tests.api.message.signing import PASSWORD, sign_in

SAVE = "/json/reply/SaveContactGroup"
SESSION = "8f14e45f-ceea-467f-a34f-2d1f0a6b9c55"


class Report(logging.Handler):
    """All that Django would mail to an admin, of every record that there is."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record):
        self.text += self.format(record)
        request = getattr(record, "request", None)
        kind, error, trace = record.exc_info or (None, None, None)
        reporter = ExceptionReporter(request, kind, error, trace)
        self.text += reporter.get_traceback_text() + reporter.get_traceback_html()


@pytest.fixture
def logged():
    """Everything that is logged from now on, at any level, with a report of each error."""
    report, root = Report(), logging.getLogger()
    level = root.level
    root.addHandler(report)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.request").addHandler(report)
    yield report
    logging.getLogger("django.request").removeHandler(report)
    root.removeHandler(report)
    root.setLevel(level)


@pytest.fixture
def fails(monkeypatch):
    """Let SaveContactGroup raise an error that nothing expects."""

    def run(view, requests):
        raise ZeroDivisionError("unexpected")

    monkeypatch.setattr(contacts_message.SaveContactGroupViewSet, "run", run)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["SessionId", "sessionid", "session_id", "Session%49d"])
def test_a_session_is_in_no_log_and_no_report_of_an_error(alice, fails, logged, name):
    alice.set_password(PASSWORD)
    alice.save()
    session, _token = sign_in("alice")
    client = Client(raise_request_exception=False, headers={"Referer": "http://testserver/"})
    client.cookies["ss-id"] = session
    query, json = f"?a=1&{name}={session}&b=2", "application/json"
    for path, status in ((SAVE, 500), ("/api/nothing/at/all", 404), ("/json/reply/Nothing", 405)):
        assert client.post(f"{path}{query}", "{}", json).status_code == status
    assert client.post(SAVE, "{}", json, headers={"X-ss-id": session}).status_code == 500
    assert client.post(f"{SAVE}?{name}={SESSION}").status_code == 401
    assert client.get(f"/nobody/{query}").status_code == 404
    assert "ZeroDivisionError" in logged.text
    assert "SaveContactGroup" in logged.text
    for secret in (session, session.replace("-", ""), SESSION):
        assert secret not in logged.text


@pytest.mark.django_db
def test_a_password_is_in_no_report_of_an_error(alice, logged, monkeypatch):
    from commsapp.core.credentials import message_sessions

    def broken(user):
        raise ZeroDivisionError

    monkeypatch.setattr(message_sessions, "open_session", broken)
    alice.set_password(PASSWORD)
    alice.save()
    client = Client(raise_request_exception=False)
    answer = client.post("/auth/credentials", {"UserName": "alice", "Password": PASSWORD})
    assert answer.status_code == 500
    assert "ZeroDivisionError" in logged.text
    assert PASSWORD not in logged.text


def test_a_report_hides_cookie_header_and_what_is_called_a_session():
    request = RequestFactory(headers={"X-ss-id": SESSION, "Cookie": f"ss-id={SESSION}"}).get("/")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        reporter = ExceptionReporter(request, ZeroDivisionError, error, error.__traceback__)
    assert isinstance(reporter.filter, redaction.ReporterFilter)
    assert SESSION not in str(reporter.filter.get_safe_request_meta(request))
    assert SESSION not in str(reporter.filter.get_safe_cookies(request))


def test_what_the_server_keeps_of_the_request_is_stripped():
    environ: dict[str, Any] = {
        "RAW_URI": f"/x?a=1&SessionId={SESSION}",
        "REQUEST_URI": f"/x?SessionId={SESSION}",
    }
    request = RequestFactory().post(f"/x?a=1&SessionId={SESSION}&a=%20&empty", **environ)
    redaction.take_session_id(request)
    assert redaction.session_id_of(request) == SESSION
    assert request.META["QUERY_STRING"] == "a=1&a=%20&empty"
    assert request.META["RAW_URI"] == request.META["REQUEST_URI"] == "/x?a=1&a=%20&empty"
    assert SESSION not in str(request.META) + request.get_full_path() + repr(request)


def test_a_query_without_one_stays_as_it_was():
    for query in ("", "a=1&&b", "my_session_id_2=3", "a=%FF;SessionIds=1"):
        request = RequestFactory().get(f"/x?{query}", RAW_URI=f"/x?{query}#")
        redaction.take_session_id(request)
        assert request.META["QUERY_STRING"] == query
        assert request.META["RAW_URI"] == f"/x?{query}#"
        assert redaction.session_id_of(request) == ""


def test_the_line_of_a_request_is_written_without_it():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(redaction.WithoutSession())
    log = logging.getLogger("tests.a_server")
    log.propagate = False
    log.addHandler(handler)
    log.error("Error handling request %s %s", "POST", f"/x?SessionId={SESSION}&b=%20")
    log.error("%s of “%s”", "100%", "session_id")
    text = "Error handling request POST /x?SessionId=…&b=%20\n100% of “session_id”\n"
    assert out.getvalue() == text
    assert redaction.WithoutSession().filter(
        logging.makeLogRecord({"msg": "%d", "args": ("no number",)})  # the handler's to tell
    )
