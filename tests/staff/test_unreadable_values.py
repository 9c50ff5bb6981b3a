"""A value that another program wrote into SQLite and that is none of its column's type is shown as
missing: every list, page, export and answer of the REST API still has its row.

PostgreSQL takes no such value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

import pytest
from django.contrib import admin
from django.db import connection, models, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from commsapp.models import Licensee, Operation
from groups.models import RecipientGroup
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import token
from tests.http.test_odd_values import list_views
from tests.staff.conftest import browse
from tests.staff.test_odd_values import ids as ids
from tests.staff.test_odd_values import root as root

pytestmark = [
    pytest.mark.skipif(
        not os.environ["DATABASE_URL"].startswith("sqlite"),
        reason="PostgreSQL takes no value of another type",
    ),
    pytest.mark.timeout(600),
]

UNREADABLE = {
    models.DateTimeField: ("0000-00-00 00:00:00", "0000-00-00", "yesterday"),
    models.DateField: ("0000-00-00", "yesterday"),
    models.IntegerField: ("many",),
}


def unreadable_values(field) -> tuple[str, ...]:
    if isinstance(field, models.ForeignKey):
        return ("no id",) if field.null and not field.unique else ()
    if field.primary_key or field.is_relation:
        return ()
    if field.get_internal_type() == "BigIntegerField":
        return ("many",)
    return next((values for kind, values in UNREADABLE.items() if isinstance(field, kind)), ())


def cases() -> list[tuple[type[models.Model], str, str]]:
    """Every column of a record with a page in which a text may stand: model, field and text."""
    return [
        (model, field.attname, value)
        for model in admin.site._registry
        for field in model._meta.concrete_fields
        for value in unreadable_values(field)
    ]


@contextmanager
def written(
    model: type[models.Model], attname: str, value: str, *, only: Sequence[UUID] = ()
) -> Iterator[None]:
    """Let the column have the value in all rows, or in those with these ids, as another program
    may write it."""
    field = model._meta.get_field(attname)
    assert isinstance(field, models.Field)
    table, column = model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = 1")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                update = f'UPDATE OR IGNORE "{table}" SET "{column}" = %s'
                where = " WHERE id IN (" + ", ".join(f"'{pk.hex}'" for pk in only) + ")"
                cursor.execute(update + where if only else update, [value])
                cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}" = %s', [value])
                assert cursor.fetchone() > (0,), (table, column)
            yield
            transaction.set_rollback(True)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = 0")


class Reader:
    """Reads all that shows the records of a model: lists, files and pages, as staff and by REST."""

    def __init__(self, user, client, ids) -> None:
        self.browser, self.client, self.ids = browse(user), client, ids
        self.rest = {view.queryset.model: path for path, view in list_views()}

    def rows(self, model: type[models.Model]) -> dict[str, int]:
        """How many rows each address has; a page of one record has one."""
        opts = model._meta
        name = f"admin:{opts.app_label}_{opts.model_name}"
        fields = {field.name for field in opts.concrete_fields}
        # An unreadable time of archiving is one all the same: those are on the list of all.
        query = "?state=all" if "archived_at" in fields else ""
        list_url = reverse(f"{name}_changelist") + query
        found = {list_url: self.browser.get(list_url).context["cl"].result_count}
        for ending in (
            ("csv", "jsonl", "xlsx") if hasattr(admin.site._registry[model], "exported") else ()
        ):
            url = reverse(f"{name}_export_{ending}") + query
            content = b"".join(self.browser.get(url))
            found[url] = content.count(b"\n") if ending != "xlsx" else bool(content)
        pk = self.ids.get(opts.label_lower)
        for page in ("page", "change") if pk else ():
            with suppress(NoReverseMatch):
                url = reverse(f"{name}_{page}", args=[pk])
                found[url] = int(self.browser.get(url).status_code == 200)
        if path := self.rest.get(model):
            results = self.client.get(path).json()["results"]
            found[path] = len(results)
            if results and "id" in results[0]:
                url = f"{path}/{results[0]['id']}"
                found[url] = int(self.client.get(url).status_code == 200)
        return found


def test_row_with_an_unreadable_value_is_on_every_list_page_and_file(ids, root, alice, licensee):
    client = Client(headers={"Authorization": f"Bearer {token(alice)}"})
    reader = Reader(root, client, ids)
    before = {model: reader.rows(model) for model, _name, _value in cases()}
    assert sum(len(rows) for rows in before.values()) > 60
    for model, attname, value in cases():
        with written(model, attname, value):
            assert reader.rows(model) == before[model], (model, attname, value)


def test_unreadable_value_is_missing_or_where_a_number_has_to_be_zero(licensee, alice, line, group):
    client = Client(headers={"Authorization": f"Bearer {token(alice)}"})

    def read(record, path, name):
        return client.get(f"/api/v1/{path}/{record.pk}").json()[name]

    for value in UNREADABLE[models.DateTimeField]:
        with written(RecipientGroup, "created_at", value):
            assert read(group, "recipient-groups", "created_at") is None
    with written(QuoteLineItem, "requested_date", "0000-00-00"):
        assert read(line, "quote-line-items", "requested_date") is None
    with written(RecipientGroup, "expected_member_count", "many"):
        assert read(group, "recipient-groups", "expected_member_count") is None
    with written(RecipientGroup, "member_count", "many"):
        assert read(group, "recipient-groups", "member_count") == 0
    with written(QuoteLineItem, "quantity", "many"):
        assert read(line, "quote-line-items", "quantity") == "0.00"
    with written(RecipientGroup, "customer_id", "no id"):
        assert read(group, "recipient-groups", "customer") is None
    with written(Operation, "id", "no id"):
        assert [str(one.pk) for one in Operation.objects.all()] == [str(UUID(int=0))]


@pytest.mark.parametrize("direction", ["", "-"], ids=["ascending", "descending"])
@pytest.mark.parametrize(
    ("attname", "value"),
    [
        ("created_at", "0000-00-00 00:00:00"),
        ("created_at", "yesterday"),
        ("member_count", "many"),
        ("expected_member_count", "many"),
    ],
)
def test_pages_of_a_list_in_the_order_of_unreadable_values_have_each_row_once(
    licensee, alice, attname, value, direction
):
    groups = factories.RecipientGroupFactory.create_batch(7, licensee=licensee)
    RecipientGroup.objects.filter(pk__in=[groups[0].pk, groups[5].pk]).update(
        member_count=3, expected_member_count=3
    )
    unreadable = [groups[number].pk for number in (1, 3, 4)]
    client = Client(headers={"Authorization": f"Bearer {token(alice)}"})
    url = f"/api/v1/recipient-groups?ordering={direction}{attname}&page_size=1"
    read: list[str] = []
    with written(RecipientGroup, attname, value, only=unreadable):
        while url and len(read) < 20:
            answer = client.get(url).json()
            read += [row["id"] for row in answer["results"]]
            url = answer["next"]
    assert sorted(read) == sorted(str(group.pk) for group in groups)


@pytest.mark.django_db
def test_values_of_expressions_that_cannot_be_read_are_missing_too():
    for field, value in (
        (models.DateTimeField(), "0000-00-00 00:00:00"),
        (models.DateField(), "0000-00-00"),
        (models.TimeField(), "25:00"),
        (models.UUIDField(null=True), "no id"),
        (models.IntegerField(null=True), "many"),
    ):
        raw = models.expressions.RawSQL("%s", [value], output_field=field)
        assert Licensee.objects.aggregate(read=models.Max(raw, default=None))["read"] is None
        Licensee.objects.get_or_create(name="One")
        assert Licensee.objects.annotate(read=raw).values_list("read", flat=True)[0] is None
