"""Which addresses there are, how they may be spelled, and how a body is read (contract 3.1)."""

from __future__ import annotations

import json

import pytest

from contacts.models import AlternateKey, ContactGroup


@pytest.mark.parametrize(
    "path",
    [
        "/json/reply/SaveContactGroup",
        "/json/reply/SaveContactGroup/",
        "/JSON/REPLY/SAVECONTACTGROUP",
        "/Json/Reply/savecontactgroup.Json",
        "/api/json/reply/SaveContactGroup",
        "/api/Xml/reply/SaveContactGroup.json",
        "/api/SaveContactGroup",
        "/api/savecontactgroup/",
        "/api/SAVECONTACTGROUP.JSON/",
        "/xml/reply/SaveContactGroup",
        "/csv/reply/SaveContactGroup",
        "/jsonl/reply/SaveContactGroup",
        "/other/reply/SaveContactGroup.other",
        "/api/other/reply/SaveContactGroup",
    ],
)
def test_an_operation_is_found_however_its_address_is_spelled(ask, path):
    assert ask(path=path).status_code == 200
    assert ContactGroup.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/json/reply/Nothing",
        "/json/reply/SaveContactGroups",
        "/json/reply/SaveContactGroup.yaml",
        "/json/reply/SaveContactGroup[][]",
        "/json/reply/[]",
        "/json/reply/Nothing[]",
        "/api/Nothing",
        "/api/%00",
        "/xml/reply/Nothing.json",
    ],
)
def test_an_unknown_operation_is_405_signed_in_or_not(ask, path):
    nobody: dict[str, str] = {}
    for headers in (ask.headers, nobody):
        for method in ("get", "post", "put", "delete"):
            answer = getattr(ask.client, method)(path, headers=headers)
            assert answer.status_code == 405
            assert "MethodNotAllowed" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("end", ["", "[]"])
def test_a_verb_that_it_lacks_is_405(ask, method, end):
    for base in ("/json/reply", "/jsonl/reply", "/api"):
        answer = getattr(ask.client, method)(f"{base}/SaveContactGroup{end}", headers=ask.headers)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "text/csv", "application/json; charset=latin-1"],
)
def test_the_path_decides_how_a_body_is_read_never_its_type(ask, content_type):
    for path in ("json", "xml", "csv", "jsonl"):
        body = json.dumps(ask.body()).encode()
        answer = ask(body, f"/{path}/reply/SaveContactGroup", content_type=content_type)
        assert answer.status_code == 200
    forms = "application/x-www-form-urlencoded"
    assert ask(content_type=forms).status_code == 200
    assert ask("AlternateKey=K", content_type=forms).status_code == 400


def test_lines_are_read_as_lines_and_json_as_json(ask):
    one = json.dumps(ask.body())
    indented = json.dumps(ask.body(), indent=1)
    assert ask(f"\n{one}\r\n\n", "/jsonl/reply/SaveContactGroup").status_code == 200
    assert ask(indented, "/json/reply/SaveContactGroup.jsonl").status_code == 200
    assert ask(indented, "/jsonl/reply/SaveContactGroup.json").status_code == 400
    for path in ("/json/reply/SaveContactGroup", "/jsonl/reply/SaveContactGroup"):
        before = AlternateKey.objects.count()
        more = json.dumps(ask.body(AlternateKey="B"))
        assert ask(f"{one}\n{more}", path).status_code == 400
        assert AlternateKey.objects.count() == before


def test_an_array_is_no_request_and_a_request_is_no_array(ask):
    one = json.dumps(ask.body())
    for body, path in ((f"[{one}]", "SaveContactGroup"), (one, "SaveContactGroup[]")):
        answer = ask(body, f"/json/reply/{path}")
        assert answer.status_code == 400
        assert answer.json()["ResponseStatus"]["ErrorCode"] == "SerializationException"
    assert not ContactGroup.objects.exists()


def test_the_query_fills_what_the_body_left_out(ask):
    path = "/json/reply/SaveContactGroup?alternate_key=Q&ignorehash=on&unknown=1"
    body = ask.body()
    assert ask(path=path).status_code == 200
    del body["AlternateKey"]
    assert ask(json.dumps(body), path).status_code == 200
    assert {*AlternateKey.objects.values_list("value", flat=True)} == {"K", "Q"}


def test_a_malformed_guid_is_400_in_body_and_query_alike(ask):
    assert ask.refused(json.dumps(ask.body(ObjectId="x"))) == [("InvalidGuid", "ObjectId")]
    path = "/json/reply/SaveContactGroup?LicenseeId=x"
    assert ask.refused(None, path) == [("InvalidGuid", "LicenseeId")]
    assert not ContactGroup.objects.exists()
