"""What is told of a list of recipients: why each value names nobody, counts that add up, and all
of it page by page."""

from __future__ import annotations

import re

import pytest

from groups.forms import unmatched_reason
from groups.models import Recipient
from tests import factories
from tests.staff.conftest import again, content_of, form_with, last_message, page, problems, upload

NO_ID = "It looks like an id, but is none: an id has 32 digits, 0 to 9 and a to f."
NO_ADDRESS = "It is no e-mail address: something in it is missing or too much."
NO_NUMBER = "It is no MSISDN: that has 7 to 15 digits, and a plus at most before them."


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("01a2030d-ae4b-748f-ae22-570f83ae7b1f", "No recipient has this id."),
        ("{01A2030DAE4B748FAE22570F83AE7B1F}", "No recipient has this id."),
        ("01a2030d-ae4b-748f-ae22-570f83ae7b1", NO_ID),
        ("01a2030d-ae4b-748f-ae22-570f83ae7b1g", NO_ID),
        ("01a2030dae4b748fae22570f83ae7b1f00", NO_ID),
        ("desk@example.com", "No recipient has this e-mail address."),
        ("desk@@example", NO_ADDRESS),
        ("@desk", NO_ADDRESS),
        ("+44 1632 960999", "No recipient has this MSISDN or external reference."),
        ("0044 1632 960999", "No recipient has this MSISDN or external reference."),
        ("01632960999", "No recipient has this MSISDN or external reference."),
        ("+44", NO_NUMBER),
        ("+1234567890123456", NO_NUMBER),
        ("+44 1632 96O999", NO_NUMBER),
        ("12345", "No recipient has this external reference."),
        ("٠١٢٣٤٥٦٧٨", "No recipient has this external reference."),
        ("SITE-7", "No recipient has this external reference."),
        ("x" * 1_000, "No recipient has this external reference."),
        ("a-" * 500, "No recipient has this external reference."),
    ],
)
def test_a_value_that_names_nobody_is_told_as_what_it_looks_like(value, reason):
    assert unmatched_reason(value) == reason


def numbers_in(text: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", text)]


def verdict(response) -> str:
    found = re.search(r'<p class="verdict[^"]*">(.*?)</p>', content_of(response), re.DOTALL)
    return " ".join(found[1].split())


@pytest.fixture
def mixed(group, join, ours) -> str:
    """Of twelve entries: two newcomers, three members, three refused, one twice, three nobody."""
    new = ours(2, name="New")
    members = join(3)
    other = factories.ContactGroupFactory(licensee=group.licensee)
    foreign = factories.RecipientFactory(licensee=group.licensee, customer=other)
    [archived] = ours(1)
    Recipient.objects.filter(pk=archived.pk).update(archived_at="2026-01-01T00:00Z")
    entries = [
        *(one.pk for one in (*new, *members, foreign, archived, new[0])),
        "01a2030d-ae4b-748f-ae22-570f83ae7b1f", "nobody", "desk@@example", "SITE-7",
    ]  # fmt: skip
    return "\n".join(map(str, entries))


def test_each_number_says_one_thing_and_together_they_are_all_entries(web, group, mixed):
    preview = web.post(page(group, "add-recipients"), {"pasted": mixed})
    assert "12 entries, 1 of them twice" in content_of(preview)
    assert verdict(preview) == (
        "2 recipients would be added, 3 are already in the group, 3 refused."
        " 3 entries do not name exactly one recipient."
    )
    assert sum(numbers_in(verdict(preview))) + 1 == 12
    assert len(problems(preview)) == 3 + 3
    assert "left out" not in content_of(preview)
    done = web.post(page(group, "add-recipients"), again(preview))
    assert "2 recipients added, 3 were already in the group, 3 refused." in content_of(done)
    assert verdict(done) == "3 entries do not name exactly one recipient. The reasons are below."


def test_where_all_entries_match_nothing_is_said_of_others(web, group, ours):
    [one] = ours()
    preview = web.post(page(group, "add-recipients"), {"pasted": str(one.pk)})
    assert verdict(preview) == "1 recipient would be added."


# --- Page by page -----------------------------------------------------------------------------


def names(response, which: int = 0) -> list[str]:
    return [str(row) for row in response.context["who"]()[which]["page"].rows]


def next_page(web, url, preview, asks: str):
    """What the button to the next page sends."""
    sent = form_with(preview, f'name="{asks}"')
    number = re.findall(rf'name="{asks}" value="(\d+)"', content_of(preview))[-1]
    return web.post(url, {**sent, asks: number})


def test_all_who_come_can_be_looked_through_before_they_do(web, group, ours):
    coming = ours(120)
    Recipient.objects.update(external_reference="")
    for number, one in enumerate(coming):
        Recipient.objects.filter(pk=one.pk).update(external_reference=f"R{number:03}")
    text = "reference\n" + "\n".join(f"R{number:03}" for number in range(120))
    url = page(group, "add-recipients")
    preview = web.post(url, {"file": upload(text)})
    assert "1 to 50 of 120" in content_of(preview)
    assert "and 70 more" in content_of(preview)
    seen = names(preview)
    for told_of_page in ("51 to 100 of 120", "101 to 120 of 120"):
        preview = next_page(web, url, preview, "coming_page")
        assert told_of_page in content_of(preview)
        seen += names(preview)
    assert seen == sorted(str(one) for one in coming)
    assert last_message(web, web.post(url, again(preview))) == "120 recipients added."


def test_who_comes_and_who_goes_are_paged_apart(web, group, join, ours):
    leaving, coming = join(60), ours(60)
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": "\n".join(str(one.pk) for one in coming)})
    preview = next_page(web, url, preview, "going_page")
    assert names(preview, 0) == sorted(map(str, coming))[:50]
    assert names(preview, 1) == sorted(map(str, leaving))[50:]


def test_all_problems_can_be_looked_through(web, group, ours):
    [one] = ours()
    url = page(group, "add-recipients")
    text = "\n".join([*(f"nobody {number}" for number in range(1_200)), str(one.pk)])
    preview = web.post(url, {"pasted": text})
    assert "1 to 500 of 1,200" in content_of(preview)
    assert "nobody 499<" in content_of(preview)
    assert "nobody 500<" not in content_of(preview)
    for _ in range(2):
        preview = next_page(web, url, preview, "problems_page")
    assert "1,001 to 1,200 of 1,200" in content_of(preview)
    assert "nobody 1199<" in content_of(preview)
    assert "1 recipient added." in content_of(web.post(url, again(preview)))


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999", "9" * 50, "٢"])
def test_a_page_that_is_none_is_the_first_or_the_last(web, group, ours, asked):
    sent = {"pasted": "\n".join(str(our.pk) for our in ours(60)), "coming_page": asked}
    preview = web.post(page(group, "add-recipients"), sent)
    assert len(names(preview)) == (10 if asked == "99999" else 50)
