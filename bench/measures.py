"""What is measured: each function yields figures of one kind, with what they should be at most."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench import memory, reference_tables
from bench.fixture import Stage
from commsapp.core.actors import Actor
from groups.models import RecipientGroup
from quotes import operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.http.slow import HALF_A_HEAD, SILENCE, slow_body, slow_clients
from tests.http.wire import Wire

CONNECT = "/services/data/v64.0/connect/comms-sales"
SAVE = "/json/reply/SaveContactGroup"
STREAM = "/jsonl/reply/SaveContactGroup[]"
SIZES = (1_000, 10_000, 100_000)
MAX_SIZE = max(SIZES)


class Figure(NamedTuple):
    """A ratio or a size, and what it should be at most."""

    name: str
    what: str
    value: float
    goal: float
    unit: str


class Clock:
    """Seconds by name; what they are compared with is their median."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def take(self, name: str, seconds: float) -> None:
        self.seconds[name].append(seconds)

    def __getitem__(self, name: str) -> float:
        return median(self.seconds[name])


# --- Many recipients in one request -----------------------------------------------------------

_BULK = {
    "P1 split": ("lines", (0.9, 0.9, 0.9)),
    "P2 add": ("members", (1.1, 0.85, 0.75)),
    "P3 add again": ("members", (0.5, 0.3, 0.25)),
    "P4 remove": ("members", (0.5, 0.3, 0.25)),
}


def bulk(stage: Stage, repeat: int) -> Iterator[Figure]:
    """P1 to P5, × F: the bare database filling the reference tables with the same rows."""
    clocks = {size: Clock() for size in SIZES}
    for place, (size, clock) in enumerate(clocks.items()):
        for _turn in range(repeat):
            _fill_and_empty_a_group(stage, size, clock)
        for name, (floor, goals) in _BULK.items():
            ratio = clock[name] / clock[floor]
            yield Figure(name, f"{size:,} recipients", ratio, goals[place], "F")
    for name in ("P1 split", "P2 add"):
        each = {size: clock[name] / size for size, clock in clocks.items()}
        ratio = each[MAX_SIZE] / each[min(SIZES)]
        yield Figure(
            f"P5 {name[3:]}", f"one recipient of {MAX_SIZE:,}", ratio, 1.0, "× one of 1,000"
        )


def _fill_and_empty_a_group(stage: Stage, size: int, clock: Clock) -> None:
    group = factories.RecipientGroupFactory(licensee=stage.licensee)
    line = _line_of(group, stage)
    path = f"{CONNECT}/recipient-group/{group.pk}/recipients"
    add, remove = (_asked(action, stage.recipients[:size]) for action in ("Add", "Remove"))
    reference_tables.settle()
    clock.take("members", reference_tables.fill_memberships(group, stage.user, size))
    reference_tables.settle()
    clock.take("P2 add", stage.timed("PATCH", path, add)[0])
    clock.take("P3 add again", stage.timed("PATCH", path, add)[0])
    reference_tables.settle()
    clock.take("lines", reference_tables.fill_lines(line, size))
    reference_tables.settle()
    clock.take("P1 split", stage.timed("PATCH", f"{CONNECT}/quote-line-item/{line.pk}", {})[0])
    reference_tables.settle()
    clock.take("P4 remove", stage.timed("PATCH", path, remove)[0])
    group.refresh_from_db()
    assert (line.parts.count(), group.member_count) == (size, 0)


def _line_of(group: RecipientGroup, stage: Stage) -> QuoteLineItem:
    """A line of the group on a quote of its own, to be split once."""
    quote = factories.QuoteFactory(licensee=stage.licensee)
    product = factories.ProductFactory(licensee=stage.licensee)
    line = QuoteLineItem(quote=quote, product=product, recipient_group=group)
    return operations.create_line(line, by=Actor.of(stage.user, "rest"))


def _asked(action: str, ids: list[str]) -> bytes:
    return json.dumps({"recipientsAction": action, "recipientsList": ids}).encode()


# --- Small requests ---------------------------------------------------------------------------


def small(stage: Stage, repeat: int) -> Iterator[Figure]:
    """P7 to P9, × W: an ordinary view that inserts one row (see urls.py)."""
    group = factories.RecipientGroupFactory(licensee=stage.licensee)
    path = f"{CONNECT}/recipient-group/{group.pk}/recipients"
    saved = json.dumps(_save_of(stage)("KEY")).encode()
    stage.timed("POST", SAVE, saved)
    anonymous = Wire(stage.base_url)
    clock = Clock()
    for turn in range(40 * repeat):
        one = _asked("Add", [stage.recipients[turn]])
        clock.take("W", _write(stage))
        clock.take("P7 add one", stage.timed("PATCH", path, one)[0])
        clock.take("P7 add it again", stage.timed("PATCH", path, one)[0])
        clock.take("P9 save unchanged", stage.timed("POST", SAVE, saved)[0])
        clock.take("anonymous", stage.timed("GET", "/services/data", wire=anonymous)[0])
        clock.take("P8 signed in", stage.timed("GET", "/services/data/v64.0")[0])
    goals = {"P7 add one": 2.5, "P7 add it again": 2.5, "P9 save unchanged": 0.9}
    for name, goal in goals.items():
        yield Figure(name, "one request", clock[name] / clock["W"], goal, "W")
    ratio = clock["P8 signed in"] / clock["anonymous"]
    yield Figure("P8 signed in", "one request", ratio, 2.5, "× anonymous")


def _write(stage: Stage) -> float:
    """Seconds of a W."""
    note = {"licensee": str(stage.licensee.pk), "text": "Note"}
    token = f"Token {stage.user.pk.hex}"
    return stage.timed("POST", "/api/v1/bench-notes", note, Authorization=token)[0]


# --- Streams ----------------------------------------------------------------------------------


def lines(stage: Stage, repeat: int) -> Iterator[Figure]:
    """P10: JSON Lines, × W."""
    save = _save_of(stage)
    clock = Clock()
    for turn in range(repeat):
        keys = [f"LINE-{turn}-{number}" for number in range(1_000)]
        new = b"".join(_line(save(key)) for key in keys)
        other = b"".join(_line(save(key, f"New {key}")) for key in keys)
        for _again in range(20):
            clock.take("W", _write(stage))
        for name, body in (("create", new), ("unchanged", new), ("update", other)):
            reference_tables.settle()
            seconds, told = stage.timed("POST", STREAM, body)
            assert told.count(b'"Outcome"') == len(keys), told[:2000]
            clock.take(name, seconds)
    for name, goal in (("unchanged", 9), ("update", 50), ("create", 60)):
        yield Figure(f"P10 {name}", "1,000 lines", clock[name] / clock["W"], goal, "W")


def _line(save: dict[str, Any]) -> bytes:
    return json.dumps(save).encode() + b"\n"


def _save_of(stage: Stage) -> Callable[..., dict[str, Any]]:
    """Makes requests as an external suite sends them: a group with three contacts."""
    same = {"licensee": stage.licensee}
    source = factories.DataSourceFactory(**same, name=f"Suite {secrets.token_hex(4)}")
    role = factories.RoleFactory(**same, name=f"Customer {secrets.token_hex(4)}")
    contacts = [factories.ContactFactory(**same) for _n in range(3)]

    def save(key: str, name: str = "") -> dict[str, Any]:
        return {
            "SuiteDataSourceInstanceId": str(source.pk),
            "AlternateKey": key,
            "ContactGroup": {
                "ContactGroupName": name or f"Group {key}",
                "GroupRoleId": str(role.pk),
                "ContactConnections": [
                    {"ContactId": str(each.pk), "Index": index}
                    for index, each in enumerate(contacts, start=1)
                ],
            },
        }

    return save


# --- Slow clients -----------------------------------------------------------------------------

_SLOW = {
    "40 heads, 40 bodies": [(HALF_A_HEAD, 40), (slow_body(SAVE), 40)],
    "200 silent connections": [(SILENCE, 200)],
}


def slow(stage: Stage, repeat: int) -> Iterator[Figure]:
    """P15: a public request on a connection of its own while others are slow, × idle; p95."""
    idle: list[float] = []
    held: dict[str, list[float]] = defaultdict(list)
    for _turn in range(repeat):
        idle += _public_requests(stage)
        for name, clients in _SLOW.items():
            with slow_clients(stage.base_url, *clients):
                held[name] += _public_requests(stage)
    for name, seconds in held.items():
        yield Figure("P15 public request", name, _p95(seconds) / _p95(idle), 2, "× idle")


def _public_requests(stage: Stage) -> list[float]:
    seconds = []
    for _n in range(100):
        with closing(Wire(stage.base_url)) as wire:
            seconds.append(stage.timed("GET", "/services/data", wire=wire)[0])
    return seconds


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


# --- Memory -----------------------------------------------------------------------------------


def space(stage: Stage, _repeat: int) -> Iterator[Figure]:
    """P11: how much memory the worker takes more, at most."""
    group = factories.RecipientGroupFactory(licensee=stage.licensee)
    path = f"{CONNECT}/recipient-group/{group.pk}/recipients"
    add = _asked("Add", stage.recipients[:MAX_SIZE])
    stage.timed("PATCH", path, _asked("Add", stage.recipients[:1]))
    grown = memory.growth(stage.worker, lambda: stage.timed("PATCH", path, add))
    yield Figure("P11 add", f"{MAX_SIZE:,} recipients", grown / len(add), 10, "× the body")
    split = f"{CONNECT}/quote-line-item/{_line_of(group, stage).pk}"
    grown = memory.growth(stage.worker, lambda: stage.timed("PATCH", split, {}))
    yield Figure("P11 split", f"{MAX_SIZE:,} recipients", grown / 2**20, 2, "MiB")
    save = _save_of(stage)
    some = b"".join(_line(save(f"STREAM-{number}")) for number in range(1_000))
    grown = memory.growth(stage.worker, lambda: _stream(stage, some, 1_000))
    yield Figure("P11 stream", "1,000,000 lines", grown / 2**20, 64, "MiB")


def _stream(stage: Stage, piece: bytes, times: int) -> None:
    """Send the piece so often, and read what is answered at the same time."""
    answered = bytearray(b"0")
    with socket.create_connection(stage.wire.address) as connection:

        def read() -> None:
            while some := connection.recv(2**16):
                answered[:] = (answered + some)[-(2**16) :]

        reader = threading.Thread(target=read)
        reader.start()
        connection.sendall(
            b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Authorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n"
            % (STREAM.encode(), stage.wire.token.encode())
        )
        for _turn in range(times):
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        reader.join()
    assert answered.endswith(b"0\r\n\r\n"), bytes(answered[-2000:])


MEASURES: dict[str, Callable[[Stage, int], Iterator[Figure]]] = {
    "bulk": bulk,
    "small": small,
    "lines": lines,
    "slow": slow,
    "space": space,
}
