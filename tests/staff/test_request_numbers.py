"""Numbers in an address or a hidden field."""

import pytest

from commsapp.staff.request import parse_digits


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("007", 7), ("999999999", 10**9 - 1)]
)
def test_plain_digits_are_the_number(text, number):
    assert parse_digits(text) == number


@pytest.mark.parametrize(
    "text",
    [None, "", "-1", "+1", " 1", "1_000", "1.0", "1e3", "²", "١", "1\n", "9" * 10, "9" * 5000],
)
def test_any_other_text_is_no_number(text):
    assert parse_digits(text) is None


def test_more_digits_than_allowed_are_no_number():
    assert (parse_digits("999", 3), parse_digits("1000", 3)) == (999, None)
