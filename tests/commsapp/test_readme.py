"""What the README says about settings is what the settings read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_lists_every_setting_and_no_other():
    read = re.findall(
        r"""(?:env(?:\.\w+)?|environ\.get)\(\s*["']([A-Z_]+)["']""",
        (ROOT / "commsapp/settings.py").read_text()
        + (ROOT / "commsapp/server/gunicorn_conf.py").read_text(),
    )
    listed = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {*listed} == {*read}


def test_the_readme_names_only_files_that_are_there():
    named = re.findall(
        r"`((?:\w+/)+(?:\w+\.\w+)?)`|\]\(([\w./-]+)\)", (ROOT / "README.md").read_text()
    )
    paths = {path for pair in named for path in pair if path and not path.startswith("var/")}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
