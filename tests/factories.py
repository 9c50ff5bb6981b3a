"""Test data. Every record belongs to a licensee; pass it on to make several of one licensee."""

from decimal import Decimal

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from commsapp.models import Licensee, User
from contacts.models import AlternateKey, Contact, ContactGroup, DataSource, Role
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem


class LicenseeFactory(DjangoModelFactory):
    class Meta:
        model = Licensee

    name = factory.Sequence(lambda n: f"Licensee {n}")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.LazyFunction(lambda: make_password(None))  # unusable


class RecordFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    licensee = factory.SubFactory(LicenseeFactory)


def same_licensee(target, **fixed):
    """A sub-object of the same licensee."""
    return factory.SubFactory(target, licensee=factory.SelfAttribute("..licensee"), **fixed)


class DataSourceFactory(RecordFactory):
    class Meta:
        model = DataSource

    name = factory.Sequence(lambda n: f"Suite {n}")


class RoleFactory(RecordFactory):
    class Meta:
        model = Role

    name = factory.Sequence(lambda n: f"Role {n}")
    kind = Role.Kind.GROUP


class ContactFactory(RecordFactory):
    class Meta:
        model = Contact

    name = factory.Sequence(lambda n: f"Contact {n}")


class ContactGroupFactory(RecordFactory):
    class Meta:
        model = ContactGroup

    name = factory.Sequence(lambda n: f"Customer {n}")
    role = same_licensee(RoleFactory)


class AlternateKeyFactory(RecordFactory):
    class Meta:
        model = AlternateKey

    data_source = same_licensee(DataSourceFactory)
    kind = AlternateKey.Kind.CONTACT_GROUP
    value = factory.Sequence(lambda n: f"KEY-{n}")


class RecipientFactory(RecordFactory):
    class Meta:
        model = Recipient

    name = factory.Sequence(lambda n: f"Site {n:05}")
    recipient_type = Recipient.Type.LOCATION


class RecipientGroupFactory(RecordFactory):
    class Meta:
        model = RecipientGroup

    name = factory.Sequence(lambda n: f"Group {n}")


class ProductFactory(RecordFactory):
    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"P-{n}")
    name = factory.Sequence(lambda n: f"Product {n}")
    currency = "EUR"
    one_time_price = Decimal("49.90")
    recurring_price = Decimal("19.99")


class QuoteFactory(RecordFactory):
    class Meta:
        model = Quote

    number = factory.Sequence(lambda n: f"Q-{n:05}")
    name = factory.Sequence(lambda n: f"Quote {n}")
    currency = "EUR"


class QuoteLineItemFactory(RecordFactory):
    """A bare line, past the operations: totals of the quote are not kept."""

    class Meta:
        model = QuoteLineItem

    quote = same_licensee(QuoteFactory)
    product = same_licensee(ProductFactory)
    line_number = factory.Sequence(lambda n: n + 1)
    one_time_price = factory.SelfAttribute("product.one_time_price")
    recurring_price = factory.SelfAttribute("product.recurring_price")
