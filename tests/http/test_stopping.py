"""How the served product stops: what was asked is answered, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.message.requests_and_answers import Talk, lines
from tests.http.slow import answers, slow_body, slow_clients
from tests.served import Installation, free_port, gunicorn_command, wait_until_served

pytestmark = pytest.mark.once


@pytest.fixture
def served(
    installation: Installation, tmp_path: Path
) -> Iterator[tuple[Installation, subprocess.Popen[str]]]:
    """The product, served by a process of its own."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    env = {**installation.env, "PORT": str(port), "BASE_URL": base_url}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *gunicorn_command()], env=env, stdout=output, stderr=output, text=True
        )
    try:
        wait_until_served(base_url, process, log)
        yield replace(installation, base_url=base_url, env=env), process
    finally:
        process.kill()
        process.wait(30)


@pytest.fixture
def talk(served, demo) -> Iterator[Talk]:
    """A stream that is open at the process that stops."""
    with closing(Talk(replace(demo, base_url=served[0].base_url))) as talk:
        talk.send(lines({"x": 1}))
        assert talk.read()["ErrorCode"] == "NotEmpty"
        yield talk


def test_stream_ends_with_a_line_that_says_so_when_the_server_stops(served, talk):
    _installation, process = served
    process.send_signal(signal.SIGTERM)
    last = json.loads(talk.head().read().splitlines()[-1])
    assert (last["ErrorCode"], last["Meta"]["Line"]) == ("ServiceUnavailable", "2")
    talk.close()
    assert process.wait(30) == 0


@pytest.mark.parametrize("path", ["/auth/credentials", "/admin/login/", "/api/v1/contacts"])
def test_clients_that_leave_within_a_body_leave_no_file_open(served, path):
    installation, process = served
    before = _open_files(process.pid)
    for _turn in range(2):
        with slow_clients(installation.base_url, (slow_body(path), 40)):
            assert answers(installation.base_url) == [200] * 5
    deadline = time.monotonic() + 20
    while _open_files(process.pid) > before + 20 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _open_files(process.pid) <= before + 20  # of the database, for each thread
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_connections_that_come_while_the_server_stops_are_refused_and_do_not_hang(served, talk):
    installation, process = served
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    while _is_accepted(installation) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_accepted(installation)
    talk.close()
    assert process.wait(30) == 0


def test_workers_end_and_leave_the_port_when_their_master_is_killed(served, talk):
    installation, process = served
    workers = _children(process.pid)
    assert workers
    process.kill()
    process.wait(30)
    deadline = time.monotonic() + 20
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in workers if _is_alive(pid)]
    with socket.create_server(("127.0.0.1", int(installation.env["PORT"]))):
        pass


def _is_accepted(installation: Installation) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(installation.env["PORT"])), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in tasks.split()]


def _open_files(master: int) -> int:
    return sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in _children(master))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
