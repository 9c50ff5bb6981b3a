"""Settings as they are made of the environment: each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
_SHOW = """
import json, sys
from commsapp import settings
print(json.dumps([getattr(settings, name) for name in sys.argv[1:]]))
"""
COOKIES = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME")
HSTS = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")


def run(*args: str, is_stderr_shown: bool = False, **env: Any) -> str:
    environment = {
        "PATH": os.environ["PATH"], "SECRET_KEY": "x", "DATABASE_URL": "sqlite://:memory:", **env,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *args], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout if is_stderr_shown else done.stdout


def shown(*names: str, **env: Any) -> list:
    return json.loads(run("-c", _SHOW, *names, **env))


def test_cookies_belong_to_this_host_alone_where_there_is_tls():
    assert shown(*COOKIES) == ["sessionid", "csrftoken", "language"]
    assert shown(*COOKIES, HTTPS="on") == [
        "__Host-sessionid", "__Host-csrftoken", "__Host-language",
    ]  # fmt: skip


def test_tls_is_promised_for_this_host_and_more_only_where_that_is_set():
    year = 365 * 24 * 60 * 60
    assert shown(*HSTS) == [0, False, False]
    assert shown(*HSTS, HTTPS="on") == [year, False, False]
    extras = {"HSTS_INCLUDE_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"}
    assert shown(*HSTS, HTTPS="on", **extras) == [year, True, True]


def test_former_secret_keys_still_count():
    assert shown("SECRET_KEY_FALLBACKS", SECRET_KEY_FALLBACKS="old,older") == [["old", "older"]]


def test_all_that_a_process_makes_is_for_its_user_alone(tmp_path):
    """Also in a VAR_DIR that everybody may enter."""
    tmp_path.chmod(0o755)
    log = tmp_path / "audit.log"
    env: dict[str, Any] = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "VAR_DIR": str(tmp_path),
    }
    write = (
        "import os; os.umask(0o022)\n"
        "import commsapp.wsgi\n"
        "from django.db import connection\n"
        "connection.cursor().execute('CREATE TABLE some (thing INT)')\n"
        "from commsapp.demo.accounts import SecretFile\n"
        "SecretFile.read().write()\n"
        "from pathlib import Path\n"
        "print(*(f'{path.name} {path.stat().st_mode & 0o777:o}'"
        f" for path in sorted(Path({str(tmp_path)!r}).iterdir())), sep='\\n')\n"
    )
    told = run("-c", write, **env, AUDIT_LOG=str(log)).splitlines()
    names = ["audit.log", "db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal", "demo.json"]
    assert told == [f"{name} 600" for name in names]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("target", "is_written"), [("stdout", True), ("off", False), ("stderr", False)]
)
def test_the_audit_log_goes_where_it_is_told(target, is_written):
    log = (
        "import commsapp.wsgi\n"
        "from commsapp.logs.security_log import log_event\n"
        "log_event('sign_in', address_book='x')\n"
    )
    assert bool(run("-c", log, AUDIT_LOG=target)) is is_written


def test_what_a_command_answers_on_stdout_has_no_line_of_the_audit_log():
    log = "from commsapp.logs.security_log import log_event; log_event('sign_in'); print('answer')"
    assert run("manage.py", "shell", "-v0", "-c", log) == "answer\n"


def test_the_demo_records_the_users_it_makes_and_prints_no_line_of_the_audit_log(tmp_path):
    env: dict[str, Any] = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "VAR_DIR": str(tmp_path),
    }
    run("manage.py", "migrate", "-v0", **env)
    first = run("manage.py", "demo", **env, is_stderr_shown=True)
    assert first.startswith("\ncommsapp   http://")
    assert "user_created" not in first
    changes = (
        "from commsapp.models import AdminChange\n"
        "for change in AdminChange.objects.order_by('pk'):\n"
        "    print(change.action, change.target_name, change.client)"
    )
    recorded = run("manage.py", "shell", "-v0", "-c", changes, **env).splitlines()
    assert "created admin manage.py demo" in recorded
    log = tmp_path / "audit.log"
    run("manage.py", "demo", **env, AUDIT_LOG=str(log))
    assert log.exists()  # the default is for nobody who names a file


def test_every_setting_is_documented_once_in_the_readme_and_beside_its_code():
    names = ("settings.py", "server/gunicorn_conf.py")
    sources = [(ROOT / "commsapp" / name).read_text() for name in names]
    read = re.findall(r"""env(?:iron)?\.\w+\(\s*['"]([A-Z_]+)""", "\n".join(sources))
    settings = sorted({*read})
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    docstrings = "\n".join(source.split('"""')[1] for source in sources)
    described = re.findall(r"^([A-Z_]{4,}) {2,}", docstrings, re.MULTILINE)
    assert sorted(rows) == settings
    assert sorted(described) == settings
