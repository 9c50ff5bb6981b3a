"""Ids are UUIDv7. Lists of them travel as 32 hex digits, which SQLite stores and PostgreSQL reads:
100,000 uuid.UUID objects would cost three times as much and buy nothing."""

import random
import re
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count
from uuid import UUID

NIL = "0" * 32  # the all-zero Guid: "not given" (contract 1)
_GUID = re.compile(
    r"(?:(\{)|(\())?[0-9a-f]{8}(-?)[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{12}"
    r"(?(1)\})(?(2)\))",
    re.IGNORECASE | re.ASCII,
)


_lock = threading.Lock()
_last: tuple[int, str, int] = 0, "", 0  # milliseconds, first and second half of the last id


def uuid7() -> UUID:
    """A new id; see new_id()."""
    return UUID(new_id())


def new_id() -> str:
    """A new UUIDv7 as 32 hex digits: 48 bits of milliseconds, then chance (RFC 9562, section 5.7).

    Each is greater than those that the process made before it (section 6.2, method 2): what is
    made later sorts later, also within a millisecond and when the clock goes back. An id is no
    secret: the system is asked for chance once a millisecond, for that costs more than all else.
    """
    global _last  # noqa: PLW0603  (what all ids of the process have in common)
    with _lock:
        before, head, low = _last
        milliseconds = time.time_ns() // 1_000_000
        if milliseconds > before:
            head = f"{milliseconds:012x}7{secrets.randbits(12):03x}"
            low = 2 << 62 | secrets.randbits(61)  # the variant, and app to count up
        else:
            milliseconds, low = before, low + 1 + random.getrandbits(32)
        _last = milliseconds, head, low
    return f"{head}{low:x}"


def uuid7_of(moment: datetime) -> UUID:
    """An id as if it had been made at that moment, in no order among others of it."""
    milliseconds, chance = int(moment.timestamp() * 1_000), secrets.randbits(74)
    return UUID(
        int=milliseconds << 80 | 7 << 76 | chance >> 62 << 64 | 2 << 62 | chance & (1 << 62) - 1
    )


def read_guid(text: object) -> str | None:
    """The 32 hex digits of an id, written dashed, bare, `{…}` or `(…)`, in any case; else None."""
    return _digits_of(text) if isinstance(text, str) else None


def _digits_of(text: str) -> str | None:
    return text.strip("{}()").replace("-", "").lower() if _GUID.fullmatch(text) else None


_MAX_GUID_LENGTH = 38  # characters, with dashes and brackets
_cached_digits_of = lru_cache(maxsize=4096)(_digits_of)


def read_guid_cached(text: str) -> str | None:
    """The same, for where the same few come again and again, as in a stream: a fraction of the
    cost. What is too long for an id is not to be kept."""
    return _cached_digits_of(text) if len(text) <= _MAX_GUID_LENGTH else None


@dataclass(frozen=True, slots=True)
class Guids:
    """The ids that a caller gave, each once, in their order; and what is no id, by its place."""

    ids: list[str]
    malformed: dict[int, str]
    skipped: list[int]  # the places of what is no id, and of what was there already

    def places(self) -> dict[str, int]:
        """Where each id first stands. Made for those who have to tell: it takes as much memory as
        the ids themselves."""
        skipped = {*self.skipped}
        places = (place for place in count() if place not in skipped)
        return dict(zip(self.ids, places, strict=False))


def read_guids(texts: Iterable[str] | Guids) -> Guids:
    """The ids that a caller gave. The all-zero Guid means "not given" and is no id.

    What was read already stays as it is: a caller that reads a large list itself need not keep
    it.
    """
    if isinstance(texts, Guids):
        return texts
    ids: dict[str, None] = {}
    malformed: dict[str, int] = {}
    skipped: list[int] = []
    for place, text in enumerate(texts):
        guid = read_guid(text)
        if guid is None or guid == NIL:
            malformed.setdefault(text, place)
        elif guid not in ids:
            ids[guid] = None
            continue
        skipped.append(place)
    return Guids([*ids], {place: text for text, place in malformed.items()}, skipped)


def dashed(guid: str) -> str:
    """32 hex digits as the world writes an id: `8-4-4-4-12`."""
    return f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"


def as_uuid(value: UUID | str) -> UUID:
    """Return an id as a UUID, from either way it travels."""
    return value if isinstance(value, UUID) else UUID(value)
