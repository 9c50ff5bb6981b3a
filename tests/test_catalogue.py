"""The German catalogue: whole, and compiled from what stands in it. Needs no gettext tools."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "locale/de/LC_MESSAGES"
PYTHON_FORMAT = re.compile(r"%(?:\(\w+\))?[sdf%]|\{\w+\}")
TAG = re.compile(r"<[^>]+>")


def entries() -> list[dict[str, Any]]:
    """Those of django.po: context, id, plural, strings and flags."""
    found: list[dict[str, Any]] = []
    for block in (FOLDER / "django.po").read_text().split("\n\n"):
        entry: dict[str, Any] = {"flags": set(), "strings": {}, "is_obsolete": "\n#~" in block}
        name, place = "", None
        for line in block.splitlines():
            if line.startswith("#,"):
                entry["flags"] |= {flag.strip() for flag in line[2:].split(",")}
            if line.startswith("#") or not line:
                continue
            if not line.startswith('"'):
                name, place, line = re.fullmatch(r"(\w+)(?:\[(\d)\])? (.*)", line).groups()
            if name == "msgstr":
                strings = entry["strings"]
                strings[int(place or 0)] = strings.get(int(place or 0), "") + ast.literal_eval(line)
            else:
                entry[name] = entry.get(name, "") + ast.literal_eval(line)
        found.append(entry)
    return found


@pytest.fixture(scope="module")
def texts() -> list[dict[str, Any]]:
    return [entry for entry in entries() if entry["msgid"]]


def named(entry: dict[str, Any]) -> str:
    context = f"{entry['msgctxt']}\x04" if "msgctxt" in entry else ""
    return context + entry["msgid"]


_CALL = re.compile(r"(?:_|n?p?gettext(?:_lazy|_noop)?)")
_IN_TEMPLATE = re.compile(
    r"""(?<!\w)(_|n?p?gettext)\(((?:u?'(?:\\.|[^'\\])*'|u?"(?:\\.|[^"\\])*"|, )+)"""
)


def marked() -> set[str]:
    """Every text that the sources mark, with its context, as xgettext would find it."""
    found = set()
    for app in ("commsapp", "contacts", "groups", "quotes"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                    if _CALL.fullmatch(name) and texts and isinstance(texts[0], str):
                        found.add(id_of(name, texts))
    for path in (ROOT / "templates").rglob("*.html"):
        for name, texts in _IN_TEMPLATE.findall(templatize(path.read_text())):
            found.add(id_of(name, ast.literal_eval(f"({texts.removesuffix(', ')},)")))
    return found


def id_of(name: str, texts: Any) -> str:
    return f"{texts[0]}\x04{texts[1]}" if name.lstrip("n").startswith("p") else texts[0]


def test_every_text_of_the_sources_is_there_and_no_other(texts):
    there, needed = {named(text) for text in texts}, marked()
    assert (needed - there, there - needed) == (set(), set()), "run `make messages`"


def test_every_text_is_translated(texts):
    assert len(texts) > 900
    assert [text["msgid"] for text in texts if not all(text["strings"].values())] == []
    numbers = {len(text["strings"]) for text in texts if "msgid_plural" in text}
    assert numbers == {2}


def test_nothing_is_guessed_or_left_over(texts):
    assert [
        text["msgid"] for text in texts if "fuzzy" in text["flags"] or text["is_obsolete"]
    ] == []
    assert "#~" not in (FOLDER / "django.po").read_text()


def test_what_is_filled_in_and_how_it_is_marked_up_stays(texts):
    pairs = [
        (text["msgid_plural"] if place and "msgid_plural" in text else text["msgid"], string)
        for text in texts
        for place, string in text["strings"].items()
    ]
    for pattern in (PYTHON_FORMAT, TAG):
        parts = [(sorted(pattern.findall(one)) for one in pair) for pair in pairs]
        assert [
            pair for pair, (here, there) in zip(pairs, parts, strict=True) if here != there
        ] == []


def test_sentences_end_as_theirs_do(texts):
    def end(text: str) -> str:
        is_end = text[-1:] in (":", "?", "…") or (text[-1:] == "." and " " in text)  # no “Pos.”
        return text[-1] if is_end else ""

    differing = {
        one["msgid"]: one["strings"][0]
        for one in texts
        if end(one["msgid"]) != end(one["strings"][0])
        or one["msgid"][:2] == ", " != one["strings"][0][:2]
    }
    assert differing == {}


def test_quotation_marks_are_german(texts):
    strings = [string for text in texts for string in text["strings"].values()]
    assert [string for string in strings if re.search(r"“[^”]*”|”", string)] == []
    assert [string for string in strings if string.count("„") != string.count("“")] == []


def test_what_is_compiled_is_what_is_written(texts):
    with (FOLDER / "django.mo").open("rb") as file:
        catalogue: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    written: dict[Any, str] = {}
    for one in texts:
        for place, string in one["strings"].items():
            written[(named(one), place) if "msgid_plural" in one else named(one)] = string
    of_catalogue = {key: text for key, text in catalogue.items() if key}
    assert of_catalogue == written
    assert "nplurals=2; plural=(n != 1);" in catalogue[""]
