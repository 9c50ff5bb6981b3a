"""What a client can do wrong, and how the Connect API says so (contract 2.1)."""

from __future__ import annotations

from typing import Any, NamedTuple

_GROUP = "/connect/comms-sales/recipient-group"
UNKNOWN = f"{_GROUP}/{'1' * 32}/recipients"
_ADD = {"recipientsAction": "Add"}


class Fault(NamedTuple):
    """A request below the version's address, and how it is answered."""

    status: int
    code: str
    path: str = UNKNOWN
    body: Any = _ADD
    method: str = "PATCH"
    content_type: str = "application/json"
    token: str = "access_token"  # of what `demo` says

    def token_of(self, demo: Any) -> str:
        told = demo.output.get(self.token, self.token)
        return told if isinstance(told, str) else told["access_token"]


FAULTS = {
    "unknown property": Fault(400, "JSON_PARSER_ERROR", body={**_ADD, "extra": 1}),
    "no action": Fault(400, "REQUIRED_FIELD_MISSING", body={}),
    "another action": Fault(
        400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", body={"recipientsAction": "Replace"}
    ),
    "no id": Fault(400, "INVALID_ID_FIELD", path=f"{_GROUP}/no-id/recipients"),
    "wrong token": Fault(401, "INVALID_SESSION_ID", token="wrong"),
    "no right": Fault(403, "INSUFFICIENT_ACCESS", token="reader"),
    "unknown group": Fault(404, "NOT_FOUND"),
    "another licensee's group": Fault(404, "NOT_FOUND", token="outsider"),
    "unknown address": Fault(404, "NOT_FOUND", path="/connect/nothing"),
    "wrong method": Fault(405, "METHOD_NOT_ALLOWED", method="PUT"),
    "too large": Fault(413, "REQUEST_TOO_LARGE", body={"recipientsAction": "x" * 2**24}),
    "no JSON": Fault(415, "UNSUPPORTED_MEDIA_TYPE", content_type="text/csv"),
}
