"""Two people who edit the same record do not overwrite each other silently."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from commsapp.core.audit import RefusalCode, Refused
from commsapp.models import Operation
from groups import operations
from groups.models import RecipientGroup
from tests import factories
from tests.staff.conftest import content_of, page


def opened(web, record) -> dict[str, str]:
    """The form as it stands in the browser, all that it would send."""
    body = content_of(web.get(page(record, "change"))).split('id="recipientgroup_form"')[-1]
    sent = {
        name: unescape(value)
        for name, value in re.findall(
            r'<input type="(?:text|hidden|number)" name="([\w-]+)" value="([^"]*)"', body
        )
    }
    text = re.search(r'<textarea name="description"[^>]*>\s?(.*?)</textarea>', body, re.DOTALL)
    sent.setdefault("expected_member_count", "")
    return {**sent, "description": unescape(text[1]), "_save": "Save"}


@pytest.fixture
def record(group) -> RecipientGroup:
    RecipientGroup.objects.filter(pk=group.pk).update(description="Old", expected_member_count=3)
    group.refresh_from_db()
    return group


def test_the_form_comes_back_with_what_was_read(web, record):
    read = json.loads(opened(web, record)["_read"])
    assert read == {
        "name": "Shops", "customer": str(record.customer_id), "description": "Old",
        "expected_member_count": "3",
    }  # fmt: skip


def test_different_fields_both_stay(web, record, by_alice):
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"description": "Theirs"}, by=by_alice)
    assert web.post(page(record, "change"), {**form, "name": "Mine"}).status_code == 302
    record.refresh_from_db()
    assert (record.name, record.description) == ("Mine", "Theirs")


def test_the_same_field_is_refused_with_theirs_and_mine(web, record, by_alice):
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"description": "Theirs"}, by=by_alice)
    count = Operation.objects.count()
    answer = web.post(page(record, "change"), {**form, "description": "Mine", "name": "New"})
    assert answer.status_code == 200
    assert "alice changed this while you were editing." in content_of(answer)
    assert "<b>Mine</b>" in content_of(answer)
    assert "<b>Theirs</b>" in content_of(answer)
    record.refresh_from_db()
    assert (record.name, record.description) == ("Shops", "Theirs")
    assert Operation.objects.count() == count


@pytest.mark.parametrize(("keep", "stays"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_one_chooses_which_stays(web, record, by_alice, keep, stays):
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"description": "Theirs"}, by=by_alice)
    sent = {**form, "description": "Mine", "name": "New"}
    answer = web.post(page(record, "change"), sent)
    read = unescape(re.search(r'name="_read" value="([^"]*)"', content_of(answer))[1])
    again = {**sent, "_read": read, "_keep_description": keep}
    assert web.post(page(record, "change"), again).status_code == 302
    record.refresh_from_db()
    assert (record.name, record.description) == ("New", stays)


def test_keeping_mine_is_asked_again_if_a_third_was_quicker(web, record, by_alice):
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"description": "Theirs"}, by=by_alice)
    sent = {**form, "description": "Mine"}
    answer = web.post(page(record, "change"), sent)
    read = unescape(re.search(r'name="_read" value="([^"]*)"', content_of(answer))[1])
    operations.edit_recipient_group(record.pk, {"description": "A third"}, by=by_alice)
    again = web.post(page(record, "change"), {**sent, "_read": read, "_keep_description": "mine"})
    assert again.status_code == 200
    assert "<b>A third</b>" in content_of(again)
    record.refresh_from_db()
    assert record.description == "A third"


def test_both_wanting_the_same_is_no_conflict(web, record, by_alice):
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"description": "Same"}, by=by_alice)
    assert web.post(page(record, "change"), {**form, "description": "Same"}).status_code == 302


def test_a_chosen_record_is_told_by_its_name(web, record, by_alice):
    same = {"licensee": record.licensee}
    theirs, mine = (factories.ContactGroupFactory(**same, name=name) for name in ("Ours", "Mine"))
    form = opened(web, record)
    operations.edit_recipient_group(record.pk, {"customer": theirs}, by=by_alice)
    answer = web.post(page(record, "change"), {**form, "customer": "Mine"})
    assert "<b>Ours</b>" in content_of(answer)
    assert "<b>Mine</b>" in content_of(answer)
    record.refresh_from_db()
    assert record.customer == theirs != mine


def test_conflicting_configurations_are_both_shown_as_json(web, line, by_alice):
    from quotes import operations as quotes_operations
    from tests.staff.test_json_values import filled_in

    read = json.dumps({"configuration": line.configuration})
    quotes_operations.edit_line(line.pk, {"configuration": {"sim": "theirs"}}, by=by_alice)
    sent = filled_in(line, '{"sim": ["mine"]}') | {"_read": read}
    answer = web.post(page(line, "change"), sent)
    assert answer.status_code == 200
    assert "<b>{&quot;sim&quot;: &quot;theirs&quot;}</b>" in content_of(answer)
    assert "<b>{&quot;sim&quot;: [&quot;mine&quot;]}</b>" in content_of(answer)
    line.refresh_from_db()
    assert line.configuration == {"sim": "theirs"}


def test_line_ends_of_a_browser_are_no_change(web, record, by_alice):
    operations.edit_recipient_group(record.pk, {"description": "One\nTwo"}, by=by_alice)
    form = opened(web, record)
    count = Operation.objects.count()
    web.post(page(record, "change"), {**form, "description": "One\r\nTwo"})
    record.refresh_from_db()
    assert record.description == "One\nTwo"
    assert Operation.objects.count() == count


@pytest.mark.parametrize(
    "read", ["", "x", "[]", "7", '{"name": 7}', '{"name": {}}', '{"customer": "x"}', "[" * 9_000]
)
def test_a_broken_word_of_what_was_read_harms_nothing(web, record, read):
    form = {**opened(web, record), "_read": read, "name": "Mine"}
    assert web.post(page(record, "change"), form).status_code == 302
    record.refresh_from_db()
    assert (record.name, record.customer.name) == ("Mine", "Sample Bakeries")


@pytest.mark.parametrize("text", ["[" + "[]," * 60_000 + "1]", "[" + "1," * 300_000 + "1]"])
def test_values_read_of_too_many_parts_are_ignored_unparsed(web, record, monkeypatch, text):
    loads = json.loads

    def refuse(value, **options):
        assert value is not text
        return loads(value, **options)

    form = {**opened(web, record), "_read": text, "name": "Mine"}
    monkeypatch.setattr(json, "loads", refuse)
    assert web.post(page(record, "change"), form).status_code == 302
    record.refresh_from_db()
    assert (record.name, record.customer.name) == ("Mine", "Sample Bakeries")


def test_it_is_a_rule_of_the_operation(record, by_alice):
    count = Operation.objects.count()
    with pytest.raises(Refused) as refused:
        operations.edit_recipient_group(
            record.pk, {"name": "Mine", "description": "Mine"}, by=by_alice,
            expected={"name": "Read before", "description": "Old"},
        )  # fmt: skip
    assert [(refusal.code, refusal.field) for refusal in refused.value.refusals] == [
        (RefusalCode.CHANGED_MEANWHILE, "name")
    ]
    record.refresh_from_db()
    assert (record.name, record.description) == ("Shops", "Old")
    assert Operation.objects.count() == count


def test_a_line_of_a_quote_keeps_to_it_too(line, by_alice):
    from quotes import operations as quotes_operations

    with pytest.raises(Refused):
        quotes_operations.edit_line(
            line.pk, {"description": "Mine"}, by=by_alice, expected={"description": "Other"}
        )
    line.refresh_from_db()
    assert line.description == ""
