"""OpenAPI of this API: what drf-spectacular cannot see in views and serializers."""

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


def _problem(description: str, code: str, message: str, **more: Any) -> Any:
    example = {"detail": message, "errors": [{"code": code, "message": message}]}
    return response(description, schema_ref("Problem"), example, **more)


_ERRORS = {
    "400": (
        "Invalid",
        response(
            "A field, a filter or the body cannot be read. By field, or `detail`.",
            schema_ref("Invalid"),
            {
                "name": ["This field may not be blank."],
                "errors": [
                    {
                        "code": "BLANK",
                        "message": "This field may not be blank.",
                        "field": "name",
                    }
                ],
            },
        ),
    ),
    "401": (
        "NotSignedIn",
        _problem(
            "No credentials, or wrong or expired ones.",
            "NOT_AUTHENTICATED",
            "Authentication credentials were not provided.",
            headers=SIGN_IN,
        ),
    ),
    "403": (
        "Forbidden",
        _problem(
            "The permission is missing.",
            "PERMISSION_DENIED",
            "You lack the permission to change recipient groups.",
        ),
    ),
    "404": (
        "NotFound",
        _problem("There is no such record among your licensees'.", "NOT_FOUND", "Not found."),
    ),
    "405": (
        "MethodNotAllowed",
        _problem(
            "The method is not allowed, as PUT is nowhere.",
            "METHOD_NOT_ALLOWED",
            'Method "PUT" not allowed.',
            headers=ALLOW,
        ),
    ),
    "409": (
        "Refused",
        _problem(
            "A rule of the business forbids it, or a request with the same Idempotency-Key is "
            "still being carried out. Nothing was changed.",
            "INVALID_STATUS",
            "The recipient group is archived.",
        ),
    ),
    "413": (
        "TooLarge",
        _problem(
            "The body is over the limit.", "REQUEST_TOO_LARGE", "The request body is too large."
        ),
    ),
    "415": (
        "UnsupportedMediaType",
        _problem(
            "The body is not JSON in UTF-8.",
            "UNSUPPORTED_MEDIA_TYPE",
            'Unsupported media type "text/plain" in request.',
        ),
    ),
    "422": (
        "KeyReused",
        _problem(
            "The Idempotency-Key belongs to another request. Nothing was changed.",
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key belongs to another request. Nothing was changed.",
        ),
    ),
    "503": (
        "Busy",
        _problem(
            "The database is away, or a lock was not had in time. Nothing was changed, unless the "
            "detail says that it is not known whether the change was saved, or that it was.",
            "SERVICE_UNAVAILABLE",
            "The server is busy. Nothing was changed. Try again shortly.",
            headers=RETRY_AFTER,
        ),
    ),
}

_ENTRIES = {"type": "array", "items": schema_ref("Error")}
COMPONENTS: dict[str, dict[str, Any]] = {
    "schemas": {
        "Problem": {
            "type": "object",
            "description": "A message, and each error with its code.",
            "required": ["detail", "errors"],
            "properties": {"detail": {"type": "string"}, "errors": _ENTRIES},
        },
        "Invalid": {
            "type": "object",
            "description": "The messages of each field, nested as the body is; and in `errors` "
            "each message with its code and the path of its field.",
            "required": ["errors"],
            "properties": {"errors": _ENTRIES},
            "additionalProperties": {"type": ["string", "array", "object"]},
        },
    },
    "responses": dict(_ERRORS.values()),
    "parameters": {
        "IdempotencyKey": {
            "name": HEADER,
            "in": "header",
            "description": "A text of the client's own choice, new for each request. For 24 hours "
            "the same request under the same key is not carried out again: it gets the response "
            f"to the first one, with the header `{REPLAYED}: true`.",
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
_LOCATION = {"Location": header("URL of the new record.", "https://commsapp.example/api/v1/…")}

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
    """Adds the errors, and examples of all bodies, to drf-spectacular's description."""

    view: Any

    def get_operation(self, *args: Any) -> Any:
        operation: Any = super().get_operation(*args)
        if operation is None:
            return None
        for parameter in operation.get("parameters", ()):
            self._describe_parameter(parameter)
        if "requestBody" in operation:
            _set_example(operation["requestBody"], self._request_example())
        for successful in operation["responses"].values():
            successful["description"] = successful["description"] or "Done."
            _set_example(successful, self._response_example())
            if self.method == "POST":
                successful.setdefault("headers", {}).update(_REPLAYED)
            if self.view.action == "create":
                successful["headers"].update(_LOCATION)
        if self.method == "POST":
            operation.setdefault("parameters", []).append(parameter_ref("IdempotencyKey"))
        operation["responses"] |= {
            status: response_ref(_ERRORS[status][0]) for status in sorted(self._error_statuses())
        }
        return operation

    def get_response_serializers(self) -> Any:
        serializer = super().get_response_serializers()
        return {200: serializer} if self.view.action == "destroy" else serializer

    def _describe_parameter(self, parameter: Any) -> None:
        filterset = getattr(self.view, "filterset_class", None)
        if parameter["in"] == "path":
            resource = self.path.split("/")[3]  # below /api/v1/
            parameter |= {
                "description": "An id.",
                "schema": {"type": "string", "format": "uuid"},
                "example": sample_id(resource.removesuffix("s")),
            }
        elif filterset and isinstance(filterset.base_filters.get(parameter["name"]), TextFilter):
            parameter["schema"] |= {"minLength": 1, "maxLength": MAX_TEXT_LENGTH}

    def _error_statuses(self) -> set[str]:
        is_reading = self.method == "GET"
        statuses = set(_READING if is_reading else _WRITING)
        if self.view.action == "list":
            statuses.add("400")
        if self.method == "POST":
            statuses.add("422")
        if "{" in self.path:
            statuses.add("404")
        return statuses

    def _request_example(self) -> Any:
        """Return an example of the request's body: of a record, its writable fields."""
        serializer: Any = self.get_request_serializer()
        sample = serializer.sample
        writable = {name for name, field in serializer.fields.items() if not field.read_only}
        writable -= {"licensee"}  # usually the caller's only one
        if self.view.action == "partial_update":
            writable &= set(serializer.edited)
        return {
            name: value
            for name, value in sample.items()
            if name in writable and (value or self.view.example)
        }

    def _response_example(self) -> Any:
        if self.view.example is not None:
            return {**self.view.example, "errors": [], "operation": sample_id("operation")}
        sample = self.view.get_serializer().sample
        if self.view.action == "list":
            return {"next": None, "previous": None, "results": [sample]}
        return sample

    def get_operation_id(self) -> str:
        id = str(super().get_operation_id())
        return id if self.view.example is None else id.removesuffix("_create")

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
        elif hasattr(serializer, "Meta"):  # all fields of a record are always in its response
            schema["required"] = sorted(schema["properties"])
        if not type(serializer).__doc__:  # a base class's is for its programmers
            schema.pop("description", None)
        return schema


def _set_example(body: Any, example: Any) -> None:
    for media in body.get("content", {}).values():
        media["example"] = example


def complete_document(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add this API's shared components, as a postprocessing hook of drf-spectacular."""
    for kind, components in COMPONENTS.items():
        result["components"].setdefault(kind, {}).update(components)
    return result


# --- Fields ---------------------------------------------------------------------------------


class FixedPointSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A decimal: a string or a number in a request, a string in a response."""

    target_class = "commsapp.api.rest.fields.FixedPoint"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        minimum, maximum = self._limit(MinValueValidator), self._limit(MaxValueValidator)
        whole = self.target.max_digits - self.target.decimal_places
        pattern = rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{self.target.decimal_places}}})?$"
        if direction == "response":
            return {"type": "string", "format": "decimal", "pattern": pattern}
        text = "A decimal, as a string or a JSON number; without an exponent."
        schema = {"type": ["string", "number"], "pattern": pattern, "description": text}
        limits = {"minimum": minimum, "maximum": maximum}
        return schema | {name: float(limit) for name, limit in limits.items() if limit is not None}

    def _limit(self, kind: type[BaseValidator]) -> Any:
        found = [validator for validator in self.target.validators if type(validator) is kind]
        return found[0].limit_value if found else None


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
