"""Counts in Redis, which all workers and machines share (contract 1, Limits).

Each request asks Redis once and waits for at most MAX_WAIT. While Redis is down, each process
counts for itself, as it does without Redis. The database has the lasting totals, so Redis may lose
its own.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from uuid import UUID

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

MAX_WAIT = 0.25  # seconds for an answer of Redis
RETRY_AFTER = 5  # seconds until a Redis that was down is asked again
log = logging.getLogger(__name__)

# Never below the database's total, so that a new or restarted Redis is up to date at once.
# The second begins with its first request, so that the machines' clocks need not agree.
_COUNT = """
local calls = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1])) + 1
redis.call('SET', KEYS[1], calls, 'EX', 2 * 24 * 60 * 60)
local in_second = redis.call('INCR', KEYS[2])
if in_second == 1 then redis.call('PEXPIRE', KEYS[2], 1000) end
return {calls, in_second}
"""


class SharedCount:
    """The requests of each licensee, by day and by second; safe for threads."""

    def __init__(self, url: str) -> None:
        redis = Redis.from_url(
            url,
            socket_connect_timeout=MAX_WAIT,
            socket_timeout=MAX_WAIT,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = redis.register_script(_COUNT)
        self._lock = threading.Lock()
        self._is_down = False
        self._retry_at = 0.0

    def count(self, licensee: UUID, day: datetime.date, *, at_least: int) -> tuple[int, int] | None:
        """Count a request, and return the licensee's requests of the day and of the second.

        `at_least` is the number before it that the database knows of. Returns None while Redis is
        down.
        """
        if self._is_down and not self._may_retry():
            return None
        keys = [f"commsapp:{{{licensee}}}:{day}", f"commsapp:{{{licensee}}}:second"]
        try:
            calls, in_second = self._script(keys, [at_least])
        except RedisError as error:
            self._mark_down(error)
            return None
        if self._is_down:
            self._mark_up()
        return calls, in_second

    def _may_retry(self) -> bool:
        """Return whether this thread shall try; the others go on without Redis."""
        now = time.monotonic()
        with self._lock:
            if now < self._retry_at:
                return False
            self._retry_at = now + RETRY_AFTER
            return True

    def _mark_down(self, error: RedisError) -> None:
        with self._lock:
            if not self._is_down:
                log.warning("Redis is down, so this process counts for itself: %s", error)
            self._is_down, self._retry_at = True, time.monotonic() + RETRY_AFTER

    def _mark_up(self) -> None:
        with self._lock:
            if self._is_down:
                log.warning("Redis is back, so requests are counted together again.")
            self._is_down = False
