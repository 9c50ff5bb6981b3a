"""How the demo came about: master data, customers, groups, quotes. Through operations, so that
everything has the history it would have."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from itertools import cycle, islice
from typing import Any, TypeVar

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.db.bulk import write_rows
from commsapp.demo import sample_data
from commsapp.demo.contacts import ContactFactory
from commsapp.demo.sample_data import ContactGroupData, Customer, Line, Offered
from commsapp.demo.working_days import Clock, date_records
from commsapp.models import Channel, Licensee, Record, User
from contacts import operations as contacts
from contacts.models import AlternateKey, ContactGroup, DataSource, Role
from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from quotes import operations as quotes
from quotes.models import Product, Quote, QuoteLineItem

R = TypeVar("R", bound=Record)

_SET_UP = (DataSource, Product, Role)  # on the server, before anybody works


class QuoteHistory:
    """What one licensee's people and machines have done so far."""

    def __init__(
        self, licensee: Licensee, begins: int = 0, *, staff: User, head: User, machine: User
    ) -> None:
        """`begins`: on which working day of the last weeks."""
        self.licensee = licensee
        self.clock = Clock(licensee.name, begins=begins)
        self._staff = Actor.of(staff, Channel.STAFF)
        self._head = Actor.of(head, Channel.STAFF)
        self._machine = Actor.of(machine, Channel.MESSAGE)
        self.crowd = ContactFactory(licensee)
        self.sources: dict[str, DataSource] = {}
        self.roles: dict[str, Role] = {}
        self.products: dict[str, Product] = {}
        self.customers: dict[str, ContactGroup] = {}
        self.groups: dict[str, RecipientGroup] = {}

    # --- Who did it, when and through what ----------------------------------------------------

    @property
    def staff(self) -> Actor:
        return replace(self._staff, at=self.clock.tick())

    @property
    def head(self) -> Actor:
        """Decides on quotes."""
        return replace(self._head, at=self.clock.tick())

    @property
    def console(self) -> Actor:
        """Sets up, on the server itself."""
        return replace(self._staff, channel=Channel.COMMAND, at=self.clock.tick())

    @property
    def suite(self) -> Actor:
        """The CRM suite, which saves contact groups."""
        return replace(self._machine, client="CRM suite", at=self.clock.tick())

    @property
    def connector(self) -> Actor:
        """What keeps contacts and keys in step."""
        return replace(
            self._machine, channel=Channel.REST, client="CRM connector", at=self.clock.tick()
        )

    @property
    def portal(self) -> Actor:
        """Where customers order for their sites."""
        return replace(
            self._machine, channel=Channel.CONNECT, client="Ordering portal", at=self.clock.tick()
        )

    # --- What they did --------------------------------------------------------------------------

    def tell(self, customers: tuple[Customer, ...], offered: tuple[Offered, ...]) -> None:
        """Everything, from the beginning."""
        Licensee.objects.filter(pk=self.licensee.pk).update(created_at=self.clock.now)
        self._set_up()
        arrivals = self.clock.spread(len(customers), since=0.1, until=0.6)
        for customer, day in zip(customers, arrivals, strict=True):
            self.clock.set(day)
            self._take_on(customer)
        offers = self.clock.spread(len(offered), since=0.65)
        for place, (quote, day) in enumerate(zip(offered, offers, strict=True)):
            self.clock.set(day)
            self._offer(quote, place)
        self._live_on(dict(zip(customers, arrivals, strict=True)))
        date_records(self.licensee)

    def _live_on(self, arrivals: dict[Customer, datetime.date]) -> None:
        """The suite tells of other roles: twice on a working day, once on a Saturday."""
        saturdays = self.clock.saturdays
        for turn, day in enumerate(sorted([*self.clock.workdays, *saturdays]), 1):
            self.clock.set(day)
            known = [customer for customer, since in arrivals.items() if since < day]
            for customer in known[turn % 3 :: 3][: 1 if day in saturdays else 2]:
                self._tell_group(customer, turn=turn)

    def _set_up(self) -> None:
        """The suites, the roles by the keys the suites know them by, the catalogue."""
        for key, name in sample_data.DATA_SOURCES.items():
            self.sources[key] = self._create(DataSource, f"data source {key}", name=name)
        for (kind, key), name in sample_data.ROLES.items():
            role = self._create(Role, f"role {key}", name=name, kind=kind)
            self.roles[key] = role
            self._know_as(key, role=role)
        self.clock.set(self.clock.workdays[1])
        for offer in sample_data.OFFERS:
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
            records.create(contact, by=self.connector)
            self._know_as(f"{customer.key}-{number}", contact=contact)
        owner = self._save_group(customer)
        self.customers[customer.key] = owner
        self._bring_recipients(customer, owner)
        for gathering in customer.groups:
            self._gather(customer, owner, gathering)

    def _bring_recipients(self, customer: Customer, owner: ContactGroup) -> None:
        """Without an operation each, but when the customer came: before any group takes them."""
        write_rows(self.crowd.recipients(customer, owner))
        at = self.clock.now
        Recipient.objects.filter(customer=owner).update(created_at=at, updated_at=at)

    def _gather(self, customer: Customer, owner: ContactGroup, gathering: ContactGroupData) -> None:
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
        groups.add_recipients(group.pk, members, by=self.portal)
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
            quotes.change_quote_status(quote.pk, move, by=by)

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
            quotes.split_line(line.pk, by=self.portal)

    def _save_group(self, customer: Customer) -> ContactGroup:
        """The customer comes, and the billing suite knows it, too."""
        self._tell_group(customer)
        group = ContactGroup.objects.get(licensee=self.licensee, name=customer.name)
        self._know_as(f"ACC-{10_000 + len(self.customers)}", "billing", contact_group=group)
        return group

    def _tell_group(self, customer: Customer, turn: int = 0) -> None:
        """The CRM suite tells the customer and who is to be talked to, in which order."""
        every = [key for kind, key in sample_data.ROLES if kind == Role.Kind.CONNECTION]
        roles = islice(cycle(every), turn % len(every), None)
        told = contacts.SaveContactGroup(
            suite_data_source_instance_id=self.sources["crm"].pk.hex,
            alternate_key=customer.key,
            contact_group=contacts.SubscriptionContactGroupModel(
                contact_group_name=customer.name,
                role_alternate_key=customer.role,
                contact_connections=tuple(
                    contacts.SubscriptionContactGroupConnectionModel(
                        index=index,
                        contact_alternate_key=f"{customer.key}-{index}",
                        role_alternate_key=next(roles),
                    )
                    for index in range(1, customer.people + 1)
                ),
            ),
        )
        contacts.save_contact_group(told, by=self.suite)

    def _know_as(self, value: str, source: str = "crm", **target: Any) -> None:
        """What a suite calls a contact, a group or a role."""
        key = AlternateKey(
            licensee=self.licensee, data_source=self.sources[source], value=value, **target
        )
        contacts.create_alternate_key(key, by=self.connector)

    def _create(self, model: type[R], what: str, **values: Any) -> R:
        record = model(id=self.crowd.id(what), licensee=self.licensee, **values)
        return records.create(record, by=self.console if model in _SET_UP else self.staff)
