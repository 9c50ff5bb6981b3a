"""Schemathesis against a served installation, told of real ids."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

# Which resource's records a path's ids are of, where it is not the one below /api/v1/.
_IDS_ELSEWHERE = {
    "recipientGroupId": "recipient-groups",
    "quoteLineItemId": "quote-line-items",
}
# Which resource's records a parameter or a body's property names, or which other known value.
_NAMED = {
    "client_id": "client_id",
    "client_secret": "client_secret",
    "contact": "contacts",
    "contact_group": "contact-groups",
    "customer": "contact-groups",
    "data_source": "data-sources",
    "licensee": "licensees",
    "product": "products",
    "quote": "quotes",
    "recipient_group": "recipient-groups",
    "role": "roles",
    "recipients[*]": "recipients",
    "contacts[*]": "contacts",
    "connections[*].contact": "contacts",
    "connections[*].role": "roles",
    "recipientsList[*]": "recipients",
    "LicenseeId": "licensees",
    "SuiteDataSourceInstanceId": "data-sources",
    "ObjectId": "contact-groups",
    "ContactGroup.GroupRoleId": "roles",
    "ContactGroup.ContactConnections[*].ContactId": "contacts",
    "ContactGroup.ContactConnections[*].RoleId": "roles",
}


def fuzz(
    demo: Mapping[str, Any], seconds: int, folder: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """Ask everything that the schema describes, in every way it allows and many it does not.

    `demo` is what `manage.py demo --json` says. All checks but positive_data_acceptance: what a
    schema allows, a rule of the business may still refuse. The Message API binds leniently by
    contract, so there negative_data_rejection is left out, too.
    """
    document = _get(demo, "/api/schema")
    config = folder / "schemathesis.toml"
    config.write_text("\n".join(_config(document, _known_values(demo))))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "--no-color", "run"),
        *(
            f"{demo['base_url']}/api/schema",
            f"--header=Authorization: Bearer {demo['access_token']}",
        ),
        # All others are on; told so here, they would be on where the file says off.
        *("--exclude-checks=positive_data_acceptance", "--continue-on-failure"),
        *(f"--max-time={seconds}", "--request-timeout=30"),
        *("--suppress-health-check=all", "--warnings=off", *options),
    ]
    # In a folder of its own, where it may leave what it likes.
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)


def _get(demo: Mapping[str, Any], path: str) -> Any:
    headers = {"Authorization": f"Bearer {demo['access_token']}"}
    answer = requests.get(f"{demo['base_url']}{path}", headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


def _known_values(demo: Mapping[str, Any]) -> dict[str, list[str]]:
    """Some of each resource's ids, and the client's own."""
    known = {name: [value] for name, value in demo["client"].items()}
    for resource in {*_NAMED.values(), "alternate-keys", "operations", "quote-line-items"} - {
        *known
    }:
        page = _get(demo, f"/api/v1/{resource}?page_size=20")
        known[resource] = [row["id"] for row in page["results"]]
    return known


def _config(document: dict[str, Any], known: dict[str, list[str]]) -> Iterator[str]:
    """Schemathesis's own file: where to put what is known, and what to leave out."""
    for name, values in known.items():
        yield f"[dictionaries.{name}]"
        yield f"values = {json.dumps(values)}"
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield "[[operations]]"
            yield f'include-operation-id = "{operation["operationId"]}"'
            if operation["tags"] == ["Message"]:
                yield "checks.negative_data_rejection.enabled = false"
            yield "[operations.parameters]"
            for name, dictionary in _bound(path, operation, document).items():
                yield f'"{name}" = {{ dictionary = "{dictionary}", probability = 0.8 }}'


def _bound(path: str, operation: dict[str, Any], document: dict[str, Any]) -> dict[str, str]:
    """Which parameters and properties of an operation are ids, and of what."""
    bound = {}
    for each in operation.get("parameters", ()):
        name = each.get("name", "")
        if each.get("in") == "path" and (name in _IDS_ELSEWHERE or path.startswith("/api/v1/")):
            bound[f"path.{name}"] = _IDS_ELSEWHERE.get(name) or path.split("/")[3]
        elif name in _NAMED:
            bound[f"query.{name}"] = _NAMED[name]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = media["schema"]
        for name, resource in _NAMED.items():
            if _has(schema, name.replace("[*]", ".*").split("."), document):
                bound[f"body.{name}"] = resource
    return bound


def _has(schema: dict[str, Any], names: list[str], document: dict[str, Any]) -> bool:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if not names:
        return True
    first, *rest = names
    inner = schema.get("items") if first == "*" else schema.get("properties", {}).get(first)
    return inner is not None and _has(inner, rest, document)
