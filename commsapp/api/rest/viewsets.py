"""What the views of all resources share. A resource composes it, and has no verb besides."""

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
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from commsapp.api.rest.exceptions import entries
from commsapp.api.rest.filters import Search
from commsapp.api.rest.idempotency import carry_out_once
from commsapp.api.rest.schema import RestSchema
from commsapp.api.rest.serializers import Answer, EmptySerializer
from commsapp.api.views import ApiViewMixin, RequiredPermissions
from commsapp.core import audit, records
from commsapp.db.ids import NIL, read_guid
from commsapp.models import Operation, Record

Told = Mapping[str, Any]
_VERBS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "partial_update": "change",
    "destroy": "delete",
}


class TenantListViewSet(ApiViewMixin, mixins.ListModelMixin, GenericViewSet[Any]):
    """A list, of what the actor may see.

    `queryset` has what the serializer shows, so that a list takes one statement however long.
    `orderings` are the columns to order by, besides the id; `ordering` is the usual order.
    """

    schema = RestSchema()
    queryset: Any = None
    lookup_value_regex = "[^/]+"  # what is no id is ours to answer
    http_method_names = ["get", "head", "post", "patch", "delete"]
    filter_backends = [DjangoFilterBackend, Search]
    search_fields: ClassVar[Sequence[str]] = ()
    orderings: ClassVar[Sequence[str]] = ("created_at", "updated_at")
    ordering: ClassVar[str] = "id"
    required_permissions: RequiredPermissions | None = None  # those of the HTTP method
    told: Told | None = None  # an example of what a verb answers

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Make a POST with an Idempotency-Key be carried out once."""
        super().initial(request, *args, **kwargs)
        carry_out_once(self, request)

    @property
    def model(self) -> type[Any]:
        return cast(type[Any], self.queryset.model)

    def get_required_permissions(self) -> RequiredPermissions:
        """Return the permissions that the action requires: by its method, unless it says so."""
        if self.required_permissions is not None:
            return self.required_permissions
        if self.action in (None, "metadata"):  # a method that nothing answers, or OPTIONS: 405
            return []
        return [(_VERBS.get(self.action, "change"), self.model)]

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        visible: QuerySet[Any] = rows.visible_to(self.by)
        return visible

    def key(self, name: str = "pk") -> str:
        """An id in the path, as 32 hex digits. What is no id is nobody's: 404."""
        guid = read_guid(self.kwargs[name])
        if guid is None or guid == NIL:
            raise NotFound
        return guid

    def parent(self, model: type[Record]) -> Any:
        """The record in the path that these rows belong to, of those that the actor may see."""
        return model.objects.visible_to(self.by).only("pk").get(pk=self.key("id"))

    def validated_body(self, body: type[Serializer[Any]]) -> dict[str, Any]:
        """The request's body, as a verb wants it."""
        serializer = body(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class TenantReadViewSet(mixins.RetrieveModelMixin, TenantListViewSet):
    """A list, and each record by its id."""

    def get_object(self) -> Any:
        return self.get_queryset().get(pk=self.key())


class TenantWriteViewSet(TenantReadViewSet):
    """Records that are made and edited; which may be deleted says so by itself."""

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        record = self.make(serializer.validated_data)
        return Response(self.serialized(record.pk), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        self.change(self.key(), serializer.validated_data)
        return Response(self.serialized(self.key()))

    def make(self, values: dict[str, Any]) -> Any:
        """Make a record, by the app's operation."""
        return records.create(self.model(**values), by=self.by)

    def change(self, pk: str, values: dict[str, Any]) -> None:
        """Edit a record, by the app's operation."""
        records.edit(self.model, pk, values, by=self.by)

    def serialized(self, pk: Any) -> Any:
        """The record as it is now, read with all that the serializer shows."""
        return self.get_serializer(self.get_queryset().get(pk=pk)).data


def detail_action(
    path: str,
    *,
    told: Told,
    required_permissions: RequiredPermissions | None = None,
    takes: type[Serializer[Any]] = EmptySerializer,
) -> Callable[[Callable[..., Response]], Any]:
    """Decorate an action: POST `{id}/path`. It requires "change" unless it says otherwise.

    `told` is an example of its answer: the message and the counts.
    """

    def decorate(function: Callable[..., Response]) -> Any:
        request = None if takes is EmptySerializer else takes
        described = extend_schema(request=request, responses={200: Answer})
        more: Any = {
            "required_permissions": required_permissions,
            "told": told,
            "filter_backends": [],
        }
        posted = action(detail=True, methods=["post"], url_path=path, **more)
        return described(posted(function))

    return decorate


def action_response(
    message: str,
    operation: Operation | None,
    skipped: Sequence[audit.Refusal] = (),
    **counts: int,
) -> Response:
    """What a verb did: the contract's `{"message", counts, "errors", "operation"}`."""
    errors = entries(skipped)
    id = str(operation.pk) if operation else None
    return Response({"message": message, **counts, "errors": errors, "operation": id})


def changed(change: audit.Change, *counts: str) -> Response:
    """The answer of a change, with those of its counts that apply.

    It names the operation if one was written: a plan or a change of nothing has none.
    """
    entry = change.operation
    written = None if change.planned or not entry.touched else entry
    context = {name: getattr(change, name) for name in counts}
    return action_response(change.message, written, change.skipped, **context)


class ArchivableViewSet(TenantWriteViewSet):
    """Records that are archived and restored."""

    @detail_action("archive", told={"message": "Archived.", "already": 0})
    def archive(self, request: Request, pk: str) -> Response:
        """Archive it; one that is archived already stays so."""
        return self.moved(partial(records.archive, self.model))

    @detail_action("restore", told={"message": "Restored.", "already": 0})
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back from the archive."""
        return self.moved(partial(records.restore, self.model))

    def moved(self, move: Callable[..., records.ArchiveResult]) -> Response:
        """Let an operation on several records move this one."""
        self.validated_body(EmptySerializer)
        moved = move([self.key()], by=self.by)
        return action_response(moved.message, moved.operation, already=moved.already)
