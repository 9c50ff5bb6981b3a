"""Contacts, contact groups, and what they are known by, for people in a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from commsapp.core.records import Expected
from commsapp.models import Record
from commsapp.staff.archiving import ArchivedAdmin
from commsapp.staff.audit.changes import OperationReport
from commsapp.staff.changelists import ArchivedFilter, VisibleFilter
from commsapp.staff.dependents import DependentsFinder
from commsapp.staff.model_admin import NoDeleteAdmin
from commsapp.staff.object_pages import Page, Panel
from commsapp.staff.record_admin import DeletableAdmin, RecordAdmin
from commsapp.staff.tables.export_admin import ExportedAdmin
from commsapp.staff.tables.import_admin import ImportedAdmin
from contacts import connection_changes, connections, operations, table_columns
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup, DataSource, Role
from contacts.pages import alternate_keys as key_pages
from contacts.pages import connections as connection_pages
from contacts.pages import data_sources as source_pages
from contacts.pages.audit import changed_connections
from contacts.pages.connections import is_not_deleted
from contacts.pages.data_sources import outcome_label
from contacts.pages.deleting import delete_group
from contacts.pages.dependents import (
    contacts_of,
    groups_of,
    keys_of_contacts,
    keys_of_groups,
    named_by_keys,
)
from contacts.save_group import outcome


@admin.register(DataSource)
class DataSourceAdmin(RecordAdmin):
    """The instances of external suites."""

    menu_place = 33
    tells_licensee = True
    list_display = ("name", "is_active", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("licensee",)
    search_fields = ("name",)
    ordering = ("name", "id")
    fields = ("name", "is_active")
    facts = ("is_active", "licensee", "created_at", "updated_at")
    panels = (
        Panel(
            _("Last saves"), "contacts/last_saves.html", source_pages.last_saves,
            model=AlternateKey,
        ),
        Panel(_("Outcomes per day"), "contacts/outcomes.html", source_pages.outcomes_per_day),
        Panel(_("Last failed saves"), "contacts/failures.html", source_pages.last_failures),
    )  # fmt: skip


@admin.register(Role)
class RoleAdmin(RecordAdmin):
    """What groups and connections are."""

    menu_place = 34
    tells_licensee = True
    list_display = ("name", "kind", "created_at")
    list_filter = ("kind",)
    list_select_related = ("licensee",)
    search_fields = ("name",)
    ordering = ("kind", "name", "id")
    fields = ("name", "kind")
    facts = ("kind", "licensee", "created_at", "updated_at")

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_role(pk, values, by=by, expected=expected)


@admin.register(Contact)
class ContactAdmin(ImportedAdmin, ExportedAdmin, ArchivedAdmin):
    """Persons and organisations."""

    imported, exported = table_columns.CONTACTS_IN, table_columns.CONTACTS_OUT

    menu_place = 31
    tells_licensee = True
    list_display = ("name", "kind", "email", "phone", "created_at")
    list_filter = (ArchivedFilter, "kind")
    list_select_related = ("licensee",)
    search_fields = ("name", "email", "phone")
    search_help_text = _("Name, e-mail, phone or id")
    ordering = ("licensee_id", "name", "id")
    fields = ("kind", "name", "email", "phone")
    facts = ("kind", "email", "phone", "licensee", "created_at", "archived_at")
    panels = (
        Panel(
            _("Alternate keys"), "contacts/keys.html", key_pages.keys_of_contact,
            model=AlternateKey,
        ),
        Panel(
            _("In contact groups"), "contacts/groups_of.html", key_pages.groups_of_contact,
            model=ContactGroup,
        ),
    )  # fmt: skip
    dependents = (
        DependentsFinder(groups_of, model=ContactGroup),
        DependentsFinder(keys_of_contacts, model=AlternateKey),
    )


@admin.register(ContactGroup)
class ContactGroupAdmin(ImportedAdmin, ExportedAdmin, ArchivedAdmin):
    """Customers, and other sets of contacts."""

    imported, exported = table_columns.CONTACT_GROUPS_IN, table_columns.CONTACT_GROUPS_OUT

    menu_place = 30
    tells_licensee = True
    list_display = ("name", "role", "connected", "standing", "updated_at")
    list_filter = (ArchivedFilter, ("role", VisibleFilter))
    list_select_related = ("role", "licensee")
    search_fields = ("name",)
    search_help_text = _("Name or id")
    ordering = ("licensee_id", "name", "id")
    fields = ("name", "role")
    facts = ("role", "licensee", "created_at", "updated_at")
    badge = "status"
    pages = (
        Page("move-connection", connection_pages.move_connection),
        Page("change-roles", connection_pages.change_roles),
        Page(
            "add-connections", connection_pages.add_connections, _("Add contacts"),
            is_available=is_not_deleted, is_primary=True,
        ),
        Page("contact-options", connection_pages.contact_options),
        Page("remove-connections", connection_pages.remove_connections),
        Page(
            "delete-group", delete_group, _("Delete"), verb="delete",
            is_available=is_not_deleted, is_destructive=True,
        ),
    )  # fmt: skip
    panels = (
        Panel(
            _("Alternate keys"), "contacts/keys.html", key_pages.keys_of_group,
            model=AlternateKey,
        ),
        Panel(
            _("Connected contacts"), "contacts/connections.html", connection_pages.connections,
            model=Contact,
        ),
    )  # fmt: skip
    dependents = (
        DependentsFinder(contacts_of, model=Contact),
        DependentsFinder(keys_of_groups, model=AlternateKey),
    )
    operation_reports = (
        OperationReport(
            (
                connections.ADDED, connections.REMOVED, connections.REORDERED,
                connection_changes.MOVED, connection_changes.ROLES_CHANGED, outcome.SAVED,
            ),
            changed=changed_connections,
        ),
    )  # fmt: skip
    actions = ("archive_selected", "restore_selected", "delete_groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        of_group = ContactConnection.objects.filter(group=OuterRef("pk")).order_by()
        counted = of_group.values("group").annotate(count=Count("pk")).values("count")
        groups: Any = super().get_queryset(request)
        with_counts: QuerySet[Any] = groups.annotate(connected=Coalesce(Subquery(counted), 0))
        return with_counts

    @admin.display(description=_("contacts"))
    def connected(self, group: Any) -> int:
        count: int = group.connected
        return count

    def choices_for(self, db_field: Any, visible: QuerySet[Any]) -> QuerySet[Any]:
        return visible.filter(kind=Role.Kind.GROUP) if db_field.name == "role" else visible

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_contact_group(pk, values, by=by, expected=expected)

    def archive(self, ids: Iterable[str], by: Actor, dry_run: bool) -> Any:
        return operations.archive_contact_groups(ids, by=by, dry_run=dry_run)

    def restore(self, ids: Iterable[str], by: Actor, dry_run: bool) -> Any:
        return operations.restore_contact_groups(ids, by=by, dry_run=dry_run)

    @admin.action(permissions=["discard"], description=_("Delete"))
    def delete_groups(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        def delete(ids: Iterable[str], by: Actor, dry_run: bool) -> Any:
            return operations.delete_contact_groups(ids, by=by, dry_run=dry_run)

        return self._move_selected(request, queryset, delete, _("Delete"), "discard")

    def has_discard_permission(self, request: Any, obj: Any = None) -> bool:
        """To mark a group deleted, which has_delete_permission() would offer to do for good."""
        return bool(request.user.has_perm("contacts.delete_contactgroup"))


@admin.register(ContactConnection)
class ContactConnectionAdmin(NoDeleteAdmin):
    """Who is connected to what, over all groups; a group's own page is where it changes."""

    menu_place = 35
    licensee_path = "group__licensee"
    list_display = ("contact", "group", "role", "position")
    list_filter = (("role", VisibleFilter),)
    list_select_related = ("contact", "group", "role")
    search_fields = ("contact__name", "group__name")
    search_help_text = _("Contact or contact group")
    ordering = ("group_id", "position", "id")


@admin.register(AlternateKey)
class AlternateKeyAdmin(DeletableAdmin):
    """What external suites call our records."""

    menu_place = 32
    tells_licensee = True
    list_display = ("value", "data_source", "kind", "names", "last_saved_at", "outcome")
    list_filter = ("kind", ("data_source", VisibleFilter))
    list_select_related = ("data_source", "contact", "contact_group", "role", "licensee")
    search_fields = ("value",)
    search_help_text = _("Value or id")
    ordering = ("-id",)
    autocomplete_fields = ("contact", "contact_group", "role")
    fields = ("data_source", "value", "contact", "contact_group", "role")
    facts = (
        "data_source", "kind", "value", "contact", "contact_group", "role", "last_saved_at",
        "outcome", "licensee", "created_at",
    )  # fmt: skip
    dependents = (DependentsFinder(named_by_keys),)

    @admin.display(description=_("names"))
    def names(self, key: AlternateKey) -> str:
        return str(key.target or "")

    @admin.display(description=_("last outcome"), ordering="last_outcome")
    def outcome(self, key: AlternateKey) -> str:
        return outcome_label(key.last_outcome)

    def create(self, record: Any, by: Actor) -> Record:
        return operations.create_alternate_key(record, by=by)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_alternate_key(pk, values, by=by, expected=expected)

    def delete(self, pk: UUID, by: Actor) -> None:
        operations.delete_alternate_key(pk, by=by)
