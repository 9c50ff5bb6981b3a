"""An external suite as the tests know it: a data source, roles, contacts, and how to save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commsapp.core.actors import Actor
from commsapp.core.audit import Refused
from commsapp.models import Licensee, Operation
from contacts import operations
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup, DataSource, Role
from contacts.operations import (
    SaveContactGroup,
    Saved,
    SubscriptionContactGroupConnectionModel,
    SubscriptionContactGroupModel,
)
from tests import factories
from tests.conftest import actor, grant


@dataclass
class Suite:
    licensee: Licensee
    by: Actor
    source: DataSource = field(init=False)
    role: Role = field(init=False)
    connection_role: Role = field(init=False)
    contacts: list[Contact] = field(init=False)

    def __post_init__(self) -> None:
        licensee = self.licensee
        self.source = factories.DataSourceFactory(licensee=licensee)
        self.role = factories.RoleFactory(licensee=licensee)
        self.connection_role = factories.RoleFactory(licensee=licensee, kind="connection")
        self.contacts = factories.ContactFactory.create_batch(4, licensee=licensee)

    def request(self, key: str | None = "K", *connections: Any, **more: Any) -> SaveContactGroup:
        """A save; connections are places of our contacts, or connections as they are."""
        listed = tuple(
            one
            if isinstance(one, SubscriptionContactGroupConnectionModel)
            else self.connection(one)
            for one in connections
        )
        about = {
            name: more.pop(name)
            for name in ("object_id", "licensee_id", "ignore_hash", "suite_data_source_instance_id")
            if name in more
        }
        about.setdefault("suite_data_source_instance_id", self.source.pk.hex)
        content = {"contact_group_name": "Customer", "group_role_id": self.role.pk.hex, **more}
        return SaveContactGroup(
            alternate_key=key,
            contact_group=SubscriptionContactGroupModel(contact_connections=listed, **content),
            **about,
        )

    def connection(self, place: int, **more: Any) -> SubscriptionContactGroupConnectionModel:
        return SubscriptionContactGroupConnectionModel(
            contact_id=self.contacts[place].pk.hex, **more
        )

    def save(self, *args: Any, **more: Any) -> Saved:
        return operations.save_contact_group(self.request(*args, **more), by=self.by)

    def save_all(self, *saves: SaveContactGroup, **more: Any) -> Sequence[Saved | Refused]:
        """Several at once, in one transaction."""
        return operations.save_contact_groups(saves, by=self.by, **more)

    def refused(self, *args: Any, by: Actor | None = None, **more: Any) -> list[tuple[str, str]]:
        """Save, which is refused and leaves everything as it was: the codes and the fields."""
        before = everything()
        try:
            operations.save_contact_group(self.request(*args, **more), by=by or self.by)
        except Refused as refused:
            assert everything() == before
            return [(refusal.code, refusal.field) for refusal in refused.refusals]
        raise AssertionError("was not refused")

    def allowed(self, *verbs: str) -> Actor:
        """Somebody of the licensee who may do just this to contact groups."""
        user = factories.UserFactory()
        user.licensees.add(self.licensee)
        grant(user, *(f"contacts.{verb}_contactgroup" for verb in verbs))
        return actor(user)

    def group(self, key: str = "K") -> ContactGroup:
        return ContactGroup.objects.get(alternate_keys__value=key)

    def order(self, group: UUID | None) -> list[int]:
        """Which of our contacts are connected, in order; positions are 1..n."""
        rows = ContactConnection.objects.filter(group=group).order_by("position")
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        places = {contact.pk: place for place, contact in enumerate(self.contacts)}
        return [places[row.contact_id] for row in rows]

    def key(self, value: str = "K") -> AlternateKey:
        return AlternateKey.objects.get(data_source=self.source, value=value)

    def know_as(self, value: str, **target: Any) -> AlternateKey:
        """Bind a key to a contact, a group or a role."""
        key = AlternateKey(licensee=self.licensee, data_source=self.source, value=value, **target)
        return operations.create_alternate_key(key, by=self.by)


def everything() -> list[list[tuple[Any, ...]]]:
    """All that a save may change."""
    models = (ContactGroup, ContactConnection, AlternateKey, Operation)
    return [[*model.objects.order_by("pk").values_list()] for model in models]
