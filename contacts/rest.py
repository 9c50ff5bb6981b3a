"""REST door of contacts, contact groups and the keys that other systems know them by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.faces.described import MOMENT, sample_id
from commsapp.faces.rest import fields
from commsapp.faces.rest.filters import RecordFilters, YesNoFilter, record_lookups
from commsapp.faces.rest.serializers import (
    RecordSerializer,
    Strict,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.faces.rest.viewsets import Archivable, Rows, Told, Writable, answer, verb, written
from commsapp.ledger import Refused
from contacts import operations
from contacts.models import (
    AlternateKey,
    Contact,
    ContactConnection,
    ContactGroup,
    DataSource,
    Role,
)

# --- Data sources, roles, contacts ----------------------------------------------------------


class DataSourceSerializer(RecordSerializer):
    sample = record_sample("data-source", name="Billing suite", is_active=True)

    class Meta(RecordSerializer.Meta):
        model = DataSource
        fields = record_fields("name", "is_active")


class DataSourceFilters(RecordFilters):
    class Meta:
        model = DataSource
        fields = record_lookups(text="name", exact="is_active")


class DataSources(Writable):
    """The instances of external suites, whose keys are unique within each."""

    queryset = DataSource.objects.all()
    serializer_class = DataSourceSerializer
    filterset_class = DataSourceFilters
    search_fields = ("name",)
    orderings = ("name", "created_at", "updated_at")


class RoleSerializer(RecordSerializer):
    sample = record_sample("role", name="Customer", kind="group")

    class Meta(RecordSerializer.Meta):
        model = Role
        fields = record_fields("name", "kind")


class RoleFilters(RecordFilters):
    class Meta:
        model = Role
        fields = record_lookups(text="name", exact="kind")


class Roles(Writable):
    """What contact groups are to the business, and contacts to their group."""

    queryset = Role.objects.all()
    serializer_class = RoleSerializer
    filterset_class = RoleFilters
    search_fields = ("name",)
    orderings = ("name", "kind", "created_at", "updated_at")

    def change(self, pk: str, values: dict[str, Any]) -> None:
        operations.edit_role(pk, values, by=self.by)


class ContactSerializer(RecordSerializer):
    sample = record_sample(
        "contact", kind="person", name="Alice Example", email="alice@example.com",
        phone="+43 1 5550100", archived_at=None,
    )  # fmt: skip
    edited = ("phone",)

    class Meta(RecordSerializer.Meta):
        model = Contact
        fields = record_fields("kind", "name", "email", "phone", "archived_at")


class ContactFilters(RecordFilters):
    is_archived = YesNoFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Contact
        fields = record_lookups(text="name email", exact="kind phone", moment="archived_at")


class Contacts(Archivable):
    """Persons and organisations."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = ContactFilters
    search_fields = ("name", "email", "phone")
    orderings = ("name", "kind", "email", "archived_at", "created_at", "updated_at")


# --- Contact groups -------------------------------------------------------------------------


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


class ContactGroupFilters(RecordFilters):
    class Meta:
        model = ContactGroup
        fields = record_lookups(text="name", exact="role status")

    def filter_queryset(self, queryset: QuerySet[ContactGroup]) -> QuerySet[ContactGroup]:
        """Deleted ones leave lists unless they are asked for."""
        filtered: QuerySet[ContactGroup] = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("status"):
            return filtered
        return filtered.exclude(status=ContactGroup.Status.DELETED)


class ConnectionItem(Strict):
    """A contact to connect. No role, no position: as they are, or none and last."""

    contact = fields.Id()
    role = fields.Id(required=False, allow_null=True)
    position = fields.Whole(required=False, allow_null=True, min_value=1)


class NamedConnections(Strict):
    sample: ClassVar[Told] = {"connections": [{"contact": sample_id("contact"), "position": 1}]}

    connections = ConnectionItem(many=True)


class ContactOrder(Strict):
    """Contacts of the group in their new order; those left out follow in theirs."""

    sample: ClassVar[Told] = {"contacts": [sample_id("contact")]}

    contacts = fields.Ids()


_connected = ContactConnection.objects.filter(group=OuterRef("pk")).order_by().values("group")
_CONNECTIONS = Coalesce(Subquery(_connected.annotate(count=Count("pk")).values("count")), 0)


class ContactGroups(Archivable):
    """Customers, and other sets of contacts in an order of priority."""

    queryset = ContactGroup.objects.select_related("role").annotate(connection_count=_CONNECTIONS)
    serializer_class = ContactGroupSerializer
    filterset_class = ContactGroupFilters
    search_fields = ("name",)
    orderings = ("name", "status", "created_at", "updated_at")

    def change(self, pk: str, values: dict[str, Any]) -> None:
        operations.edit_contact_group(pk, values, by=self.by)

    @verb("archive", told={"message": "Archived.", "already": 0})
    def archive(self, request: Request, pk: str) -> Response:
        """Archive it; its connections stay."""
        return self.moved(operations.archive_contact_groups)

    @verb("restore", told={"message": "Restored.", "already": 0})
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back, from the archive or from being deleted."""
        return self.moved(operations.restore_contact_groups)

    @verb(
        "delete",
        needs=(("delete", ContactGroup),),
        told={"message": "Deleted.", "already": 0},
    )
    def mark_deleted(self, request: Request, pk: str) -> Response:  # `delete` is HTTP's own
        """Mark it as deleted: it leaves lists, and can be restored."""
        return self.moved(operations.delete_contact_groups)

    @verb(
        "add-connections",
        takes=NamedConnections,
        told={"message": "1 connection added.", "added": 1, "changed": 0, "already": 0},
    )
    def add_connections(self, request: Request, pk: str) -> Response:
        """Connect contacts, each at its position or at the end."""
        items = self.taken(NamedConnections)["connections"]
        new = [
            operations.NewConnection(item["contact"], item.get("role"), item.get("position"))
            for item in items
        ]
        change = operations.add_connections(self.key(), new, by=self.by)
        return _changed(change, "added", "changed", "already")

    @verb(
        "remove-connections",
        takes=NamedConnections,
        told={"message": "1 connection removed.", "removed": 1, "already": 0},
    )
    def remove_connections(self, request: Request, pk: str) -> Response:
        """Disconnect contacts; of each connection only its contact matters."""
        items = self.taken(NamedConnections)["connections"]
        contacts = [item["contact"] for item in items]
        change = operations.remove_connections(self.key(), contacts, by=self.by)
        return _changed(change, "removed", "already")

    @verb(
        "reorder",
        takes=ContactOrder,
        told={"message": "Connections put in order.", "changed": 2, "already": 0},
    )
    def reorder(self, request: Request, pk: str) -> Response:
        """Put these contacts first, in this order; the others follow. The first is the primary."""
        contacts = self.taken(ContactOrder)["contacts"]
        try:
            change = operations.reorder_connections(self.key(), contacts, by=self.by)
        except Refused as refused:  # its places are those of this verb's list
            raise Refused(*(replace(one, field="contacts") for one in refused.refusals)) from None
        return _changed(change, "changed", "already")


def _changed(change: operations.ConnectionsChange, *counts: str) -> Response:
    told = {name: getattr(change, name) for name in counts}
    return answer(change.message, written(change), change.skipped, **told)


class ConnectionSerializer(serializers.ModelSerializer[ContactConnection]):
    sample: ClassVar[Told] = {
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


class Connections(Rows):
    """A group's contacts in their order: 1 is the primary one."""

    queryset = ContactConnection.objects.select_related("contact", "role")
    serializer_class = ConnectionSerializer
    search_fields = ("contact__name",)
    orderings = ("position",)
    ordering = "position"
    needs = (("view", ContactGroup), ("view", Contact))

    def get_queryset(self) -> QuerySet[ContactConnection]:
        group = ContactGroup.objects.visible_to(self.by).only("pk").get(pk=self.key("id"))
        return ContactConnection.objects.select_related("contact", "role").filter(group=group)


# --- Alternate keys -------------------------------------------------------------------------


class AlternateKeySerializer(RecordSerializer):
    sample = record_sample(
        "alternate-key", data_source=sample_id("data-source"), value="CUSTOMER-1001",
        contact=None, contact_group=sample_id("contact-group"), role=None, last_saved_at=MOMENT,
        last_outcome="Updated",
    )  # fmt: skip
    edited = ("value",)

    class Meta(RecordSerializer.Meta):
        model = AlternateKey
        fields = record_fields(
            "data_source", "value", "contact", "contact_group", "role", "last_saved_at",
            "last_outcome",
        )  # fmt: skip


class AlternateKeyFilters(RecordFilters):
    class Meta:
        model = AlternateKey
        fields = record_lookups(
            exact="data_source kind value contact contact_group role last_outcome",
            empty="contact contact_group role",
            moment="last_saved_at",
        )


class AlternateKeys(Writable):
    """What an external suite calls one of our contacts, contact groups or roles."""

    queryset = AlternateKey.objects.all()
    serializer_class = AlternateKeySerializer
    filterset_class = AlternateKeyFilters
    search_fields = ("value",)
    orderings = ("value", "last_saved_at", "created_at", "updated_at")

    def make(self, values: dict[str, Any]) -> AlternateKey:
        return operations.create_alternate_key(AlternateKey(**values), by=self.by)

    def change(self, pk: str, values: dict[str, Any]) -> None:
        operations.edit_alternate_key(pk, values, by=self.by)

    @extend_schema(responses={200: AlternateKeySerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the key, and answer what it was. What it named stays."""
        gone = operations.delete_alternate_key(self.key(), by=self.by)
        return Response(self.get_serializer(gone).data)


RESOURCES = {
    "data-sources": DataSources,
    "roles": Roles,
    "contacts": Contacts,
    "contact-groups": ContactGroups,
    "contact-groups/{id}/connections": Connections,
    "alternate-keys": AlternateKeys,
}
