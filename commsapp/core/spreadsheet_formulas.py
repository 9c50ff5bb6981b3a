"""Cells of the files that people open in a spreadsheet program: none begins as a formula does."""

from __future__ import annotations

import re

# What OWASP lists; a full-width sign is a sign to the programs of those who type it.
_SIGNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(f"'*[{_SIGNS}]")
_ESCAPED = re.compile(f"'+[{_SIGNS}]")


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula: with an apostrophe, if need
    be. unescape_formula() takes it off."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Return a text as it was before escape_formula()."""
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text
