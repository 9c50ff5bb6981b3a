"""Test data. Every record belongs to a licensee; pass it on to make several of one licensee."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.db.models import Model
from factory.declarations import LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from commsapp.models import Licensee, User
from contacts.models import AlternateKey, Contact, ContactGroup, DataSource, Role
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem

M = TypeVar("M", bound=Model)


class ModelFactory(DjangoModelFactory[M]):
    class Meta:
        abstract = True

    if TYPE_CHECKING:  # what calling a factory returns is decided by its metaclass

        def __new__(cls, **values: Any) -> M: ...  # type: ignore[misc]


class LicenseeFactory(ModelFactory[Licensee]):
    class Meta:
        model = Licensee

    name = Sequence(lambda n: f"Licensee {n}")


class UserFactory(ModelFactory[User]):
    class Meta:
        model = User

    username = Sequence(lambda n: f"user{n}")
    password = LazyFunction(lambda: make_password(None))  # unusable


class RecordFactory(ModelFactory[M]):
    class Meta:
        abstract = True

    licensee = SubFactory(LicenseeFactory)


def same_licensee(target, **fixed):
    """A sub-object of the same licensee."""
    return SubFactory(target, licensee=SelfAttribute("..licensee"), **fixed)


class DataSourceFactory(RecordFactory[DataSource]):
    class Meta:
        model = DataSource

    name = Sequence(lambda n: f"Suite {n}")


class RoleFactory(RecordFactory[Role]):
    class Meta:
        model = Role

    name = Sequence(lambda n: f"Role {n}")
    kind = Role.Kind.GROUP


class ContactFactory(RecordFactory[Contact]):
    class Meta:
        model = Contact

    name = Sequence(lambda n: f"Contact {n}")


class ContactGroupFactory(RecordFactory[ContactGroup]):
    class Meta:
        model = ContactGroup

    name = Sequence(lambda n: f"Customer {n}")
    role = same_licensee(RoleFactory)


class AlternateKeyFactory(RecordFactory[AlternateKey]):
    class Meta:
        model = AlternateKey

    data_source = same_licensee(DataSourceFactory)
    kind = AlternateKey.Kind.CONTACT_GROUP
    value = Sequence(lambda n: f"KEY-{n}")


class RecipientFactory(RecordFactory[Recipient]):
    class Meta:
        model = Recipient

    name = Sequence(lambda n: f"Site {n:05}")
    recipient_type = Recipient.Type.LOCATION


class RecipientGroupFactory(RecordFactory[RecipientGroup]):
    class Meta:
        model = RecipientGroup

    name = Sequence(lambda n: f"Group {n}")


class ProductFactory(RecordFactory[Product]):
    class Meta:
        model = Product

    code = Sequence(lambda n: f"P-{n}")
    name = Sequence(lambda n: f"Product {n}")
    currency = "EUR"
    one_time_price = Decimal("49.90")
    recurring_price = Decimal("19.99")


class QuoteFactory(RecordFactory[Quote]):
    class Meta:
        model = Quote

    number = Sequence(lambda n: f"Q-{n:05}")
    name = Sequence(lambda n: f"Quote {n}")
    currency = "EUR"


class QuoteLineItemFactory(RecordFactory[QuoteLineItem]):
    """A bare line, past the operations: totals of the quote are not kept."""

    class Meta:
        model = QuoteLineItem

    quote = same_licensee(QuoteFactory)
    product = same_licensee(ProductFactory)
    line_number = Sequence(lambda n: n + 1)
    one_time_price = SelfAttribute("product.one_time_price")
    recurring_price = SelfAttribute("product.recurring_price")
