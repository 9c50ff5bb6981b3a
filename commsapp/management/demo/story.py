"""How the demo came about: master data, customers, groups, quotes. Through operations, so that
everything has the history it would have."""

from __future__ import annotations

from decimal import Decimal
from itertools import cycle, islice
from typing import Any, TypeVar

from commsapp import records
from commsapp.access import Actor
from commsapp.management.demo import names
from commsapp.management.demo.names import Customer, Gathering, Line, Offered
from commsapp.management.demo.people import Crowd
from commsapp.models import Face, Licensee, Record, User
from commsapp.sql import write_rows
from contacts import operations as contacts
from contacts.models import AlternateKey, Contact, ContactGroup, DataSource, Role
from groups import operations as groups
from groups.models import RecipientGroup
from quotes import operations as quotes
from quotes.models import Product, Quote, QuoteLineItem

R = TypeVar("R", bound=Record)


class Story:
    """What one licensee's people and machines have done so far."""

    def __init__(self, licensee: Licensee, *, staff: User, head: User, machine: User) -> None:
        self.licensee = licensee
        self.staff = Actor.of(staff, Face.COMMAND)
        self.head = Actor.of(head, Face.COMMAND)  # decides on quotes
        self.machine = Actor.of(machine, Face.COMMAND)
        self.crowd = Crowd(licensee)
        self.sources: dict[str, DataSource] = {}
        self.roles: dict[str, Role] = {}
        self.products: dict[str, Product] = {}
        self.customers: dict[str, ContactGroup] = {}
        self.groups: dict[str, RecipientGroup] = {}

    def tell(self, customers: tuple[Customer, ...], offered: tuple[Offered, ...]) -> None:
        """Everything, from the beginning."""
        self._set_up()
        for customer in customers:
            self._take_on(customer)
        for place, quote in enumerate(offered):
            self._offer(quote, place)

    def _set_up(self) -> None:
        """The suites, the roles by the keys the suites know them by, the catalogue."""
        for key, name in names.DATA_SOURCES.items():
            self.sources[key] = self._create(DataSource, f"data source {key}", name=name)
        for (kind, key), name in names.ROLES.items():
            role = self._create(Role, f"role {key}", name=name, kind=kind)
            self.roles[key] = role
            self._know_as(key, role=role)
        for offer in names.OFFERS:
            self.products[offer.code] = self._create(
                Product,
                f"product {offer.code}",
                code=offer.code,
                name=offer.name,
                description=offer.description,
                one_time_price=Decimal(offer.one_time),
                recurring_price=Decimal(offer.recurring),
                currency=offer.currency,
            )

    def _take_on(self, customer: Customer) -> None:
        """A customer comes from the CRM suite, and staff put its sites into groups."""
        people = [self.crowd.contact(customer, number) for number in range(1, customer.people + 1)]
        for number, contact in enumerate(people, 1):
            records.create(contact, by=self.machine)
            self._know_as(f"{customer.key}-{number}", contact=contact)
        owner = self._save_group(customer, people)
        self.customers[customer.key] = owner
        write_rows(self.crowd.recipients(customer, owner))
        for gathering in customer.groups:
            self._gather(customer, owner, gathering)

    def _gather(self, customer: Customer, owner: ContactGroup, gathering: Gathering) -> None:
        group = self._create(
            RecipientGroup,
            f"group {customer.key} {gathering.name}",
            name=gathering.name,
            description=gathering.description,
            customer=owner,
            expected_member_count=gathering.expected,
        )
        ids = islice(self.crowd.ids_of(customer, gathering.fleet), 0, None, gathering.step)
        members = [id.hex for id in islice(ids, gathering.count)]
        groups.add_recipients(group.pk, members, by=self.staff)
        self.groups[f"{customer.key} {gathering.name}"] = group

    def _offer(self, offered: Offered, place: int) -> None:
        quote = Quote(
            id=self.crowd.id("quote", place),
            licensee=self.licensee,
            number=offered.number,
            name=offered.name,
            customer=self.customers[offered.customer],
            currency=offered.currency,
            recurring_period=offered.period,
        )
        quotes.create_quote(quote, by=self.staff)
        for line in offered.lines:
            self._add_line(offered, quote, line)
        for move in offered.moves:
            by = self.head if move in ("approve", "reject") else self.staff
            quotes.move_quote(quote.pk, move, by=by)

    def _add_line(self, offered: Offered, quote: Quote, wanted: Line) -> None:
        product = self.products[wanted.offer]
        line = QuoteLineItem(
            licensee=self.licensee,
            quote=quote,
            product=product,
            description=product.name,
            quantity=wanted.quantity,
            discount_percent=wanted.discount_percent,
            one_time_price=product.one_time_price,
            recurring_price=product.recurring_price,
            recipient_group=self.groups.get(f"{offered.customer} {wanted.group}"),
            configuration=wanted.configuration,
        )
        quotes.create_line(line, by=self.staff)
        if wanted.is_split:
            quotes.split_line(line.pk, by=self.staff)

    def _save_group(self, customer: Customer, people: list[Contact]) -> ContactGroup:
        """The CRM suite tells the customer and who is to be talked to, in which order."""
        roles = cycle(key for kind, key in names.ROLES if kind == Role.Kind.CONNECTION)
        told = contacts.ContactGroupSave(
            suite_data_source_instance_id=self.sources["crm"].pk.hex,
            alternate_key=customer.key,
            contact_group=contacts.GroupContent(
                contact_group_name=customer.name,
                role_alternate_key=customer.role,
                contact_connections=tuple(
                    contacts.ConnectionSave(
                        index=index,
                        contact_alternate_key=f"{customer.key}-{index}",
                        role_alternate_key=next(roles),
                    )
                    for index, _contact in enumerate(people, 1)
                ),
            ),
        )
        contacts.save_contact_group(told, by=self.machine)
        group = ContactGroup.objects.get(licensee=self.licensee, name=customer.name)
        self._know_as(f"ACC-{10_000 + len(self.customers)}", "billing", contact_group=group)
        return group

    def _know_as(self, value: str, source: str = "crm", **target: Any) -> None:
        """What a suite calls a contact, a group or a role."""
        key = AlternateKey(
            licensee=self.licensee, data_source=self.sources[source], value=value, **target
        )
        contacts.create_alternate_key(key, by=self.machine)

    def _create(self, model: type[R], what: str, **values: Any) -> R:
        record = model(id=self.crowd.id(what), licensee=self.licensee, **values)
        return records.create(record, by=self.staff)
