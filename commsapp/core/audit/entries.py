"""Numbers and effects that the entries of all records have in common, as JSON stores them.

An app's own are in its module `audit_entries.py`. An entry's numbers are what its sentence says;
its effects are what an undo and the pages of the history read.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class FieldEffects(TypedDict, total=False):
    """Values by column. Before: of what was edited or deleted. After: of an edit or a creation."""

    before: dict[str, Any]
    after: dict[str, Any]


class EditedNumbers(TypedDict):
    fields: list[str]


class ArchivedNumbers(TypedDict):
    count: int
    name: NotRequired[str]  # of the only record; not stored


class UndoneNumbers(TypedDict):
    reversed: int
    kept: int


class UndoneEffects(TypedDict, total=False):
    kept: dict[str, list[str]]  # by model: ids (32 hex digits) of records that changed since
