"""Undocumented names of libraries, and the modules of ours that may use them.

A failure says what an upgrade took away, and where it is used.
"""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
WORKER, CONNECTIONS = "commsapp/server/worker.py", "commsapp/db/"
PROTOCOL = "gunicorn.asgi.protocol.ASGIProtocol"
WRAPPER = "django.db.backends.postgresql.base.DatabaseWrapper"

# Library, class, name, and the module or package that uses it.
INTERNALS = [
    ("gunicorn", PROTOCOL, "_arm_keepalive_timer", WORKER),
    ("gunicorn", PROTOCOL, "_keepalive_timeout", WORKER),
    ("gunicorn", PROTOCOL, "_send_response_start", WORKER),
    ("gunicorn", PROTOCOL, "_send_error_response", WORKER),
    ("gunicorn", PROTOCOL, "_close_transport", WORKER),
    ("gunicorn", "gunicorn.workers.gasgi.ASGIWorker", "_shutdown", WORKER),
    ("Django", WRAPPER, "_commit", CONNECTIONS),
    ("Django", WRAPPER, "_close", CONNECTIONS),
    ("Django", "django.db.models.QuerySet", "_raw_delete", "quotes/splitting.py"),
    ("Django", "django.forms.ModelForm", "_post_clean", "quotes/forms.py"),
    (
        "Django",
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "_js_module_import_aggregation_patterns",
        "commsapp/static_files.py",
    ),
    (
        "django-oauth-toolkit",
        "oauth2_provider.oauth2_validators.OAuth2Validator",
        "_load_application",
        "commsapp/api/",
    ),
    (
        "django-oauth-toolkit",
        "oauth2_provider.oauth2_validators.OAuth2Validator",
        "_extract_basic_auth",
        "commsapp/api/",
    ),
    (
        "drf-spectacular",
        "drf_spectacular.openapi.AutoSchema",
        "_map_basic_serializer",
        "commsapp/api/",
    ),
    (
        "drf-spectacular",
        "drf_spectacular.openapi.AutoSchema",
        "_get_serializer_name",
        "commsapp/api/connect/schema.py",
    ),
]


@pytest.mark.parametrize(("library", "path", "name", "user"), INTERNALS, ids=lambda value: value)
def test_undocumented_name_is_there(library, path, name, user):
    message = f"{library} {version(library)} has no {path}.{name}: see {user}"
    assert hasattr(import_string(path), name), message


def test_undocumented_names_are_used_only_in_their_modules():
    users: dict[str, set[str]] = {}
    for _library, _path, name, user in INTERNALS:
        users.setdefault(name, set()).add(user)
    strays = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("commsapp", "contacts", "groups", "quotes")
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(
            r"\bsuper\(\)\.(_[a-z]\w*)\(|\b\w+\.(_raw_delete)\(", path.read_text()
        )
        for name in name
        if name and not str(path.relative_to(ROOT)).startswith(tuple(users.get(name, ())) or "-")
    ]
    assert strays == []


def test_every_library_with_undocumented_names_has_an_upper_bound():
    text = (ROOT / "pyproject.toml").read_text()
    for library in {library for library, *_more in INTERNALS}:
        assert re.search(rf'"{library}(?:\[[a-z,]+\])?>=[\d.]+,<[\d.]+"', text), library
