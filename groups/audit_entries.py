"""Numbers and effects of the audit entries of recipient groups, as JSON stores them."""

from __future__ import annotations

from typing import Any, TypedDict


class RefusedNumbers(TypedDict):
    already: int  # were as wanted
    refused: int


class AddedNumbers(RefusedNumbers):
    added: int


class RemovedNumbers(RefusedNumbers):
    removed: int


class SetNumbers(AddedNumbers, RemovedNumbers):
    pass


class RemovedEffects(TypedDict, total=False):
    """Of whatever removes members: an operation, or the undo of one that added them."""

    removed: dict[str, str]  # by the operation that had added them: recipients' ids with commas


class MadeNumbers(TypedDict):
    name: str
    taken: int
    made: int


class MadeEffects(TypedDict):
    after: dict[str, Any]
    made: str  # ids of the new recipients with commas
