"""Clients that are slow or silent keep nobody else waiting, as `make run` serves it."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest
import requests

from commsapp.server.worker import HEAD_SECONDS
from tests.api.message.requests_and_answers import PATH, Talk, lines
from tests.http.slow import HALF_A_HEAD, SILENCE, answers, slow_body, slow_clients

CLIENTS = {
    "heads and bodies": [
        (HALF_A_HEAD, 40),
        (slow_body("/json/reply/SaveContactGroup"), 40),
    ],
    "sign-ins": [(slow_body("/auth/credentials"), 60), (slow_body("/admin/login/"), 60)],
    "silent connections": [(SILENCE, 200)],
    "bodies in chunks": [
        (b"POST /services/oauth2/token HTTP/1.1\r\nHost: localhost\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n", 60),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CLIENTS)
def test_slow_clients_keep_nobody_waiting(shared_demo, name):
    with slow_clients(shared_demo.base_url, *CLIENTS[name]):
        assert answers(shared_demo.base_url) == [200] * 5
        assert shared_demo.ask("GET", "/api/v1/recipients?page_size=1")["results"]


def test_silent_streams_of_a_client_keep_nobody_waiting(shared_demo):
    token = f"Authorization: Bearer {shared_demo['access_token']}"
    with slow_clients(shared_demo.base_url, (slow_body(PATH, token), 8)):
        assert answers(shared_demo.base_url) == [200] * 5


def test_large_bodies_that_a_client_sends_slowly_keep_nobody_waiting(shared_demo):
    path = (
        f"/services/data/v64.0/connect/comms-sales/quote-line-item/{shared_demo['quote_line_item']}"
    )
    start = slow_body(
        f"{path}?_HttpMethod=PATCH", f"Authorization: Bearer {shared_demo['access_token']}"
    ).replace(b"1000", b"9000000")
    with slow_clients(shared_demo.base_url, (start + b" " * 70_000, 30)):
        assert answers(shared_demo.base_url) == [200] * 5
        assert shared_demo.ask("GET", "/api/v1/recipients?page_size=1")["results"]


def test_connection_without_a_whole_head_is_closed_in_time(shared_demo):
    with slow_clients(shared_demo.base_url, (HALF_A_HEAD, 1)) as [connection]:
        begun = time.monotonic()
        connection.settimeout(HEAD_SECONDS + 20)
        try:
            rest = connection.recv(1)
        except ConnectionResetError:
            rest = b""
        assert rest == b""
        assert time.monotonic() - begun < HEAD_SECONDS + 20


# --- Streams ----------------------------------------------------------------------------------


def test_lines_that_never_pause_are_answered_while_they_come(demo):
    with closing(Talk(demo)) as talk:
        head = talk.head()
        talk.connection.sock.settimeout(10)
        for place in range(60):  # for 6 seconds, without a pause of a quarter of a second
            talk.send(lines({"x": place}))
            time.sleep(0.1)
            if place == 45:
                assert json.loads(head.readline())["Meta"]["Line"] == "1"
        talk.end()


def test_stream_over_a_clients_limit_is_refused_until_another_ends(demo):
    talks = [Talk(demo) for _ in range(40)]
    heads = [talk.head().status for talk in talks]
    assert set(heads) == {200, 429}
    refused = talks[heads.index(429)].head()
    assert refused.headers["Retry-After"]
    assert json.loads(refused.read())["ResponseStatus"]["ErrorCode"] == "TooManyRequests"
    for talk in talks:
        talk.close()
    deadline = time.monotonic() + 10
    while (status := _status_of_a_stream(demo)) != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert status == 200


def _status_of_a_stream(demo):
    with closing(Talk(demo)) as talk:
        return talk.head().status


# --- Headers that nobody asked to trust -------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Protocol": "ssl"},
        {"X-Forwarded-Ssl": "on"},
        {"Forwarded": "proto=https;host=elsewhere.example"},
        {"X-Forwarded-Host": "elsewhere.example"},
        {"SCRIPT_NAME": "/outside"},
        {"PATH_INFO": "/admin/"},
    ],
    ids=str,
)
def test_header_of_a_client_makes_its_request_no_other(shared_demo, headers):
    client = shared_demo["client"]
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    url = f"{shared_demo.base_url}/services/oauth2/token"
    answer = requests.post(url, form, headers=headers, timeout=30)
    assert answer.json()["instance_url"] == shared_demo.base_url
    page = requests.get(
        f"{shared_demo.base_url}/outside/admin/", headers=headers, timeout=30, allow_redirects=False
    )
    assert page.status_code == 404
