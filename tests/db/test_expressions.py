"""Set-based SQL, the same on SQLite and PostgreSQL."""

import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db.models import F, Value
from django.db.models.functions import Upper

from commsapp.db.bulk import insert_values, write_rows
from commsapp.db.expressions import UUID7, Joined, insert_select, missing_ids
from commsapp.db.ids import uuid7
from groups.models import Membership, Recipient
from quotes.models import QuoteLineItem
from tests import factories
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes


@pytest.fixture
def crowd(licensee):
    return many_recipients.recipients(licensee, 3)


def test_given_ids_select_their_rows(crowd):
    ids = [crowd[0].pk.hex, crowd[2].pk.hex, uuid7().hex]
    found = Recipient.objects.filter(pk__in_ids=ids)
    assert {one.pk for one in found} == {crowd[0].pk, crowd[2].pk}
    assert not Recipient.objects.filter(pk__in_ids=[]).exists()


def test_missing_ids_are_those_without_a_row(crowd):
    unknown = uuid7().hex
    ids = [crowd[0].pk.hex, unknown, crowd[1].pk.hex]
    assert missing_ids(Recipient.objects.all(), ids) == [unknown]
    others = Recipient.objects.exclude(pk=crowd[1].pk)
    assert set(missing_ids(others, ids)) == {unknown, crowd[1].pk.hex}
    assert missing_ids(Recipient.objects.all(), []) == []
    assert missing_ids(Recipient.objects.all(), [str(UUID(unknown))]) == [unknown]


def test_rows_are_copied_in_one_statement(crowd, licensee, django_assert_num_queries):
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)
    texts = [field.name for field in Recipient._meta.fields if field.blank and not field.null]
    empty = dict.fromkeys(set(texts) - {"created_at", "updated_at"}, "")
    with django_assert_num_queries(1):
        copied = insert_select(
            Recipient,
            Recipient.objects.order_by("name"),
            id=UUID7(),
            licensee=licensee,
            name=Upper("name"),
            recipient_type=F("recipient_type"),
            created_at=at,
            updated_at=at,
            **empty,
        )
    assert copied == 3
    copies = Recipient.objects.filter(created_at=at)
    assert [copy.name for copy in copies.order_by("name")] == [one.name.upper() for one in crowd]
    assert len({copy.pk for copy in copies}) == 3
    assert {(copy.pk.version, copy.pk.variant) for copy in copies} == {(7, "specified in RFC 4122")}


def test_nothing_is_copied_from_nothing(licensee):
    group = factories.RecipientGroupFactory(licensee=licensee)
    nobody = Recipient.objects.none()
    row = {"group": group, "recipient": F("pk"), "operation": Value(uuid7())}
    assert insert_select(Membership, nobody, **row) == 0


def test_values_are_inserted_in_one_statement(crowd, licensee, django_assert_num_queries):
    group = factories.RecipientGroupFactory(licensee=licensee)
    fields, by = ("group", "recipient", "operation"), uuid7()
    rows = [(group.pk, one.pk, by) for one in crowd]
    with django_assert_num_queries(1):
        assert insert_values(Membership, fields, rows) == 3
    assert insert_values(Membership, fields, []) == 0
    unique = ("group", "recipient")
    assert insert_values(Membership, fields, rows, unique=unique) == 0
    later = [(group.pk, crowd[0].pk, uuid7())]
    changed = insert_values(Membership, fields, later, unique=unique, update=("operation",))
    assert changed == 1
    assert Membership.objects.get(recipient=crowd[0]).operation_id == later[0][2]


def test_values_that_all_rows_share_are_given_once(licensee):
    line = factories.QuoteLineItemFactory.build(licensee=licensee)
    quote, product = (
        made(licensee=licensee) for made in (factories.QuoteFactory, factories.ProductFactory)
    )
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)
    fixed = {
        "licensee": licensee.pk, "quote": quote.pk, "product": product.pk, "description": "’",
        "quantity": Decimal("1.50"), "one_time_price": Decimal("0.0035"), "recurring_price": 0,
        "discount_percent": 0, "configuration": {"a": [1, None, "ü"]}, "updated_at": at,
        "requested_date": datetime.date(2026, 1, 2), "one_time_amount": 1, "recurring_amount": 0,
    }  # fmt: skip
    rows = [(uuid7(), number, at) for number in (1, 2)]
    fields = ("id", "line_number", "created_at")
    assert insert_values(QuoteLineItem, fields, rows, fixed=fixed) == 2
    for line in QuoteLineItem.objects.all():
        assert (line.pk, line.line_number, line.created_at) in rows
        assert {name: getattr(line, name) for name in fixed if name not in REFERENCES} == {
            name: value for name, value in fixed.items() if name not in REFERENCES
        }
        assert (line.licensee, line.quote, line.product) == (licensee, quote, product)


REFERENCES = ("licensee", "quote", "product")


def test_objects_are_inserted_with_their_defaults(licensee, django_assert_num_queries):
    crowd = [
        Recipient(licensee=licensee, name=f"“{number}” \\ '\t", recipient_type="Location")
        for number in range(2000)
    ]
    with django_assert_num_queries(1):
        assert write_rows(crowd) == 2000
    kept = Recipient.objects.in_bulk()
    assert all(kept[one.pk].name == one.name for one in crowd)
    assert all(kept[one.pk].created_at == one.created_at for one in crowd)
    assert write_rows([]) == 0


def test_values_of_a_group_are_joined(crowd, licensee):
    group = many_recipients.group_of(crowd, licensee)
    joined = Membership.objects.values("group").annotate(all=Joined("recipient"))
    [row] = joined
    assert row["group"] == group.pk
    assert sorted(row["all"].replace("-", "").split(",")) == sorted(hexes(crowd))
