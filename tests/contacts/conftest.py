import pytest

from tests.contacts.external_suite import Suite


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    """A suite of Alice's licensee, that may do everything."""
    return Suite(licensee, by_alice)
