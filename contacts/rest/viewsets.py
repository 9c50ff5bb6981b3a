"""REST API of contacts, contact groups and the keys that other systems know them by."""

from __future__ import annotations

from typing import Any

from rest_framework.serializers import BaseSerializer

from commsapp.api.openapi.fragments import MOMENT, sample_id
from commsapp.api.rest.filters import RecordFilterSet, YesNoFilter, record_lookups
from commsapp.api.rest.serializers import RecordSerializer, record_fields, record_sample
from commsapp.api.rest.viewsets import ArchivableViewSet, DeletableViewSet, TenantWriteViewSet
from contacts import operations
from contacts.models import AlternateKey, Contact, DataSource, Role
from contacts.rest.contact_groups import ContactConnectionViewSet, ContactGroupViewSet

# --- Data sources, roles, contacts ----------------------------------------------------------


class DataSourceSerializer(RecordSerializer):
    sample = record_sample("data-source", name="Billing suite", is_active=True)

    class Meta(RecordSerializer.Meta):
        model = DataSource
        fields = record_fields("name", "is_active")


class DataSourceFilterSet(RecordFilterSet):
    class Meta:
        model = DataSource
        fields = record_lookups(text="name", exact="is_active")


class DataSourceViewSet(TenantWriteViewSet):
    """The instances of external suites, whose keys are unique within each."""

    queryset = DataSource.objects.all()
    serializer_class = DataSourceSerializer
    filterset_class = DataSourceFilterSet
    search_fields = ("name",)
    ordering_fields = ("name", "created_at", "updated_at")


class RoleSerializer(RecordSerializer):
    sample = record_sample("role", name="Customer", kind="group")

    class Meta(RecordSerializer.Meta):
        model = Role
        fields = record_fields("name", "kind")


class RoleFilterSet(RecordFilterSet):
    class Meta:
        model = Role
        fields = record_lookups(text="name", exact="kind")


class RoleViewSet(TenantWriteViewSet):
    """What contact groups are to the business, and contacts to their group."""

    queryset = Role.objects.all()
    serializer_class = RoleSerializer
    filterset_class = RoleFilterSet
    search_fields = ("name",)
    ordering_fields = ("name", "kind", "created_at", "updated_at")

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_role(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())


class ContactSerializer(RecordSerializer):
    sample = record_sample(
        "contact", kind="person", name="Alice Example", email="alice@example.com",
        phone="+43 1 5550100", archived_at=None,
    )  # fmt: skip
    edited = ("phone",)

    class Meta(RecordSerializer.Meta):
        model = Contact
        fields = record_fields("kind", "name", "email", "phone", "archived_at")


class ContactFilterSet(RecordFilterSet):
    is_archived = YesNoFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Contact
        fields = record_lookups(text="name email", exact="kind phone", moment="archived_at")


class ContactViewSet(ArchivableViewSet):
    """Persons and organisations."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = ContactFilterSet
    search_fields = ("name", "email", "phone")
    ordering_fields = ("name", "kind", "email", "archived_at", "created_at", "updated_at")


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


class AlternateKeyFilterSet(RecordFilterSet):
    class Meta:
        model = AlternateKey
        fields = record_lookups(
            exact="data_source kind value contact contact_group role last_outcome",
            empty="contact contact_group role",
            moment="last_saved_at",
        )


class AlternateKeyViewSet(DeletableViewSet):
    """What an external suite calls one of our contacts, contact groups or roles."""

    queryset = AlternateKey.objects.all()
    serializer_class = AlternateKeySerializer
    filterset_class = AlternateKeyFilterSet
    search_fields = ("value",)
    ordering_fields = ("value", "last_saved_at", "created_at", "updated_at")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        key = AlternateKey(**serializer.validated_data)
        self.read_again(serializer, operations.create_alternate_key(key, by=self.by).pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_alternate_key(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())

    def perform_destroy(self, instance: AlternateKey) -> None:
        operations.delete_alternate_key(self.path_id(), by=self.by)


RESOURCES = {
    "data-sources": DataSourceViewSet,
    "roles": RoleViewSet,
    "contacts": ContactViewSet,
    "contact-groups": ContactGroupViewSet,
    "contact-groups/{id}/connections": ContactConnectionViewSet,
    "alternate-keys": AlternateKeyViewSet,
}
