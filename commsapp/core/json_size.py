"""How much work a JSON text makes, counted before it is parsed.

16 MiB of `[],` are 5.6 million objects, which take seconds and hundreds of megabytes to make. To
count brackets, commas and colons takes milliseconds; those within texts count with them.
"""

from __future__ import annotations

from typing import NamedTuple


class TooComplex(Exception):  # noqa: N818
    """A JSON text has more parts than its reader makes; the message is for its sender."""


class Limits(NamedTuple):
    """The most that one text may have: objects and lists, items of them, names."""

    containers: int
    items: int
    names: int

    def check(self, text: bytes) -> None:
        """Raise TooComplex if the text has more."""
        for limit, characters, label in (
            (self.containers, (b"[", b"{"), "objects and lists"),
            (self.items, (b",",), "items"),
            (self.names, (b":",), "names"),
        ):
            if len(text) > limit and sum(map(text.count, characters)) > limit:
                raise TooComplex(f"The body has more than {limit:,} {label}.")
