"""A line's own page tells its group, its parts, or the line that it is a part of."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from quotes import operations
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page

PANEL = "Group and parts"


def panel(client, line) -> str:
    shown = content_of(client.get(page(line)))
    return shown.split(PANEL)[1].split("</section>")[0] if PANEL in shown else ""


def test_a_split_line_shows_its_parts_and_the_way_back(web, by_alice, line, join):
    join(3)
    operations.split_line(line.pk, by=by_alice)
    shown = panel(web, line)
    for part in line.parts.all():
        assert f'<a href="{page(part)}">{part.line_number}</a>' in shown
        assert f'<a href="{page(part.recipient)}">{part.recipient}</a>' in shown
    assert f'<a href="{page(line.recipient_group)}">Shops</a>' in shown
    assert f'href="{page(line, "unsplit")}"' in shown
    assert f"{page(line.quote)}?parts_of={line.pk}#line-{line.pk}" in shown


def test_a_part_leads_to_its_line(web, by_alice, line, join):
    [recipient] = join(1)
    operations.split_line(line.pk, by=by_alice)
    part = line.parts.get()
    shown = panel(web, part)
    assert f'<a href="{page(line)}">{line}</a>' in shown
    assert f"The part for {recipient} of line" in shown
    assert f"?parts_of={line.pk}#line-{part.pk}" in shown
    assert "unsplit" not in shown


def test_a_group_line_tells_its_group_and_a_plain_one_has_no_such_panel(web, line, join):
    join(2)
    shown = panel(web, line)
    assert f'<a href="{page(line.recipient_group)}">Shops</a>' in shown
    assert "2 members, not split yet" in shown
    plain = factories.QuoteLineItemFactory(
        licensee=line.licensee, quote=line.quote, product=line.product
    )
    assert panel(web, plain) == ""


def test_who_may_only_look_is_offered_no_way_back(charlie, by_alice, line, join):
    join(1)
    operations.split_line(line.pk, by=by_alice)
    grant(charlie, "quotes.view_quotelineitem", "quotes.view_quote")
    shown = panel(browse(charlie), line)
    assert page(line.parts.get()) in shown
    assert "Unsplit" not in shown


def test_the_panel_costs_the_same_for_many_parts(web, by_alice, line, join):
    def statements() -> int:
        operations.split_line(line.pk, by=by_alice)
        with CaptureQueriesContext(connection) as asked:
            assert web.get(page(line)).status_code == 200
        return len(asked)

    join(60)
    few = statements()
    join(240)
    shown = content_of(web.get(page(line)))
    assert statements() == few
    assert "and 250 more" in panel(web, line)
    assert shown.count("<tr>") < 80
