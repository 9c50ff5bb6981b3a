"""Base viewsets of all resources: records of the actor's licensees, changed by operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.viewsets import GenericViewSet

from commsapp.api.rest.exceptions import refusal_entries
from commsapp.api.rest.filters import Search
from commsapp.api.rest.idempotency import idempotent
from commsapp.api.rest.schema import RestSchema
from commsapp.api.rest.serializers import ActionResult, EmptySerializer
from commsapp.api.views import ApiViewMixin, RequiredPermissions
from commsapp.core import audit, records
from commsapp.db.ids import NIL, read_guid
from commsapp.http.origins import base_url
from commsapp.models import Operation, Record

Example = Mapping[str, Any]
_PERMISSIONS = {
    "metadata": "view",
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "destroy": "delete",
}


class TenantListViewSet(ApiViewMixin, mixins.ListModelMixin, GenericViewSet[Any]):
    """List of the records that the actor may see.

    `queryset` reads all that the serializer shows, so that a list takes one statement however long
    it is. `ordering_fields` are the columns that a client may order by, in addition to the id.
    """

    schema = RestSchema()
    queryset: Any = None
    lookup_value_regex = "[^/]+"  # a malformed id is answered with this API's 404
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    filter_backends = [DjangoFilterBackend, Search]
    search_fields: ClassVar[Sequence[str]] = ()
    ordering_fields: ClassVar[Sequence[str]] = ("created_at", "updated_at")
    ordering: ClassVar[str] = "id"
    required_permissions: RequiredPermissions | None = (
        None  # where they do not follow from the action
    )
    example: Example | None = None  # of the response of an action, for the API's description

    @property
    def model(self) -> type[Any]:
        return cast(type[Any], self.queryset.model)

    def get_required_permissions(self) -> RequiredPermissions:
        """Return the permissions that the request's method takes; OPTIONS takes those of GET."""
        if self.required_permissions is not None:
            return self.required_permissions
        method = (self.request.method or "").lower()
        action = "metadata" if method == "options" else self.action_map.get(method)
        if action is None:  # will be answered with 405
            return []
        return [(_PERMISSIONS.get(action, "change"), self.model)]

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        visible: QuerySet[Any] = rows.visible_to(self.by)
        return visible

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter lists. A record is read by its id, also where lists leave it out."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def path_id(self, name: str = "pk") -> str:
        """Return an id of the path as 32 hex digits. Raise NotFound for a malformed one."""
        guid = read_guid(self.kwargs[name])
        if guid is None or guid == NIL:
            raise NotFound
        return guid

    def get_parent(self, model: type[Record]) -> Any:
        """Return the record of the path that the rows of a nested list belong to."""
        return model.objects.visible_to(self.by).only("pk").get(pk=self.path_id("id"))


class TenantReadViewSet(mixins.RetrieveModelMixin, TenantListViewSet):
    """List, and each record by its id."""

    def get_object(self) -> Any:
        """Return the record of the path, however its id is written."""
        self.kwargs["pk"] = self.path_id()
        return super().get_object()

    def validated_body(self) -> dict[str, Any]:
        """Return the request's body as the action's serializer reads it."""
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class TenantWriteViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, TenantReadViewSet):
    """Records that are created and edited. An app overrides `perform_create` and `perform_update`
    where it has an operation of its own."""

    create = idempotent(mixins.CreateModelMixin.create)  # type: ignore[assignment]

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        record = records.create(self.model(**serializer.validated_data), by=self.by)
        self.read_again(serializer, record.pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        pk = self.path_id()
        records.edit(self.model, pk, serializer.validated_data, by=self.by)
        self.read_again(serializer, pk)

    def read_again(self, serializer: BaseSerializer[Any], pk: Any) -> None:
        """Let the serializer show the saved record, with all that the queryset annotates."""
        serializer.instance = self.get_queryset().get(pk=pk)

    def get_success_headers(self, data: Any) -> dict[str, str]:
        """Return the Location of a new record."""
        path = self.reverse_action("detail", args=[data["id"]], request=None)
        return {"Location": f"{base_url(self.request._request)}{path}"}


class DeletableViewSet(mixins.DestroyModelMixin, TenantWriteViewSet):
    """Records that can be deleted: an app's `perform_destroy` calls the operation. DELETE is
    answered with 200 and the record: an API never answers 204 (contract)."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the record. The response is what it was."""
        record = self.get_object()
        data = self.get_serializer(record).data
        self.perform_destroy(record)
        return Response(data)


def detail_action(
    path: str,
    *,
    example: Example,
    required_permissions: RequiredPermissions | None = None,
    serializer_class: type[Serializer[Any]] = EmptySerializer,
) -> Callable[[Callable[..., Response]], Any]:
    """Decorator: an action at POST `{id}/path`, which honours Idempotency-Key.

    `serializer_class` reads its body, and `example` is an example of its response: the message
    and the counts. Without `required_permissions` it takes the model's "change".
    """

    def decorate(function: Callable[..., Response]) -> Any:
        attributes: Any = {
            "serializer_class": serializer_class,
            "required_permissions": required_permissions,
            "example": example,
        }
        request = {"request": None} if serializer_class is EmptySerializer else {}
        described = extend_schema(responses={200: ActionResult}, **request)
        posted = action(detail=True, methods=["post"], url_path=path, **attributes)
        return described(posted(idempotent(function)))

    return decorate


def action_response(
    message: str,
    operation: Operation | None,
    skipped: Sequence[audit.Refusal] = (),
    **counts: int,
) -> Response:
    """Return the contract's response of an action: `{"message", counts, "errors", "operation"}`."""
    errors = refusal_entries(skipped)
    id = str(operation.pk) if operation else None
    return Response({"message": message, **counts, "errors": errors, "operation": id})


def change_response(change: audit.Change, *counts: str) -> Response:
    """Return the response of a change, with those of its counts that apply.

    It names the operation if one was written: a dry run or a change of nothing has none.
    """
    entry = change.operation
    written = None if change.planned or not entry.touched else entry
    values = {name: getattr(change, name) for name in counts}
    return action_response(change.message, written, change.skipped, **values)


class ArchivableViewSet(TenantWriteViewSet):
    """Records that are archived and restored."""

    @detail_action("archive", example={"message": "Archived.", "already": 0})
    def archive(self, request: Request, pk: str) -> Response:
        """Archive it; one that is archived already stays so."""
        return self.run_on_record(partial(records.archive, self.model))

    @detail_action("restore", example={"message": "Restored.", "already": 0})
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back from the archive."""
        return self.run_on_record(partial(records.restore, self.model))

    def run_on_record(self, operation: Callable[..., records.ArchiveResult]) -> Response:
        """Run an operation on several records with the one of the path."""
        self.validated_body()
        result = operation([self.path_id()], by=self.by)
        return action_response(result.message, result.operation, already=result.already)
