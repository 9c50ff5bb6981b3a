"""The WSGI application in threads: what waits for a client holds none of them."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from commsapp.server import application, request_body
from commsapp.server.application import ThreadedApplication
from commsapp.server.request_body import READ_AHEAD, BodyTimeoutError, TooManyBodiesError

LIMIT = 1024 * 1024


class Client:
    """One request, and what comes back. What is `sent` later arrives later."""

    def __init__(self, served, path="/", *, method="POST", headers=(), takes_answers=True):
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers, self.has_begun = [], asyncio.Event()
        self.may_take = asyncio.Event()
        if takes_answers:
            self.may_take.set()
        scope = {
            "type": "http", "method": method, "raw_path": path.encode(), "query_string": b"a=%20",
            "http_version": "1.1", "scheme": "http", "headers": list(headers),
            "server": ("127.0.0.1", 8000), "client": ("127.0.0.9", 1234),
        }  # fmt: skip
        self.task = asyncio.ensure_future(served(scope, self.messages.get, self._take))

    async def _take(self, message):
        self.answers.append(message)
        if message["type"] == "http.response.body":
            self.has_begun.set()
            await self.may_take.wait()

    def send(self, body, *, more=False):
        self.messages.put_nowait({"type": "http.request", "body": body, "more_body": more})
        return self

    def leave(self):
        self.messages.put_nowait({"type": "http.disconnect"})

    async def answer(self):
        await asyncio.wait_for(self.task, 10)
        return self.answers[0]["status"], b"".join(part["body"] for part in self.answers[1:])


def finished(coroutine):
    """Run a coroutine in a thread of its own: a browser's test may have left a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def serving(wsgi, *, threads=1, is_stream=lambda path: path == "/stream"):
    return ThreadedApplication(wsgi, threads=threads, max_body_bytes=LIMIT, is_stream=is_stream)


def respond(response, start):
    start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return response


def echo(environ, start):
    """Answer with the body's length, or with what kept it from being read."""
    try:
        body = environ["wsgi.input"].read()
    except OSError as error:
        return respond(HttpResponse(type(error).__name__, status=408), start)
    return respond(HttpResponse(str(len(body))), start)


# --- Bodies -----------------------------------------------------------------------------------


def test_small_bodies_that_are_slow_to_arrive_hold_no_thread():
    async def run():
        served = serving(echo)
        slow = [Client(served).send(b"a", more=True) for _ in range(50)]
        quick = await Client(served).send(b"abc").answer()
        for client in slow:
            client.send(b"b")
        return quick, [await client.answer() for client in slow]

    quick, slow = finished(run())
    assert quick == (200, b"3")
    assert slow == [(200, b"2")] * 50


def test_body_that_does_not_arrive_in_time_is_too_slow(monkeypatch):
    monkeypatch.setattr(request_body, "GRACE_SECONDS", 0.05)

    async def run():
        return await Client(serving(echo)).send(b"a", more=True).answer()

    assert finished(run()) == (408, BodyTimeoutError.__name__.encode())


def test_body_that_trickles_below_the_least_rate_is_too_slow(monkeypatch):
    monkeypatch.setattr(request_body, "GRACE_SECONDS", 0.2)

    async def run():
        client = Client(serving(echo))
        for _ in range(100):
            client.send(b"a", more=True)
            await asyncio.sleep(0.05)
            if client.task.done():
                break
        return await client.answer()

    assert finished(run()) == (408, BodyTimeoutError.__name__.encode())


def test_client_that_goes_away_is_noticed_by_who_reads_its_body():
    async def run():
        client = Client(serving(echo)).send(b"a", more=True)
        client.leave()
        return await client.answer()

    assert finished(run()) == (408, b"ConnectionResetError")


def test_reader_of_a_body_whose_request_is_cancelled_sees_that_the_client_has_gone():
    seen = []

    def read(environ, start):
        try:
            environ["wsgi.input"].read()
        except Exception as error:
            seen.append(type(error))
            raise

    async def run():
        client = Client(serving(read)).send(b"a" * READ_AHEAD, more=True)
        await asyncio.sleep(0.1)
        client.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.task
        deadline = time.monotonic() + 5
        while not seen and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    finished(run())
    assert seen == [ConnectionResetError]


def test_request_that_still_waits_for_a_thread_is_not_made_when_its_client_has_gone():
    began, release, paths = threading.Event(), threading.Event(), []

    def slow(environ, start):
        paths.append(environ["PATH_INFO"])
        began.set()
        release.wait(10)
        return respond(HttpResponse(), start)

    async def run():
        served = serving(slow, threads=1)
        first = Client(served, "/first").send(b"")
        await asyncio.to_thread(began.wait, 10)
        gone = Client(served, "/gone").send(b"")
        await asyncio.sleep(0.05)
        gone.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone.task
        release.set()
        await first.answer()
        await Client(served, "/last").send(b"").answer()

    finished(run())
    assert paths == ["/first", "/last"]


def test_large_body_is_read_while_it_arrives():
    async def run():
        client = Client(serving(echo)).send(b"a" * READ_AHEAD, more=True)
        await asyncio.sleep(0.05)
        return await client.send(b"b" * READ_AHEAD, more=True).send(b"c").answer()

    assert finished(run()) == (200, str(2 * READ_AHEAD + 1).encode())


def test_large_bodies_that_arrive_slowly_leave_threads_for_others(monkeypatch):
    monkeypatch.setattr("commsapp.server.large_bodies.GRACE_SECONDS", 0.05)

    async def run():
        served = serving(echo, threads=8)
        slow = [
            Client(served, headers=[(b"authorization", b"Bearer %d" % place)])
            .send(b"a" * READ_AHEAD, more=True)
            for place in range(20)
        ]  # fmt: skip
        await asyncio.sleep(0.3)
        refused = [await client.answer() for client in slow[4:]]
        quick = await Client(served).send(b"abc").answer()
        for client in slow[:4]:
            client.send(b"b")
        return refused, quick, [await client.answer() for client in slow[:4]]

    refused, quick, served = finished(run())
    assert refused == [(408, TooManyBodiesError.__name__.encode())] * 16
    assert quick == (200, b"3")
    assert served == [(200, str(READ_AHEAD + 1).encode())] * 4


def test_client_with_many_large_bodies_leaves_places_for_other_clients():
    async def run():
        served = serving(echo, threads=8)
        mine = [(b"authorization", b"Bearer mine")]
        slow = [Client(served, headers=mine).send(b"a" * READ_AHEAD, more=True) for _ in range(9)]
        await asyncio.sleep(0.1)
        refused = [client for client in slow if client.task.done()]
        other = Client(served).send(b"a" * READ_AHEAD, more=True)
        await asyncio.sleep(0.1)
        answer = await other.send(b"b").answer()
        for client in slow:
            client.leave()
            await client.answer()
        return len(refused), answer

    assert finished(run()) == (7, (200, str(READ_AHEAD + 1).encode()))


def test_client_that_waits_for_a_place_with_many_large_bodies_leaves_some_for_others():
    def headers(name):
        return [(b"authorization", b"Bearer " + name)]

    async def run():
        served = serving(echo, threads=8)

        def sending(name, count):
            return [
                Client(served, headers=headers(name)).send(b"a" * READ_AHEAD, more=True)
                for _ in range(count)
            ]

        first = sending(b"a", 2) + sending(b"b", 2)  # which hold all places
        await asyncio.sleep(0.05)
        greedy = sending(b"mine", 4)
        await asyncio.sleep(0.05)
        for client in first:
            await client.send(b"b").answer()
        other = await sending(b"other", 1)[0].send(b"b").answer()
        for client in greedy:
            client.leave()
            await client.answer()
        return other

    assert finished(run()) == (200, str(READ_AHEAD + 1).encode())


def test_body_that_announces_too_much_is_answered_before_it_is_sent():
    def refuse(environ, start):
        return respond(HttpResponse("too large", status=413), start)

    async def run():
        client = Client(serving(refuse), headers=[(b"content-length", b"%d" % (LIMIT + 1))])
        await asyncio.wait_for(client.has_begun.wait(), 5)
        client.leave()
        return await client.answer()

    assert finished(run()) == (413, b"too large")


def test_rest_of_a_body_is_received_after_an_answer_that_did_not_need_it():
    async def run():
        ignore = serving(lambda environ, start: respond(HttpResponse("no"), start))
        client = Client(ignore).send(b"a" * READ_AHEAD, more=True)
        await client.has_begun.wait()
        for _ in range(20):
            client.send(b"b" * 1000, more=True)
        await client.send(b"c").answer()
        return client.messages.qsize()

    assert finished(run()) == 0


# --- Answers ----------------------------------------------------------------------------------


def test_environment_holds_path_query_headers_and_addresses():
    seen = {}

    def look(environ, start):
        seen.update(environ)
        return respond(HttpResponse(), start)

    async def run():
        headers = [(b"x-a", b"1"), (b"x-a", b"\xe9"), (b"content-type", b"text/x")]
        return await Client(serving(look), "/a%2Fb%C3%A9", headers=headers).send(b"").answer()

    assert finished(run()) == (200, b"")
    assert (seen["PATH_INFO"], seen["QUERY_STRING"]) == ("/a/b\xc3\xa9", "a=%20")
    assert (seen["HTTP_X_A"], seen["CONTENT_TYPE"]) == ("1,\xe9", "text/x")
    assert (seen["REMOTE_ADDR"], seen["SCRIPT_NAME"]) == ("127.0.0.9", "")


def test_answer_that_its_client_does_not_take_holds_no_thread():
    closed = threading.Event()

    def pieces():
        yield from [b"x" * 100_000] * 30

    def export(environ, start):
        if environ["PATH_INFO"] == "/quick":
            return respond(HttpResponse("quick"), start)
        response = StreamingHttpResponse(pieces())
        response._resource_closers.append(closed.set)  # type: ignore[attr-defined]
        return respond(response, start)

    async def run():
        served = serving(export)
        slow = Client(served, takes_answers=False).send(b"")
        await slow.has_begun.wait()
        quick = await Client(served, "/quick").send(b"").answer()
        was_closed = closed.wait(5)
        slow.may_take.set()
        return quick, was_closed, await slow.answer()

    quick, was_closed, slow = finished(run())
    assert (quick, was_closed) == ((200, b"quick"), True)
    assert (slow[0], len(slow[1])) == (200, 3_000_000)


def test_answer_nobody_takes_is_given_up(monkeypatch):
    monkeypatch.setattr(application, "SEND_SECONDS", 0.05)

    async def run():
        served = serving(lambda environ, start: respond(HttpResponse("x"), start))
        client = Client(served, takes_answers=False).send(b"")
        with pytest.raises(TimeoutError):
            await client.answer()

    finished(run())
