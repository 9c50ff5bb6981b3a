"""Collected static files: named by their content, compressed, and readable by any web server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which renames what our own JavaScript modules import, too.

    Django can do so for all files or none, and some that packages bring import what is not there.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("staff/*.js", _MODULE_IMPORTS),
    )

    def compress_files(self, paths: Any) -> Iterator[tuple[str, str]]:
        """Compressed files are as public as the others; those have a mode by the settings."""
        mask = os.umask(0o022)
        try:
            yield from super().compress_files(paths)
        finally:
            os.umask(mask)
