"""Splitting a line, over HTTP: what the contract says in 2.4, totals read through REST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tests.served import CONNECT


def quote_of(demo):
    return demo.ask("GET", f"/api/v1/quotes/{demo['quote']}")


def totals(demo):
    quote = quote_of(demo)
    return Decimal(quote["one_time_total"]), Decimal(quote["recurring_total"])


def line_of(demo):
    return demo.ask("GET", f"/api/v1/quote-line-items/{demo['quote_line_item']}")


def parts(demo):
    return demo.all_of(f"quotes/{demo['quote']}/lines?split_from={demo['quote_line_item']}")


def test_a_split_makes_one_line_for_each_member_and_keeps_the_totals(demo):
    line, before, wanted = line_of(demo), totals(demo), demo.members()
    assert line["recipient_group"] == demo["recipient_group"]
    answer = demo.split()
    assert (answer["isSuccessful"], answer["errorsList"]) == (True, [])
    assert answer["statusMessage"].startswith(f"{len(wanted)} lines created")

    made = parts(demo)
    assert len(made) == len(wanted)
    assert {part["recipient"] for part in made} == wanted
    assert totals(demo) == before
    for part in made:
        for field in ("product", "description", "quantity", "one_time_price", "recurring_price"):
            assert part[field] == line[field]
        assert part["one_time_amount"] == line["one_time_amount"]
        assert part["discount_percent"] == line["discount_percent"]
    assert sum(Decimal(part["recurring_total"]) for part in made) == Decimal(
        line["recurring_total"]
    )
    parent = line_of(demo)
    assert parent["split_at"] is not None
    assert parent["line_number"] == line["line_number"]
    assert Decimal(parent["recurring_total"]) == 0


def test_splitting_again_makes_nothing(demo):
    demo.split()
    made, before = parts(demo), totals(demo)
    answer = demo.split()
    assert answer["isSuccessful"] is True
    assert answer["statusMessage"].startswith("0 lines created")
    assert (parts(demo), totals(demo)) == (made, before)


def test_a_later_split_makes_a_line_for_the_newcomer_and_adds_its_amounts(demo):
    demo.split()
    line, made, before = line_of(demo), parts(demo), totals(demo)
    newcomer = demo["recipients"][0]
    demo.recipients("Add", [newcomer])
    assert demo.split()["statusMessage"].startswith("1 line created")
    assert {part["recipient"] for part in parts(demo)} == {
        *(part["recipient"] for part in made), newcomer,
    }  # fmt: skip
    amounts = (Decimal(line["one_time_amount"]), Decimal(line["recurring_amount"]))
    assert totals(demo) == (before[0] + amounts[0], before[1] + amounts[1])


def test_a_dry_run_of_a_split_changes_nothing(demo):
    line, before = line_of(demo), quote_of(demo)
    answer = demo.split(dryRun="true")
    assert answer["isSuccessful"] is True
    assert f"{len(demo.members())} lines would be created" in answer["statusMessage"]
    assert (line_of(demo), quote_of(demo), parts(demo)) == (line, before, [])


def test_unsplit_brings_the_line_back(demo):
    line, before = line_of(demo), totals(demo)
    demo.split()
    demo.ask("POST", f"/api/v1/quote-line-items/{line['id']}/unsplit", {})
    assert (parts(demo), totals(demo)) == ([], before)
    again = line_of(demo)
    assert (again["split_at"], again["recurring_total"]) == (None, line["recurring_total"])


def test_eight_splits_at_once_make_each_part_once(demo):
    before, wanted = totals(demo), demo.members()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _each: demo.split(), range(8)))
    assert all(answer["isSuccessful"] for answer in answers)
    assert sum(answer["statusMessage"].startswith("0 lines") for answer in answers) == 7
    made = parts(demo)
    assert sorted(part["recipient"] for part in made) == sorted(wanted)
    assert len({part["line_number"] for part in made}) == len(made)
    assert totals(demo) == before


def test_a_quote_that_is_not_open_is_not_split(demo):
    for move in ("submit", "approve"):
        demo.ask("POST", f"/api/v1/quotes/{demo['quote']}/{move}", {})
    before = quote_of(demo)
    answer = demo.split()
    assert answer["isSuccessful"] is False
    [error] = answer["errorsList"]
    assert (error["statusCode"], error["recordId"]) == ("INVALID_STATUS", demo["quote"])
    assert (quote_of(demo), parts(demo)) == (before, [])


def test_another_licensee_cannot_split_it(demo):
    before = line_of(demo)
    token = demo["outsider"]["access_token"]
    path = f"{CONNECT}/quote-line-item/{demo['quote_line_item']}"
    [error] = demo.ask("PATCH", path, {}, token=token, status=404)
    assert error["errorCode"] == "NOT_FOUND"
    assert line_of(demo) == before
