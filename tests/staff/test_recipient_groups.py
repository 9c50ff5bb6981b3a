"""A recipient group's page, and what it tells of a change of its members."""

from __future__ import annotations

import re

from commsapp.models import Operation
from groups.models import Recipient, RecipientGroup
from tests.conftest import actor
from tests.groups.many_recipients import members_of
from tests.staff.conftest import again, content_of, form_with, last_message, page, problems, upload

# --- The page of the group ------------------------------------------------------------------


def test_the_page_says_how_many_of_the_expected_there_are(web, group, join):
    join(2)
    for expected, sentence in ((2, "complete"), (5, "3 missing"), (1, "1 too many")):
        RecipientGroup.objects.filter(pk=group.pk).update(expected_member_count=expected)
        body = content_of(web.get(page(group)))
        assert f"2 of {expected} expected" in body
        assert sentence in body


def shown(web, group, **query) -> set[str]:
    panels = content_of(web.get(page(group), query)).split("<tbody>")[1].split("</tbody>")[0]
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
    assert shown(web, group, state="active", q="no", type="Location") == {"North"}
    body = content_of(web.get(page(group)))
    assert re.search(r'Archived <span class="count">1</span>', body)


def test_members_survive_odd_queries(web, group, join):
    join(1)
    for query in ({"q": "a\0b"}, {"type": "x"}, {"state": "?"}, {"added": "zz"}, {"changed": "1"}):
        assert web.get(page(group), query).status_code == 200, query


def test_ticked_members_are_removed_and_the_others_stay(web, group, join):
    gone, staying = join(2)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"selection": "ticked", "recipients": [str(gone.pk)]})
    assert "1 recipient would be removed." in content_of(preview)
    assert str(gone) in content_of(preview)
    assert members_of(group) == {gone.pk, staying.pk}
    assert last_message(web, web.post(url, again(preview))) == "1 recipient removed."
    assert members_of(group) == {staying.pk}


def test_all_that_match_are_removed_over_pages_as_a_filter(web, group, join):
    join(60, name="Kiosk")
    [staying] = join(1, name="Shop")
    url = page(group, "remove-recipients")
    preview = web.post(url, {"selection": "matching", "q": "kiosk"})
    assert "60 recipients would be removed." in content_of(preview)
    sent = again(preview)
    assert "recipients" not in sent  # the filter, not its result
    assert (sent["q"], sent["selected"]) == (["kiosk"], ["60"])
    assert last_message(web, web.post(url, sent)) == "60 recipients removed."
    assert members_of(group) == {staying.pk}


def test_who_matches_is_counted_again_and_asked_again_if_it_differs(web, group, join):
    join(3, name="Kiosk")
    url = page(group, "remove-recipients")
    sent = again(web.post(url, {"selection": "matching", "q": "kiosk"}))
    join(1, name="Kiosk")  # meanwhile
    before, operations_before = members_of(group), Operation.objects.count()
    answer = web.post(url, sent)
    assert "3 matched when you looked, and 4 do now." in content_of(answer)
    assert members_of(group) == before
    assert Operation.objects.count() == operations_before
    assert last_message(web, web.post(url, again(answer))) == "4 recipients removed."
    assert members_of(group) == set()


# --- Set exactly, remove --------------------------------------------------------------------


def test_set_exactly_shows_who_comes_and_who_goes(web, group, join, ours):
    leaving, staying = join(2)
    [coming] = ours(1, name="New shop", external_reference="NEW")
    Recipient.objects.filter(pk=staying.pk).update(external_reference="STAY")
    preview = web.post(page(group, "set-recipients"), {"pasted": "NEW, STAY"})
    who = {one["sign"]: [str(row) for row in one["page"].rows] for one in preview.context["who"]()}
    assert who == {"+": [str(coming)], "−": [str(leaving)]}
    assert "1 would be added, 1 removed, 1 stay." in content_of(preview)
    assert members_of(group) == {leaving.pk, staying.pk}


def test_remove_works_from_a_file(web, group, join):
    [gone] = join(1, external_reference="GO")
    join(1)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"file": upload("Reference\nGO\nnobody\n")})
    assert "1 recipient would be removed." in content_of(preview)
    assert problems(preview) == [(3, "nobody")]
    web.post(url, again(preview))
    assert gone.pk not in members_of(group)


def test_a_set_that_is_stopped_changes_nothing(web, group, join):
    join(1)
    before = members_of(group)
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": "nobody"})
    assert 'name="confirm"' not in content_of(preview)
    web.post(url, {**form_with(preview, 'name="correct"'), "confirm": "1"})
    assert members_of(group) == before


# --- The result -----------------------------------------------------------------------------


def test_one_comes_back_to_the_group_where_the_new_ones_are_marked(web, group, join, ours):
    join(1)
    [coming] = ours(1, name="New shop")
    url = page(group, "add-recipients")
    done = web.post(url, again(web.post(url, {"recipients": [str(coming.pk)]})))
    operation = Operation.objects.order_by("-id").first()
    assert done.url == f"{page(group)}?changed={operation.pk}"
    body = content_of(web.get(done.url))
    assert body.count('<tr class="is-new">') == 1
    assert "1 recipient added." in body
    just_added = re.search(r'href="(\?added=[^"]+)"', body)[1]
    assert shown(web, group, added=just_added.partition("=")[2]) == {"New shop"}


def test_the_same_confirmation_twice_changes_nothing_more(web, group, ours):
    [coming] = ours(1)
    url = page(group, "add-recipients")
    sent = again(web.post(url, {"recipients": [str(coming.pk)]}))
    web.post(url, sent)
    count = Operation.objects.count()
    web.post(url, sent)
    assert members_of(group) == {coming.pk}
    assert Operation.objects.count() == count


def test_who_is_refused_is_told_at_the_line(web, group, ours, alice):
    [archived] = ours(1, external_reference="OLD")
    operations_before = Operation.objects.count()
    Recipient.objects.filter(pk=archived.pk).update(**Recipient.ARCHIVED)
    answer = web.post(page(group, "add-recipients"), {"pasted": "x\nOLD", "confirm": "1"})
    assert problems(answer) == [(1, "x"), (2, "OLD")]
    assert members_of(group) == set()
    assert Operation.objects.count() == operations_before
    assert actor(alice).licensees
