"""Tables of cases whose number of SQL statements is the same for few rows and for many.

A case sets up `size` rows and returns the act that is counted; what else it names are fixtures:

    cases = Cases()

    @cases.add()
    def archive_contact_groups(licensee, by_alice, size):
        groups = factories.ContactGroupFactory.create_batch(size, licensee=licensee)
        return lambda: operations.archive_contact_groups(ids(groups), by=by_alice)

    @cases.parametrize
    def test_statements_of_case_are_as_many_for_1000_rows_as_for_10(case, request):
        case.check(request)
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")  # of transactions
_VALUE = re.compile(r"'(?:[^']|'')*'|\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b|\b\d+\b")
_VALUES = re.compile(r"\((?:\?|\([?, ]+\))(?:, ?(?:\?|\([?, ]+\)))*\)(?:, ?\([?, ]+\))*")


def statements_of(act: Callable[[], object]) -> list[str]:
    """Return the SQL that the act runs, but for statements that frame transactions."""
    with CaptureQueriesContext(connection) as captured:
        act()
    ran = [query["sql"] for query in captured.captured_queries]
    return [statement for statement in ran if not statement.startswith(FRAME)]


def growth(few: Sequence[str], many: Sequence[str]) -> str:
    """Return the SQL, without its values, that ran more often or less often than before."""
    before, after = Counter(map(_shape, few)), Counter(map(_shape, many))
    changes = [
        f"{before[shape]} → {after[shape]} × {shape[:500]}"
        for shape in {**before, **after}
        if before[shape] != after[shape]
    ]
    return "\n".join([f"{len(few)} statements became {len(many)}:", *changes])


def _shape(statement: str) -> str:
    return _VALUES.sub("(…)", _VALUE.sub("?", statement))


@dataclass(frozen=True)
class Case:
    set_up: Callable[..., Callable[[], object]]
    sizes: Sequence[Any]
    exactly: int | None
    at_most: int | None
    values: dict[str, Any]

    def check(self, request: pytest.FixtureRequest) -> None:
        names = inspect.signature(self.set_up).parameters.keys() - self.values.keys() - {"size"}
        fixtures = {name: request.getfixturevalue(name) for name in sorted(names)}

        def count(size: Any) -> list[str]:
            return statements_of(self.set_up(**fixtures, **self.values, size=size))

        smallest, *larger = self.sizes
        count(smallest)  # reads what a process reads once: permissions, content types
        few = count(smallest)
        for size in larger:
            many = count(size)
            assert len(many) == len(few), f"size {size}: {growth(few, many)}"
        if self.exactly is not None:
            assert len(few) == self.exactly, "\n".join(few)
        if self.at_most is not None:
            assert len(few) <= self.at_most, "\n".join(few)


class Cases:
    """A table of cases, filled by a decorator."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}

    def add(
        self,
        name: str = "",
        *,
        sizes: Sequence[Any] = (10, 1_000),
        exactly: int | None = None,
        at_most: int | None = None,
        **values: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add a case, named after the function unless a name is passed.

        `values` are further arguments of the function: the same function may be several cases.
        """

        def decorate(set_up: Callable[..., Any]) -> Callable[..., Any]:
            label = name or set_up.__name__.replace("_", " ")
            assert label not in self._cases, label
            self._cases[label] = Case(set_up, sizes, exactly, at_most, values)
            return set_up

        return decorate

    def parametrize(self, test: Callable[..., None]) -> Callable[..., None]:
        """Run the test once for each case, as its argument `case`."""
        cases = [pytest.param(case, id=name) for name, case in self._cases.items()]
        mark: Callable[[Callable[..., None]], Callable[..., None]]
        mark = pytest.mark.parametrize("case", cases)
        return mark(test)
