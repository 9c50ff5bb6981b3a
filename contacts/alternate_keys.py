"""What may be done to alternate keys, through any API or page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import lock, operation, recording
from commsapp.core.audit.entries import FieldEffects
from commsapp.db.ids import as_uuid
from contacts.models import AlternateKey, ContactGroup, DataSource


@operation(again_on=IntegrityError)
def create_alternate_key(key: AlternateKey, *, by: Actor) -> AlternateKey:
    """Bind a key to a contact, a contact group or a role. Raises ValidationError."""
    key.value = key.value.strip()
    with transaction.atomic():
        records.create(key, by=by)
        _tell_sources([key])
    return key


@operation(again_on=IntegrityError)
def edit_alternate_key(
    pk: UUID | str, values: Mapping[str, Any], *, by: Actor, expected: records.Expected = None
) -> AlternateKey:
    """Change what a key is called or what it names. Raises DoesNotExist, ValidationError."""
    values = {**values}
    if isinstance(values.get("value"), str):
        values["value"] = values["value"].strip()
    with transaction.atomic():
        before = _hold(pk, values.get("contact_group"), by=by)

        def rebind(after: AlternateKey, changed: frozenset[str]) -> None:
            after.content_hash = ""
            _tell_sources([before, after])

        return records.edit(AlternateKey, pk, values, by=by, check=rebind, expected=expected)


@operation(again_on=IntegrityError)
def delete_alternate_key(pk: UUID | str, *, by: Actor) -> AlternateKey:
    """Unbind a key. Returns it as it was. Raises DoesNotExist."""
    with recording(by=by) as audit_log:
        key = _hold(pk, by=by)
        AlternateKey.objects.filter(pk=key.pk).delete()
        _tell_sources([key])
        entry = audit_log.open(records.DELETED, key)
        entry.touched, entry.effects = 1, FieldEffects(before=records.values_of(key))
    return key


def clear_hashes(group_ids: Iterable[str]) -> None:
    """The groups changed otherwise than by a save: whatever suite saves them next is heard.

    To be called under the groups' locks. Ids as 32 hex digits.
    """
    keys = AlternateKey.objects.filter(contact_group__in_ids=[*group_ids])
    keys.exclude(content_hash="").update(content_hash="")


def _hold(pk: UUID | str, other: ContactGroup | None = None, *, by: Actor) -> AlternateKey:
    """Read a key under its lock, and first take those of the group it names and of another.

    Group before key, as a save does; whose hash would else stand on a key that moved meanwhile.
    """
    named = AlternateKey.objects.visible_to(by).get(pk=pk).contact_group_id
    ids = {named, other and other.pk} - {None}
    groups = ContactGroup.objects.filter(pk__in=ids).order_by("pk")
    list(groups.select_for_update(no_key=True).values_list("pk"))
    key = lock(AlternateKey, pk, by=by)
    if key.contact_group_id != named:
        raise IntegrityError("The key moved meanwhile.")  # so that all is tried again
    return key


def _tell_sources(keys: Iterable[AlternateKey]) -> None:
    """What a contact's or a role's key means changed: see DataSource."""
    meant = {as_uuid(key.data_source_id) for key in keys if key.kind != key.Kind.CONTACT_GROUP}
    if meant:
        DataSource.objects.filter(pk__in=meant).update(bindings=F("bindings") + 1)
