"""The official Python client, as it comes from PyPI, against a server."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import IPost, IReturn, JsonServiceClient, ResponseStatus, WebServiceException

from tests.conftest import token


@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)
@dataclass
class Connection:
    index: int | None = None
    contact_id: str | None = None


@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)
@dataclass
class Group:
    contact_group_name: str | None = None
    group_role_id: str | None = None
    contact_connections: list[Connection] = field(default_factory=list)


@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)
@dataclass
class SaveContactGroup(IReturn[ResponseStatus], IPost):
    suite_data_source_instance_id: str | None = None
    alternate_key: str | None = None
    contact_group: Group | None = None


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore")  # what the client does is its own business
def test_the_python_client_posts_and_reads_answers_and_errors(live_server, suite, alice):
    client = JsonServiceClient(live_server.url)
    client.set_bearer_token(token(alice))
    connections = [
        Connection(1, str(suite.contacts[1].pk)),
        Connection(2, str(suite.contacts[0].pk)),
    ]
    group = Group("Customer", str(suite.role.pk), connections)
    request = SaveContactGroup(str(suite.source.pk), "K", group)

    first = client.post(request)
    assert first.meta["Outcome"] == "Created"
    assert suite.order(first.meta["ObjectId"]) == [1, 0]
    assert client.send(request).meta["Outcome"] == "Unchanged"
    client.set_base_path("")
    again = client.post(request, args={"jsconfig": "eccn"})
    assert again.meta["Outcome"] == "Unchanged"
    client.set_base_path("api")

    request.contact_group.contact_connections[0].contact_id = "no guid"
    with pytest.raises(WebServiceException) as raised:
        client.post(request)
    assert raised.value.status_code == 400
    told = raised.value.response_status
    assert told.error_code == "InvalidGuid"
    assert told.errors[0].field_name == "ContactGroup.ContactConnections[0].ContactId"

    client.set_bearer_token("wrong")
    with pytest.raises(WebServiceException) as raised:
        client.post(request)
    assert (raised.value.status_code, raised.value.response_status.error_code) == (
        401, "Unauthorized",
    )  # fmt: skip
