"""Make a database and a data folder, measure there, and take them away: see __main__.py."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402
from psycopg import sql  # noqa: E402

from tests.plugin import postgresql_server  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", add_help=False)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    options, others = parser.parse_known_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="commsapp-bench-")))
        database = _sqlite if options.database == "sqlite" else _postgresql
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "commsapp.settings",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "VAR_DIR": str(folder),
            "DATABASE_URL": stack.enter_context(database(folder)),
            "DAILY_API_REQUESTS": str(10**9),
            "AUDIT_LOG": "off",
        }
        command = [sys.executable, "-m", "bench", *others]
        return subprocess.run(command, check=False, cwd=ROOT, env=env).returncode


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder}/bench.sqlite3"


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """A new database where DATABASE_URL says, else on a throw-away server."""
    with ExitStack() as stack:
        given = os.environ.get("DATABASE_URL", "")
        url = given if given.startswith("postgres") else stack.enter_context(postgresql_server())
        name = sql.Identifier(f"commsapp_bench_{secrets.token_hex(4)}")
        server = urlsplit(url)._replace(path="/postgres").geturl()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
            try:
                yield urlsplit(url)._replace(path=f"/{name._obj[0]}").geturl()
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


if __name__ == "__main__":
    sys.exit(main())
