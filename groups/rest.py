"""REST API of recipients and recipient groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from commsapp.api.openapi.fragments import sample_id
from commsapp.api.rest.fields import BooleanField, IdListField
from commsapp.api.rest.filters import RecordFilterSet, YesNoFilter, record_lookups
from commsapp.api.rest.serializers import (
    DryRunSerializer,
    RecordSerializer,
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
from groups import operations
from groups.models import Recipient, RecipientGroup


class RecipientSerializer(RecordSerializer):
    sample = record_sample(
        "recipient", name="Bakery on Main Street", recipient_type="Location",
        customer=sample_id("contact-group"), customer_name="Example Bakeries", contact=None,
        email="main.street@example.com", msisdn="", street="1 Main Street", city="Vienna",
        state="", postal_code="1010", country="Austria", external_reference="SITE-0001",
        archived_at=None,
    )  # fmt: skip

    customer_name = name_of("customer")

    class Meta(RecordSerializer.Meta):
        model = Recipient
        fields = record_fields(
            "name", "recipient_type", "customer", "customer_name", "contact", "email", "msisdn",
            "street", "city", "state", "postal_code", "country", "external_reference",
            "archived_at",
        )  # fmt: skip


class RecipientFilterSet(RecordFilterSet):
    is_archived = YesNoFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Recipient
        fields = record_lookups(
            text="name email street city state country",
            exact="recipient_type customer contact msisdn postal_code external_reference",
            empty="customer contact",
            moment="archived_at",
        )


_RECIPIENTS = Recipient.objects.select_related("customer")
_SEARCHED = ("name", "email", "msisdn", "city", "external_reference")
_ORDERINGS = (
    "name", "recipient_type", "city", "country", "archived_at", "created_at", "updated_at",
)  # fmt: skip


class RecipientViewSet(ArchivableViewSet):
    """The sites and subscribers of customers: who or what a service is for."""

    queryset = _RECIPIENTS
    serializer_class = RecipientSerializer
    filterset_class = RecipientFilterSet
    search_fields = _SEARCHED
    ordering_fields = _ORDERINGS

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_recipient(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())


class RecipientGroupSerializer(RecordSerializer):
    sample = record_sample(
        "recipient-group", name="Shops with fibre", customer=sample_id("contact-group"),
        customer_name="Example Bakeries", description="All that get the same line.",
        status="active", expected_member_count=12, member_count=12,
    )  # fmt: skip

    customer_name = name_of("customer")

    class Meta(RecordSerializer.Meta):
        model = RecipientGroup
        fields = record_fields(
            "name", "customer", "customer_name", "description", "status",
            "expected_member_count", "member_count",
        )  # fmt: skip


class RecipientGroupFilterSet(RecordFilterSet):
    class Meta:
        model = RecipientGroup
        fields = record_lookups(
            text="name description",
            exact="customer status",
            range="expected_member_count member_count",
            empty="customer expected_member_count",
        )


class RecipientIdsSerializer(DryRunSerializer):
    """Which recipients, and whether the good ones are taken where others may not be."""

    sample: ClassVar[Example] = {
        "recipients": [sample_id("recipient")],
        "all_or_none": True,
        "dry_run": False,
    }

    recipients = IdListField()
    all_or_none = BooleanField(default=True)


class RecipientGroupViewSet(ArchivableViewSet):
    """Recipients that share offers or products of the same configuration."""

    queryset = RecipientGroup.objects.select_related("customer")
    serializer_class = RecipientGroupSerializer
    filterset_class = RecipientGroupFilterSet
    search_fields = ("name", "description", "customer__name")
    ordering_fields = (
        "name", "status", "member_count", "expected_member_count", "created_at", "updated_at",
    )  # fmt: skip

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_recipient_group(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())

    @detail_action(
        "add-recipients",
        serializer_class=RecipientIdsSerializer,
        example={"message": "1 recipient added.", "added": 1, "already": 0},
    )
    def add_recipients(self, request: Request, pk: str) -> Response:
        """Make each recipient a member; those that are already stay as they are."""
        return self._changed(operations.add_recipients, "added", "already")

    @detail_action(
        "remove-recipients",
        serializer_class=RecipientIdsSerializer,
        example={"message": "1 recipient removed.", "removed": 1, "already": 0},
    )
    def remove_recipients(self, request: Request, pk: str) -> Response:
        """Make sure that none of the recipients is a member."""
        return self._changed(operations.remove_recipients, "removed", "already")

    @detail_action(
        "set-recipients",
        serializer_class=RecipientIdsSerializer,
        example={
            "message": "1 added, 3 removed, 0 stayed.", "added": 1, "removed": 3, "already": 0,
        },
    )  # fmt: skip
    def set_recipients(self, request: Request, pk: str) -> Response:
        """Make the recipients, and nobody else, members."""
        return self._changed(operations.set_recipients, "added", "removed", "already")

    def _changed(
        self, change_members: Callable[..., operations.RecipientsChange], *counts: str
    ) -> Response:
        named = self.validated_body()
        change = change_members(self.path_id(), named.pop("recipients"), by=self.by, **named)
        return change_response(change, *counts)


class MembershipViewSet(TenantListViewSet):
    """The recipients in a group."""

    queryset = _RECIPIENTS
    serializer_class = RecipientSerializer
    filterset_class = RecipientFilterSet
    search_fields = _SEARCHED
    ordering_fields = _ORDERINGS
    required_permissions = (("view", RecipientGroup), ("view", Recipient))

    def get_queryset(self) -> QuerySet[Recipient]:
        return self.queryset.filter(memberships__group=self.get_parent(RecipientGroup))


RESOURCES = {
    "recipients": RecipientViewSet,
    "recipient-groups": RecipientGroupViewSet,
    "recipient-groups/{id}/recipients": MembershipViewSet,
}
