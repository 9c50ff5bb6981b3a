"""The files that browsers load, as `make run` collects them."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
from pathlib import Path

import pytest

from tests.run_folder import ROOT
from tests.static_files import UncollectedStorage, collect

pytestmark = pytest.mark.once

# A module's name, after `from`, `import` or in `import(`; a name that is no text is in none.
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*(["'`])(?P<name>[^"'`]+)\1""")
ANY_IMPORT = re.compile(r"""^\s*import\b|\bimport\(|^\s*export\b[^;]*\bfrom\b""", re.MULTILINE)
COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


@pytest.fixture(scope="module")
def collected() -> Path:
    return collect()


@pytest.fixture(scope="module")
def hashed(collected: Path) -> dict[str, str]:
    """The name of each collected file, by its name in the source."""
    paths: dict[str, str] = json.loads((collected / "staticfiles.json").read_text())["paths"]
    return paths


def own_scripts() -> list[str]:
    return [str(path.relative_to(ROOT / "static")) for path in (ROOT / "static").rglob("*.js")]


@pytest.mark.parametrize("name", own_scripts())
def test_every_import_of_our_scripts_names_a_collected_file(collected, hashed, name):
    file = collected / hashed[name]
    text = COMMENT.sub("", file.read_text())
    imported = [match["name"] for match in IMPORT.finditer(text)]
    assert len(imported) == len(ANY_IMPORT.findall(text))
    missing = [each for each in imported if not (file.parent / each).is_file()]
    assert missing == []
    source = COMMENT.sub("", (ROOT / "static" / name).read_text())
    assert len(imported) == len(ANY_IMPORT.findall(source))


def test_there_is_an_import_to_look_at(collected, hashed):
    assert (
        "palette."
        in IMPORT.search((collected / hashed["staff/js/shortcuts.js"]).read_text())["name"]
    )


def test_only_hashed_names_are_collected_and_what_is_text_is_compressed(collected, hashed):
    folders = os.walk(collected)
    found = {
        str((Path(top) / each).relative_to(collected))
        for top, _, names in folders
        for each in names
    }
    packed = {f"{name}{ending}" for name in hashed.values() for ending in (".gz", ".br")}
    assert found - packed == {*hashed.values(), "staticfiles.json"}
    assert not {*hashed} & found
    script = hashed["staff/js/palette.js"]
    assert f"{script}.br" in found
    assert (
        gzip.decompress((collected / f"{script}.gz").read_bytes())
        == (collected / script).read_bytes()
    )


def test_all_that_is_collected_may_be_read_by_a_web_server_of_another_user(collected, hashed):
    folder = (collected / hashed["staff/js/palette.js"]).parent
    files = [*folder.iterdir()]
    assert {file.suffix for file in files} >= {".js", ".gz", ".br"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["staff/js/nothing.js", "rest_framework/js/default.js"])
def test_a_name_that_is_not_collected_is_refused_in_tests_as_when_served(hashed, name):
    assert name not in hashed
    with pytest.raises(ValueError, match="Missing static file"):
        UncollectedStorage().url(name)


def test_a_collected_name_is_taken_in_tests(hashed):
    assert UncollectedStorage().url("staff/js/palette.js") == "/static/staff/js/palette.js"
    assert {name for name in hashed if not UncollectedStorage().url(name)} == set()
