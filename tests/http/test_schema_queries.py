"""Every GET of the API's own description, with odd values for each parameter that it declares and
for some that it does not: an answer in JSON, and never a 500."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from tests import factories
from tests.conftest import token
from tests.staff.conftest import group as group
from tests.staff.conftest import join as join
from tests.staff.conftest import line as line
from tests.staff.odd_values import VALUES, Prober, Turns
from tests.staff.test_odd_values import ids as ids

pytestmark = pytest.mark.timeout(600)  # thousands of requests

UNDECLARED = ("format", "offset", "_HttpMethod", "callback", "licensee__name", "search[]", "x%00")
# Those of which the description names another media type for some of their answers.
OTHER_TYPES = re.compile(r"^/(types|metadata|csv|xml|jsonl|api/docs)")


@pytest.fixture
def api(alice) -> Client:
    return Client(headers={"Authorization": f"Bearer {token(alice)}"})


@pytest.fixture
def schema(api):
    return api.get("/api/schema", headers={"Accept": "application/json"}).json()


def reads(schema, ids) -> dict[str, list[str]]:
    """Return the path of each GET, with real ids, and the names of its query parameters."""
    found = {}
    for path, methods in schema["paths"].items():
        if "get" not in methods:
            continue
        described = methods.get("parameters", []) + methods["get"].get("parameters", [])
        resolved = [_resolved(schema, parameter) for parameter in described]
        names = [one["name"] for one in resolved if one["in"] == "query"]
        found[_filled(path, ids)] = [*names, *UNDECLARED]
    return found


def _resolved(schema, parameter):
    for part in parameter.get("$ref", "#").split("/")[1:]:
        schema = schema[part]
    return schema if "$ref" in parameter else parameter


def _filled(path: str, ids) -> str:
    resource = path.removeprefix("/api/v1/").split("/")[0].replace("-", "")
    known = {label.split(".")[1]: pk for label, pk in ids.items() if "." in label}
    pk = next((pk for name, pk in known.items() if resource.startswith(name)), "1" * 32)
    versioned = path.replace("{version}", "v64.0").replace("{apiVersion}", "v64.0")
    return re.sub(r"\{\w+\}", pk, versioned)


def test_no_query_parameter_of_a_described_get_breaks_it_or_its_type(api, schema, ids, licensee):
    factories.RecipientFactory(licensee=licensee)
    prober, paths, other_types = Prober([api]), reads(schema, ids), []
    assert len(paths) > 30
    turns = Turns(name for names in paths.values() for name in names)

    def check(path, query):
        answer = prober.get(path, query)
        if OTHER_TYPES.match(path):
            return
        try:
            json.loads(b"".join(answer) if answer.streaming else answer.content or b"null")
        except ValueError:
            other_types.append((path, query[:80], answer["Content-Type"]))

    for path, names in paths.items():
        for name in names:
            for value in turns.next_values(name):
                check(path, f"{name}={value}")
        for value in VALUES[:: max(1, len(VALUES) // 4)]:  # all at once, and each twice
            check(path, "&".join(f"{name}={value}&{name}=" for name in names))
    assert prober.problems == []
    assert other_types == []
    assert prober.sent > 1_000
