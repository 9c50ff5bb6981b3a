"""Alternate keys over REST: every filter, what names what, and what a change of one means."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from contacts.models import AlternateKey, ContactGroup
from tests import factories

LATER = "2030-01-01T00:00:00Z"


@pytest.fixture
def keys(licensee):
    """One of each kind; that of the group was saved by."""
    source = factories.DataSourceFactory(licensee=licensee)
    same = {"licensee": licensee, "data_source": source}
    group = factories.ContactGroupFactory(licensee=licensee)
    return {
        "contact_group": factories.AlternateKeyFactory(
            **same, value="G", contact_group=group, last_outcome="Updated",
            content_hash="0" * 64, last_saved_at=timezone.now() - datetime.timedelta(hours=1),
        ),
        "contact": factories.AlternateKeyFactory(
            **same, value="C", kind="contact", contact=factories.ContactFactory(licensee=licensee)
        ),
        "role": factories.AlternateKeyFactory(
            **same, value="R", kind="role", role=group.role
        ),
    }  # fmt: skip


def unchanged(keys):
    stored = {key.pk: key.value for key in AlternateKey.objects.all()}
    return stored == {key.pk: key.value for key in keys.values()}


def test_a_key_says_what_it_names_and_what_its_last_save_came_to(api, keys):
    key = keys["contact_group"]
    told = api.get(f"alternate-keys/{key.pk}").json()
    assert told.keys() == {
        "id", "licensee", "created_at", "updated_at", "data_source", "value", "contact",
        "contact_group", "role", "last_saved_at", "last_outcome",
    }  # fmt: skip
    assert (told["contact"], told["contact_group"], told["role"]) == (
        None, str(key.contact_group_id), None,
    )  # fmt: skip
    assert told["last_outcome"] == "Updated"
    assert told["last_saved_at"]


def test_keys_are_found_by_all_they_say(api, keys):
    group, contact, role = keys["contact_group"], keys["contact"], keys["role"]

    def found(**asked):
        return {row["value"] for row in api.rows("alternate-keys", **asked)}

    assert found(data_source=str(group.data_source_id)) == {"G", "C", "R"}
    assert found(data_source=str(contact.pk)) == set()
    assert found(value="C") == {"C"}
    assert found(contact_group=str(group.contact_group_id)) == {"G"}
    assert found(contact=str(contact.contact_id)) == {"C"}
    assert found(role=str(role.role_id)) == {"R"}
    assert found(last_outcome="Updated") == {"G"}
    assert found(search="r") == {"R"}
    by_kind = {kind: found(kind=kind) for kind in keys}
    assert by_kind == {"contact_group": {"G"}, "contact": {"C"}, "role": {"R"}}


@pytest.mark.parametrize("named", [[], ["contact", "role"], ["contact", "contact_group", "role"]])
def test_a_new_key_names_exactly_one(api, keys, named):
    body = {"data_source": str(keys["role"].data_source_id), "value": "N"}
    body |= {name: str(getattr(keys[name], f"{name}_id")) for name in named}
    refused = api.post("alternate-keys", body)
    assert refused.status_code == 400
    assert "exactly one" in refused.content.decode()
    assert unchanged(keys)


def test_a_key_is_renamed_and_moved_to_another_kind(api, keys, licensee):
    path = f"alternate-keys/{keys['contact'].pk}"
    assert api.patch(path, {"value": " N "}).json()["value"] == "N"
    role = factories.RoleFactory(licensee=licensee)
    two = api.patch(path, {"role": str(role.pk)})
    assert two.status_code == 400
    moved = api.patch(path, {"contact": None, "role": str(role.pk)})
    assert moved.status_code == 200
    assert (moved.json()["contact"], moved.json()["role"]) == (None, str(role.pk))
    assert AlternateKey.objects.get(value="N").kind == "role"


def test_what_saves_leave_on_a_key_cannot_be_written_and_its_hash_is_cleared(api, keys):
    key = keys["contact_group"]
    sent = {"last_outcome": "Deleted", "last_saved_at": LATER, "value": "H"}
    told = api.patch(f"alternate-keys/{key.pk}", sent).json()
    assert told["last_outcome"] == "Updated"
    assert told["last_saved_at"] < LATER
    assert AlternateKey.objects.get(pk=key.pk).content_hash == ""


@pytest.mark.parametrize("value", ["", "   ", None, "x" * 256, 7, "a\x00b"])
def test_a_value_that_cannot_be_is_refused(api, keys, value):
    refused = api.patch(f"alternate-keys/{keys['contact'].pk}", {"value": value})
    assert refused.status_code == 400
    assert unchanged(keys)


def test_a_value_is_there_once_for_each_kind_and_data_source(api, keys, licensee):
    source = str(keys["contact"].data_source_id)
    contact = str(factories.ContactFactory(licensee=licensee).pk)
    twice = api.post("alternate-keys", {"data_source": source, "value": "C", "contact": contact})
    assert twice.status_code == 400
    assert unchanged(keys)
    other_kind = {"data_source": source, "value": "G", "contact": contact}
    assert api.post("alternate-keys", other_kind).status_code == 201
    elsewhere = str(factories.DataSourceFactory(licensee=licensee).pk)
    other_source = {"data_source": elsewhere, "value": "C", "contact": contact}
    assert api.post("alternate-keys", other_source).status_code == 201


def test_nothing_of_another_licensee_is_named(api, keys):
    stranger = str(ContactGroup.objects.create(
        licensee=factories.LicenseeFactory(), name="Foreign", role=factories.RoleFactory()
    ).pk)  # fmt: skip
    source = str(factories.DataSourceFactory().pk)
    path = f"alternate-keys/{keys['contact_group'].pk}"
    assert api.patch(path, {"contact_group": stranger}).status_code == 400
    assert api.patch(path, {"data_source": source}).status_code == 400
    assert unchanged(keys)


def test_a_deleted_key_is_answered_as_it_was_and_what_it_named_stays(api, keys):
    key = keys["contact_group"]
    before = api.get(f"alternate-keys/{key.pk}").json()
    gone = api.delete(f"alternate-keys/{key.pk}")
    assert (gone.status_code, gone.json()) == (200, before)
    assert api.get(f"alternate-keys/{key.pk}").status_code == 404
    assert api.delete(f"alternate-keys/{key.pk}").status_code == 404
    assert ContactGroup.objects.filter(pk=key.contact_group_id).exists()


def test_a_key_that_is_taken_is_refused_in_words_of_this_face(api, keys):
    key = keys["contact"]
    values = {"data_source": str(key.data_source_id), "value": "C", "contact": str(key.contact_id)}
    answer = api.post("alternate-keys", values)
    assert answer.status_code == 400
    [told] = [text for name, text in answer.json().items() if name != "errors"]
    assert told == ["The data source has this key already for another contact."]
    assert unchanged(keys)


def test_a_key_that_names_nothing_is_told_so_once(api, keys):
    source = str(keys["contact"].data_source_id)
    answer = api.post("alternate-keys", {"data_source": source, "value": "N"})
    assert answer.status_code == 400
    [told] = [text for name, text in answer.json().items() if name != "errors"]
    assert told == ["Name exactly one of contact, contact group and role."]
    assert unchanged(keys)


def test_a_key_names_exactly_one_object(api, things):
    body = {"data_source": str(things.data_source.pk), "value": "K"}
    both = {"contact": str(things.contact.pk), "role": str(things.role.pk)}
    for wrong in (body, {**body, **both}):
        answer = api.post("alternate-keys", wrong)
        assert answer.status_code == 400
        assert list(answer.json()) == ["non_field_errors", "errors"]
    path = f"alternate-keys/{things.alternate_key.pk}"
    moved = api.patch(path, {"contact_group": None, "contact": str(things.contact.pk)})
    assert moved.status_code == 200
    assert moved.json()["contact"] == str(things.contact.pk)


def test_a_deleted_key_is_answered_as_it_was(api, things):
    path = f"alternate-keys/{things.alternate_key.pk}"
    before = api.get(path).json()
    gone = api.delete(path)
    assert gone.status_code == 200
    assert gone.json() == before
    assert api.get(path).status_code == 404
    assert api.delete(path).status_code == 404
    assert ContactGroup.objects.count() == 1
