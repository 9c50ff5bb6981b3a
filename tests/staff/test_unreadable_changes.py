"""A record with a value that cannot be read (see test_unreadable_values) is changed like any other:
on pages, by the REST API, and by the operations on the lines of a quote."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import Client

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from quotes import operations
from quotes.models import QuoteLineItem
from tests.conftest import token
from tests.http.test_odd_values import list_views
from tests.staff import test_unreadable_values
from tests.staff.conftest import browse
from tests.staff.odd_values import address, staff_routes
from tests.staff.test_odd_values import ids as ids
from tests.staff.test_odd_values import root as root
from tests.staff.test_unreadable_values import cases, written

pytestmark = test_unreadable_values.pytestmark

BODIES: tuple[dict[str, Any], ...] = (
    {"name": "New name"}, {"description": "New"}, {"quantity": "3"}, {"email": "a@example.com"},
)  # fmt: skip
ACTIONS = ("archive", "restore", "split", "unsplit", "submit", "accept", "reject", "undo")


def columns() -> dict[tuple[type[models.Model], str], str]:
    """Return an unreadable value for each column of a record with a page."""
    return {(model, attname): value for model, attname, value in reversed(cases())}


class Writer:
    """Sends every change of one record that pages and the REST API offer, and undoes each."""

    def __init__(self, user, token_user, ids) -> None:
        self.browser, self.ids = browse(user), ids
        self.client = Client(headers={"Authorization": f"Bearer {token(token_user)}"})
        for client in (self.browser, self.client):
            client.raise_request_exception = False
        self.paths = {view.queryset.model: path for path, view in list_views()}
        self.statuses: list[tuple[str, int]] = []

    def change(self, model: type[models.Model], pk: str) -> None:
        prefix = f"admin/{model._meta.app_label}/{model._meta.model_name}/<"
        for route in staff_routes():
            if route.startswith(prefix):
                url = address(route, self.ids)
                self._send(self.browser, "post", url, {"name": "Another", "confirm": "1"})
        if path := self.paths.get(model):
            for body in BODIES:
                self._send(self.client, "patch", f"{path}/{pk}", json.dumps(body))
            for action in ACTIONS:
                self._send(self.client, "post", f"{path}/{pk}/{action}", "{}")
            self._send(self.client, "delete", f"{path}/{pk}", "")

    def _send(self, client: Client, method: str, url: str, data: Any) -> None:
        kind = {"content_type": "application/json"} if isinstance(data, str) else {}
        with transaction.atomic():
            status = getattr(client, method)(url, data, **kind).status_code
            transaction.set_rollback(True)
        self.statuses.append((f"{method} {url}", status))


def test_record_with_an_unreadable_value_is_changed_without_an_error(ids, root, alice):
    writer = Writer(root, alice, ids)
    problems = []
    for (model, attname), value in columns().items():
        if pk := ids.get(model._meta.label_lower):
            with written(model, attname, value):
                writer.statuses.clear()
                writer.change(model, pk)
            problems += [
                (model.__name__, attname, *sent) for sent in writer.statuses if sent[1] >= 500
            ]
    assert problems == []


@pytest.mark.parametrize("value", ["0000-00-00", "0000-00-00 00:00:00"])
def test_save_leaves_a_time_of_creation_that_cannot_be_read(licensee, alice, value):
    for record, attname in ((licensee, "created_at"), (alice, "date_joined")):
        model = type(record)
        with written(model, attname, value):
            read = model.objects.get(pk=record.pk)
            assert getattr(read, attname) is None
            read.name = "New name"  # no field of User
            read.save()
            table, column = model._meta.db_table, model._meta.get_field(attname).column
            with connection.cursor() as cursor:
                cursor.execute(
                    f'SELECT CAST("{column}" AS text) FROM "{table}" WHERE id = %s', [record.pk.hex]
                )
                assert str(cursor.fetchone()[0]) == value


# --- Lines --------------------------------------------------------------------------------------


@pytest.fixture
def split_line(line, join, by_alice) -> QuoteLineItem:
    """A group line that is split into two parts."""
    join(2)
    operations.split_line(line.pk, by=by_alice)
    line.refresh_from_db()
    return line


def lines_and_values() -> list[tuple[str, str]]:
    return [(attname, value) for model, attname, value in cases() if model is QuoteLineItem]


@pytest.mark.parametrize("is_part", [False, True], ids=["line", "parts"])
@pytest.mark.parametrize(("attname", "value"), lines_and_values())
def test_line_with_an_unreadable_value_is_split_unsplit_and_both_undone(
    split_line, by_alice, attname, value, is_part
):
    """Refused at most: for a part that looks edited, or is of nobody."""
    parts = list(split_line.parts.values_list("pk", flat=True))
    only = parts[:1] if attname in ("line_number", "recipient_id") else parts
    for first, then in product((operations.split_line, operations.unsplit_line), repeat=2):
        with written(QuoteLineItem, attname, value, only=only if is_part else [split_line.pk]):
            for change in (first, then):
                with transaction.atomic():
                    try:
                        done = change(split_line.pk, by=by_alice)
                    except Refused:
                        continue
                    if Operation.objects.filter(pk=done.operation.pk).exists():
                        audit.undo(done.operation.pk, by=by_alice)


def test_parts_whose_time_cannot_be_read_come_back_when_unsplitting_is_undone(split_line, by_alice):
    parts = {*split_line.parts.values_list("pk", "recipient", "line_number")}
    assert len(parts) == 2
    [*only] = split_line.parts.values_list("pk", flat=True)
    with written(QuoteLineItem, "created_at", "0000-00-00", only=only):
        unsplit = operations.unsplit_line(split_line.pk, by=by_alice)
        assert unsplit.removed == 2
        audit.undo(unsplit.operation.pk, by=by_alice)
        assert {*split_line.parts.values_list("pk", "recipient", "line_number")} == parts
        assert {part.created_at for part in split_line.parts.all()} == {split_line.split_at}


def test_split_line_whose_time_cannot_be_read_is_split_for_newcomers_alone(
    split_line, join, by_alice
):
    join(1)
    with written(QuoteLineItem, "split_at", "0000-00-00", only=[split_line.pk]):
        assert operations.split_line(split_line.pk, by=by_alice).created == 1
        split_line.refresh_from_db()
        assert split_line.is_split
        assert split_line.parts.count() == 3


def test_part_of_an_unreadable_recipient_is_reported_when_unsplitting_is_undone(
    split_line, by_alice
):
    lost, *others = split_line.parts.values_list("pk", flat=True)
    with written(QuoteLineItem, "recipient_id", "no id", only=[lost]):
        unsplit = operations.unsplit_line(split_line.pk, by=by_alice)
        [undoing] = [audit.undo(unsplit.operation.pk, by=by_alice)]
        assert (undoing.reversed, undoing.kept) == (1, 1)
        assert [*split_line.parts.values_list("pk", flat=True)] == others
