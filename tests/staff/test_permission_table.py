"""What users and groups may do: a table to tick, for superusers; for all others to read."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from commsapp.models import User
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, statements


@pytest.fixture
def chief(alice):
    """Alice, who may everything."""
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    return browse(alice)


@pytest.fixture
def sellers(db) -> Group:
    group = Group.objects.create(name="Sellers")
    group.permissions.set(permissions("view_quote", "approve_quote"))
    return group


def permissions(*codenames: str):
    return Permission.objects.filter(codename__in=codenames)


def at(record) -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(record.pk,))


def ticked(response) -> set[int]:
    boxes = re.findall(r'<input type="checkbox" [^>]*value="(\d+)" checked', content_of(response))
    return {int(pk) for pk in boxes}


def test_every_permission_has_a_box_and_those_given_are_ticked(chief, sellers):
    answer = chief.get(at(sellers))
    body = content_of(answer)
    boxes = re.findall(r'name="permissions" value="(\d+)"', body)
    assert sorted(map(int, boxes)) == sorted(Permission.objects.values_list("pk", flat=True))
    assert ticked(answer) == set(sellers.permissions.values_list("pk", flat=True))
    assert 'aria-label="Quotes: View"' in body
    assert "Can approve quote" in body


def test_what_is_ticked_is_what_the_group_may(chief, sellers):
    wanted = permissions("view_quote", "change_quote", "add_logentry")
    sent = {"name": "Sellers", "permissions": [one.pk for one in wanted]}
    assert chief.post(at(sellers), sent).status_code == 302
    assert set(sellers.permissions.all()) == set(wanted)


def test_a_user_sees_what_groups_give_and_saving_keeps_it_apart(chief, charlie, sellers):
    charlie.groups.add(sellers)
    body = content_of(chief.get(at(charlie)))
    assert 'aria-label="Quotes: View (given by a group already)"' in body
    assert "Given by a group already." in body
    sent = {"username": "charlie", "is_active": "on", "groups": [sellers.pk],
            "licensees": [licensee.pk for licensee in charlie.licensees.all()],
            "user_permissions": [row.pk for row in permissions("add_quote")]}  # fmt: skip
    assert chief.post(at(charlie), sent).status_code == 302
    assert [permission.codename for permission in charlie.user_permissions.all()] == ["add_quote"]
    assert [*charlie.groups.all()] == [sellers]


def test_who_is_no_superuser_reads_the_table_and_changes_nothing_by_it(web, charlie, sellers):
    grant(charlie, "quotes.view_quote")
    body = content_of(web.get(at(charlie)))
    assert 'name="user_permissions"' not in body
    assert '<span class="has" aria-hidden="true">✓</span>' in body
    sent = {"username": "charlie", "is_active": "on",
            "licensees": [licensee.pk for licensee in charlie.licensees.all()],
            "user_permissions": [row.pk for row in permissions("approve_quote")]}  # fmt: skip
    assert web.post(at(charlie), sent).status_code == 302
    assert [permission.codename for permission in charlie.user_permissions.all()] == ["view_quote"]
    body = content_of(web.get(at(sellers)))
    assert 'name="permissions"' not in body
    assert "Can approve quote" in body


def test_the_table_speaks_german(chief, sellers):
    body = content_of(chief.get(at(sellers), headers={"accept-language": "de"}))
    assert 'aria-label="Angebote: Ansehen"' in body
    assert "Can " not in body


def test_of_a_password_only_is_told_whether_there_is_one(chief, charlie):
    charlie.set_password("correct horse battery staple")
    charlie.save()
    body = content_of(chief.get(at(charlie)))
    assert "Password set" in body
    assert "Reset password" in body
    assert charlie.password.split("$")[-1][:6] not in body
    charlie.set_unusable_password()
    charlie.save()
    assert "No password set" in content_of(chief.get(at(charlie)))


def test_the_table_takes_few_statements_and_as_many_for_all_rights_as_for_none(chief, sellers):
    chief.get(at(sellers))  # Django keeps the content types that it has seen
    before = statements(chief, at(sellers))
    sellers.permissions.set(Permission.objects.all())
    assert statements(chief, at(sellers)) == before
