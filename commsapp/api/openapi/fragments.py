"""Parts of OpenAPI documents that the descriptions of all APIs are made of."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


# --- OpenAPI's own words --------------------------------------------------------------------


def schema_ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def response_ref(name: str) -> Schema:
    return {"$ref": f"#/components/responses/{name}"}


def parameter_ref(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


TEXT: Schema = {"type": "string"}


def exactly(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """An object of these properties and no others; all but the optional ones are always there."""
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
        "additionalProperties": False,
    }


def response(
    description: str, schema: Schema, example: object, *, headers: Schema | None = None,
    content_type: str = "application/json",
) -> Schema:  # fmt: skip
    """A response, with an example of its body."""
    content = {content_type: {"schema": schema, "example": example}}
    return {
        "description": description,
        **({"headers": headers} if headers else {}),
        "content": content,
    }


def header(description: str, example: str, kind: str = "string") -> Schema:
    return {"description": description, "schema": {"type": kind}, "example": example}


ALLOW = {"Allow": header("The methods that are answered here.", "POST")}
RETRY_AFTER = {"Retry-After": header("Seconds to wait.", "5", "integer")}
SIGN_IN = {"WWW-Authenticate": header("How to sign in.", 'Bearer realm="api"')}


# --- Examples -------------------------------------------------------------------------------


def sample_id(kind: str) -> str:
    """The id that examples have for a kind of record: the same one wherever it is named."""
    return f"0199f0a0-0000-7000-8000-{zlib.crc32(kind.encode()):012x}"


MOMENT = "2026-03-02T09:30:00Z"  # when all that happened in examples happened
