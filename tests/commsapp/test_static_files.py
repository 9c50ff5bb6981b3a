"""Collected static files: what a served page asks for is there."""

from __future__ import annotations

import re
import stat

import pytest
from django.core.management import call_command


@pytest.fixture
def collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES, "staticfiles": {"BACKEND": "commsapp.static_files.StaticFilesStorage"},
    }  # fmt: skip
    ignored = ["redoc", "drf_spectacular_sidecar", "django_htmx", "admin", "rest_framework"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=ignored)
    return settings.STATIC_ROOT / "staff"


def test_what_a_module_imports_is_collected_under_the_name_that_it_asks_for(collected):
    imports = [
        (module.name, name)
        for module in collected.glob("*.js")
        for name in re.findall(
            r"""^import .* from ["']\./([^"']+)["']""", module.read_text(), re.MULTILINE
        )
    ]
    assert imports
    for module, name in imports:
        assert (collected / name).is_file(), (module, name)


def test_all_that_is_collected_may_be_read_by_a_web_server_of_another_user(collected):
    files = [*collected.iterdir()]
    assert {file.suffix for file in files} >= {".js", ".css", ".gz", ".br"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    assert stat.S_IMODE(collected.stat().st_mode) == 0o755
