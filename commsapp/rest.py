"""REST API of licensees, and of operations with their undo."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.openapi.fragments import MOMENT, sample_id
from commsapp.api.rest.filters import RecordFilterSet, YesNoFilter, lookups
from commsapp.api.rest.viewsets import Example, TenantReadViewSet, action_response, detail_action
from commsapp.core import audit, operation_access
from commsapp.models import Licensee, Operation


class LicenseeSerializer(serializers.ModelSerializer[Licensee]):
    sample: ClassVar[Example] = {
        "id": sample_id("licensee"),
        "name": "Northwind Networks",
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }

    class Meta:
        model = Licensee
        fields = ("id", "name", "created_at", "updated_at")
        read_only_fields = ("name",)


class LicenseeFilterSet(RecordFilterSet):
    class Meta:
        model = Licensee
        fields = lookups(text="name", moment="created_at updated_at")


class LicenseeViewSet(TenantReadViewSet):
    """The licensees that the user acts for."""

    queryset = Licensee.objects.all()
    serializer_class = LicenseeSerializer
    filterset_class = LicenseeFilterSet
    search_fields = ("name",)
    ordering_fields = ("name", "created_at", "updated_at")

    def get_queryset(self) -> QuerySet[Licensee]:
        licensees = Licensee.objects.all()
        own = self.by.licensees
        return licensees if own is None else licensees.filter(pk__in=own)


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """One change: who, when, through what, and whether it can be, or was, undone."""

    sample: ClassVar[Example] = {
        "id": sample_id("operation"),
        "at": MOMENT,
        "licensee": sample_id("licensee"),
        "user": sample_id("user"),
        "user_name": "integration",
        "channel": "rest",
        "client": "Order portal",
        "request_id": "0199f0a0b1c27d3e8f4a5b6c7d8e9f00",
        "kind": "edited",
        "target_type": "contacts.contact",
        "target_id": sample_id("contact"),
        "target_name": "Alice Example",
        "summary": "Changed: phone.",
        "touched": 1,
        "batch": None,
        "undoes": None,
        "undone_by": None,
        "undoable": False,
    }

    user_name = serializers.CharField(source="user.username", read_only=True, allow_null=True)
    summary = serializers.SerializerMethodField()
    undone_by = serializers.SerializerMethodField()
    undoable = serializers.SerializerMethodField()

    class Meta:
        model = Operation
        fields = (
            "id", "at", "licensee", "user", "user_name", "channel", "client", "request_id", "kind",
            "target_type", "target_id", "target_name", "summary", "touched", "batch", "undoes",
            "undone_by", "undoable",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Operation) -> Any:
        operation_access.redact([instance], self.context["view"].by)
        return super().to_representation(instance)

    def get_summary(self, operation: Operation) -> str:
        return audit.sentence(operation)

    def get_undone_by(self, operation: Operation) -> str | None:
        return str(operation.undone_by.pk) if operation.is_undone else None

    def get_undoable(self, operation: Operation) -> bool:
        return audit.is_undoable(operation)


class OperationDetailSerializer(OperationSerializer):
    """An operation with its effects, before and after, which may be long."""

    sample: ClassVar[Example] = {
        **OperationSerializer.sample,
        "effects": {"before": {"phone": ""}, "after": {"phone": "+43 1 5550100"}},
    }

    class Meta(OperationSerializer.Meta):
        fields = (*OperationSerializer.Meta.fields, "effects")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class OperationFilterSet(RecordFilterSet):
    is_undone = YesNoFilter(field_name="undone_by", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Operation
        fields = lookups(
            text="target_name",
            range="touched",
            exact="licensee user channel client request_id kind target_type target_id batch undoes",
            moment="at",
        )


class OperationViewSet(TenantReadViewSet):
    """Operations, the newest first. Name, summary and effects are shown only to those who may see
    the record."""

    queryset = Operation.objects.select_related("user", "undone_by")
    serializer_class = OperationDetailSerializer
    filterset_class = OperationFilterSet
    search_fields = ("target_name", "client")
    ordering_fields = ("at",)
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Operation]:
        operations = super().get_queryset()
        return operations.defer("effects") if self.action == "list" else operations

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Find by a name only those operations whose name the actor may read."""
        names = {name.partition("__")[0] for name in self.request.query_params}
        if self.action == "list" and names & {"search", "target_name"}:
            readable = operation_access.readable_types(self.by)
            if readable is not None:
                queryset = queryset.filter(target_type__in=readable)
        return super().filter_queryset(queryset)

    def get_serializer_class(self) -> Any:
        return OperationSerializer if self.action == "list" else super().get_serializer_class()

    @detail_action(
        "undo",
        required_permissions=(),  # the permission is that of the undone operation, which asks
        example={"message": "Undone: 2 reversed.", "reversed": 2, "kept": 0, "failed": 0},
    )
    def undo(self, request: Request, pk: str) -> Response:
        """Reverse what it did, as far as that is unchanged. Itself an operation."""
        self.validated_body()
        undone = audit.undo(self.path_id(), by=self.by)
        return action_response(
            undone.message,
            undone.operation if undone.reversed else None,
            undone.failed,
            reversed=undone.reversed,
            kept=undone.kept,
            failed=len(undone.failed),
        )


RESOURCES = {"licensees": LicenseeViewSet, "operations": OperationViewSet}
