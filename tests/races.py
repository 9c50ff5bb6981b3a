"""Doing things at once. Wants transaction=True: a thread sees only what is committed."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(call: Callable[[], Any], times: int) -> list[Any]:
    """What each of so many calls answered, or raised."""
    return all_at_once([call] * times)


def all_at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call answered, or raised."""
    start = threading.Barrier(len(calls))

    def attempt(call: Callable[[], Any]) -> Any:
        start.wait(10)
        try:
            return call()
        except Exception as error:  # noqa: BLE001  (what it is, the test says)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(attempt, calls))
