"""Static files: which are collected, and how the modules among them find each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]


class CollectedFilesConfig(StaticFilesConfig):
    """Django's app, without the files of other apps that no page of ours loads."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("oauth2_provider", "rest_framework"),
        *("redoc", "swagger-ui-standalone-preset*", "oauth2-redirect*"),  # of the sidecar
    ]


class CollectedFilesStorage(CompressedManifestStaticFilesStorage):
    """Whitenoise's storage, which also puts hashed names into the imports of our own modules.

    Only into ours: scripts of others hold text that looks like an import, of files they lack.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("docs.js", _IMPORTS),
        ("staff/js/*.js", _IMPORTS),
    )

    def compress_files(self, paths: Any) -> Iterator[tuple[str, str]]:
        """Compressed files are as public as the others; those have a mode by the settings."""
        mask = os.umask(0o022)
        try:
            yield from super().compress_files(paths)
        finally:
            os.umask(mask)
