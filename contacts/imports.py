"""Contacts and contact groups from a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, RefusalCode, Refused, operation
from commsapp.core.imports.importer import (
    Importable,
    Imported,
    Objection,
    Pending,
    Row,
    import_records,
)
from commsapp.core.imports.references import References
from commsapp.db.ids import read_guid
from contacts.alternate_keys import clear_hashes
from contacts.models import Contact, ContactGroup, DataSource, Outcome, Role
from contacts.save_group.outcome import Saved
from contacts.save_group.request import SaveContactGroup, SubscriptionContactGroupModel
from contacts.save_group.save import save_contact_groups

CONTACTS = Importable(Contact, ("name", "kind", "email", "phone"))

# --- Contact groups -----------------------------------------------------------------------------


def _keep_deleted(changing: Sequence[Pending]) -> Iterator[Objection]:
    for one in changing:
        if one.record.status == ContactGroup.Status.DELETED:
            yield one, "id", _("The contact group is deleted.")


CONTACT_GROUPS = Importable(
    ContactGroup,
    ("name", "role"),
    choices={"role": {"kind": Role.Kind.GROUP}},
    check=_keep_deleted,
    after=clear_hashes,
)

_FIELDS = {  # what SaveContactGroup calls them
    "ContactGroup.ContactGroupName": "name",
    "ContactGroup.GroupRoleId": "role",
    "AlternateKey": "alternate_key",
    "SuiteDataSourceInstanceId": "data_source",
    "ObjectId": "id",
}


@operation(again_on=IntegrityError)
def import_contact_groups(
    rows: Sequence[Row],
    *,
    by: Actor,
    licensee_id: UUID,
    dry_run: bool = False,
    batch: UUID | bool = True,
) -> Imported:
    """Create and change contact groups; each row succeeds or fails by itself.

    A row with an alternate key is saved as its data source would save it: see
    save_contact_groups(). Any other one means the group with its id, or makes a new one: see
    import_records(). Keep chunks small (1,000).
    """
    keyed = {at: row for at, row in enumerate(rows) if row.get("alternate_key")}
    plain = {at: row for at, row in enumerate(rows) if at not in keyed}
    with transaction.atomic():  # else a second try would take in the plain ones twice
        imported = import_records(
            CONTACT_GROUPS, [*plain.values()],
            by=by, licensee_id=licensee_id, dry_run=dry_run, batch=batch,
        )  # fmt: skip
        go = imported.batch or batch
        saved = _save(keyed, by, licensee_id, dry_run, go) if keyed else Imported()
    places = [*plain]
    of_plain = [replace(refusal, index=places[refusal.index or 0]) for refusal in imported.refusals]
    told = sorted((*of_plain, *saved.refusals), key=lambda one: one.index or 0)
    return Imported(
        imported.created + saved.created,
        imported.updated + saved.updated,
        imported.unchanged + saved.unchanged,
        told,
        imported.batch or saved.batch,
    )


def _save(
    rows: Mapping[int, Row], by: Actor, licensee_id: UUID, dry_run: bool, batch: UUID | bool
) -> Imported:
    sources = References(DataSource, licensee_id)
    sources.find(row["data_source"] for row in rows.values() if row.get("data_source"))
    roles = References(Role, licensee_id, {"kind": Role.Kind.GROUP})
    roles.find(row["role"] for row in rows.values() if row.get("role"))
    refusals: list[Refusal] = []
    saves: dict[int, SaveContactGroup] = {}
    for index, row in rows.items():
        wrong = [*_wrong(index, row, sources, roles)]
        refusals += wrong
        if not wrong:
            saves[index] = SaveContactGroup(
                suite_data_source_instance_id=sources[row["data_source"]].pk.hex,
                alternate_key=row["alternate_key"],
                object_id=read_guid(row.get("id")),
                contact_group=SubscriptionContactGroupModel(
                    contact_group_name=row.get("name"),
                    group_role_id=roles[row["role"]].pk.hex if row.get("role") else None,
                ),
            ).received(index + 1)
    # Refusals are stored with the data source, for all its readers: in English, like those of APIs.
    with translation.override("en"):
        answers = (
            save_contact_groups([*saves.values()], by=by, dry_run=dry_run, batch=batch)
            if saves
            else []
        )
    became = {"created": 0, "updated": 0, "unchanged": 0}
    for index, answer in zip(saves, answers, strict=True):
        if isinstance(answer, Refused):
            refusals += (_at_row(index, refusal) for refusal in answer.refusals)
        else:
            became[_became(answer)] += 1
    entries = (one.operation_id for one in answers if isinstance(one, Saved) and not dry_run)
    first = next(filter(None, entries), None)
    told = sorted(refusals, key=lambda one: one.index or 0)
    return Imported(**became, refusals=told, batch=UUID(first) if first else None)


def _wrong(index: int, row: Row, sources: References, roles: References) -> Iterator[Refusal]:
    """What a row names that is not there."""
    if row.get("id") and read_guid(row["id"]) is None:
        yield Refusal(RefusalCode.MALFORMED_ID, _("“%s” is no id.") % row["id"][:64], "id", index)
    if not row.get("data_source"):
        message = _("Say whose alternate key this is: give the data source.")
        yield Refusal(RefusalCode.REQUIRED_FIELD_MISSING, message, "data_source", index)
    for name, references in (("data_source", sources), ("role", roles)):
        if row.get(name):
            try:
                references[row[name]]
            except LookupError as error:
                message = str(error.args[0])
                yield Refusal(RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, name, index)


def _at_row(index: int, refusal: Refusal) -> Refusal:
    """In the language of whoever imports, unless it names something."""
    field, message = _FIELDS.get(refusal.field, ""), _(refusal.message)
    return replace(refusal, field=field, index=index, message=message)


def _became(answer: Saved) -> str:
    """What Imported calls the outcome of a save."""
    if answer.outcome == Outcome.CREATED:
        return "created"
    return "updated" if answer.numbers else "unchanged"
