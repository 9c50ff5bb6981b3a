"""@servicestack/client of npm, unmodified, with the types that the installation serves."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commsapp.db.ids import uuid7
from tests.plugin import find_program
from tests.served import Installation

pytestmark = pytest.mark.needs("node", "servicestack")
HERE = Path(__file__).parent


class Node:
    """A Node process with a client in it, and the installation's types."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.cookies: list[str] = []

    def ask(self, **asked: Any) -> list[dict[str, Any]]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.cookies = answer["cookies"]
        told: list[dict[str, Any]] = answer["told"]
        return told

    def call(self, method: str, name: str, request: Any, **query: str) -> Any:
        """What a method of the client returns for a request of this type, or the error thrown."""
        [told] = self.ask(calls=[[method, name, request, query or None]])
        return told["error"]["responseStatus"] if "error" in told else told.get("value")


@pytest.fixture(scope="module", params=["typescript", "mjs"])
def _node(
    request: pytest.FixtureRequest,
    installation: Installation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("types")
    command = [find_program("node") or "node", str(HERE / "servicestack.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        node = Node(process, folder)
        node.ask(
            load={
                "baseUrl": installation.base_url,
                "folder": str(folder),
                "language": request.param,
            }
        )
        yield node
        assert process.stdin
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def node(_node, shared_demo):
    """With the integration user's token and nothing else told, until a test tells more."""
    _node.ask(client={"baseUrl": shared_demo.base_url, "bearerToken": shared_demo["access_token"]})
    return _node


@pytest.fixture
def save(shared_demo):
    """A request that is in order, with a key of its own."""

    def save(*contacts, **more):
        connections = [
            {"index": place, "contactId": contact} for place, contact in enumerate(contacts, 1)
        ]
        return {
            "suiteDataSourceInstanceId": shared_demo["data_source"],
            "alternateKey": f"node-{uuid7()}",
            "contactGroup": {
                "contactGroupName": "Example Customer",
                "groupRoleId": shared_demo["group_role"],
                "contactConnections": connections,
            },
            **more,
        }

    return save


def outcome(answer):
    return answer["meta"]["Outcome"]


def test_a_group_is_saved_with_its_contacts_and_again_without_a_change(node, shared_demo, save):
    first, second = shared_demo["contacts"][:2]
    request = save(second, first)
    answer = node.call("post", "SaveContactGroup", request)
    assert outcome(answer) == "Created"
    rows = shared_demo.all_of(f"contact-groups/{answer['meta']['ObjectId']}/connections")
    assert [(row["contact"], row["position"]) for row in rows] == [(second, 1), (first, 2)]
    assert outcome(node.call("send", "SaveContactGroup", request)) == "Unchanged"


def test_the_old_base_path_is_read_in_camel_case(node, shared_demo, save):
    token = shared_demo["access_token"]
    node.ask(client={"baseUrl": shared_demo.base_url, "bearerToken": token, "basePath": ""})
    assert outcome(node.call("post", "SaveContactGroup", save(), jsconfig="eccn")) == "Created"


def test_error_lists_each_field(node, shared_demo, save):
    request = save(shared_demo["contacts"][0])
    request["contactGroup"]["contactGroupName"] = ""
    request["contactGroup"]["contactConnections"][0]["index"] = -1
    told = node.call("post", "SaveContactGroup", request)
    assert told["errorCode"] == told["errors"][0]["errorCode"]
    assert {(one["fieldName"], one["errorCode"]) for one in told["errors"]} == {
        ("ContactGroup.ContactConnections[0].Index", "GreaterThanOrEqualTo"),
        ("ContactGroup.ContactGroupName", "NotEmpty"),
    }


@pytest.mark.parametrize(
    ("whose", "code"), [("nobody", "Unauthorized"), ("reader", "Forbidden")]
)  # fmt: skip
def test_who_may_not_is_told_so(node, shared_demo, save, whose, code):
    token = shared_demo["reader"]["access_token"] if whose == "reader" else "wrong"
    node.ask(client={"baseUrl": shared_demo.base_url, "bearerToken": token})
    assert node.call("post", "SaveContactGroup", save())["errorCode"] == code


# --- Many at once ---------------------------------------------------------------------------


def test_many_are_saved_in_order(node, save):
    one, other = save(), save()
    answers = node.call("sendAll", "SaveContactGroup", [one, other, one])
    assert [outcome(answer) for answer in answers] == ["Created", "Created", "Unchanged"]


def test_many_with_one_that_has_no_shape_do_nothing(node, save):
    good, bad = save(), save("no guid")
    told = node.call("sendAll", "SaveContactGroup", [good, bad])
    assert (told["errorCode"], told["meta"]["AutoBatchIndex"]) == ("InvalidGuid", "1")
    assert outcome(node.call("post", "SaveContactGroup", good)) == "Created"


# --- Signing in by name and password --------------------------------------------------------


def test_a_session_signs_in_by_its_cookie(node, shared_demo, save):
    login = shared_demo["users"]["integration"]
    node.ask(client={"baseUrl": shared_demo.base_url})
    assert node.call("post", "SaveContactGroup", save())["errorCode"] == "Unauthorized"
    told = node.call(
        "post", "Authenticate",
        {"provider": "credentials", "userName": login["username"], "password": login["password"]},
    )  # fmt: skip
    assert told["userName"] == login["username"]
    assert "ss-id" in node.cookies
    assert outcome(node.call("post", "SaveContactGroup", save())) == "Created"
    node.call("post", "Authenticate", {"provider": "logout"})
    assert node.call("post", "SaveContactGroup", save())["errorCode"] == "Unauthorized"


# --- Types ----------------------------------------------------------------------------------

_USE = """
import { JsonServiceClient } from "@servicestack/client";
import {
    Authenticate, AuthenticateResponse, ResponseStatus, SaveContactGroup,
    SubscriptionContactGroupConnectionModel, SubscriptionContactGroupModel,
} from "./dtos";

const client = new JsonServiceClient("https://commsapp.example");
const request = new SaveContactGroup({
    alternateKey: "K",
    contactGroup: new SubscriptionContactGroupModel({
        contactConnections: [new SubscriptionContactGroupConnectionModel({ index: 1 })],
    }),
});
export const one: Promise<ResponseStatus> = client.post(request);
export const all: Promise<ResponseStatus[]> = client.sendAll([request]);
export const who: Promise<AuthenticateResponse> = client.post(new Authenticate({ userName: "a" }));
// @ts-expect-error
export const wrong = new SaveContactGroup({ alternateKey: 1 });
// @ts-expect-error
export const unknown = new SaveContactGroup({ sessionId: "1" });
"""


@pytest.mark.parametrize("_node", ["typescript"], indirect=True)
def test_typescript_compiles_strictly_with_the_clients_own_types(node):
    modules = HERE / "node_modules"
    options = {
        "strict": True, "noEmit": True, "target": "ES2022", "module": "ESNext",
        "moduleResolution": "bundler", "lib": ["ES2022", "DOM"], "types": [],
        "paths": {"@servicestack/client": [f"{modules}/@servicestack/client/dist/index.d.ts"]},
    }  # fmt: skip
    (node.folder / "use.ts").write_text(_USE)
    (node.folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "files": ["use.ts"]})
    )
    tsc = [find_program("node") or "node", str(modules / "typescript/bin/tsc")]
    done = subprocess.run(
        [*tsc, "-p", str(node.folder)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
