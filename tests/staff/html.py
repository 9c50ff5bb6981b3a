"""What of a page went through the catalogue: a language in which all that does stands in marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.utils.translation import trans_real

OPEN, CLOSE = "⟦", "⟧"
_CONTEXT = "\x04"  # between a context and its text


class Marking:
    """In the stead of a translation: what it is asked for, in marks, and remembered if lacking."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.lacking: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def _mark(self, asked: str, text: str) -> str:
        return f"{OPEN}{text.rpartition(_CONTEXT)[2]}{CLOSE}"

    def gettext(self, message: str) -> str:
        if message not in self.real._catalog:
            self.lacking.add(message)
        return self._mark(message, self.real.gettext(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        if (singular, self.real.plural(number)) not in self.real._catalog:
            self.lacking.add(singular)
        return self._mark(singular, self.real.ngettext(singular, plural, number))


def marking(monkeypatch: Any, language: str = "de") -> Marking:
    """Whoever asks for the language gets its marked one, for the rest of the test."""
    found = Marking(trans_real.translation(language))
    monkeypatch.setitem(
        trans_real._translations,  # type: ignore[attr-defined]
        language,
        found,
    )
    return found


# --- What stands outside ------------------------------------------------------------------------

_UNREAD = {"script", "style", "code", "pre", "kbd"}
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_INLINE = {"a", "abbr", "b", "bdi", "br", "em", "i", "small", "span", "strong", "time", "wbr"}
_TOLD = ("alt", "aria-label", "aria-description", "placeholder", "title", "label")
_WORD = re.compile(r"[^\W\d_]{2,}")


class _Texts(HTMLParser):
    """The texts of a page as they are read: each with what is in marks left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.depth = 0
        self.within: list[tuple[str, bool]] = []  # elements that are open, and whether to read

    @property
    def is_read(self) -> bool:
        return all(is_read for _tag, is_read in self.within)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        names = dict(attributes)
        if tag not in _INLINE:
            self.depth = 0
        is_foreign = tag != "html" and "lang" in names
        if tag not in _VOID:
            self.within.append((tag, tag not in _UNREAD and not is_foreign))
        is_button = tag == "input" and names.get("type") in ("submit", "button")
        for name, value in attributes:
            is_text = name in _TOLD or (name.startswith("data-") and " " in (value or ""))
            if value and self.is_read and (is_text or (is_button and name == "value")):
                self.found.append(outside(value)[0])

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.depth = 0
        while any(tag == one for one, _is_read in self.within) and self.within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.is_read:
            text, self.depth = outside(data, self.depth)
            self.found.append(text)


def outside(text: str, depth: int = 0) -> tuple[str, int]:
    """What stands outside the marks, and how deep in them the text ends."""
    told = []
    for character in text:
        depth += character == OPEN
        if not depth:
            told.append(character)
        depth -= character == CLOSE and depth > 0
    return "".join(told), depth


def unmarked(html: str, data: Iterable[str]) -> list[str]:
    """The texts of a page that are neither marked nor data."""
    page = _Texts()
    page.feed(html)
    known = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in data) or "(?!)")
    left = [(text, known.sub("", text)) for text in page.found]
    return [" ".join(text.split()) for text, rest in left if _WORD.search(rest)]


_CODES = ("outcome", "last_outcome")  # stored as the contract calls them, told in words


def stored_texts() -> list[str]:
    """All that is stored as people or machines wrote it, the longest first."""
    found: set[str] = set()
    for model in apps.get_models():
        columns = model._meta.concrete_fields
        fields = [column for column in columns if not column.choices and column.name not in _CODES]
        for row in model._default_manager.values_list(*(field.attname for field in fields)):
            found.update(text for value in row for text in _flat(value))
    return sorted((text for text in found if _WORD.search(text)), key=len, reverse=True)


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    elif value is not None and not isinstance(value, bool | bytes | memoryview):
        yield str(value)
