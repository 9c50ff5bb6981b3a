"""Odd values for every parameter of every staff address, sent in process.

Addresses come from the resolver; names of parameters are those that the code was seen to read, so
that a page or a parameter that is added later is sent odd values without anybody's list of them.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLResolver

from commsapp.middleware.error_handling import channel_of

# As they stand in an address: percent-encoded.
ODD = {
    "nothing": "",
    "NUL": "%00",
    "NUL within": "a%00b",
    "lone surrogate": "%ED%A0%80",
    "half a character": "%C3",
    "emoji": "%F0%9F%92%A9",
    "quote": "%22",
    "apostrophe": "x%27%20OR%20%271%27=%271",
    "backslash": "%5C%22,%22%5C",
    "percent": "%25s%25(x)s",
    "line break": "a%0D%0AX:%20y",
    "markup": "%3Cscript%3E",
    "path": "../../../etc/passwd",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "year 10000": "10000-01-01",
    "time far from Greenwich": "0001-01-01T00:00:00%2B23:59",
    "negative": "-1",
    "beyond 64 bits": "9223372036854775808",
    "5000 digits": "9" * 5000,
    "not a number": "NaN",
    "superscript": "%C2%B2",
    "broken pattern": "(%5B",
    "costly pattern": "%5E((([%5E%5Ct])%2B)%2B)%2B%5Ct$",
    "2500 words": "ab%20" * 2500,
    "long word": "a" * 5000,
    "2000 columns": "1." * 2000,
    "nil id": "00000000-0000-0000-0000-000000000000",
    "unknown id": "01890000-0000-7000-8000-0000000000ff",
}
VALUES = [*ODD.values()]
MAX_STATEMENTS = 60
MAX_CPU_SECONDS = 2.0  # of a request, with what SQLite does for it; the tables are nearly empty
MAX_STATEMENT_SECONDS = 20.0  # by the clock, for PostgreSQL on a busy machine


def staff_routes() -> list[str]:
    """The route of every staff address, with its converters: `admin/<uuid:object_id>/`."""

    def walk(patterns: Iterable[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            is_route = isinstance(pattern.pattern, RoutePattern)
            route = f"{prefix}{pattern.pattern if is_route else ''}"
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif is_route:
                yield route

    routes = walk(get_resolver().url_patterns, "")
    return sorted({route for route in routes if channel_of(f"/{route}") == "staff"})


def address(route: str, ids: Mapping[str, str]) -> str:
    """The address of a route, with a real id: by the name of the argument, or of the model."""
    model = ".".join(route.split("/")[1:3])

    def real(argument: re.Match[str]) -> str:
        return ids.get(argument[1]) or ids[model]

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", real, route)


class Turns:
    """Which values a name is sent at each of its places, so that all of them are sent to some."""

    def __init__(self, places: Iterable[str]) -> None:
        self.places = Counter(places)
        self.sent: Counter[str] = Counter()

    def next_values(self, name: str) -> Iterator[str]:
        """All of them where the name has one place, and a share of them where it has several."""
        for _turn in range(-(-len(VALUES) // max(self.places[name], 1))):
            yield VALUES[self.sent[name] % len(VALUES)]
            self.sent[name] += 1


@dataclass
class Reads:
    """Which parameters each query string and each form is asked for, from `record()` on."""

    by_query: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for method in ("get", "getlist", "__getitem__", "__contains__", "pop"):
            monkeypatch.setattr(QueryDict, method, self._recorded(getattr(QueryDict, method)))

    def _recorded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def read(query: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(name, str):
                self.by_query[id(query)].add(name)
            return method(query, name, *args, **kwargs)

        return read

    def of_address(self, response: Any) -> set[str]:
        """Those of the query string of the request, with the filters of its list."""
        changelist = (response.context or {}).get("cl")
        filters = changelist.filter_specs if changelist else ()
        declared = {name for spec in filters for name in spec.expected_parameters()}
        return declared | self.by_query[id(response.wsgi_request.GET)]

    def of_form(self, response: Any) -> set[str]:
        return self.by_query[id(response.wsgi_request.POST)]


@dataclass
class Prober:
    """Sends requests, as one user and another by turns, and takes back what each changed."""

    clients: Sequence[Client]
    reads: Reads = field(default_factory=Reads)
    problems: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        for client in self.clients:
            client.raise_request_exception = False

    def get(self, path: str, query: str = "") -> Any:
        return self._send(path, query, lambda client: client.get(path, QUERY_STRING=query))

    def post(self, path: str, form: str = "") -> Any:
        kind = "application/x-www-form-urlencoded"
        return self._send(path, form, lambda client: client.post(path, form, content_type=kind))

    def _send(self, path: str, about: str, send: Callable[[Client], Any]) -> Any:
        self.sent += 1
        self.reads.by_query.clear()  # an id belongs to one query string for as long as it lives
        costs: list[float] = []
        begun = time.thread_time()
        with _timed(costs), _raised() as errors, transaction.atomic():
            response = send(self.clients[self.sent % len(self.clients)])
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        problem = ""
        if response.status_code >= 500 or errors:
            problem = f"{response.status_code}, {errors!r:.300}"
        elif len(costs) > MAX_STATEMENTS:
            problem = f"{len(costs)} statements"
        elif (spent := time.thread_time() - begun) > MAX_CPU_SECONDS:
            problem = f"{spent:.1f} s of computing"
        elif max(costs, default=0) > MAX_STATEMENT_SECONDS:
            problem = f"a statement of {max(costs):.1f} s"
        if problem:
            self.problems.append(f"{path[:200]} {about[:200]}: {problem}")
        return response


@contextmanager
def _timed(costs: list[float]) -> Iterator[None]:
    """Note the seconds of each statement."""

    def watch(execute: Any, *args: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            costs.append(time.perf_counter() - begun)

    with connection.execute_wrapper(watch):
        yield


@contextmanager
def _raised() -> Iterator[list[BaseException | None]]:
    """The errors that views raise, which Django answers with 500."""
    found: list[BaseException | None] = []

    def note(sender: Any, **kwargs: Any) -> None:
        found.append(sys.exception())

    got_request_exception.connect(note)
    try:
        yield found
    finally:
        got_request_exception.disconnect(note)
