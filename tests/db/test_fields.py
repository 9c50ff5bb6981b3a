"""Fixed-point numbers: exact on every database, and nothing that is not plainly a number."""

from decimal import Decimal

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, transaction
from django.db.models import F, Max, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commsapp.db.fields import FixedPointField
from quotes.models import Product
from tests import factories

FIELD = FixedPointField(places=2)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.decimals("-999999999999.999999", "999999999999.999999", places=6))
def test_a_number_comes_back_as_it_went(db, number):
    field = Product._meta.get_field("one_time_price")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS bigint)", [field.get_db_prep_save(number, connection)])
        [kept] = cursor.fetchone()
    assert field.from_db_value(kept, None, connection) == number


def test_a_number_is_kept_as_an_integer(licensee):
    product = factories.ProductFactory(licensee=licensee, one_time_price=Decimal("0.0035"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT one_time_price FROM quotes_product")
        assert cursor.fetchone() == (3500,)
    product.refresh_from_db()
    assert str(product.one_time_price) == "0.003500"


@pytest.mark.parametrize("text", ["0", "12", "12.50", "-0.01", "+3", ".5", "0012.5"])
def test_plain_numbers_are_read(text):
    assert FIELD.clean(text, None) == Decimal(text)


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "x", "1_000", "١", "1e3", "NaN", "Infinity", "-inf", "sNaN", "1,5", "0x1", "1\n",
        True, False, 0.1, float("nan"), [], {}, b"1", (0, (1,), "F"),
        Decimal("NaN"), Decimal("Infinity"), Decimal("1e400"), "0.001", Decimal("0.001"),
        2**63, "9" * 5000, Decimal("1e16"), -(10**16),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_what_is_no_plain_number_or_does_not_fit_is_refused(value):
    with pytest.raises(ValidationError):
        FIELD.clean(value, None)


def test_nothing_is_rounded_behind_ones_back(licensee):
    product = factories.ProductFactory(licensee=licensee)
    product.one_time_price = Decimal("0.0000001")
    with pytest.raises(ValidationError), transaction.atomic():
        product.save()
    product.refresh_from_db()
    assert product.one_time_price == Decimal("49.90")


def test_numbers_are_compared_and_summed_exactly(licensee):
    for price in ("0.1", "0.2", "999999999999.999999"):
        factories.ProductFactory(licensee=licensee, one_time_price=Decimal(price))
    assert Product.objects.filter(one_time_price__lt=Decimal("0.15")).count() == 1
    assert Product.objects.aggregate(top=Max("one_time_price"))["top"] == Decimal(
        "999999999999.999999"
    )
    small = Product.objects.filter(one_time_price__lt=1)
    summed = small.aggregate(sum=Sum("one_time_price", output_field=FixedPointField(places=6)))
    assert summed["sum"] == Decimal("0.3")


def test_products_of_numbers_want_their_places_named(db):
    product = F("one_time_price") * F("recurring_price")
    with pytest.raises(FieldError):
        list(Product.objects.annotate(squared=product))


def test_unset_is_none():
    assert FixedPointField(places=2).get_default() is None
