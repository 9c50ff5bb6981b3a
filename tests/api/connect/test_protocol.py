"""What the Connect API makes of requests, before any business: contract 2.1."""

import gzip
import json
import zlib

import pytest

from commsapp.models import Operation
from groups.models import Recipient
from tests.api.connect.conftest import BASE, body
from tests.conftest import grant, token
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


_REPEATED = b'{"recipientsAction":"Add","recipientsAction":"Add"}'
_PARAMETERS = b'{"recipientsAction":"Add","additionalParameters":%s}'
_LIST = b'{"recipientsAction":"Add","recipientsList":%s}'
BAD_BODIES = {
    "JSON_PARSER_ERROR": {
        "no JSON": b"{",
        "empty": b"",
        "no object": b"[]",
        "unknown property": b'{"recipientsAction":"Add","extra":1}',
        "wrong case": b'{"RecipientsAction":"Add"}',
        "null in the list": _LIST % b"[null]",
        "number in the list": _LIST % b"[1]",
        "text for the list": _LIST % b'"x"',
        "parameter that is no string": _PARAMETERS % b'{"a":true}',
        "parameters that are no map": _PARAMETERS % b"[]",
        "mistyped dry run": _PARAMETERS % b'{"DryRun":"yes"}',
        "dry run and not": _PARAMETERS % b'{"dryRun":"true","DRYRUN":"false"}',
        "duplicate key": _REPEATED,
        "NaN": b'{"recipientsAction":NaN}',
        "lone surrogate": b'{"recipientsAction":"\\ud800"}',
        "NUL": b'{"recipientsAction":"\\u0000"}',
        "too deep": b"[" * 100_000,
        "5,000 digits": b'{"recipientsAction":' + b"9" * 5000 + b"}",
        "not UTF-8": b'{"recipientsAction":"\xff"}',
        "number for the action": b'{"recipientsAction":1}',
    },
    "REQUIRED_FIELD_MISSING": {"no action": b"{}"},
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": {
        "null action": b'{"recipientsAction":null}',
        "other action": b'{"recipientsAction":"Add/Remove"}',
    },
}
_CASES = [
    pytest.param(raw, code, id=case)
    for code, cases in BAD_BODIES.items()
    for case, raw in cases.items()
]


@pytest.mark.parametrize(("raw", "code"), _CASES)
def test_a_bad_body_is_refused_as_an_array_of_one_error(ask, group, raw, code):
    answer = ask(group.pk, raw=raw)
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["errorCode"] == code
    assert error["message"]
    assert not Operation.objects.exists()


def test_an_unparsable_body_is_told_with_line_and_column(ask, group):
    [error] = ask(group.pk, raw=b'{"recipientsAction":\n x}').json()
    assert "line 2, column 2" in error["message"]


@pytest.mark.parametrize("version", ["v64.0", "64.0", "v68.0", "latest"])
def test_every_version_is_spoken(ask, group, version):
    path = f"/services/data/{version}/connect/comms-sales/recipient-group/{group.pk}/recipients"
    assert ask(group.pk, body("Add", []), path=path).status_code == 200
    assert ask(group.pk, body("Add", []), path=path + "/").status_code == 200


@pytest.mark.parametrize("version", ["v63.0", "v69.0", "64", "vlatest"])
def test_another_version_is_not_found(ask, group, version):
    path = f"/services/data/{version}/connect/comms-sales/recipient-group/{group.pk}/recipients"
    answer = ask(group.pk, body("Add", []), path=path)
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_an_unknown_resource_is_not_found_without_a_token(client):
    answer = client.get("/services/data/v64.0/connect/nothing")
    assert answer.status_code == 404
    assert answer.json() == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]


def test_both_schemes_are_equal_and_nothing_else_signs_in(ask, group, alice):
    for scheme in ("Bearer", "OAuth", "bearer"):
        headers = {"Authorization": f"{scheme} {token(alice)}"}
        assert ask(group.pk, body("Add", []), headers=headers).status_code == 200
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {token(alice)}"}):
        answer = ask(group.pk, body("Add", []), headers=headers)
        assert answer.status_code == 401
        assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"
        assert answer["WWW-Authenticate"]


def test_an_inactive_users_token_is_worth_nothing(ask, group, alice):
    alice.is_active = False
    alice.save()
    assert ask(group.pk, body("Add", [])).status_code == 401


def test_without_the_permission_it_is_403_whatever_the_body(ask, group, charlie, recipients):
    headers = {"Authorization": f"Bearer {token(charlie)}"}
    for more in ({}, {"HTTP_CONTENT_ENCODING": "gzip"}):
        answer = ask(group.pk, raw=b"{", headers=headers, **more)
        assert answer.status_code == 403
        assert answer.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS"
    grant(charlie, "groups.change_recipientgroup")
    answer = ask(group.pk, body("Add", recipients), headers=headers)
    assert answer.json()["isSuccessful"] is True


def test_another_licensees_group_is_not_there(ask, group, bob, recipients):
    headers = {"Authorization": f"Bearer {token(bob)}"}
    foreign = ask(group.pk, body("Add", recipients), headers=headers)
    unknown = ask(Recipient().pk, body("Add", recipients), headers=headers)
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content)
    assert foreign.status_code == 404
    assert members_of(group) == set()


def test_a_path_without_an_id_is_an_invalid_id_field(ask):
    answer = ask("nonsense", body("Add", []))
    assert answer.status_code == 400
    assert answer.json()[0] == {
        "errorCode": "INVALID_ID_FIELD", "message": "Invalid identifier: nonsense",
    }  # fmt: skip


def test_only_patch_is_allowed_also_as_post(ask, client, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    path = f"{BASE}/recipient-group/{group.pk}/recipients"
    answer = client.get(path, headers=headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "PATCH"
    assert answer.json()[0] == {
        "errorCode": "METHOD_NOT_ALLOWED",
        "message": "HTTP Method 'GET' not allowed. Allowed are PATCH",
    }
    sent = json.dumps(body("Add", []))
    kwargs = {"content_type": "application/json", "headers": headers}
    assert client.post(path + "?_HttpMethod=PATCH", sent, **kwargs).status_code == 200
    assert client.post(path, sent, **kwargs).status_code == 405
    assert client.get(path).status_code == 401


def test_a_body_must_be_json_in_utf8(ask, group):
    for kind in (
        "text/plain",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
    ):
        answer = ask(group.pk, body("Add", []), content_type=kind)
        assert answer.status_code == 415
        assert answer.json()[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"
    kind = 'application/json; charset="UTF-8"'
    assert ask(group.pk, body("Add", []), content_type=kind).status_code == 200


def test_a_body_over_the_limit_is_413(ask, group, settings):
    settings.MAX_BODY_BYTES = 1000
    answer = ask(group.pk, raw=b" " * 1001)
    assert answer.status_code == 413
    assert answer.json()[0]["errorCode"] == "REQUEST_TOO_LARGE"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
def test_a_compressed_body_is_read(ask, group, recipients, encoding):
    plain = json.dumps(body("Add", recipients)).encode()
    packed = {
        "gzip": gzip.compress(plain), "deflate": zlib.compress(plain),
        "raw deflate": zlib.compress(plain)[2:-4],
    }[encoding]  # fmt: skip
    answer = ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING=encoding.split()[-1])
    assert answer.json()["statusMessage"] == "3 recipients added."


def test_a_gzip_bomb_stops_at_the_limit(ask, group, settings):
    settings.MAX_BODY_BYTES = 100_000
    packed = gzip.compress(b" " * 50_000_000)
    assert ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING="gzip").status_code == 413


@pytest.mark.parametrize(
    "packed",
    [b"nonsense", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") * 2],
    ids=["no gzip", "cut off", "two in one"],
)
def test_a_body_that_is_not_what_its_encoding_says_is_refused(ask, group, packed):
    answer = ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_an_unknown_content_encoding_is_415(ask, group):
    answer = ask(group.pk, body("Add", []), HTTP_CONTENT_ENCODING="br")
    assert answer.status_code == 415


def test_who_asks_for_gzip_gets_gzip_and_pretty_is_pretty(ask, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}", "Accept-Encoding": "gzip"}
    answer = ask(group.pk, body("Add", []), headers=headers)
    assert answer["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content))["isSuccessful"] is True
    headers = {"Authorization": f"Bearer {token(alice)}", "X-PrettyPrint": "1"}
    assert b'\n  "isSuccessful": true' in ask(group.pk, body("Add", []), headers=headers).content


def test_messages_are_english_whatever_the_browser_prefers(ask, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}", "Accept-Language": "de"}
    told = ask(group.pk, body("Add", []), headers=headers).json()["statusMessage"]
    assert told == "0 recipients added."
