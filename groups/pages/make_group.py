"""A page on a contact group: a recipient group made from its connected contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import require
from commsapp.core.number_format import format_count
from commsapp.staff.object_pages import Command, run_command, show, url_of
from commsapp.staff.request import actor_of
from contacts.models import ContactGroup
from contacts.pages.connections import selected_ids
from groups import from_contacts
from groups.models import Recipient


class MakeGroupForm(forms.Form):
    """How the new group is called."""

    name = forms.CharField(label=_("Name of the recipient group"), max_length=255)


def is_active(group: ContactGroup) -> bool:
    return not group.is_archived


def make_group(request: HttpRequest, customer: Any) -> HttpResponse:
    """Ask for a name; show who would be in it; make it. Of the ticked contacts, or of all."""
    by = actor_of(request)
    require(by, "add", Recipient)
    contacts = selected_ids(request)
    form = MakeGroupForm(request.POST if "name" in request.POST else None)
    if not form.is_valid():
        return _ask(request, customer, form, contacts)
    name = form.cleaned_data["name"]
    command = Command(
        title=gettext("Make recipient group"),
        subtitle=str(customer),
        button=gettext("Make the group"),
        run=lambda dry_run: from_contacts.make_group_from_contacts(
            customer.pk, name, by=by, contact_ids=contacts or None, dry_run=dry_run
        ),
        back=url_of(customer),
        success_url=lambda change: url_of(change.group),
        fields=[("name", name), *(("contacts", id) for id in contacts)],
    )
    try:
        return run_command(request, customer, command)
    except ValidationError as error:
        form.add_error("name", error.messages)
        return _ask(request, customer, form, contacts)


def _ask(
    request: HttpRequest, customer: Any, form: MakeGroupForm, contacts: list[str]
) -> HttpResponse:
    count = len(contacts) or customer.connected
    message = (
        ngettext("Of the %s ticked contact.", "Of the %s ticked contacts.", count)
        if contacts
        else ngettext("Of the %s connected contact.", "Of all %s connected contacts.", count)
    ) % format_count(count)
    form.fields["name"].initial = customer.name
    return show(
        request, customer, "groups/make_group.html", title=gettext("Make recipient group"),
        status=400 if form.is_bound else 200, form=form, contacts=contacts,
        told=message, count=count,
    )  # fmt: skip
