"""How far a long command is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

BAR = 24  # characters
ON_A_TERMINAL, IN_A_LOG = 0.1, 10.0  # seconds between two tellings


class Out(Protocol):
    """Where to tell it: a text stream, also as Django wraps them, which leaves this as it is."""

    def writelines(self, lines: Iterable[str], /) -> object: ...
    def isatty(self) -> bool: ...
    def flush(self) -> object: ...


class Progress:
    """Of the lines of a file: their number, their rate, and how long the rest will take.

    `size` is the file's in bytes; unknown for a pipe, whose end nobody knows.
    """

    def __init__(
        self, out: Out, size: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.out, self.size, self.clock = out, size, clock
        self.is_terminal = out.isatty()
        self.started = self.told_at = clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    def tell(self, lines: int, failed: int, read: int) -> None:
        """Tell it, unless it was told just now. `read` is in bytes."""
        now = self.clock()
        if now - self.told_at < (ON_A_TERMINAL if self.is_terminal else IN_A_LOG):
            return
        self.told_at = now
        text = self.sentence(lines, failed, read)
        if self.is_terminal:
            text = f"\r{self._bar(read)}{text}\x1b[K"
        self._write(text if self.is_terminal else f"{text}\n")

    def clear(self) -> None:
        """Take the bar away, to write something else."""
        if self.is_terminal:
            self._write("\r\x1b[K")

    def sentence(self, lines: int, failed: int, read: int) -> str:
        """`45,000 lines, 3 failed, 45 %, 1,234/s, 0:42 left`."""
        seconds = self.seconds
        told = [f"{lines:,} lines", *([f"{failed:,} failed"] if failed else [])]
        told += [f"{self._share(read):.0%}"] if self.size else []
        told += [f"{lines / seconds:,.0f}/s"] if seconds else []
        if self.size and read:
            rest = seconds * max(self.size - read, 0) / read
            told.append(f"{duration(rest)} left")
        return ", ".join(told)

    def _write(self, text: str) -> None:
        self.out.writelines([text])
        self.out.flush()

    def _bar(self, read: int) -> str:
        done = int(BAR * self._share(read))
        return f"[{'#' * done}{'-' * (BAR - done)}] " if self.size else ""

    def _share(self, read: int) -> float:
        return min(read / self.size, 1) if self.size else 0


def duration(seconds: float) -> str:
    """`0:42`, `12:05`, `3:00:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
