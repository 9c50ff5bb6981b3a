"""Answers of a real server, whatever is asked: in the shape of the path's API, never as HTML."""

from __future__ import annotations

import re

import pytest

from tests.http.wire import is_in_shape
from tests.served import CONNECT

GROUP = f"{CONNECT}/recipient-group/{'1' * 32}/recipients"
LINE = f"{CONNECT}/quote-line-item/{'1' * 32}"


def is_machines(answer):
    """Neither a redirect nor a 204 nor HTML: what no API ever answers."""
    kind = answer["Content-Type"] or ""
    return (
        answer.status not in (204, 301, 302, 303, 307, 308)
        and "html" not in kind
        and "Location" not in answer.headers
    )


# --- Addresses ----------------------------------------------------------------------------

NOWHERE = {
    "connect": [
        "/services",
        "/services/nothing",
        "/services/Soap/u/64.0",
        "/services/data/nothing",
        "/services/data/v99.0",
        "/services/data/v64.0/nothing",
        "/services/data/v64.0/sobjects/Account/describe",
        "/services/data/v64.0/connect",
        f"{CONNECT}/recipient-group",
        f"{CONNECT}/recipient-group/1/2/recipients",
        "/services/apexrest/nothing",
    ],
    "oauth": ["/services/oauth2", "/services/oauth2/nothing", "/services/oauth2/token/more"],
    "rest": ["/api/v1/nothing", "/api/v1/nothing/1", "/api/v1/contacts/1/2/3"],
    "message": [
        "/api/nothing",
        "/json/reply/nothing",
        "/json/nothing",
        "/xml/nothing/more",
        "/other/reply/nothing",
        "/auth/nothing",
        "/types/nothing",
        "/metadata/nothing",
    ],
}
nowhere = pytest.mark.parametrize(
    ("channel", "path"), [(channel, path) for channel, paths in NOWHERE.items() for path in paths]
)


@nowhere
def test_what_is_not_there_is_told_in_the_shape_of_the_face(wire, channel, path):
    missing = (404, 405) if channel == "message" else (404,)  # an unknown operation is a 405 there
    for token in (wire.token, ""):
        wire.token = token
        for asked in (path, f"{path}/", f"{path}?x=%00&x=%ff&=&{'y' * 4000}"):
            for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
                answer = wire.ask(method, asked)
                assert is_machines(answer), (method, asked)
                assert answer.status in missing, (method, asked, answer.content)
                assert is_in_shape(channel, answer), (method, asked, answer.content)
                assert channel != "connect" or answer["Sforce-Limit-Info"]


SERVED = [
    ("GET", "/services/data", 200),
    ("GET", "/services/data/v64.0", 200),
    ("GET", "/services/data/64.0", 200),
    ("GET", "/services/data/latest", 200),
    ("GET", "/services/data/v68.0/limits", 200),
    ("PATCH", GROUP, 400),
    ("POST", f"{GROUP}?_HttpMethod=PATCH", 400),
    ("PATCH", LINE, 404),
    ("POST", "/services/oauth2/token", 400),
    ("POST", "/services/oauth2/revoke", 400),
    ("GET", "/api/v1/contacts", 200),
    ("GET", "/api/schema", 200),
    ("POST", "/json/reply/SaveContactGroup", 400),
    ("POST", "/api/SaveContactGroup", 400),
]


@pytest.mark.parametrize(("method", "path", "status"), SERVED)
def test_each_address_is_served_with_and_without_a_slash(wire, method, path, status):
    """Also with a doubled first one, of a client whose base URL ends in a slash."""
    address, question, query = path.partition("?")
    for spelling in (path, f"{address}/{question}{query}", f"/{path}"):
        answer = wire.ask(method, spelling)
        assert (answer.status, is_machines(answer)) == (status, True), answer.content


# --- Methods ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [GROUP, LINE])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PROPFIND"])
def test_only_patch_is_allowed_on_a_connect_resource(wire, method, path):
    answer = wire.ask(method, path)
    assert (answer.status, answer["Allow"]) == (405, "PATCH")
    assert answer["Sforce-Limit-Info"]
    if method != "HEAD":
        text = f"HTTP Method '{method}' not allowed. Allowed are PATCH"
        assert answer.json() == [{"errorCode": "METHOD_NOT_ALLOWED", "message": text}]


@pytest.mark.parametrize("path", [GROUP, LINE])
def test_who_asks_for_the_options_is_told_of_post_as_well(wire, path):
    answer = wire.ask("OPTIONS", path)  # with ?_HttpMethod=PATCH it is a PATCH
    assert (answer.status, answer["Allow"]) == (405, "PATCH, POST")
    assert is_in_shape("connect", answer)


def test_http_method_stands_for_patch_in_a_post_alone(wire):
    for method, asked, status in (
        ("POST", "PATCH", 404),
        ("POST", "patch", 404),
        ("POST", "DELETE", 405),
        ("POST", "", 405),
        ("GET", "PATCH", 405),
        ("PUT", "PATCH", 405),
    ):
        assert wire.ask(method, f"{LINE}?_HttpMethod={asked}").status == status


@pytest.mark.parametrize(
    "path",
    ["/services/data", "/services/data/v64.0", "/services/data/v64.0/limits", "/api/v1/contacts"],
)
def test_head_is_a_get_without_its_body_and_the_connection_goes_on(wire, path):
    for _ in range(2):
        answer = wire.ask("HEAD", path)
        assert (answer.status, answer.content) == (200, b"")
        assert wire.ask("GET", path).status == 200


@pytest.mark.parametrize("path", ["/services/data", "/services/data/v64.0"])
def test_discovery_is_read_only(wire, path):
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = wire.ask(method, path)
        assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")
        assert is_in_shape("connect", answer)


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/services/oauth2/revoke"])
def test_tokens_are_asked_for_by_post(wire, path):
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = wire.ask(method, path)
        assert (answer.status, answer["Allow"]) == (405, "POST")
        assert method == "HEAD" or is_in_shape("oauth", answer)


# --- Odd addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nonsense", "nonsense"),
        ("%00", "\0"),
        ("%ff%fe", "%FF%FE"),
        ("%zz", "%zz"),
        ("%E2%82%AC", "€"),
        ("0" * 32, "0" * 32),
        ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"),
        ("urn:uuid:01a20151-afc9-7a93-94db-f841342b7402",) * 2,
        ("x" * 4000, "x" * 4000),
    ],
    ids=lambda text: text[:12].replace("\0", "NUL"),
)
def test_what_is_no_id_is_an_invalid_id_field(wire, given, told):
    body = b'{"recipientsAction":"Add"}'
    path = f"{CONNECT}/recipient-group/{given}/recipients"
    answer = wire.ask("PATCH", path, body, Content_Type="application/json")
    assert answer.status == 400
    [error] = answer.json()
    assert (error["errorCode"], error["message"]) == (
        "INVALID_ID_FIELD", f"Invalid identifier: {told}",
    )  # fmt: skip


BASES = {
    "connect": "/services/data",
    "oauth": "/services/oauth2",
    "rest": "/api/v1",
    "message": "/api",
}
ODD = ["%00", "%", "%zz", "%ff", "%2e%2e", "%2F", "%0d%0aX-A:b", "%F0%9F"]


@pytest.mark.parametrize(("channel", "base"), BASES.items())
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_path_is_no_error_of_ours(wire, channel, base, odd):
    for path in (f"{base}/{odd}", f"{base}/v64.0/{odd}/{odd}", f"{base}/contacts/{odd}?x={odd}"):
        answer = wire.ask("GET", path)
        assert answer.status in (400, 404, 405), (path, answer.content)
        assert is_machines(answer)
        assert is_in_shape(channel, answer)
        assert "X-A" not in answer.headers


def test_a_wrong_host_is_told_in_the_shape_of_the_face(wire):
    for channel, base in BASES.items():
        answer = wire.ask("GET", f"{base}/contacts", Host="elsewhere.example")
        assert answer.status in (400, 404, 405)
        assert is_machines(answer)
        assert is_in_shape(channel, answer)


# --- What every Connect answer carries ----------------------------------------------------

JSON = {"Content_Type": "application/json"}
ANSWERS = [
    pytest.param("GET", "/services/data", {}, 200, id="versions"),
    pytest.param("GET", "/services/data/v64.0", {}, 200, id="resources"),
    pytest.param("PATCH", LINE, {"body": b"{", **JSON}, 400, id="no JSON"),
    pytest.param("PATCH", LINE, {"Authorization": "Bearer x"}, 401, id="wrong token"),
    pytest.param("PATCH", LINE, {}, 404, id="unknown record"),
    pytest.param("GET", "/services/nothing", {}, 404, id="unknown path"),
    pytest.param("GET", "/services/data/v99.0", {}, 404, id="unknown version"),
    pytest.param("GET", LINE, {}, 405, id="wrong method"),
    pytest.param("PATCH", LINE, {"Content_Length": "99999999"}, 413, id="too large"),
    pytest.param("PATCH", LINE, {"body": b"x", "Content_Type": "text/csv"}, 415, id="no type"),
    pytest.param("PATCH", LINE, {"Content_Encoding": "br"}, 415, id="unknown encoding"),
]


@pytest.mark.parametrize(("method", "path", "sent", "status"), ANSWERS)
def test_every_answer_tells_the_use_of_the_allocation(wire, method, path, sent, status):
    ask = wire.announce if "Content_Length" in sent else wire.ask
    answer = ask(method, path, **sent)
    assert answer.status == status
    use = re.fullmatch(r"api-usage=(\d+)/1000000", answer["Sforce-Limit-Info"] or "")
    assert use
    unknown = path in ("/services/data", "/services/nothing", "/services/data/v99.0")
    assert (int(use[1]) == 0) == (unknown or status == 401)
    assert answer["Content-Type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(("method", "path", "sent", "status"), ANSWERS)
def test_who_asks_for_gzip_gets_gzip_also_in_an_error(wire, method, path, sent, status):
    ask = wire.announce if "Content_Length" in sent else wire.ask
    answer = ask(method, path, Accept_Encoding="br, gzip;q=0.5", **sent)
    assert (answer.status, answer["Content-Encoding"]) == (status, "gzip")
    assert int(answer["Content-Length"] or 0) == len(answer.content)
    assert "Accept-Encoding" in (answer["Vary"] or "")
    assert answer.json()


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, *;q=1"])
def test_who_does_not_ask_for_gzip_gets_none(wire, accepted):
    answer = wire.ask("GET", "/services/data", Accept_Encoding=accepted)
    assert answer["Content-Encoding"] is None


def test_pretty_print_indents_errors_and_outputs(wire):
    for method, path in (("GET", "/services/data"), ("PATCH", LINE)):
        answer = wire.ask(method, path, X_PrettyPrint="1")
        assert b"\n  " in answer.content
        assert b"\n" not in wire.ask(method, path, X_PrettyPrint="0").content


def test_accept_and_unknown_parameters_and_the_language_are_ignored(wire):
    for header in ({"Accept": "text/html"}, {"Accept": "application/xml"}, {"Accept": "nonsense"},
                   {"Accept_Language": "de"}):  # fmt: skip
        answer = wire.ask("PATCH", f"{LINE}?format=xml&x=1", **header)
        assert answer.json() == [
            {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
        ]


def test_checks_come_in_the_documented_order(wire):
    """Each request has all the faults of those after it."""
    brotli = {"Content_Encoding": "br"}
    worst = {"Content_Type": "text/csv", "body": b"x", **brotli}
    no_id = f"{CONNECT}/quote-line-item/no-id"
    for path, method, sent, told in (
        ("/services/data/v99.0/limits", "DELETE", {**worst, "Authorization": "x"}, "NOT_FOUND"),
        (no_id, "DELETE", {**worst, "Authorization": "Bearer x"}, "INVALID_SESSION_ID"),
        (no_id, "DELETE", worst, "METHOD_NOT_ALLOWED"),
        (no_id, "PATCH", worst, "UNSUPPORTED_MEDIA_TYPE"),
        (no_id, "PATCH", {"body": b"{}", **JSON, **brotli}, "UNSUPPORTED_MEDIA_TYPE"),
        (no_id, "PATCH", {"body": b"x", **JSON}, "INVALID_ID_FIELD"),
        (LINE, "PATCH", {"body": b"x", **JSON}, "JSON_PARSER_ERROR"),
        (LINE, "PATCH", {"body": b"{}", **JSON}, "NOT_FOUND"),
    ):
        assert wire.ask(method, path, **sent).json()[0]["errorCode"] == told
    faults = {"Content_Length": "99999999", "Content_Type": "text/csv", **brotli}
    answer = wire.announce("PATCH", no_id, **faults)
    assert answer.json()[0]["errorCode"] == "REQUEST_TOO_LARGE"
