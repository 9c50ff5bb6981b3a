"""Answers of the ASGI application that are made while the body arrives."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.http import HttpResponse
from django.utils import translation

from commsapp.core import number_format
from commsapp.server import application
from commsapp.server.environ import body_of, is_stopping
from commsapp.server.responses import BodyDrivenResponse, WaitForBody
from tests.server.test_application import Client, finished, respond, serving


class Lines:
    """An application that answers each piece of a body, and counts how often it was closed."""

    def __init__(self):
        self.closed, self.threads = 0, set()

    def __call__(self, environ, start):
        return respond(
            BodyDrivenResponse(self.pieces(environ), content_type="text/x", on_close=self.close),
            start,
        )

    def close(self):
        self.closed += 1

    def pieces(self, environ):
        yield b""
        body = body_of(environ)
        while (piece := body.take(1000)) is not None:
            self.threads.add(threading.current_thread().name)
            if piece:
                yield piece.upper()
            elif is_stopping(environ):
                yield b"stopping"
                return
            else:
                yield WaitForBody(60)


def test_streams_that_wait_for_their_clients_hold_no_thread():
    lines = Lines()

    async def run():
        served = serving(lines)
        streams = [Client(served, "/stream").send(b"a", more=True) for _ in range(50)]
        for stream in streams:
            await stream.has_begun.wait()
        for stream in streams:
            stream.send(b"b")
        return [await stream.answer() for stream in streams]

    assert finished(run()) == [(200, b"AB")] * 50
    assert lines.closed == 50
    assert len(lines.threads) <= application.STREAM_THREADS


def test_number_style_stays_with_its_stream_whichever_thread_makes_a_piece():
    def pieces(environ):
        body = body_of(environ)
        number_format.set_number_style(people=environ["PATH_INFO"] == "/stream/people")
        yield b""
        while (piece := body.take(1000)) is not None:
            yield f"{number_format.format_count(1234)} ".encode() if piece else WaitForBody(60)

    lines = Lines()
    lines.pieces = pieces  # type: ignore[method-assign]

    async def run():
        served = serving(lines, is_stream=lambda path: path.startswith("/stream"))
        streams = [Client(served, path) for path in ["/stream/people", "/stream/machines"] * 10]
        for is_last in (False, True):
            for stream in streams:
                stream.send(b"a", more=not is_last)
            await asyncio.sleep(0.1)
        return [await stream.answer() for stream in streams]

    assert finished(run()) == [(200, b"1,234 1,234 "), (200, b"1234 1234 ")] * 10


def test_language_and_number_style_of_a_request_are_not_those_of_the_next_in_its_thread():
    number_format.set_number_style(people=False)

    def speak(environ, start):
        answer = f"{translation.get_language()} {number_format.format_count(1234)}"
        translation.activate("de")
        number_format.set_number_style(people=True)
        return respond(HttpResponse(answer), start)

    async def run():
        served = serving(speak)
        return [await Client(served).send(b"").answer() for _ in range(2)]

    assert finished(run()) == [(200, b"en 1234")] * 2


def test_stream_whose_client_goes_away_is_closed():
    lines = Lines()

    async def run():
        stream = Client(serving(lines), "/stream").send(b"a", more=True)
        await stream.has_begun.wait()
        stream.leave()
        with pytest.raises(ConnectionResetError):
            await stream.answer()

    finished(run())
    assert lines.closed == 1


def test_stream_that_is_cancelled_is_closed_when_its_piece_is_made():
    at_it, release, lines = threading.Event(), threading.Event(), Lines()

    def pieces(environ):
        yield b"a"
        at_it.set()
        release.wait(10)
        yield b"b"

    lines.pieces = pieces  # type: ignore[method-assign]

    async def run():
        stream = Client(serving(lines), "/stream")
        await asyncio.to_thread(at_it.wait, 10)
        stream.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stream.task
        closed_early = lines.closed
        release.set()
        deadline = time.monotonic() + 5
        while not lines.closed and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return closed_early

    assert finished(run()) == 0
    assert lines.closed == 1


def test_streams_are_told_that_the_server_stops():
    async def run():
        served = serving(Lines())
        stream = Client(served, "/stream").send(b"a", more=True)
        while len(stream.answers) < 3:
            await asyncio.sleep(0.01)
        served.stop()
        await asyncio.sleep(1.5)
        stream.leave()
        return await stream.answer()

    assert finished(run()) == (200, b"Astopping")
