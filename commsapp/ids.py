"""Ids are UUIDv7. Lists of them travel as 32 hex digits, which SQLite stores and PostgreSQL reads:
100,000 uuid.UUID objects would cost three times as much and buy nothing."""

import re
import secrets
import time
from collections.abc import Iterable
from uuid import UUID

NIL = "0" * 32  # the all-zero Guid: "not given" (contract 1)
_GUID = re.compile(
    r"(?:(\{)|(\())?[0-9a-f]{8}(-?)[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{12}"
    r"(?(1)\})(?(2)\))",
    re.IGNORECASE | re.ASCII,
)


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, then chance (RFC 9562, section 5.7)."""
    milliseconds, chance = time.time_ns() // 1_000_000, secrets.randbits(74)
    return UUID(
        int=milliseconds << 80 | 7 << 76 | chance >> 62 << 64 | 2 << 62 | chance & (1 << 62) - 1
    )


def read_guid(text: object) -> str | None:
    """The 32 hex digits of an id, written dashed, bare, `{…}` or `(…)`, in any case; else None."""
    if not isinstance(text, str) or not _GUID.fullmatch(text):
        return None
    return text.strip("{}()").replace("-", "").lower()


def read_guids(texts: Iterable[str]) -> tuple[dict[str, int], dict[int, str]]:
    """Each id once with the place where it first stands; and what is no id, by its place.

    The all-zero Guid means "not given" and is no id.
    """
    places: dict[str, int] = {}
    malformed: dict[int, str] = {}
    for place, text in enumerate(texts):
        guid = read_guid(text)
        if guid is None or guid == NIL:
            malformed[place] = text
        else:
            places.setdefault(guid, place)
    return places, malformed


def dashed(guid: str) -> str:
    """32 hex digits as the world writes an id: `8-4-4-4-12`."""
    return f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"
