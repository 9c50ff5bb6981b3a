"""The versions of the Connect API that are served (contract 2)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.versioning import BaseVersioning

VERSIONS = {
    "64.0": "Summer '25",
    "65.0": "Winter '26",
    "66.0": "Spring '26",
    "67.0": "Summer '26",
    "68.0": "Winter '27",
}
LATEST = "latest"


class ConnectVersioning(BaseVersioning):
    """The version in the path: `v64.0`, as the guide prints it without `v`, or `latest`."""

    allowed_versions = [*VERSIONS]

    def determine_version(self, request: Request, *args: Any, **kwargs: Any) -> str:
        """Return the version's number. Raises NotFound, naming the versions that are served."""
        name: str = kwargs.get(self.version_param, LATEST)
        version = [*VERSIONS][-1] if name == LATEST else name.removeprefix("v")
        if version not in VERSIONS:
            served = ", ".join(f"v{number}" for number in VERSIONS)
            raise NotFound(f"Version {name[:20]} is not served. Served are {served} and {LATEST}.")
        return version
