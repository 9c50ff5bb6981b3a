"""How this API describes itself: what OpenAPI's generator cannot see in views and serializers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema

from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    header,
    parameter_ref,
    response,
    response_ref,
    sample_id,
    schema_ref,
)
from commsapp.api.rest.filters import MAX_TEXT_LENGTH, TextFilter
from commsapp.api.rest.idempotency import HEADER, MAX_KEY_LENGTH, REPLAYED

# --- Errors ---------------------------------------------------------------------------------

_PROBLEM = schema_ref("Problem")


def _problem(told: str, detail: str, **more: Any) -> Any:
    return response(told, _PROBLEM, {"detail": detail}, **more)


_ERRORS = {
    "400": (
        "Invalid",
        response(
            "A field, a filter or the body cannot be read. By field, or `detail`.",
            schema_ref("Invalid"),
            {"name": ["This field may not be blank."]},
        ),
    ),
    "401": (
        "NotSignedIn",
        _problem(
            "No credentials, or wrong or expired ones.",
            "Authentication credentials were not provided.",
            headers=SIGN_IN,
        ),
    ),
    "403": (
        "Forbidden",
        _problem(
            "The permission is missing.", "You lack the permission to change recipient groups."
        ),
    ),
    "404": ("NotFound", _problem("There is no such record among your licensees'.", "Not found.")),
    "405": (
        "MethodNotAllowed",
        _problem(
            "No such method here, PUT for one.", 'Method "PUT" not allowed.', headers=ALLOW
        ),
    ),
    "409": (
        "Refused",
        response(
            "A rule of the business forbids it, or a request with the same Idempotency-Key is "
            "still being carried out. Nothing was changed.",
            schema_ref("Refusals"),
            {
                "detail": "The recipient group is archived.",
                "errors": [
                    {
                        "code": "INVALID_STATUS",
                        "message": "The recipient group is archived.",
                        "field": "group",
                    }
                ],
            },
        ),
    ),
    "413": ("TooLarge", _problem("The body is over the limit.", "The request body is too large.")),
    "415": (
        "UnsupportedMediaType",
        _problem(
            "The body is not JSON in UTF-8.", 'Unsupported media type "text/plain" in request.'
        ),
    ),
    "422": (
        "KeyReused",
        response(
            "The Idempotency-Key belongs to another request. Nothing was changed.",
            schema_ref("Refusals"),
            {
                "detail": "This Idempotency-Key belongs to another request. Nothing was changed.",
                "errors": [
                    {
                        "code": "IDEMPOTENCY_KEY_REUSED",
                        "message": "This Idempotency-Key belongs to another request. Nothing was "
                        "changed.",
                    }
                ],
            },
        ),
    ),
    "503": (
        "Busy",
        _problem(
            "The database is away, or a lock was not had in time. Nothing was changed, unless the "
            "detail says that it is not known whether the change was saved, or that it was.",
            "The server is busy. Nothing was changed. Try again shortly.",
            headers=RETRY_AFTER,
        ),
    ),
}  # fmt: skip

COMPONENTS: dict[str, dict[str, Any]] = {
    "schemas": {
        "Problem": {
            "type": "object",
            "description": "What went wrong, as a sentence.",
            "required": ["detail"],
            "properties": {"detail": {"type": "string"}},
        },
        "Invalid": {
            "type": "object",
            "description": "What is wrong with each field; nested as the body is.",
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "array", "object"]},
        },
        "Refusals": {
            "type": "object",
            "description": "Why nothing was done.",
            "required": ["detail", "errors"],
            "properties": {
                "detail": {"type": "string"},
                "errors": {"type": "array", "items": schema_ref("Error")},
            },
        },
    },
    "responses": dict(_ERRORS.values()),
    "parameters": {
        "IdempotencyKey": {
            "name": HEADER,
            "in": "header",
            "description": "A text of the client's own choice, new for each request. For 24 hours "
            "the same request under the same key is not carried out again: it gets the answer of "
            f"the first one, with the header `{REPLAYED}: true`.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_KEY_LENGTH,
                "pattern": "^[!-~]([ -~]*[!-~])?$",
            },
            "example": "0199f0a0-b1c2-7d3e-8f4a-5b6c7d8e9f00",
        }
    },
}
_REPLAYED = {REPLAYED: header("That the request had been carried out before.", "true")}

_READING = ("401", "403", "405", "503")
ERRORS_OF_READING = {
    status: response_ref(_ERRORS[status][0]) for status in ("405", "503")
}  # without sign-in
_WRITING = ("400", *_READING, "409", "413", "415")


# --- Operations -----------------------------------------------------------------------------

_SUMMARIES = {
    "list": "List {many}",
    "retrieve": "Read one {one}",
    "create": "Create one {one}",
    "partial_update": "Edit one {one}",
    "destroy": "Delete one {one}",
}


class RestSchema(AutoSchema):
    """Adds to what DRF's views tell: every status, and an example of every body."""

    view: Any

    def get_operation(self, *args: Any) -> Any:
        operation: Any = super().get_operation(*args)
        if operation is None:
            return None
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                kind = self.path.split("/")[3]  # below /api/v1/
                parameter |= {
                    "description": "An id.",
                    "schema": {"type": "string", "format": "uuid"},
                    "example": sample_id(kind.removesuffix("s")),
                }
            elif parameter["name"] in self._texts():
                parameter["schema"] |= {"minLength": 1, "maxLength": MAX_TEXT_LENGTH}
        if "requestBody" in operation:
            self._show(operation["requestBody"], self._asked())
        for told in operation["responses"].values():
            told["description"] = told["description"] or "Done."
            self._show(told, self._answered())
        if self.method == "POST":
            operation.setdefault("parameters", []).append(parameter_ref("IdempotencyKey"))
            for done in operation["responses"].values():
                done.setdefault("headers", {}).update(_REPLAYED)
        operation["responses"] |= {
            status: response_ref(_ERRORS[status][0]) for status in sorted(self._statuses())
        }
        return operation

    def _texts(self) -> set[str]:
        filters = getattr(self.view, "filterset_class", None)
        every = filters.base_filters if filters else {}
        return {name for name, each in every.items() if isinstance(each, TextFilter)}

    def _statuses(self) -> set[str]:
        is_reading = self.method == "GET"
        statuses = set(_READING if is_reading else _WRITING)
        if self.view.action == "list":
            statuses.add("400")
        if self.method == "POST":
            statuses.add("422")
        if "{" in self.path:
            statuses.add("404")
        return statuses

    @staticmethod
    def _show(body: Any, example: Any) -> None:
        for media in body.get("content", {}).values():
            media["example"] = example

    def _asked(self) -> Any:
        """An example of the request's body: of a record, what of it can be written."""
        serializer: Any = self.get_request_serializer()
        sample = serializer.sample
        if isinstance(serializer, type):
            return sample
        writable = {name for name, field in serializer.fields.items() if not field.read_only}
        writable -= {"licensee"}  # usually the caller's only one
        if self.view.action == "partial_update":
            writable &= set(serializer.edited)
        return {name: value for name, value in sample.items() if name in writable and value}

    def _answered(self) -> Any:
        told = getattr(self.view, "told", None)
        if told is not None:
            return {**told, "errors": [], "operation": sample_id("operation")}
        sample = self.view.get_serializer().sample
        if self.view.action == "list":
            return {"next": None, "previous": None, "results": [sample]}
        return sample

    def get_operation_id(self) -> str:
        id = str(super().get_operation_id())
        return id if self.view.told is None else id.removesuffix("_create")  # a verb makes nothing

    def get_summary(self) -> str:
        pattern = _SUMMARIES.get(self.view.action)
        if pattern is None:
            return str(self.get_description()).partition("\n")[0].rstrip(".")
        names = self.view.model._meta
        return pattern.format(one=names.verbose_name, many=names.verbose_name_plural)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request":
            if getattr(serializer, "is_strict", False):
                schema["additionalProperties"] = False
        elif hasattr(serializer, "Meta"):  # a record tells all of its fields, always
            schema["required"] = sorted(schema["properties"])
        if not type(serializer).__doc__:  # a base class's is for its programmers
            schema.pop("description", None)
        return schema


# --- Fields ---------------------------------------------------------------------------------


class FixedPointSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A decimal: a text that spells it or a number in, a text out."""

    target_class = "commsapp.api.rest.fields.FixedPoint"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        least, most = self._limit(MinValueValidator), self._limit(MaxValueValidator)
        whole = self.target.max_digits - self.target.decimal_places
        pattern = rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{self.target.decimal_places}}})?$"
        if direction == "response":
            return {"type": "string", "format": "decimal", "pattern": pattern}
        text = "A decimal, as a text or a JSON number; without an exponent."
        schema = {"type": ["string", "number"], "pattern": pattern, "description": text}
        limits = {"minimum": least, "maximum": most}
        return schema | {name: float(limit) for name, limit in limits.items() if limit is not None}

    def _limit(self, kind: type[BaseValidator]) -> Any:
        found = [validator for validator in self.target.validators if type(validator) is kind]
        return found[0].limit_value if found else None


class IdsSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Ids that the operation reads, so that it can refuse each by itself."""

    target_class = "commsapp.api.rest.fields.IdListField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        text = "Ids. One that is malformed is refused like one that is not there."
        return {"type": "array", "items": {"type": "string"}, "description": text}


class FreeObjectSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "commsapp.api.rest.fields.JSONObjectField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}


# --- Credentials ----------------------------------------------------------------------------


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "commsapp.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        text = "An access token of `/services/oauth2/token`, as `Bearer` or `OAuth`."
        return {"type": "http", "scheme": "bearer", "description": text}


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "commsapp.api.authentication.BrowserAuthentication"
    name = "browser"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        text = "A person's browser session; what writes needs its CSRF token, too."
        name = settings.SESSION_COOKIE_NAME
        return {"type": "apiKey", "in": "cookie", "name": name, "description": text}
