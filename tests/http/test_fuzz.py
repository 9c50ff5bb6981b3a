"""Every operation of the schema, asked in many ways by schemathesis, with real demo data."""

from __future__ import annotations

import os

import pytest

from tests.http.fuzzing import fuzz
from tests.served import serving

SECONDS = int(os.environ.get("FUZZ_SECONDS", "40"))


@pytest.mark.once
# The limit is for the whole: an installation of its own, since nothing in it stays as it was.
@pytest.mark.timeout(60 + 2 * SECONDS)
def test_no_request_breaks_the_server_or_the_schema(tmp_path):
    with serving(tmp_path) as installation:
        done = fuzz(installation.demo().output, SECONDS, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
