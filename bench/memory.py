"""What a process holds in memory, from what Linux tells of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path


def growth(process: int, work: Callable[[], object]) -> int:
    """By how many bytes the process's memory grew at most while the work was done."""
    Path(f"/proc/{process}/clear_refs").write_text("5")  # the peak is what there is now
    before = _peak(process)
    work()
    return _peak(process) - before


def _peak(process: int) -> int:
    told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert told
    return int(told[1]) * 1024
