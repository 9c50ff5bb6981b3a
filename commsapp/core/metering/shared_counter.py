"""The count that all workers and machines share, in Redis (contract 1, Limits).

Redis is asked once a request, and never waited for: while it is away, each process counts for
itself, as it does without Redis. What must last is in the database; here it may all be lost.
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

PATIENCE = 0.25  # seconds that an answer may take
TRY_AGAIN = 5  # seconds until one that is away is asked again
log = logging.getLogger(__name__)

# Never below what the database knows: so a Redis that is new, or was away, is up to date at once.
# The second begins with its first request: no clock of any machine has to agree with another's.
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
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = redis.register_script(_COUNT)
        self._lock = threading.Lock()
        self._is_away = False
        self._try_again_at = 0.0

    def count(self, licensee: UUID, day: datetime.date, *, at_least: int) -> tuple[int, int] | None:
        """Count a request; the licensee's requests of the day and of the second, with this one.

        `at_least` is how many there were before it, as far as the database knows. None while
        Redis is away.
        """
        if self._is_away and not self._is_time_to_try():
            return None
        keys = [f"commsapp:{{{licensee}}}:{day}", f"commsapp:{{{licensee}}}:second"]
        try:
            calls, in_second = self._script(keys, [at_least])
        except RedisError as error:
            self._mark_down(error)
            return None
        if self._is_away:
            self._mark_up()
        return calls, in_second

    def _is_time_to_try(self) -> bool:
        """One tries, while the others go on without."""
        now = time.monotonic()
        with self._lock:
            if now < self._try_again_at:
                return False
            self._try_again_at = now + TRY_AGAIN
            return True

    def _mark_down(self, error: RedisError) -> None:
        with self._lock:
            if not self._is_away:
                log.warning("Redis is away, so this process counts for itself: %s", error)
            self._is_away, self._try_again_at = True, time.monotonic() + TRY_AGAIN

    def _mark_up(self) -> None:
        with self._lock:
            if self._is_away:
                log.warning("Redis is back, so requests are counted together again.")
            self._is_away = False
