"""Whatever is sent as a parameter or a part of a path to an API, no answer is a 500.

In process, with the values that staff pages are sent; bodies are for the fuzz over HTTP.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from tests import factories
from tests.conftest import token
from tests.staff.odd_values import VALUES, Prober, Turns

pytestmark = pytest.mark.timeout(600)  # thousands of requests
PAGING = ("search", "ordering", "page_size", "cursor")
CONNECT = "/services/data/v64.0/connect/comms-sales"


@pytest.fixture
def prober(alice, licensee):
    factories.RecipientFactory(licensee=licensee)
    return Prober([Client(headers={"Authorization": f"Bearer {token(alice)}"})])


def list_views(resolver: Any = None):
    """The path of each list of the REST API, and its view's class."""
    patterns: list[Any] = (resolver or get_resolver()).url_patterns
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from list_views(pattern)
        elif (pattern.name or "").endswith("-list") and "(?P" not in str(pattern.pattern):
            yield f"/api/v1/{pattern.name.removesuffix('-list')}", pattern.callback.cls


def test_no_parameter_of_a_list_breaks_it(prober):
    names = {path: [*PAGING, *view.filterset_class.base_filters] for path, view in list_views()}
    assert len(names) >= 9
    number = 0
    for path, each in names.items():
        for name in each:
            number += 1
            for value in VALUES[number % 3 :: 3]:  # over all names, all of them many times
                prober.get(path, f"{name}={value}")
        prober.get(path, "&".join(f"{name}=%00&{name}=1&{name}[]=" for name in each))
    assert prober.problems == []


def test_no_part_of_a_path_breaks_an_api(prober):
    paths = [f"{path}/%s" for path, _view in list_views()]
    paths += [
        "/api/v1/recipient-groups/%s/recipients", "/api/v1/%s", "/services/data/%s",
        f"{CONNECT}/recipient-group/%s/recipients", f"{CONNECT}/quote-line-item/%s",
        "/json/reply/%s", "/xml/reply/%s", "/csv/reply/%s", "/jsonl/reply/%s", "/api/%s",
        "/types/%s", "/auth/%s", "/%s/metadata",
    ]  # fmt: skip
    for place, path in enumerate(paths):
        for turn in range(0, len(VALUES), 4):
            value = VALUES[(place + turn) % len(VALUES)] or "%20"
            prober.get(path % value)
            prober.post(path % value)
    assert prober.problems == []


def test_no_parameter_of_the_other_apis_breaks_it(prober):
    names = {
        "/json/reply/SaveContactGroup": (
            "format", "jsconfig", "SuiteDataSourceInstanceId", "AlternateKey", "ObjectId", "DryRun",
            "IgnoreHash", "ContactGroup", "SessionId",
        ),
        f"{CONNECT}/recipient-group/{'0' * 32}/recipients": ("_HttpMethod", "dryRun"),
        "/services/data/v64.0/limits": ("_HttpMethod",),
        "/metadata": ("op", "format"), "/types/python": ("IncludeTypes", "BaseUrl"),
        "/api/schema": ("format",), "/auth/logout": ("SessionId",),
    }  # fmt: skip
    turns = Turns(f"{path}{name}" for path, each in names.items() for name in each)
    for path, each in names.items():
        for name in each:
            for number, value in enumerate(turns.next_values(f"{path}{name}")):
                if path != "/api/schema" or number < 3:
                    prober.get(path, f"{name}={value}")
                    prober.post(f"{path}?{name}={value}")
    assert prober.problems == []
