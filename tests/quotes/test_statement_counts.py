"""Operations on quotes and lines take as many statements for many rows as for few."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import F

from commsapp.core import audit
from commsapp.models import Operation
from groups.models import RecipientGroup
from quotes import operations
from tests.groups import many_recipients
from tests.quotes.conftest import Sale
from tests.statement_counts import Cases

pytestmark = pytest.mark.django_db
cases = Cases()
MAX_STATEMENTS = 7  # and one for the sign-in: 8 a request


@cases.add(exactly=6)
def split_line(sale, size):
    line = sale.line(size)
    return lambda: sale.split(line)


@cases.add(exactly=6)
def split_line_again_for_new_members(sale, size):
    line = sale.line(size)
    sale.split(line)
    added = many_recipients.recipients(sale.licensee, size // 10)
    many_recipients.join(line.recipient_group, added)
    grown = F("member_count") + len(added)
    RecipientGroup.objects.filter(pk=line.recipient_group_id).update(member_count=grown)

    def act():
        sale.split(line)
        return line

    return act


@cases.add(exactly=MAX_STATEMENTS)
def preview_splitting(sale, size):
    line = sale.line(size)
    return lambda: sale.split(line, dry_run=True)


@cases.add(exactly=MAX_STATEMENTS)
def unsplit_line(sale, size):
    line = sale.line(size)
    sale.split(line)
    return lambda: sale.unsplit(line)


@cases.add(sizes=(10, 100))
def refuse_to_unsplit_edited_parts(sale, size):
    line = sale.line(size)
    sale.split(line)
    line.parts.update(description="Changed")
    return lambda: sale.refused(operations.unsplit_line, line)


@cases.add()
def undo_splitting(sale, size):
    split = sale.split(sale.line(size))
    return lambda: sale.undo(split)


@cases.add()
def undo_unsplitting(sale, size):
    line = sale.line(size)
    sale.split(line)
    unsplit = sale.unsplit(line)
    return lambda: sale.undo(unsplit)


def _parts(sale, size):
    line = sale.line(size)
    sale.split(line)
    return [pk.hex for pk in line.parts.values_list("pk", flat=True)]


_VALUES = {"discount_percent": Decimal(10), "requested_date": date(2027, 3, 1)}


@cases.add()
def edit_lines(sale, size):
    ids = _parts(sale, size)
    return lambda: operations.edit_lines(sale.quote.pk, ids, _VALUES, by=sale.by)


@cases.add()
def undo_editing_lines(sale, size):
    operations.edit_lines(sale.quote.pk, _parts(sale, size), _VALUES, by=sale.by)
    entry = Operation.objects.latest("id")
    return lambda: audit.undo(entry.pk, by=sale.by)


@cases.add(exactly=4, sizes=(1, 20))
def approve_quote(licensee, by_alice, size):
    sale = Sale(licensee, by_alice)
    for _ in range(size):
        sale.line(1)
    sale.move("submit")
    return lambda: sale.move("approve")


@cases.parametrize
def test_statements_of_case_are_as_many_for_many_rows_as_for_few(case, request):
    case.check(request)
