"""Every body on every address is bounded before it is parsed, and a form before sign-in further."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client
from django.test.client import encode_multipart

from commsapp.middleware import body_limits
from commsapp.server.request_body import BodyTimeoutError, TooManyBodiesError
from contacts.models import Contact
from tests import factories
from tests.staff.conftest import browse

LIMIT, SMALL_LIMIT = 200_000, 64 * 1024
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
CSRF = "a" * 32
TOKEN = f"csrfmiddlewaretoken={CSRF}&".encode()

pytestmark = pytest.mark.django_db


class MeasuringHandler(TemporaryFileUploadHandler):
    """Writes file parts to temporary files, and adds up their size."""

    written = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        MeasuringHandler.written += len(raw_data)
        super().receive_data_chunk(raw_data, start)


@pytest.fixture(autouse=True)
def _small_limit_and_measured_files(settings, tmp_path):
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = LIMIT
    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.MeasuringHandler"]
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    MeasuringHandler.written = 0
    yield
    assert list(tmp_path.iterdir()) == []


def in_parts(size: int) -> bytes:
    """A form with a file part of so many bytes."""
    file = io.BytesIO(b"x" * size)
    file.name = "a.csv"
    return encode_multipart("b", {"csrfmiddlewaretoken": CSRF, "file": file})


def send(client: Client, path: str, body: bytes, content_type: str, *, chunked: bool = False,
         method: str = "POST", **headers: Any) -> Any:  # fmt: skip
    client.raise_request_exception = False
    client.cookies["csrftoken"] = CSRF
    environ: dict[str, Any] = {}
    if chunked:
        environ = {
            "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True,
        }  # fmt: skip
    return client.generic(method, path, body, content_type, headers=headers, **environ)


def anonymous() -> Client:
    return Client(enforce_csrf_checks=True)


STAFF_PATHS = [
    "/", "/favicon.ico", "/nope", "/admin/", "/admin/nope/", "/admin/login/", "/admin/language/",
    "/admin/logout/", "/admin/contacts/contact/add/", "/admin/jsi18n/",
    "/services/oauth2/authorize",
]  # fmt: skip
DOCUMENTS = ["/api/docs/", "/metadata", "/types/python"]
ways = pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])


@ways
@pytest.mark.parametrize("path", [*STAFF_PATHS, *DOCUMENTS])
def test_file_of_somebody_not_signed_in_never_gets_to_the_disk_beyond_the_small_limit(
    path, chunked
):
    answer = send(anonymous(), path, in_parts(LIMIT), PARTS, chunked=chunked)
    assert MeasuringHandler.written <= SMALL_LIMIT
    if path in STAFF_PATHS and not chunked:
        assert answer.status_code == 413
    assert answer.status_code in (413, 404, 405, 302, 403)


@ways
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/services/oauth2/authorize"])
def test_form_of_somebody_not_signed_in_is_413_over_the_small_limit(path, chunked):
    body = TOKEN + b"x=" + b"y" * SMALL_LIMIT
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        answer = send(anonymous(), path, sent, FORM, chunked=chunked, **headers)
        assert answer.status_code == 413
        assert "This is too large" in answer.content.decode()


def test_session_cookie_that_is_nobodys_gives_no_larger_limit():
    client = anonymous()
    client.cookies["sessionid"] = "b" * 32
    answer = send(client, "/admin/", in_parts(SMALL_LIMIT), PARTS)
    assert (answer.status_code, MeasuringHandler.written) == (413, 0)


@ways
def test_signed_in_upload_over_the_limit_is_413_and_no_file_is_larger(alice, chunked):
    web = browse(alice)
    answer = send(web, "/admin/contacts/contact/import/", in_parts(2 * LIMIT), PARTS,
                  chunked=chunked)  # fmt: skip
    assert answer.status_code == 413
    assert "This is too large" in answer.content.decode()
    assert MeasuringHandler.written <= LIMIT


def test_signed_in_upload_within_the_limit_is_taken(alice):
    answer = send(browse(alice), "/admin/contacts/contact/import/", in_parts(LIMIT - 1000), PARTS)
    assert answer.status_code != 413
    assert LIMIT - 2000 < MeasuringHandler.written <= LIMIT


def test_413_page_speaks_the_readers_language(alice):
    web = browse(alice)
    german: dict[str, Any] = {"Accept-Language": "de"}
    answer = send(web, "/admin/", b"x" * (LIMIT + 1), FORM, **german)
    assert (answer.status_code, answer["Content-Language"]) == (413, "de")


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        (b"&a" * 10_001, FORM, {}, 400),
        (b"a=" + b"%41" * 20_001, FORM, {}, 413),
        (b"--b\r\nA: b\r\n\r\n\r\n" * 2_000 + b"--b--", PARTS, {}, 413),
        (b"x", "multipart/form-data", {}, 400),
        (b"nonsense", FORM, {"Content-Encoding": "gzip"}, 400),
        (b"x", FORM, {"Content-Encoding": "br"}, 415),
    ],
    ids=["fields", "escapes", "parts", "boundary", "gzip", "encoding"],
)
def test_form_that_is_too_much_or_unreadable_is_refused(
    alice, monkeypatch, body, content_type, headers, status
):
    monkeypatch.setattr(body_limits, "MAX_FORM_ESCAPES", 20_000)
    web = browse(alice)
    web.handler.enforce_csrf_checks = True
    path = "/admin/contacts/contact/add/"
    assert send(web, path, body, content_type, **headers).status_code == status
    assert not Contact.objects.exists()


class BrokenBody(io.RawIOBase):
    """A body whose first bytes have arrived when it breaks off."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._start, self._error = TOKEN, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._start:
            raise self._error
        piece, self._start = self._start, b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("content_type", [FORM, PARTS], ids=["form", "parts"])
@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (BodyTimeoutError(), 408, None),
        (TooManyBodiesError(), 503, "5"),
        (ConnectionResetError(), 400, None),
    ],
    ids=["too slow", "too many", "client gone"],
)
@ways
def test_form_that_does_not_arrive_is_answered_with_the_reason(
    alice, error, status, retry_after, content_type, chunked
):
    web = browse(alice)
    web.handler.enforce_csrf_checks = True
    web.raise_request_exception = False
    body = io.BufferedReader(BrokenBody(error))
    environ: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": "10000"}
    if chunked:
        environ["CONTENT_LENGTH"] = ""
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    path = "/admin/contacts/contact/add/"
    answer = web.generic("POST", path, b"x", content_type, **environ)
    assert (answer.status_code, answer.get("Retry-After")) == (status, retry_after)
    assert "othing was changed" in answer.content.decode()
    assert not Contact.objects.exists()


# --- APIs -----------------------------------------------------------------------------------

SIGN_INS = [
    "/auth/credentials", "/auth", "/api/Authenticate", "/json/reply/Authenticate",
    "/jsonl/reply/Authenticate", "/xml/reply/Authenticate", "/services/oauth2/token",
    "/services/oauth2/revoke",
]  # fmt: skip


@ways
@pytest.mark.parametrize("path", SIGN_INS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps({"userName": "a" * SMALL_LIMIT}).encode()),
        (FORM, b"UserName=" + b"a" * SMALL_LIMIT),
        (PARTS, in_parts(SMALL_LIMIT)),
    ],
    ids=["json", "form", "parts"],
)
def test_sign_in_is_413_over_the_small_limit(path, content_type, body, chunked):
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        answer = send(anonymous(), path, sent, content_type, chunked=chunked, **headers)
        assert answer.status_code == 413
        assert "html" not in answer["Content-Type"]
        assert MeasuringHandler.written == 0


@ways
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"/services/data/v64.0/connect/comms-sales/quote-line-item/{'1' * 32}"),
        ("POST", "/json/reply/SaveContactGroup"),
        ("POST", "/json/reply/SaveContactGroup[]"),
        ("POST", "/jsonl/reply/SaveContactGroup[]"),
        ("POST", "/api/v1/contacts"),
        ("POST", "/auth/logout"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", FORM, PARTS])
def test_body_is_not_read_before_authentication_says_401(method, path, content_type, chunked):
    class Unread(io.RawIOBase):
        def readinto(self, buffer: Any, /) -> int:
            raise AssertionError("The body was read.")

    environ: dict[str, Any] = {"wsgi.input": Unread(), "wsgi.input_terminated": True}
    if chunked:
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = anonymous().generic(method, path, b"x" * 100, content_type, **environ)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/nope"])
def test_address_without_a_form_reads_no_body(path):
    answer = send(anonymous(), path, in_parts(SMALL_LIMIT // 2), PARTS)
    assert answer.status_code in (302, 404)
    assert MeasuringHandler.written == 0


@ways
@pytest.mark.parametrize("path", ["/nope", "/admin/login/", "/json/reply/SaveContactGroup"])
def test_request_to_a_wrong_host_reads_no_body(path, chunked):
    answer = send(anonymous(), path, in_parts(LIMIT // 2), PARTS, chunked=chunked, Host="nope")
    assert answer.status_code == 400
    assert MeasuringHandler.written == 0


# --- Staff forms, which show again what was sent --------------------------------------------


@pytest.mark.parametrize("in_parts", [False, True], ids=["form", "parts"])
def test_staff_form_longer_than_its_limit_is_413_and_names_the_field(
    alice, licensee, settings, in_parts
):
    settings.MAX_FORM_CHARACTERS = 1_000
    web, path = browse(alice), "/admin/contacts/contact/add/"
    fields = {"name": "Ada", "licensee": str(licensee.pk), "email": "x" * 1_001}
    body = encode_multipart("b", fields) if in_parts else urlencode(fields).encode()
    answer = send(web, path, body, PARTS if in_parts else FORM)
    assert answer.status_code == 413
    text = "A form has at most 1,000 characters; the longest field here is “email”."
    assert text in answer.content.decode()
    assert b"xxx" not in answer.content
    assert not Contact.objects.exists()


def test_long_names_and_many_short_fields_of_a_staff_form_count_too(alice, settings):
    settings.MAX_FORM_CHARACTERS = 1_000
    web = browse(alice)
    for fields in ({"<" * 1_001: "x"}, {f"n{n}": "x" * 10 for n in range(100)}):
        answer = send(web, "/admin/contacts/contact/add/", urlencode(fields).encode(), FORM)
        assert answer.status_code == 413
        assert len(answer.content) < 5_000
    assert not Contact.objects.exists()


def test_page_of_long_lists_takes_100000_pasted_ids_and_no_longer_text(alice, licensee, settings):
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20
    group = factories.RecipientGroupFactory(licensee=licensee)
    url = f"/admin/groups/recipientgroup/{group.pk}/add-recipients/"
    ids = "\r\n".join(str(UUID(int=number)) for number in range(1, 100_001))
    answer = send(browse(alice), url, urlencode({"pasted": ids, "submit": ""}).encode(), FORM)
    assert answer.status_code != 413
    for name in ("pasted", "from_group"):
        answer = send(browse(alice), url, urlencode({name: "x" * 4_000_001}).encode(), FORM)
        assert answer.status_code == 413
        text = f"at most 4,000,000 characters; the longest field here is “{name}”"
        assert text in answer.content.decode()
    assert not group.memberships.exists()


@pytest.mark.parametrize("path", ["/admin/", "/services/oauth2/authorize", "/admin/language/"])
def test_form_of_any_other_staff_page_has_the_limit_of_all(alice, settings, path):
    settings.MAX_FORM_CHARACTERS = 1_000
    answer = send(browse(alice), path, b"q=" + b"x" * 1_000, FORM)
    assert answer.status_code == 413
    assert "the longest field here is “q”" in answer.content.decode()
