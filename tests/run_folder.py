"""A folder for all processes of a run of the tests, and files in it that one makes for all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def make_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the path of a file or folder, after the first process to ask for it has made it."""
    path = Path(os.environ["TEST_RUN_FOLDER"]) / name
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name(f"{name}.unfinished")
            make(unfinished)
            unfinished.rename(path)
    return path
