"""Recipients and recipient groups, for people in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from commsapp.core.number_format import format_count
from commsapp.core.records import Expected
from commsapp.models import Record
from commsapp.staff.archiving import ArchivedAdmin
from commsapp.staff.changelists import ArchivedFilter
from commsapp.staff.tables.export_admin import ExportedAdmin
from commsapp.staff.tables.import_admin import ImportedAdmin
from groups import operations, table_columns
from groups import pages as pages
from groups.models import Recipient, RecipientGroup
from groups.pages import audit as audit
from groups.pages import make_group as make_group


@admin.register(Recipient)
class RecipientAdmin(ImportedAdmin, ExportedAdmin, ArchivedAdmin):
    """Who or what a service is for."""

    imported, exported = table_columns.RECIPIENTS_IN, table_columns.RECIPIENTS_OUT

    menu_place = 21
    list_display = (
        "name", "recipient_type", "customer", "city", "reach", "external_reference",
    )  # fmt: skip
    list_filter = (ArchivedFilter, "recipient_type")
    list_select_related = ("customer", "contact", "licensee")
    search_fields = ("name", "email", "msisdn", "external_reference", "city")
    search_help_text = _("Name, e-mail, MSISDN, external reference, city or id")
    ordering = ("licensee_id", "name", "id")
    autocomplete_fields = ("customer", "contact")
    fieldsets = (
        (None, {"fields": ("name", "recipient_type", "customer", "contact", "external_reference")}),
        (_("Reached at"), {"fields": ("email", "msisdn")}),
        (_("Service address"), {"fields": ("street", "postal_code", "city", "state", "country")}),
    )
    facts = (
        "recipient_type", "customer", "contact", "email", "msisdn", "street", "postal_code",
        "city", "state", "country", "external_reference", "licensee", "created_at", "archived_at",
    )  # fmt: skip

    @admin.display(description=_("e-mail and MSISDN"), ordering="msisdn")
    def reach(self, recipient: Recipient) -> Any:
        """Both in one column: a row tells all of a recipient on a desk's screen."""
        if not (recipient.email and recipient.msisdn):
            return recipient.email or recipient.msisdn
        text = '{} <span class="second">{}</span>'
        return format_html(text, recipient.email, recipient.msisdn)

    def hint(self, recipient: Recipient) -> str:
        """What a combobox tells beside the name."""
        return pages.pickers.hint(recipient)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_recipient(pk, values, by=by, expected=expected)


@admin.register(RecipientGroup)
class RecipientGroupAdmin(ArchivedAdmin):
    """Recipients that share one configuration."""

    menu_place = 20
    list_display = ("name", "customer", "member_count", "expected", "standing", "updated_at")
    list_filter = (ArchivedFilter,)
    list_select_related = ("customer", "licensee")
    search_fields = ("name", "description", "customer__name")
    search_help_text = _("Name, description, customer or id")
    ordering = ("licensee_id", "name", "id")
    autocomplete_fields = ("customer",)
    fields = ("name", "customer", "description", "expected_member_count")
    facts = (
        "customer", "members_display", "description", "licensee", "created_at", "updated_at",
    )  # fmt: skip
    badge = "status"

    @admin.display(description=_("expected"), ordering="expected_member_count")
    def expected(self, group: RecipientGroup) -> str:
        """The number somebody expects, marked where it is another."""
        if group.expected_member_count is None:
            return ""
        mark = " ≠" if group.misses_expected_count else ""
        return f"{format_count(group.expected_member_count)}{mark}"

    @admin.display(description=_("members"))
    def members_display(self, group: RecipientGroup) -> Any:
        """How many there are of how many; shape and word where they differ, colour besides."""
        if group.expected_member_count is None:
            return format_count(group.member_count)
        message = _("%(count)s of %(expected)s expected") % {
            "count": format_count(group.member_count),
            "expected": format_count(group.expected_member_count),
        }
        missing = group.expected_member_count - group.member_count
        if not missing:
            return format_html('{} <span class="badge is-active">{}</span>', message, _("complete"))
        differs = (_("%s missing") if missing > 0 else _("%s too many")) % format_count(
            abs(missing)
        )
        return format_html('{} <span class="badge is-differing">{}</span>', message, differs)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_recipient_group(pk, values, by=by, expected=expected)
