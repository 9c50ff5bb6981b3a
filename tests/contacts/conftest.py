import json

import pytest

from tests.contacts.external_suite import Suite


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    """A suite of Alice's licensee, that may do everything."""
    return Suite(licensee, by_alice)


@pytest.fixture
def line(suite):
    def line(key="K", **more):
        group = {"ContactGroupName": "Customer", "GroupRoleId": str(suite.role.pk)}
        asked = {
            "SuiteDataSourceInstanceId": str(suite.source.pk),
            "AlternateKey": key,
            "ContactGroup": {**group, **more},
        }
        return json.dumps(asked)

    return line


@pytest.fixture
def write(tmp_path):
    """A file of these lines."""

    def write(*lines, name="customers.jsonl"):
        path = tmp_path / name
        path.write_bytes(
            b"\n".join(one if isinstance(one, bytes) else one.encode() for one in lines)
        )
        return path

    return write
