"""Counts in sentences: with thousands apart where people read them, digits alone for machines.

The same sentence tells both what was done. What a machine has once found a number in, it looks for
again: there a count stays as it always was (contract 2.2), whatever people are used to.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.utils.formats import number_format

_for_people: ContextVar[bool] = ContextVar("for_people", default=False)


def set_number_style(*, people: bool) -> None:
    """Say who reads what is told from now on, as the middleware does with each request."""
    _for_people.set(people)


def format_count(number: int) -> str:
    """A count as its reader has it: 12,431, in German 12.431, for a machine 12431."""
    return number_format(number, force_grouping=True) if _for_people.get() else str(number)


def format_counts(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """The same of all counts among what a sentence tells."""
    return {
        name: format_count(value) if isinstance(value, int) else value
        for name, value in numbers.items()
    }
