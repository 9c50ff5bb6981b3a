"""The API's description: true, whole, valid, and fit to be read and copied."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import URLResolver, get_resolver
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from commsapp.api.openapi import curl
from commsapp.api.openapi.views import document

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def operations():
    """(method, path, operation) of every operation."""
    return [
        (method.upper(), path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def resolved(part):
    """What a reference within the document refers to."""
    while "$ref" in part:
        _hash, *names = part["$ref"].split("/")
        found = document()
        for name in names:
            found = found[name]
        part = found
    return part


def validator(schema):
    whole = DRAFT202012.create_resource(document())
    registry = Registry().with_resource("urn:api", whole)
    absolute = json.loads(json.dumps(schema).replace('"#/components', '"urn:api#/components'))
    return Draft202012Validator(absolute, registry=registry)


def test_it_is_served_to_everybody_as_openapi_3_1(client):
    for path in ("/api/schema", "/api/schema/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert answer.json() == json.loads(json.dumps(document()))
    assert document()["openapi"].startswith("3.1.")


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
def test_it_is_read_only(path, client):
    answer = client.post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "not allowed" in answer.json()["detail"]


def test_it_is_valid():
    validate_schema(document())
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_it_has_every_machine_face(operations):
    told = {(method, path) for method, path, _operation in operations}
    connect = "/services/data/{version}/connect/comms-sales"
    assert told >= {
        ("GET", "/services/data"),
        ("GET", "/services/data/{version}"),
        ("GET", "/services/data/{version}/limits"),
        ("PATCH", f"{connect}/recipient-group/{{recipientGroupId}}/recipients"),
        ("POST", f"{connect}/recipient-group/{{recipientGroupId}}/recipients"),
        ("PATCH", f"{connect}/quote-line-item/{{quoteLineItemId}}"),
        ("POST", f"{connect}/quote-line-item/{{quoteLineItemId}}"),
        ("POST", "/services/oauth2/token"),
        ("POST", "/services/oauth2/revoke"),
        ("POST", "/json/reply/SaveContactGroup"),
        ("POST", "/api/json/reply/SaveContactGroup"),
        ("POST", "/api/SaveContactGroup"),
        ("POST", "/api/v1/recipient-groups/{id}/add-recipients"),
        ("DELETE", "/api/v1/alternate-keys/{id}"),
        ("GET", "/api/v1/quotes/{id}/lines"),
    }


def test_it_has_every_address_of_the_rest_face(operations):
    """Each pattern below /api/v1/ is in it with all methods that a view of it answers."""
    told = {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for method, path, _operation in operations
        if path.startswith("/api/v1/")
    }
    served = set()
    [rest] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    assert isinstance(rest, URLResolver)
    for pattern in rest.url_patterns:
        path = re.sub(r"\(\?P<\w+>\[\^/\]\+\)", "{}", str(pattern.pattern))
        path = path.removeprefix("^").removesuffix("$").removesuffix("/?")
        view: Any = pattern.callback
        methods = set(view.actions) & {*view.cls.http_method_names}
        served |= {(method.upper(), f"/api/v1/{path}") for method in methods - {"head"}}
    assert told == served


def test_every_operation_has_a_name_a_group_and_a_summary(operations):
    names = [operation["operationId"] for _method, _path, operation in operations]
    assert len({*names}) == len(names)
    assert all(each["summary"] and each["tags"] for _method, _path, each in operations)


def test_every_body_has_an_example_that_is_one(operations):
    wrong = []
    for method, path, operation in operations:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in map(resolved, bodies):
            for media in body.get("content", {}).values():
                errors = validator(media["schema"]).iter_errors(media["example"])
                wrong += [f"{method} {path}: {error.message}" for error in errors]
    assert wrong == []


def test_every_answer_has_a_schema(operations):
    for method, path, operation in operations:
        for status, answer in operation["responses"].items():
            content = resolved(answer).get("content")
            assert content, (method, path, status)


def test_what_refuses_unknown_names_says_so(operations):
    for _method, path, operation in operations:
        if "requestBody" not in operation or not path.startswith(("/api/v1/", "/services/data")):
            continue
        for media in operation["requestBody"]["content"].values():
            assert resolved(media["schema"])["additionalProperties"] is False, path


def test_decimals_are_numbers_or_texts_in_and_texts_out():
    schemas = document()["components"]["schemas"]
    asked = schemas["ProductRequest"]["properties"]["one_time_price"]
    assert asked["type"] == ["string", "number"]
    assert asked["minimum"] == 0
    assert schemas["Product"]["properties"]["one_time_price"]["type"] == "string"


# --- curl -----------------------------------------------------------------------------------


def test_every_operation_has_a_curl_command(operations):
    commands = [command for group in curl.groups_of(document()).values() for command in group]
    assert len(commands) == len(operations)
    assert not any(re.search(r"[{}]", command.text.split(" \\\n")[0]) for command in commands)


def test_a_command_names_what_the_example_has():
    [split] = [
        one
        for one in curl.groups_of(document())["Connect"]
        if one.method == "POST" and "quote-line-item" in one.path
    ]
    first, *rest = split.text.split(" \\\n  ")  # a backslash, and the line goes on
    assert first.startswith('curl -X POST "$BASE/services/data/v64.0/connect/comms-sales/')
    assert first.endswith('?_HttpMethod=PATCH"')
    assert rest == [
        '-H "Authorization: Bearer $TOKEN"',
        "-H 'Content-Type: application/json'",
        """-d '{
  "additionalParameters": {
    "dryRun": "false"
  }
}'""",
    ]
