"""What is fit to be tried out right now; where a thing was used up since, there is another."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from django.db.models import Exists, OuterRef

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.demo import contact_groups, sample_data
from commsapp.models import Licensee, Record
from contacts.models import Contact, ContactGroup, DataSource, Role
from groups import operations as groups
from groups.models import Membership, Recipient, RecipientGroup
from quotes import operations as quotes
from quotes.models import Product, Quote, QuoteLineItem

R = TypeVar("R", bound=Record)

CONTACTS = 5
MEMBERS = 5  # at least, of the group
RECIPIENTS = 10  # that may be added to it


@dataclass(frozen=True)
class EdgeCases:
    """Records of one licensee with which everything documented can be done at once."""

    data_source: DataSource
    group_role: Role
    connection_role: Role
    contacts: list[Contact]
    contact_group: ContactGroup
    recipient_group: RecipientGroup
    recipients: list[Recipient]
    product: Product
    quote: Quote
    quote_line_item: QuoteLineItem


class EdgeCaseMaker:
    """Finds what is fit, and makes what is lacking. Nothing that is there is changed, but that the
    group gets members."""

    def __init__(self, licensee: Licensee, by: Actor) -> None:
        self.licensee, self.by = licensee, by
        self.random = Random()  # noqa: S311  (streets)

    def trial(self) -> EdgeCases:
        group_role = self._role(Role.Kind.GROUP, "Customer")
        customer = self._contact_group(group_role)
        group = self._recipient_group(customer)
        product = self._product()
        quote, line = self._line(customer, group, product)
        return EdgeCases(
            data_source=self._data_source(),
            group_role=group_role,
            connection_role=self._role(Role.Kind.CONNECTION, "Decision maker"),
            contacts=self._contacts(),
            contact_group=customer,
            recipient_group=group,
            recipients=self._addable(group, RECIPIENTS),
            product=product,
            quote=quote,
            quote_line_item=line,
        )

    def _data_source(self) -> DataSource:
        found = self._all(DataSource, is_active=True).order_by("-name").first()
        return found or self._make(DataSource, name=f"CRM suite {self._serial()}")

    def _role(self, kind: str, name: str) -> Role:
        found = self._all(Role, kind=kind, name=name).first()
        return found or self._make(Role, kind=kind, name=name)

    def _contacts(self) -> list[Contact]:
        found = list(self._all(Contact, archived_at=None)[:CONTACTS])
        lacking = CONTACTS - len(found)
        return [*found, *(self._make(Contact, name=self._name()) for _each in range(lacking))]

    def _contact_group(self, role: Role) -> ContactGroup:
        name = sample_data.CUSTOMERS[0].name
        found = self._all(ContactGroup, name=name, status=ContactGroup.Status.ACTIVE).first()
        return found or self._make(ContactGroup, name=name, role=role)

    def _recipient_group(self, customer: ContactGroup) -> RecipientGroup:
        archived = Membership.objects.filter(
            group=OuterRef("pk"), recipient__archived_at__isnull=False
        )
        active = self._all(RecipientGroup, customer=customer, status=RecipientGroup.Status.ACTIVE)
        group: RecipientGroup | None = active.exclude(Exists(archived)).order_by("name").first()
        if group is None:
            name = f"Bakeries {self._serial()}"
            group = self._make(RecipientGroup, customer=customer, name=name)
        lacking = MEMBERS - group.member_count
        if lacking > 0:
            more = [recipient.pk.hex for recipient in self._addable(group, lacking)]
            groups.add_recipients(group.pk, more, by=self.by)
        return group

    def _addable(self, group: RecipientGroup, count: int) -> list[Recipient]:
        member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
        fit = Recipient.objects.eligible_for(group).filter(customer=group.customer)
        found = list(fit.exclude(Exists(member)).order_by("name", "pk")[:count])
        return [*found, *(self._recipient(group) for _each in range(count - len(found)))]

    def _recipient(self, group: RecipientGroup) -> Recipient:
        address = next(contact_groups.addresses(("Germany",), self.random))
        return self._make(
            Recipient,
            name=f"Bakery {address.city} {self._serial()}",
            recipient_type=Recipient.Type.LOCATION,
            customer=group.customer,
            **vars(address),
        )

    def _product(self) -> Product:
        catalogue = self._all(Product, currency="EUR", is_active=True).order_by("code")
        found: Product | None = catalogue.first()
        if found:
            return found
        serial = self._serial()
        price = Decimal("39.90")
        return self._make(
            Product,
            code=f"FIB-{serial}",
            name=f"Fibre access {serial}",
            currency="EUR",
            one_time_price=price,
            recurring_price=price,
        )

    def _line(
        self, customer: ContactGroup, group: RecipientGroup, product: Product
    ) -> tuple[Quote, QuoteLineItem]:
        drafts = self._all(Quote, customer=customer, currency="EUR", status=Quote.Status.DRAFT)
        quote = drafts.first()
        if quote is None:
            quote = Quote(licensee=self.licensee, customer=customer, currency="EUR")
            quote.name = f"To try out {self._serial()}"
            quotes.create_quote(quote, by=self.by)
        unsplit = QuoteLineItem.objects.live().filter(quote=quote, recipient_group=group)
        line = unsplit.order_by("line_number").first()
        if line is None:
            line = QuoteLineItem(
                licensee=self.licensee,
                quote=quote,
                product=product,
                recipient_group=group,
                one_time_price=product.one_time_price,
                recurring_price=product.recurring_price,
            )
            quotes.create_line(line, by=self.by)
        return quote, line

    def _all(self, model: type[R], **having: Any) -> Any:
        return model.objects.filter(licensee=self.licensee, **having).order_by("pk")

    def _make(self, model: type[R], **values: Any) -> R:
        return records.create(model(licensee=self.licensee, **values), by=self.by)

    def _name(self) -> str:
        first_name = self.random.choice(sample_data.FIRST_NAMES)
        return f"{first_name} {self.random.choice(sample_data.LAST_NAMES)}"

    def _serial(self) -> str:
        return f"{self.random.randrange(10**5, 10**6)}"
