"""Send requests to the Connect API: PATCH the recipients of a group, as Alice by default."""

import json

import pytest

from tests.conftest import token
from tests.factories import RecipientFactory, RecipientGroupFactory

BASE = "/services/data/v64.0/connect/comms-sales"


@pytest.fixture
def group(licensee):
    return RecipientGroupFactory(licensee=licensee)


@pytest.fixture
def recipients(licensee):
    return RecipientFactory.create_batch(3, licensee=licensee)


@pytest.fixture
def as_alice(alice):
    """Headers that sign in as Alice."""
    return {"Authorization": f"Bearer {token(alice)}"}


@pytest.fixture
def ask(client, as_alice):
    """Send a PATCH for the recipients of a group, as Alice unless headers say otherwise."""
    headers = as_alice

    def patch(group_id, body=None, *, raw=None, path=None, **kwargs):
        return client.patch(
            path or f"{BASE}/recipient-group/{group_id}/recipients",
            raw if raw is not None else json.dumps(body),
            **{"content_type": "application/json", "headers": headers, **kwargs},
        )

    return patch


def body(action, recipients, **parameters):
    ids = [str(getattr(recipient, "pk", recipient)) for recipient in recipients]
    sent = {"recipientsAction": action, "recipientsList": ids}
    return {**sent, "additionalParameters": parameters} if parameters else sent
