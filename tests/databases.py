"""Databases of the tests: one is migrated in each run, and every other is a copy of it.

A migration takes eight seconds, of which Django spends the most on rendering the states of models.
MIGRATED_DATABASE_URL names the migrated one, which nobody else connects to; DATABASE_URL names
that of this process's tests, and is set by the plugin before Django's settings are read.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.run_folder import ROOT, make_once

_CREATE = "CREATE DATABASE {} TEMPLATE {}"
_DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def name_of(url: str) -> str:
    """Return the name of the database, without folder and suffix."""
    return Path(urlsplit(url).path).stem


def sibling(url: str, name: str) -> str:
    """Return the URL of another database beside the one at `url`."""
    if is_sqlite(url):
        return f"sqlite:///{_path(url).with_name(name)}.sqlite3"
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def url_of_worker(worker: str) -> str:
    """Return the URL of the database for the tests of one process."""
    migrated = os.environ["MIGRATED_DATABASE_URL"]
    return sibling(migrated, f"{name_of(migrated)}_{worker}")


def new_url(folder: Path) -> str:
    """Return the URL of a database that is not there yet; of SQLite's, the file is in `folder`."""
    url = os.environ["MIGRATED_DATABASE_URL"]
    name = f"commsapp_{secrets.token_hex(4)}"
    return f"sqlite:///{folder}/db.sqlite3" if is_sqlite(url) else sibling(url, name)


@contextmanager
def copied_to(url: str) -> Iterator[None]:
    """Make the database at `url` a copy of the migrated one, for as long as it is needed."""
    make_once("migrated", _migrate)
    template = os.environ["MIGRATED_DATABASE_URL"]
    if is_sqlite(url):
        shutil.copyfile(_path(template), _path(url))
    else:
        _execute(url, _CREATE, name_of(url), name_of(template))
    try:
        yield
    finally:
        drop(url)


def drop(url: str) -> None:
    """Remove the database, whoever is still connected: a served worker may be at its end."""
    if is_sqlite(url):
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{_path(url)}{suffix}").unlink()
    else:
        _execute(url, _DROP, name_of(url))


def _migrate(marker: Path) -> None:
    """Make the migrated database, as an installation does."""
    url = os.environ["MIGRATED_DATABASE_URL"]
    if not is_sqlite(url):
        _execute(url, "CREATE DATABASE {}", name_of(url))
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    # Django's own check of its settings would only be made again: `make check` has it.
    env = {**os.environ, "DATABASE_URL": url}
    subprocess.run([*command, "--skip-checks"], cwd=ROOT, env=env, check=True)
    marker.touch()


def _execute(url: str, statement: str, *names: str) -> None:
    with psycopg.connect(sibling(url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _path(url: str) -> Path:
    return Path("/" + urlsplit(url).path.lstrip("/"))
