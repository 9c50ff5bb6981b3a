"""Contact groups and their connections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from commsapp.api.openapi.fragments import sample_id
from commsapp.api.rest import fields
from commsapp.api.rest.filters import RecordFilterSet, record_lookups
from commsapp.api.rest.serializers import (
    RecordSerializer,
    StrictSerializer,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.api.rest.viewsets import (
    ArchivableViewSet,
    Example,
    TenantListViewSet,
    change_response,
    detail_action,
)
from commsapp.core.audit import Refused
from contacts import operations
from contacts.models import Contact, ContactConnection, ContactGroup


class ContactGroupSerializer(RecordSerializer):
    sample = record_sample(
        "contact-group", name="Example Bakeries", role=sample_id("role"), role_name="Customer",
        status="active", connection_count=2,
    )  # fmt: skip

    role_name = name_of("role")
    connection_count = serializers.IntegerField(read_only=True)

    class Meta(RecordSerializer.Meta):
        model = ContactGroup
        fields = record_fields("name", "role", "role_name", "status", "connection_count")


class ContactGroupFilterSet(RecordFilterSet):
    class Meta:
        model = ContactGroup
        fields = record_lookups(text="name", exact="role status")

    def filter_queryset(self, queryset: QuerySet[ContactGroup]) -> QuerySet[ContactGroup]:
        """Deleted ones leave lists unless they are asked for."""
        filtered: QuerySet[ContactGroup] = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("status"):
            return filtered
        return filtered.exclude(status=ContactGroup.Status.DELETED)


class ConnectionItemSerializer(StrictSerializer):
    """A contact to connect. No role, no position: as they are, or none and last."""

    contact = fields.IdField()
    role = fields.IdField(required=False, allow_null=True)
    position = fields.IntegerField(required=False, allow_null=True, min_value=1)


class ConnectionItemsSerializer(StrictSerializer):
    sample: ClassVar[Example] = {"connections": [{"contact": sample_id("contact"), "position": 1}]}

    connections = ConnectionItemSerializer(many=True)


class ContactOrderSerializer(StrictSerializer):
    """Contacts of the group in their new order; those left out follow in theirs."""

    sample: ClassVar[Example] = {"contacts": [sample_id("contact")]}

    contacts = fields.IdListField()


_connected = ContactConnection.objects.filter(group=OuterRef("pk")).order_by().values("group")
_CONNECTIONS = Coalesce(Subquery(_connected.annotate(count=Count("pk")).values("count")), 0)


class ContactGroupViewSet(ArchivableViewSet):
    """Customers, and other sets of contacts in an order of priority."""

    queryset = ContactGroup.objects.select_related("role").annotate(connection_count=_CONNECTIONS)
    serializer_class = ContactGroupSerializer
    filterset_class = ContactGroupFilterSet
    search_fields = ("name",)
    ordering_fields = ("name", "status", "created_at", "updated_at")

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_contact_group(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())

    @detail_action("archive", example={"message": "Archived.", "already": 0})
    def archive(self, request: Request, pk: str) -> Response:
        """Archive it; its connections stay."""
        return self.run_on_record(operations.archive_contact_groups)

    @detail_action("restore", example={"message": "Restored.", "already": 0})
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back, from the archive or from being deleted."""
        return self.run_on_record(operations.restore_contact_groups)

    @detail_action(
        "delete",
        required_permissions=(("delete", ContactGroup),),
        example={"message": "Deleted.", "already": 0},
    )
    def mark_deleted(self, request: Request, pk: str) -> Response:  # `delete` is HTTP's own
        """Mark it as deleted: it leaves lists, and can be restored."""
        return self.run_on_record(operations.delete_contact_groups)

    @detail_action(
        "add-connections",
        serializer_class=ConnectionItemsSerializer,
        example={"message": "1 connection added.", "added": 1, "changed": 0, "already": 0},
    )
    def add_connections(self, request: Request, pk: str) -> Response:
        """Connect contacts, each at its position or at the end."""
        items = self.validated_body()["connections"]
        new = [
            operations.NewConnection(item["contact"], item.get("role"), item.get("position"))
            for item in items
        ]
        change = operations.add_connections(self.path_id(), new, by=self.by)
        return change_response(change, "added", "changed", "already")

    @detail_action(
        "remove-connections",
        serializer_class=ConnectionItemsSerializer,
        example={"message": "1 contact removed.", "removed": 1, "already": 0},
    )
    def remove_connections(self, request: Request, pk: str) -> Response:
        """Disconnect contacts; of each connection only its contact matters."""
        items = self.validated_body()["connections"]
        contacts = [item["contact"] for item in items]
        change = operations.remove_connections(self.path_id(), contacts, by=self.by)
        return change_response(change, "removed", "already")

    @detail_action(
        "reorder",
        serializer_class=ContactOrderSerializer,
        example={"message": "Connections put in order.", "changed": 2, "already": 0},
    )
    def reorder(self, request: Request, pk: str) -> Response:
        """Put these contacts first, in this order; the others follow. The first is the primary."""
        contacts = self.validated_body()["contacts"]
        try:
            change = operations.reorder_connections(self.path_id(), contacts, by=self.by)
        except Refused as refused:  # its places are those of this verb's list
            raise Refused(
                *(replace(refusal, field="contacts") for refusal in refused.refusals)
            ) from None
        return change_response(change, "changed", "already")


class ConnectionSerializer(serializers.ModelSerializer[ContactConnection]):
    sample: ClassVar[Example] = {
        "contact": sample_id("contact"),
        "contact_name": "Alice Example",
        "role": None,
        "role_name": None,
        "position": 1,
    }

    contact_name = name_of("contact")
    role_name = name_of("role")

    class Meta:
        model = ContactConnection
        fields = ("contact", "contact_name", "role", "role_name", "position")
        read_only_fields = ("contact", "role", "position")


class ContactConnectionViewSet(TenantListViewSet):
    """A group's contacts in their order: 1 is the primary one."""

    queryset = ContactConnection.objects.select_related("contact", "role")
    serializer_class = ConnectionSerializer
    search_fields = ("contact__name",)
    ordering_fields = ("position",)
    ordering = "position"
    required_permissions = (("view", ContactGroup), ("view", Contact))

    def get_queryset(self) -> QuerySet[ContactConnection]:
        return self.queryset.filter(group=self.get_parent(ContactGroup))
