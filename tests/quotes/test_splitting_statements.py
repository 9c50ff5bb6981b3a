"""Splitting, unsplitting and their undo take as many statements for 1,000 members as for 10."""

from __future__ import annotations

import pytest
from django.db.models import F

from groups.models import RecipientGroup
from quotes import operations
from tests.groups import many_recipients

BUDGET = 7  # and one for the sign-in: 8 a request


@pytest.fixture
def taken(statements):
    """How many statements a call takes."""

    def count(call):
        with statements() as told:
            call()
        return len(told)

    return count


def test_a_split_takes_as_many_statements_for_1000_as_for_10(sale, taken):
    for size in (10, 1000):
        line = sale.line(size)
        assert taken(lambda line=line: sale.split(line)) == 6
        newcomers = many_recipients.recipients(sale.licensee, size // 10)
        many_recipients.join(line.recipient_group, newcomers)
        grown = F("member_count") + len(newcomers)
        RecipientGroup.objects.filter(pk=line.recipient_group_id).update(member_count=grown)
        assert taken(lambda line=line: sale.split(line)) == 6
        assert line.parts.count() == size + size // 10


def test_a_split_back_takes_as_many_statements_for_1000_as_for_10(sale, taken):
    for size in (10, 1000):
        line = sale.line(size)
        sale.split(line)
        assert taken(lambda line=line: sale.unsplit(line)) == BUDGET


def test_refusing_to_unsplit_takes_as_many_statements_for_100_edited_parts_as_for_10(sale, taken):
    seen = set()
    for size in (10, 100):
        line = sale.line(size)
        sale.split(line)
        line.parts.update(description="Changed")
        seen.add(taken(lambda line=line: sale.refused(operations.unsplit_line, line)))
    assert len(seen) == 1


def test_a_planned_split_takes_as_many_statements_for_1000_as_for_10(sale, taken):
    for size in (10, 1000):
        line = sale.line(size)
        assert taken(lambda line=line: sale.split(line, dry_run=True)) == BUDGET


def test_an_undo_takes_as_many_statements_for_1000_as_for_10(sale, taken):
    sale.by.user.get_all_permissions()  # kept from the first question on
    seen = set()
    for size in (10, 1000):
        line = sale.line(size)
        split = sale.split(line)
        one = taken(lambda split=split: sale.undo(split))
        sale.split(line)
        unsplit = sale.unsplit(line)
        seen.add((one, taken(lambda unsplit=unsplit: sale.undo(unsplit))))
    assert len(seen) == 1
