"""Recipients and recipient groups, for people in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from commsapp.core.audit import UNDONE
from commsapp.core.number_format import format_count
from commsapp.core.records import Expected
from commsapp.models import Record
from commsapp.staff.archiving import ArchivedAdmin
from commsapp.staff.audit.changes import OperationReport
from commsapp.staff.audit.history import HistoryRows
from commsapp.staff.changelists import ArchivedFilter
from commsapp.staff.dependents import DependentsFinder
from commsapp.staff.object_pages import Page, Panel
from commsapp.staff.tables.export_admin import ExportedAdmin
from commsapp.staff.tables.import_admin import ImportedAdmin
from contacts.models import Contact, ContactGroup
from groups import from_contacts, operations, table_columns
from groups.models import Recipient, RecipientGroup
from groups.pages import audit, change_members, make_group, member_files, members, pickers
from groups.pages.change_members import MAX_FORM_CHARACTERS
from groups.pages.dependents import (
    groups_of_customers,
    groups_of_recipients,
    members_of_groups,
    recipients_of_contacts,
    recipients_of_customers,
    touched_by_undone_members,
)
from groups.pages.members import is_active


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
    pages = (Page("add-back", audit.rejoin, verb="view"),)
    panels = (
        Panel(
            _("In recipient groups"), "groups/groups_of.html", members.groups_of,
            model=RecipientGroup,
        ),
        Panel(_("History"), "staff/history_panel.html", audit.recent_history),
    )  # fmt: skip
    dependents = (
        DependentsFinder(recipients_of_contacts, on=Contact),
        DependentsFinder(groups_of_recipients, model=RecipientGroup),
    )

    @admin.display(description=_("e-mail and MSISDN"), ordering="msisdn")
    def reach(self, recipient: Recipient) -> Any:
        """Both in one column: a row tells all of a recipient on a desk's screen."""
        if not (recipient.email and recipient.msisdn):
            return recipient.email or recipient.msisdn
        text = '{} <span class="second">{}</span>'
        return format_html(text, recipient.email, recipient.msisdn)

    def hint(self, recipient: Recipient) -> str:
        """What a combobox tells beside the name."""
        return pickers.hint(recipient)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_recipient(pk, values, by=by, expected=expected)

    def history_rows(self, request: HttpRequest, record: Any) -> HistoryRows:
        return audit.membership_events(request, record)


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
    pages = (
        Page("find-recipients", pickers.find_recipients),
        Page("find-groups", pickers.find_groups),
        Page(
            "add-recipients", change_members.add_recipients, _("Add recipients"),
            is_available=is_active, is_primary=True, max_form_characters=MAX_FORM_CHARACTERS,
        ),
        Page(
            "remove-recipients", change_members.remove_recipients, _("Remove recipients"),
            is_available=is_active, max_form_characters=MAX_FORM_CHARACTERS,
        ),
        Page(
            "set-recipients", change_members.set_recipients, _("Set exactly"),
            is_available=is_active, max_form_characters=MAX_FORM_CHARACTERS,
        ),
        Page("failed-rows", member_files.failed_rows),
        Page("recipients-template.csv", member_files.template),
        Page(
            "make-group", make_group.make_group, _("Make recipient group"), on=ContactGroup,
            selection_label=_("Make recipient group of ticked…"), verb="add",
            is_available=make_group.is_active,
        ),
    )  # fmt: skip
    panels = (Panel(_("Members"), "groups/members.html", members.members, model=Recipient),)
    dependents = (
        DependentsFinder(groups_of_customers, on=ContactGroup),
        DependentsFinder(recipients_of_customers, on=ContactGroup, model=Recipient),
        DependentsFinder(members_of_groups, model=Recipient),
    )
    operation_reports = (
        OperationReport(
            (
                operations.RECIPIENTS_ADDED, operations.RECIPIENTS_REMOVED,
                operations.RECIPIENTS_SET, from_contacts.MADE,
            ),
            changed=audit.changed_members,
            skipped=audit.skipped_members,
            undo_effects=touched_by_undone_members,
        ),
        OperationReport((UNDONE,), changed=audit.changed_members),
    )  # fmt: skip

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
