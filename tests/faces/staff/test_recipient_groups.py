"""A recipient group's pages: its members, and every way of naming who comes and who goes."""

from __future__ import annotations

import base64
import csv
import io
import re
import zlib
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from commsapp.models import Draft, Operation
from contacts.models import ContactConnection
from groups import operations
from groups.models import Membership, Recipient, RecipientGroup
from tests import factories
from tests.conftest import actor, grant
from tests.faces.staff.conftest import browse, page, said, told


def members(group) -> set:
    return {*Membership.objects.filter(group=group).values_list("recipient_id", flat=True)}


def sent_again(response) -> dict[str, list[str]]:
    """What the confirmation sends, as the preview's form has it."""
    [form] = [one for one in forms_of(response) if 'name="confirm"' in one]
    return {**hidden(form), "confirm": ["1"]}


def forms_of(response) -> list[str]:
    return re.findall(r'<form method="post".*?</form>', told(response), re.DOTALL)


def hidden(form: str) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(unescape(value))
    return sent


def problems(response) -> list[tuple]:
    return [(one.line, one.value) for one in response.context["problems"]]


def upload(text: str, name: str = "list.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


@pytest.fixture
def ours(group):
    """Makes recipients of the group's customer."""

    def make(count: int = 1, **fields) -> list[Recipient]:
        return factories.RecipientFactory.create_batch(
            count, licensee=group.licensee, customer=group.customer, **fields
        )

    return make


# --- The page of the group ---------------------------------------------------------------------


def test_the_page_says_how_many_of_the_expected_there_are(web, group, join):
    join(2)
    for expected, says in ((2, "complete"), (5, "3 missing"), (1, "1 too many")):
        RecipientGroup.objects.filter(pk=group.pk).update(expected_member_count=expected)
        body = told(web.get(page(group)))
        assert f"2 of {expected} expected" in body
        assert says in body


def shown(web, group, **query) -> set[str]:
    panels = told(web.get(page(group), query)).split("<tbody>")[1].split("</tbody>")[0]
    return {*re.findall(r'aria-label="([^"]+)"', panels)}


def test_members_are_searched_and_filtered(web, group, join):
    join(1, name="North", city="Leeds")
    join(1, name="South", recipient_type="Subscriber", msisdn="+441632960001")
    [gone] = join(1, name="Gone")
    Recipient.objects.filter(pk=gone.pk).update(**Recipient.ARCHIVED)
    assert shown(web, group) == {"North", "South", "Gone"}
    assert shown(web, group, q="leeds") == {"North"}
    assert shown(web, group, type="Subscriber") == {"South"}
    assert shown(web, group, state="archived") == {"Gone"}
    assert shown(web, group, state="active", q="o", type="Location") == {"North"}
    body = told(web.get(page(group)))
    assert re.search(r'Archived <span class="count">1</span>', body)


def test_members_survive_odd_queries(web, group, join):
    join(1)
    for query in ({"q": "a\0b"}, {"type": "x"}, {"state": "?"}, {"added": "zz"}, {"changed": "1"}):
        assert web.get(page(group), query).status_code == 200, query


def test_ticked_members_are_removed_and_the_others_stay(web, group, join):
    gone, staying = join(2)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"selection": "ticked", "recipients": [str(gone.pk)]})
    assert "1 recipient would be removed." in told(preview)
    assert str(gone) in told(preview)
    assert members(group) == {gone.pk, staying.pk}
    assert said(web, web.post(url, sent_again(preview))) == "1 recipient removed."
    assert members(group) == {staying.pk}


def test_all_that_match_are_removed_over_pages_as_a_filter(web, group, join):
    join(60, name="Kiosk")
    [staying] = join(1, name="Shop")
    url = page(group, "remove-recipients")
    preview = web.post(url, {"selection": "matching", "q": "kiosk"})
    assert "60 recipients would be removed." in told(preview)
    again = sent_again(preview)
    assert "recipients" not in again  # the filter, not its result
    assert (again["q"], again["selected"]) == (["kiosk"], ["60"])
    assert said(web, web.post(url, again)) == "60 recipients removed."
    assert members(group) == {staying.pk}


def test_who_matches_is_counted_again_and_asked_again_if_it_differs(web, group, join):
    join(3, name="Kiosk")
    url = page(group, "remove-recipients")
    again = sent_again(web.post(url, {"selection": "matching", "q": "kiosk"}))
    join(1, name="Kiosk")  # meanwhile
    before, operations_before = members(group), Operation.objects.count()
    answer = web.post(url, again)
    assert "3 matched when you looked, and 4 do now." in told(answer)
    assert members(group) == before
    assert Operation.objects.count() == operations_before
    assert said(web, web.post(url, sent_again(answer))) == "4 recipients removed."
    assert members(group) == set()


# --- Picking -----------------------------------------------------------------------------------


def options(web, group, name: str, **query) -> list[str]:
    answer = web.get(page(group, name), query)
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["results"]]


def test_the_picker_offers_who_may_be_named(web, group, join, ours):
    join(1, name="Member")
    ours(1, name="Corner shop", city="Leeds", msisdn="+441632960009")
    factories.RecipientFactory(name="Foreign shop")
    assert options(web, group, "find-recipients", term="shop") == ["Corner shop"]
    assert options(web, group, "find-recipients", term="960009") == ["Corner shop"]
    assert options(web, group, "find-recipients", term="member") == []
    assert options(web, group, "find-recipients", **{"for": "remove"}) == ["Member"]
    assert options(web, group, "find-recipients", **{"for": "set"}) == ["Corner shop", "Member"]
    assert options(web, group, "find-recipients", term="a\0") == []


def test_the_picker_says_that_there_are_more(web, group, ours):
    ours(21)
    answer = web.get(page(group, "find-recipients")).json()
    assert len(answer["results"]) == 20
    assert answer["pagination"] == {"more": True}


def test_who_may_not_see_recipients_picks_none(group, charlie, ours):
    ours(1, name="Secret shop")
    grant(charlie, "groups.view_recipientgroup", "groups.change_recipientgroup")
    clerk = browse(charlie)
    assert clerk.get(page(group, "find-recipients")).status_code == 403
    assert "Secret shop" not in told(clerk.get(page(group, "add-recipients")))
    preview = clerk.post(page(group, "add-recipients"), {"pasted": "nobody"})
    assert preview.status_code == 200


def test_nothing_of_it_is_for_another_licensee(group, bob, ours):
    ours(1)
    stranger = browse(bob)
    names = (
        "find-recipients", "find-groups", "recipients-template.csv", "failed-rows",
        "add-recipients",
    )  # fmt: skip
    for name in names:
        assert stranger.get(page(group, name)).status_code == 404, name


# --- Pasting -----------------------------------------------------------------------------------


def test_three_hundred_numbers_are_added_and_the_wrong_ones_told(web, group):
    recipients = [
        factories.RecipientFactory.build(
            licensee=group.licensee, customer=group.customer, msisdn=f"+44163296{n:04}"
        )
        for n in range(297)
    ]
    Recipient.objects.bulk_create(recipients)
    numbers = [f"01632 96{n:04}".replace("01632 ", "0044 1632 ") for n in range(297)]
    wrong = {50: "+441632999999", 120: "n/a", 299: "12"}
    lines = list(numbers)
    for line, value in sorted(wrong.items()):
        lines.insert(line - 1, value)
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": "\r\n".join(lines)})
    assert "297 recipients would be added, 3 refused." not in told(preview)
    assert "297 recipients would be added." in told(preview)
    assert "300 entries" in told(preview)
    assert problems(preview) == sorted(wrong.items())
    assert members(group) == set()

    done = web.post(url, sent_again(preview))
    assert "297 recipients added." in told(done)
    assert problems(done) == sorted(wrong.items())
    assert len(members(group)) == 297

    [form] = [one for one in forms_of(done) if "failed-rows" in one]
    failed = web.post(page(group, "failed-rows"), hidden(form))
    assert failed["Content-Disposition"].startswith("attachment;")
    rows = [*csv.reader(io.StringIO(failed.content.decode("utf-8-sig")))]
    assert rows[0] == ["Recipient", "Reason"]
    assert [row[0] for row in rows[1:]] == [value for _line, value in sorted(wrong.items())]
    assert all(reason for _value, reason in rows[1:])

    factories.RecipientFactory(
        licensee=group.licensee, customer=group.customer, msisdn="+441632999999"
    )
    corrected = upload(failed.content.decode("utf-8-sig"))
    preview = web.post(url, {"file": corrected})
    assert "1 recipient would be added." in told(preview)


def test_entries_said_twice_are_counted(web, group, ours):
    [one] = ours(1, external_reference="A-1")
    preview = web.post(page(group, "add-recipients"), {"pasted": "A-1, A-1; x\tA-1"})
    assert "4 entries, 2 of them twice" in told(preview)
    assert "1 recipient would be added." in told(preview)
    assert str(one) in told(preview)


def test_lines_are_counted_from_the_first_even_if_it_is_blank(web, group):
    preview = web.post(page(group, "add-recipients"), {"pasted": "\n\nnobody"})
    assert problems(preview) == [(3, "nobody")]


def test_a_long_list_waits_here_and_does_not_travel(web, group):
    recipients = [
        factories.RecipientFactory.build(
            licensee=group.licensee, customer=group.customer, external_reference=f"S-{n}"
        )
        for n in range(2_001)
    ]
    Recipient.objects.bulk_create(recipients)
    pasted = "\n".join(f"S-{n}" for n in range(2_001))
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": pasted})
    assert len(preview.content) < 60_000
    again = sent_again(preview)
    assert "listed" not in again
    assert Draft.objects.count() == 1
    done = web.post(url, again)
    assert said(web, done) == "2001 recipients added."
    assert Draft.objects.count() == 1


def test_a_list_of_somebody_else_is_not_there(web, group, by_alice, charlie, licensee):
    grant(charlie, "*")
    pasted = "\n".join(f"S-{n}" for n in range(2_001))
    again = sent_again_or_draft(web.post(page(group, "add-recipients"), {"pasted": pasted}))
    answer = browse(charlie).post(page(group, "add-recipients"), again)
    assert answer.status_code == 404
    assert members(group) == set()


def sent_again_or_draft(response) -> dict[str, list[str]]:
    [form] = [one for one in forms_of(response) if "failed-rows" in one]
    return hidden(form)


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(zlib.compress(text.encode())).decode()


@pytest.mark.parametrize(
    "listed",
    [
        "", "x", "é", packed("{}"), packed("[1]"), packed("[" * 5000), packed("nothing"),
        packed('[["a"],[[1,["x","y"]]],0,false]'), packed('[["a"],[],7,false]'),
    ],
)  # fmt: skip
def test_a_list_that_came_back_broken_is_no_list(web, group, listed):
    answer = web.post(page(group, "add-recipients"), {"listed": listed})
    assert answer.status_code == 400
    assert "Name at least one recipient." in told(answer)


# --- A file ------------------------------------------------------------------------------------


@pytest.fixture
def numbered(ours):
    """Three recipients with numbers and references."""
    return [
        ours(1, name=f"Shop {n}", msisdn=f"+44163296000{n}", external_reference=f"REF-{n}")[0]
        for n in (1, 2, 3)
    ]


def test_the_column_is_found_by_what_it_names(web, group, numbered):
    text = "Name,Contract,Mobile no.\nA,1,+44 1632 960001\nB,2,+441632960002\nC,3,+441632960999\n"
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    assert "read from the column “Mobile no.”" in told(preview)
    assert "2 recipients would be added." in told(preview)
    assert problems(preview) == [(4, "+441632960999")]
    done = web.post(page(group, "add-recipients"), sent_again(preview))
    assert members(group) == {numbered[0].pk, numbered[1].pk}

    [form] = [one for one in forms_of(done) if "failed-rows" in one]
    failed = web.post(page(group, "failed-rows"), hidden(form))
    rows = [*csv.reader(io.StringIO(failed.content.decode("utf-8-sig")))]
    assert rows == [
        ["Name", "Contract", "Mobile no.", "Reason"],
        ["C", "3", "+441632960999", "It names no recipient."],
    ]


def test_the_column_can_be_corrected(web, group, numbered):
    text = "Old,New\nREF-1,REF-3\nREF-2,nobody\n"
    url = page(group, "add-recipients")
    preview = web.post(url, {"file": upload(text)})
    assert "read from the column “Old”" in told(preview)
    [form] = [one for one in forms_of(preview) if "Read again" in one]
    corrected = web.post(url, {**hidden(form), "column": "1"})
    assert "read from the column “New”" in told(corrected)
    assert problems(corrected) == [(3, "nobody")]
    web.post(url, sent_again(corrected))
    assert members(group) == {numbered[2].pk}


def test_a_file_without_a_header_loses_no_row(web, group, numbered):
    text = "+441632960001\n+441632960002\n+441632960003\n"
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    assert "3 recipients would be added." in told(preview)


def test_a_file_that_is_no_table_is_told_on_the_form(web, group):
    for broken in (upload(""), SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken")):
        answer = web.post(page(group, "add-recipients"), {"file": broken})
        assert answer.status_code == 400
        assert answer.context["form"].errors["file"]
    assert members(group) == set()


def test_no_cell_becomes_a_formula_in_the_failed_rows(web, group):
    text = 'Recipient,Note\nnobody,"=HYPERLINK(1)"\n'
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    [form] = [one for one in forms_of(preview) if "failed-rows" in one]
    failed = web.post(page(group, "failed-rows"), hidden(form)).content.decode()
    assert "'=HYPERLINK(1)" in failed


def test_there_is_a_template_to_fill_in(web, group):
    answer = web.get(page(group, "recipients-template.csv"))
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode("utf-8-sig").strip() == "Recipient"


# --- From another group, from the customer's contacts --------------------------------------------


@pytest.fixture
def other(group, by_alice, ours):
    """Another group of the customer, of two."""
    other = factories.RecipientGroupFactory(
        licensee=group.licensee, customer=group.customer, name="Other shops"
    )
    ids = [one.pk.hex for one in ours(2)]
    operations.add_recipients(other.pk, ids, by=by_alice)
    return other


@pytest.mark.parametrize("said_as", ["its name", "its id"])
def test_members_of_another_group_are_added(web, group, other, said_as):
    url = page(group, "add-recipients")
    named = other.name if said_as == "its name" else str(other.pk)
    preview = web.post(url, {"from_group": named})
    assert "2 recipients would be added." in told(preview)
    again = sent_again(preview)
    assert again["from_group"] == [str(other.pk)]
    web.post(url, again)
    assert members(group) == members(other)


def test_an_unclear_group_is_asked_about(web, group, other):
    factories.RecipientGroupFactory(licensee=group.licensee, name="Further shops")
    answer = web.post(page(group, "add-recipients"), {"from_group": "shops"})
    assert answer.status_code == 400
    assert "Further shops" in told(answer)
    assert f'name="from_group-pick" value="{other.pk}"' in told(answer)
    picked = {"from_group": "shops", "from_group-pick": str(other.pk)}
    preview = web.post(page(group, "add-recipients"), picked)
    assert "2 recipients would be added." in told(preview)


def test_another_licensees_group_is_none(web, group, bob):
    theirs = factories.RecipientGroupFactory(licensee=bob.licensees.get(), name="Theirs")
    for named in ("Theirs", str(theirs.pk)):
        answer = web.post(page(group, "add-recipients"), {"from_group": named})
        assert answer.status_code == 400
    assert options(web, group, "find-groups", term="Theirs") == []


def test_members_come_to_the_other_group_meanwhile_and_are_asked_about(
    web, group, other, by_alice, ours
):
    url = page(group, "add-recipients")
    again = sent_again(web.post(url, {"from_group": str(other.pk)}))
    operations.add_recipients(other.pk, [ours()[0].pk.hex], by=by_alice)
    answer = web.post(url, again)
    assert "2 matched when you looked, and 3 do now." in told(answer)
    assert members(group) == set()


def test_recipients_of_the_customers_contacts_are_added(web, group, ours):
    contacts = factories.ContactFactory.create_batch(3, licensee=group.licensee)
    for position, contact in enumerate(contacts, 1):
        ContactConnection.objects.create(group=group.customer, contact=contact, position=position)
    standing = [ours(1, contact=contact)[0] for contact in contacts[:2]]
    ours(1, contact=factories.ContactFactory(licensee=group.licensee))
    url = page(group, "add-recipients")
    body = told(web.get(url))
    assert "contacts of Sample Bakeries: <b>2</b>" in body
    assert "Contacts without a recipient: 1." in body
    preview = web.post(url, {"from_contacts": "on"})
    assert "2 recipients would be added." in told(preview)
    web.post(url, sent_again(preview))
    assert members(group) == {one.pk for one in standing}


# --- Set exactly, remove --------------------------------------------------------------------------


def test_set_exactly_shows_who_comes_and_who_goes(web, group, join, ours):
    leaving, staying = join(2)
    [coming] = ours(1, name="New shop", external_reference="NEW")
    Recipient.objects.filter(pk=staying.pk).update(external_reference="STAY")
    preview = web.post(page(group, "set-recipients"), {"pasted": "NEW, STAY"})
    who = {one["sign"]: [str(row) for row in one["rows"]] for one in preview.context["who"]()}
    assert who == {"+": [str(coming)], "−": [str(leaving)]}
    assert "1 would be added, 1 removed, 1 stay." in told(preview)
    assert members(group) == {leaving.pk, staying.pk}


def test_remove_works_from_a_file(web, group, join):
    [gone] = join(1, external_reference="GO")
    join(1)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"file": upload("Reference\nGO\nnobody\n")})
    assert "1 recipient would be removed." in told(preview)
    assert problems(preview) == [(3, "nobody")]
    web.post(url, sent_again(preview))
    assert gone.pk not in members(group)


def test_a_set_that_is_stopped_offers_its_failed_rows(web, group, join):
    join(1)
    before = members(group)
    preview = web.post(page(group, "set-recipients"), {"pasted": "nobody"})
    assert 'name="confirm"' not in told(preview)
    [form] = [one for one in forms_of(preview) if "failed-rows" in one]
    failed = web.post(page(group, "failed-rows"), hidden(form)).content.decode()
    assert "nobody" in failed
    assert members(group) == before


# --- The result ---------------------------------------------------------------------------------


def test_one_comes_back_to_the_group_where_the_new_ones_are_marked(web, group, join, ours):
    join(1)
    [coming] = ours(1, name="New shop")
    url = page(group, "add-recipients")
    done = web.post(url, sent_again(web.post(url, {"recipients": [str(coming.pk)]})))
    operation = Operation.objects.order_by("-id").first()
    assert done.url == f"{page(group)}?changed={operation.pk}"
    body = told(web.get(done.url))
    assert body.count('<tr class="is-new">') == 1
    assert "1 recipient added." in body
    just_added = re.search(r'href="(\?added=[^"]+)"', body)[1]
    assert shown(web, group, added=just_added.partition("=")[2]) == {"New shop"}


def test_the_same_confirmation_twice_changes_nothing_more(web, group, ours):
    [coming] = ours(1)
    url = page(group, "add-recipients")
    again = sent_again(web.post(url, {"recipients": [str(coming.pk)]}))
    web.post(url, again)
    count = Operation.objects.count()
    web.post(url, again)
    assert members(group) == {coming.pk}
    assert Operation.objects.count() == count


def test_who_is_refused_is_told_at_the_line(web, group, ours, alice):
    [archived] = ours(1, external_reference="OLD")
    operations_before = Operation.objects.count()
    Recipient.objects.filter(pk=archived.pk).update(**Recipient.ARCHIVED)
    answer = web.post(page(group, "add-recipients"), {"pasted": "x\nOLD", "confirm": "1"})
    assert problems(answer) == [(1, "x"), (2, "OLD")]
    assert members(group) == set()
    assert Operation.objects.count() == operations_before
    assert actor(alice).licensees
