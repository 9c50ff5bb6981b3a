"""Counts in sentences: with separators of thousands for people, digits alone for APIs.

Both get the same sentences. A client that parses a number out of one relies on its form, so the
form does not change on an API (contract 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.utils.formats import number_format

_for_people: ContextVar[bool] = ContextVar("for_people", default=False)


def set_number_style(*, people: bool) -> None:
    """Set for whom sentences are made in this context; the middleware calls it for each request."""
    _for_people.set(people)


def format_count(number: int) -> str:
    """Return a count as text: 12,431, in German 12.431, on an API 12431."""
    return number_format(number, force_grouping=True) if _for_people.get() else str(number)


def format_counts(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a sentence, with each int as format_count() writes it."""
    return {
        name: format_count(value) if isinstance(value, int) else value
        for name, value in numbers.items()
    }
