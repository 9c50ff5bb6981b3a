"""A recipient group made from the contacts that are connected to a contact group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import (
    AuditLog,
    Change,
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    Undoing,
    for_each,
    lock,
    operation,
    recording,
)
from commsapp.core.imports.references import referred_to
from commsapp.core.number_format import format_count
from commsapp.db.bulk import insert_values, write_rows
from commsapp.db.ids import dashed
from contacts.models import Contact, ContactConnection, ContactGroup
from groups.models import Membership, Recipient, RecipientGroup
from groups.operations import MAX_MEMBERS, remove_memberships

_NO_DIGITS = re.compile(r"[\s()/.-]")
_MSISDN = re.compile(r"\+?[0-9]{7,15}", re.ASCII)


@dataclass(frozen=True)
class GroupMade(Change):
    """The group, and of how many recipients: `taken` were there before, `made` were not."""

    group: RecipientGroup | None = None
    taken: int = 0
    made: int = 0


@operation()
def make_group_from_contacts(
    customer_id: UUID | str,
    name: str,
    *,
    by: Actor,
    contact_ids: Iterable[str] | None = None,
    dry_run: bool = False,
) -> GroupMade:
    """Make a recipient group of a customer, of its connected contacts: of those given (32 hex
    digits each), or of all.

    Recipients that stand for a contact already, this customer's or nobody's, are taken: all there
    are. For who has none one is made: a Subscriber for a person, a Location for an organisation.
    Archived contacts, and who has but archived recipients, are told as `skipped`. Raises
    DoesNotExist, ValidationError for the name, Refused if the customer is not active or there is
    nobody to take.
    """
    with recording(by=by, dry_run=dry_run, batch=True) as audit_log:
        customer = lock(ContactGroup, customer_id, by=by)
        if customer.is_archived:
            raise Refused(
                Refusal(RefusalCode.INVALID_STATUS, _("The contact group is not active."), "group")
            )
        contacts = _connected(customer, contact_ids)
        group = RecipientGroup(licensee=customer.licensee, customer=customer, name=name.strip())
        group.full_clean()
        fit, skipped = _sort_out(customer, contacts)
        found = _active_recipients(customer, [contact.pk.hex for contact in fit])
        served = {*found.values()}
        new = [_recipient_of(contact, customer) for contact in fit if contact.pk not in served]
        members = [*found, *(recipient.pk for recipient in new)]
        _check_size(members)
        group.member_count = len(members)
        group.save(force_insert=True)
        entry = audit_log.open(MADE, group)  # first: it stands for all that was done
        _write_made(audit_log, new)
        rows = ((group.pk, member) for member in members)
        insert_values(Membership, ("group", "recipient"), rows, fixed={"operation": entry.pk})
        entry.touched = len(members)
        entry.numbers = {"name": group.name, "taken": len(found), "made": len(new)}
        entry.effects = {
            "after": records.values_of(group),
            "made": ",".join(recipient.pk.hex for recipient in new),
        }
    return GroupMade(entry, dry_run, skipped, group, taken=len(found), made=len(new))


def _connected(customer: ContactGroup, ids: Iterable[str] | None) -> list[Contact]:
    """Those of the contacts, or all, that are connected, in their order."""
    connected = ContactConnection.objects.filter(group=customer).order_by("position")
    if ids is not None:
        connected = connected.filter(contact__in_ids=[*ids])
    in_order = [*connected.values_list("contact", flat=True)]
    rows = Contact.objects.filter(licensee=customer.licensee_id)
    contacts = {row.pk: row for row in rows.in_ids(pk.hex for pk in in_order)}
    return [contacts[pk] for pk in in_order if pk in contacts]


def _sort_out(
    customer: ContactGroup, contacts: Sequence[Contact]
) -> tuple[list[Contact], list[Refusal]]:
    """Whom to take, and who is archived: as a contact, or as a recipient and nothing else."""
    ids = [contact.pk.hex for contact in contacts if not contact.archived_at]
    theirs = _recipients(customer, ids).values_list("contact_id", "archived_at")
    active: set[UUID] = set()
    archived: set[UUID] = set()
    for contact, archived_at in theirs:
        (archived if archived_at else active).add(contact)
    fit, skipped = [], []
    for contact in contacts:
        if contact.archived_at:
            skipped.append(_archived(_("The contact “%s” is archived."), contact))
        elif contact.pk in archived - active:
            skipped.append(_archived(_("The recipient of “%s” is archived."), contact))
        else:
            fit.append(contact)
    return fit, skipped


def _archived(told: str, contact: Contact) -> Refusal:
    id = dashed(contact.pk.hex)
    return Refusal(RefusalCode.ENTITY_IS_DELETED, told % contact, "contacts", record_id=id)


def _recipients(customer: ContactGroup, contact_ids: Sequence[str]) -> QuerySet[Any]:
    """Those that stand for the contacts, this customer's or nobody's."""
    ours = Recipient.objects.filter(licensee=customer.licensee_id, contact__in_ids=contact_ids)
    rows: QuerySet[Any] = ours.filter(customer=None) | ours.filter(customer=customer)
    return rows


def _active_recipients(customer: ContactGroup, contact_ids: Sequence[str]) -> dict[UUID, UUID]:
    """The active recipients of the contacts, each with whose it is."""
    rows = _recipients(customer, contact_ids).filter(archived_at=None).order_by("pk")
    return dict(rows.values_list("pk", "contact_id"))


def _recipient_of(contact: Contact, customer: ContactGroup) -> Recipient:
    """A new one. A person's phone becomes the MSISDN where it can be one."""
    is_person = contact.kind == Contact.Kind.PERSON
    number = _NO_DIGITS.sub("", contact.phone)
    return Recipient(
        licensee_id=customer.licensee_id,
        customer=customer,
        contact=contact,
        name=contact.name,
        recipient_type=Recipient.Type.SUBSCRIBER if is_person else Recipient.Type.LOCATION,
        email=contact.email,
        msisdn=number if is_person and _MSISDN.fullmatch(number) else "",
    )


def _check_size(members: Sequence[UUID]) -> None:
    if not members:
        message = _("There is nobody to take into the group.")
        raise Refused(Refusal(RefusalCode.REQUIRED_FIELD_MISSING, message, "contacts"))
    if len(members) > MAX_MEMBERS:
        message = _("A recipient group has at most %s members.") % format_count(MAX_MEMBERS)
        raise Refused(Refusal(RefusalCode.LIMIT_EXCEEDED, message, "contacts"))


def _write_made(audit_log: AuditLog, recipients: Sequence[Recipient]) -> None:
    """The new recipients, each with its entry: two statements, one of them the ledger's."""
    write_rows(recipients)
    for recipient in recipients:
        entry = audit_log.open(records.CREATED, recipient)
        entry.touched, entry.effects = 1, {"after": records.values_of(recipient)}


def _made_sentence(numbers: Numbers, planned: bool) -> str:
    taken, made = numbers["taken"], numbers["made"]
    message = (
        _("The recipient group “%s” would be made")
        if planned
        else _("The recipient group “%s” was made")
    ) % numbers["name"]
    if taken:
        message += (
            ngettext(", %s recipient taken that is there", ", %s recipients taken that are there",
                     taken) % format_count(taken)
        )  # fmt: skip
    if made:
        message += ngettext(", %s new recipient", ", %s new recipients", made) % format_count(made)
    return f"{message}."


MADE = Kind(
    "groups.made_from_contacts",
    gettext_lazy("Made from contacts"),
    verb="add",
    sentence=_made_sentence,
)


@MADE.undone_by
@for_each
def _undo_creation(one: Undoing, by: Actor) -> None:
    """Empty the group of those it was made of and archive it, with the recipients that were made
    for it; who is in another group or on a quote's line is kept, and so is a group that has other
    members now."""
    entry = one.operation
    group = lock(RecipientGroup, entry.target_id, by=by)
    if group.is_archived:
        one.kept = entry.touched
        one.list_retained(RecipientGroup, [group.pk.hex])
        return
    gone = remove_memberships(group.memberships.filter(operation=entry), one.reversal)
    group.member_count -= gone
    rows = RecipientGroup.objects.filter(pk=group.pk)
    archives = RecipientGroup.ARCHIVED if group.member_count == 0 else {}
    rows.change(member_count=F("member_count") - gone, **archives)
    made = [id for id in entry.effects["made"].split(",") if id]
    used = referred_to(Recipient, made) if made else set()
    unused = Recipient.objects.in_ids(id for id in made if id not in used)
    unused.filter(archived_at=None).change(**Recipient.ARCHIVED)
    one.reversed, one.kept = gone, entry.touched - gone
