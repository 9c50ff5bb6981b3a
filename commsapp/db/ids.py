"""Ids are UUIDv7. Lists of them travel as 32 hex digits, which SQLite stores and PostgreSQL reads:
100,000 uuid.UUID objects would cost three times as much and buy nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count
from uuid import UUID

import uuid_utils
from uuid_utils import compat

NIL = "0" * 32  # the all-zero Guid: no id (contract 1)
_GUID = re.compile(
    r"(?:(\{)|(\())?[0-9a-f]{8}(-?)[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{12}"
    r"(?(1)\})(?(2)\))",
    re.IGNORECASE | re.ASCII,
)


def uuid7() -> UUID:
    """Return a new UUIDv7; see new_id(). Migrations name this function."""
    return compat.uuid7()


def new_id() -> str:
    """Return a new UUIDv7 as 32 hex digits.

    Each is greater than those that the process made before it, also within a millisecond and when
    the clock goes back (RFC 9562, section 6.2): rows made later sort later.
    """
    return uuid_utils.uuid7().hex


def uuid7_of(moment: datetime) -> UUID:
    """Return an id as if it had been made at that moment, in no order among others of it."""
    milliseconds = int(moment.timestamp() * 1_000)
    return compat.uuid7(nanoseconds=milliseconds * 1_000_000)


def first_id_at(moment: datetime) -> UUID:
    """Return the lower bound of the ids that are made at that moment or later."""
    return UUID(int=int(moment.timestamp() * 1_000) << 80)


def read_guid(text: object) -> str | None:
    """Return the 32 hex digits of an id, written dashed, bare, `{…}` or `(…)`, in any case; or
    None."""
    return _digits_of(text) if isinstance(text, str) else None


def _digits_of(text: str) -> str | None:
    return text.strip("{}()").replace("-", "").lower() if _GUID.fullmatch(text) else None


_MAX_GUID_LENGTH = 38  # characters, with dashes and brackets
_cached_digits_of = lru_cache(maxsize=4096)(_digits_of)


def read_guid_cached(text: str) -> str | None:
    """Return what read_guid() does, at a fraction of the cost where a few ids come again and again,
    as in a stream. A text too long for an id is not cached."""
    return _cached_digits_of(text) if len(text) <= _MAX_GUID_LENGTH else None


@dataclass(frozen=True, slots=True)
class Guids:
    """The ids that a caller sent, without repetitions, in their order; and malformed texts by their
    places."""

    ids: list[str]
    malformed: dict[int, str]
    skipped: list[int]  # the places of malformed texts and of repetitions

    def places(self) -> dict[str, int]:
        """Return the first place of each id. Only messages need it: it takes as much memory as the
        ids themselves."""
        skipped = {*self.skipped}
        places = (place for place in count() if place not in skipped)
        return dict(zip(self.ids, places, strict=False))


def read_guids(texts: Iterable[str] | Guids) -> Guids:
    """Return the ids that a caller sent. The all-zero Guid is malformed here.

    Guids are returned unchanged: a caller that reads a large list itself need not keep the texts.
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
    """Return an id of 32 hex digits with dashes: `8-4-4-4-12`."""
    return f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"


def as_uuid(value: UUID | str) -> UUID:
    """Return an id as a UUID."""
    return value if isinstance(value, UUID) else UUID(value)
