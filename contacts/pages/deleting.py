"""Deleting a contact group: it leaves the lists, and can be restored."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from commsapp.staff.dependents import PlannedChange, dependents_of
from commsapp.staff.object_pages import Command, run_command, url_of
from commsapp.staff.request import actor_of
from contacts import operations
from contacts.models import ContactGroup


def delete_group(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """Mark it deleted: it leaves the lists, and can be restored."""
    touch = PlannedChange("discard", [group.pk.hex], actor_of(request))
    command = Command(
        title=gettext("Delete"),
        subtitle=str(group),
        button=gettext("Delete"),
        run=lambda dry_run: operations.delete_contact_groups(
            [group.pk.hex], by=actor_of(request), dry_run=dry_run
        ),
        back=url_of(group),
        is_destructive=True,
        context={"touches": partial(dependents_of, ContactGroup, touch)},
    )
    return run_command(request, group, command)
