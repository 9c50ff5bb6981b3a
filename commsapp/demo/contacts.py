"""The people of the demo and the things they use: contacts and recipients, drawn with a seed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random
from uuid import UUID

from commsapp.demo import contact_groups, sample_data
from commsapp.demo.sample_data import Customer, Fleet, fixed_id
from commsapp.models import Licensee
from contacts.models import Contact, ContactGroup
from groups.models import Recipient


class ContactFactory:
    """All who are drawn for one licensee: always the same people, and each number once."""

    def __init__(self, licensee: Licensee) -> None:
        self.licensee = licensee
        self.rng = Random(licensee.name)  # noqa: S311  (nothing here is secret)
        people = [
            f"{first} {last}"
            for first in sample_data.FIRST_NAMES
            for last in sample_data.LAST_NAMES
        ]
        self.rng.shuffle(people)
        self._people = cycle(people)
        self._numbers = {
            country: cycle(contact_groups.phone_numbers(country))
            for country in contact_groups.FICTIONAL
        }

    def id(self, what: str, place: int = 0) -> UUID:
        """The licensee's own fixed id of a thing."""
        return fixed_id(f"{self.licensee.pk} {what} {place}", place)

    def ids_of(self, customer: Customer, label: str) -> Iterator[UUID]:
        """The ids of a fleet's recipients, in order."""
        for fleet in customer.fleets:
            if fleet.label == label:
                for number in range(1, fleet.count + 1):
                    yield self.id(f"recipient {customer.key} {label}", number)

    def contact(self, customer: Customer, number: int) -> Contact:
        """A person who works for the customer."""
        name = next(self._people)
        return Contact(
            id=self.id(f"contact {customer.key}", number),
            licensee=self.licensee,
            name=name,
            email=_email(name, customer),
            phone=next(self._numbers["United States"]),
        )

    def recipients(self, customer: Customer, owner: ContactGroup) -> Iterator[Recipient]:
        """Everything the customer has, fleet by fleet."""
        for fleet in customer.fleets:
            drawn = self._subscribers if fleet.subscribers else self._locations
            ids = self.ids_of(customer, fleet.label)
            prefix = f"{customer.key}-{fleet.label[:4].upper()}"
            for number, recipient in enumerate(drawn(customer, fleet), 1):
                recipient.id, recipient.external_reference = next(ids), f"{prefix}-{number:04}"
                recipient.licensee, recipient.customer = self.licensee, owner
                yield recipient

    def _locations(self, customer: Customer, fleet: Fleet) -> Iterator[Recipient]:
        drawn = contact_groups.addresses(fleet.countries, self.rng)
        for number, address in zip(range(1, fleet.count + 1), drawn, strict=False):
            yield Recipient(
                name=f"{fleet.label} {address.city} {number:03}",
                recipient_type=Recipient.Type.LOCATION,
                email=f"site{number:03}@{_domain(customer)}",
                **vars(address),
            )

    def _subscribers(self, customer: Customer, fleet: Fleet) -> Iterator[Recipient]:
        for _number in range(fleet.count):
            name, country = next(self._people), self.rng.choice(fleet.countries)
            yield Recipient(
                name=name,
                recipient_type=Recipient.Type.SUBSCRIBER,
                email=_email(name, customer),
                msisdn=next(self._numbers[country]),
                country=country,
            )


def _email(name: str, customer: Customer) -> str:
    return f"{name.lower().replace(' ', '.')}@{_domain(customer)}"


def _domain(customer: Customer) -> str:
    """Under a name that is reserved for examples (RFC 2606)."""
    return f"{customer.key.lower()}.example"
