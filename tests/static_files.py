"""Static files for the tests: collected for those who serve, looked up for those who do not."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from django.apps import apps
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage

from tests.run_folder import ROOT, make_once


@cache
def collect() -> Path:
    """Collect them as `make run` does, once for all workers of a test session; their folder."""
    return make_once("collected", _collect)


def _collect(folder: Path) -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    env = {**os.environ, "STATIC_ROOT": str(folder)}
    subprocess.run(command, cwd=ROOT, env=env, check=True)


class UncollectedStorage(StaticFilesStorage):
    """Refuses a name that `collectstatic` does not collect, as the product's storage does.

    What it leaves out, the hash in a name, matters to nobody but a browser: the tests with one
    have the collected files.
    """

    def url(self, name: str | None) -> str:
        if name not in _collectable():
            raise ValueError(f"Missing static file: {name}")
        return super().url(name)


@cache
def _collectable() -> frozenset[str]:
    config = apps.get_app_config("staticfiles")
    assert isinstance(config, StaticFilesConfig)
    ignored = config.ignore_patterns
    return frozenset(path for finder in get_finders() for path, _ in finder.list(ignored))
