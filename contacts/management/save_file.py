"""A file of contact groups on its way to the operation: in groups of lines, each told what became
of it, and to be stopped between two groups."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Self, TypeVar

from django.utils.translation import gettext as _

from commsapp.api.message.binding import bind_line
from commsapp.api.message.json_lines import Line
from commsapp.core.actors import Actor
from commsapp.core.audit import Busy, Refusal, RefusalCode, Refused
from contacts import operations
from contacts.operations import SaveContactGroup, Saved

T = TypeVar("T")
Answer = Saved | Refused


@dataclass(frozen=True)
class Result:
    """What became of a line. Its key, if it could be read that far."""

    line: Line
    key: str
    answer: Answer


@dataclass
class Tally:
    """What became of the lines so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    last_line: int = 0  # of those that were dealt with

    @property
    def lines(self) -> int:
        return self.outcomes.total() + self.failed

    def add(self, result: Result) -> None:
        self.last_line = result.line.number
        if isinstance(result.answer, Refused):
            self.failed += 1
        else:
            self.outcomes[result.answer.outcome.value] += 1


def save(lines: Sequence[Line], by: Actor, *, dry_run: bool) -> Iterator[Result]:
    """Save some lines in one transaction; what became of each, in their order."""
    asked = [_read(line) for line in lines]
    saves = [one for one in asked if not isinstance(one, Refused)]
    answers = iter(_save(saves, by, dry_run))
    for line, one in zip(lines, asked, strict=True):
        if isinstance(one, Refused):
            yield Result(line, "", one)
        else:
            yield Result(line, one.key, next(answers))


def _save(saves: Sequence[SaveContactGroup], by: Actor, dry_run: bool) -> Iterable[Answer]:
    try:
        return operations.save_contact_groups(saves, by=by, dry_run=dry_run)
    except Busy:
        text = _("The database was busy, and nothing was changed. Save it again.")
        return [Refused(Refusal(RefusalCode.SERVICE_UNAVAILABLE, text))] * len(saves)


def _read(line: Line) -> SaveContactGroup | Refused:
    """Return a line's request, read as the Message API's stream reads it, or its refusal."""
    if line.wrong:
        return Refused(
            Refusal(RefusalCode.REQUEST_TOO_LARGE, line.wrong)
        )  # all that a file's can be
    return bind_line(SaveContactGroup, line.text, {}, line.number)


# --- Ctrl-C -----------------------------------------------------------------------------------


class Interruptible:
    """Ctrl-C, while it lasts: what waits for input stops at once, a group is saved to its end.

    A second one does not wait either; what was being saved is then taken back as a whole.
    """

    def __init__(self) -> None:
        self.is_asked = self._waits = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *raised: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def until_asked(self, groups: Iterator[T]) -> Iterator[T]:
        """The groups, until there are none, or somebody has had enough."""
        while not self.is_asked:
            try:
                self._waits = True
                group = next(groups, None)
            except KeyboardInterrupt:
                return
            finally:
                self._waits = False
            if group is None:
                return
            yield group

    def _ask(self, number: int, frame: FrameType | None) -> None:
        once_more, self.is_asked = self.is_asked, True
        if self._waits or once_more:
            raise KeyboardInterrupt
