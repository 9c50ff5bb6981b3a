"""Templates of the project, without the white space that is for those who read their source."""

from __future__ import annotations

import re
from typing import Any

from django.template.loaders import filesystem

_INDENT = re.compile(r"\n[ \t]+")


class FilesystemLoader(filesystem.Loader):
    """Django's loader, which leaves out the indent of each line.

    A table of 100 rows would be three times as large with it. Line feeds stay, so that errors name
    the right line; `<pre>` and `{% blocktranslate %}` without `trimmed` must not be indented.
    """

    def get_contents(self, origin: Any) -> str:
        return _INDENT.sub("\n", super().get_contents(origin))
