"""A list of recipients with wrong entries: how they are told, and the way to put them right."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups import operations
from groups.models import Recipient
from tests import factories
from tests.conftest import grant
from tests.groups.many_recipients import members_of
from tests.staff.conftest import again, browse, content_of, form_with, page, problems, upload

ADVICE = "bring it again as it is"


def reasons(response) -> list[str]:
    return [one.reason for one in response.context["problems"]]


def box(response) -> str:
    """What stands in the box that lists are pasted into."""
    page = response.content.decode()
    [text] = re.findall(r'<textarea\s+name="pasted"[^>]*>\n?([^<]*)</textarea>', page)
    return unescape(text)


# --- Set exactly ----------------------------------------------------------------------------


def test_a_wrong_entry_of_a_whole_list_is_corrected_in_the_list(web, group, join, ours):
    stays, leaves = join(2)
    [comes] = ours(1, external_reference="NEW-1")
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": f"{stays.pk}\n\nNEW-1; NEW-9\n"})
    assert problems(preview) == [(3, "NEW-9")]
    assert "The whole list is needed here" in content_of(preview)
    assert ADVICE not in content_of(preview)
    assert "failed-rows" not in content_of(preview)
    assert 'name="confirm"' not in content_of(preview)

    correcting = web.post(url, {**form_with(preview, 'name="correct"'), "correct": "1"})
    assert correcting.status_code == 200
    assert box(correcting) == f"{stays.pk}\n\nNEW-1, NEW-9"
    assert problems(correcting) == [(3, "NEW-9")]
    assert members_of(group) == {stays.pk, leaves.pk}

    corrected = web.post(url, {"pasted": box(correcting).replace(", NEW-9", "")})
    web.post(url, again(corrected))
    assert members_of(group) == {stays.pk, comes.pk}


def test_a_long_list_is_corrected_as_well(web, group):
    pasted = "\n".join(f"S-{n}" for n in range(2_001))
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": pasted})
    sent = form_with(preview, 'name="correct"')
    assert "listed" not in sent
    assert box(web.post(url, {**sent, "correct": "1"})) == pasted


def test_a_wrong_row_of_a_whole_file_is_corrected_in_the_file(web, group, join):
    [member] = join(1)
    url = page(group, "set-recipients")
    preview = web.post(url, {"file": upload(f"Recipient\n{member.pk}\nnobody\n")})
    assert problems(preview) == [(3, "nobody")]
    assert "choose it again" in content_of(preview)
    assert f'href="{url}#file"' in content_of(preview)
    assert ADVICE not in content_of(preview)
    assert 'name="correct"' not in content_of(preview)
    assert 'id="file"' in content_of(web.get(url))


def test_there_is_no_file_of_failed_rows_where_the_whole_list_is_needed(web, group):
    preview = web.post(page(group, "add-recipients"), {"pasted": "nobody"})
    assert ADVICE in content_of(preview)
    sent = form_with(preview, "failed-rows")
    answer = web.post(page(group, "failed-rows"), {**sent, "verb": "set"})
    assert answer.status_code == 302
    assert answer.url == page(group)


def test_a_list_from_far_lines_makes_no_long_text(web, group):
    pasted = "\n" * 5_000 + "nobody"
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": pasted})
    correcting = web.post(url, {**form_with(preview, 'name="correct"'), "correct": "1"})
    assert box(correcting).strip("\n") == "nobody"
    assert len(box(correcting)) < 2_000


# --- How an entry is written, and told ------------------------------------------------------


@pytest.mark.parametrize("written", ["'+441632960001", '"\'+441632960001"', "  '+44 1632 960001 "])
def test_what_our_exports_write_is_understood_when_pasted(web, group, ours, written):
    [one] = ours(1, msisdn="+441632960001")
    preview = web.post(page(group, "add-recipients"), {"pasted": written})
    assert problems(preview) == []
    web.post(page(group, "add-recipients"), again(preview))
    assert members_of(group) == {one.pk}


@pytest.fixture
def elsewhere(group) -> Recipient:
    """Another customer's."""
    customer = factories.ContactGroupFactory(licensee=group.licensee, name="Other Bakeries")
    return factories.RecipientFactory(
        licensee=group.licensee, customer=customer, name="Far shop", external_reference="FAR-1"
    )


@pytest.mark.parametrize("verb", ["add-recipients", "set-recipients"])
def test_who_is_of_another_customer_is_told_as_given(web, group, ours, elsewhere, verb):
    ours(1, external_reference="OLD-1", name="Old shop", archived_at="2026-01-01T00:00Z")
    preview = web.post(page(group, verb), {"pasted": "FAR-1\nOLD-1"})
    assert problems(preview) == [(1, "FAR-1"), (2, "OLD-1")]
    assert reasons(preview) == [
        "“Far shop” is a recipient of another customer.",
        "The recipient “Old shop” is archived.",
    ]
    assert str(elsewhere.pk) not in "".join(reasons(preview))
    assert page(elsewhere) in content_of(preview)
    assert members_of(group) == set()


def test_who_of_another_group_is_of_another_customer_is_told_by_name(
    web, group, elsewhere, by_alice
):
    other = factories.RecipientGroupFactory(
        licensee=group.licensee, customer=elsewhere.customer, name="Far shops"
    )
    operations.add_recipients(other.pk, [elsewhere.pk.hex], by=by_alice)
    preview = web.post(page(group, "add-recipients"), {"from_group": str(other.pk)})
    assert [one.value for one in preview.context["problems"]] == ["Far shop"]
    assert reasons(preview) == ["“Far shop” is a recipient of another customer."]


def test_who_may_not_see_recipients_learns_nothing_of_them(group, charlie, elsewhere):
    grant(charlie, "groups.view_recipientgroup", "groups.change_recipientgroup")
    preview = browse(charlie).post(page(group, "add-recipients"), {"pasted": "FAR-1\nnobody"})
    assert problems(preview) == [(1, "FAR-1"), (2, "nobody")]
    assert reasons(preview) == ["No recipient has this external reference."] * 2
    assert "Far shop" not in content_of(preview)
    assert str(elsewhere.pk) not in content_of(preview)


def test_another_licensees_recipient_is_none(web, group):
    stranger = factories.RecipientFactory(name="Foreign shop")
    preview = web.post(page(group, "add-recipients"), {"pasted": str(stranger.pk)})
    assert reasons(preview) == ["No recipient has this id."]
    assert "Foreign shop" not in content_of(preview)


def test_many_of_another_customer_take_no_more_statements_than_few(web, group, elsewhere):
    taken = []
    for count in (10, 1_000):
        Recipient.objects.bulk_create(
            factories.RecipientFactory.build(
                licensee=group.licensee,
                customer=elsewhere.customer,
                external_reference=f"{count}-{n}",
            )
            for n in range(count)
        )
        pasted = "\n".join(f"{count}-{n}" for n in range(count))
        with CaptureQueriesContext(connection) as captured:
            preview = web.post(page(group, "add-recipients"), {"pasted": pasted})
        assert len(problems(preview)) == count
        taken.append(len(captured))
    assert taken[0] == taken[1]


def test_one_entry_is_one(web, group, ours):
    [one] = ours(1)
    for verb in ("add-recipients", "set-recipients"):
        assert "<b>1 entry</b>" in content_of(web.post(page(group, verb), {"pasted": str(one.pk)}))
