"""The ready-made groups: what a user of each may do, and that migrations keep them so."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from commsapp.core import default_groups
from commsapp.models import User
from tests import factories

pytestmark = pytest.mark.django_db

SALES, DATA, MACHINE, READER = "Sales staff", "Data administrator", "Integration", "Read only"

# Permission → those who have it. The rows are the contract's (section 1).
RIGHTS = {
    "groups.add_recipient": {SALES, DATA, MACHINE},
    "groups.add_recipientgroup": {SALES, DATA, MACHINE},
    "groups.change_recipientgroup": {SALES, DATA, MACHINE},
    "quotes.add_quote": {SALES, MACHINE},
    "quotes.change_quote": {SALES, MACHINE},
    "quotes.approve_quote": {MACHINE},
    "quotes.change_quotelineitem": {SALES, MACHINE},
    "quotes.delete_quotelineitem": {SALES, MACHINE},
    "quotes.change_product": {DATA, MACHINE},
    "contacts.add_contact": {DATA, MACHINE},
    "contacts.add_contactgroup": {DATA, MACHINE},
    "contacts.change_contactgroup": {DATA, MACHINE},
    "contacts.delete_contactgroup": {DATA, MACHINE},
    "contacts.delete_alternatekey": {DATA, MACHINE},
    "contacts.change_datasource": {DATA, MACHINE},
    "groups.delete_recipientgroup": set(),
    "quotes.delete_quote": set(),
    "commsapp.change_licensee": set(),
    "commsapp.change_user": set(),
    "commsapp.change_client": set(),
    "commsapp.change_operation": set(),
}


@pytest.mark.parametrize("role", default_groups.ROLES)
@pytest.mark.parametrize("permission", RIGHTS)
def test_a_role_may_do_what_the_table_says_and_no_more(role, permission):
    user = factories.UserFactory()
    user.groups.add(Group.objects.get(name=role))
    assert user.has_perm(permission) == (role in RIGHTS[permission])


@pytest.mark.parametrize("role", default_groups.ROLES)
def test_every_role_may_look_at_everything_of_the_business(role):
    granted = set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))
    business = Permission.objects.filter(
        content_type__app_label__in=("contacts", "groups", "quotes"), codename__startswith="view_"
    )
    assert granted >= set(business.values_list("codename", flat=True))
    assert granted >= {"view_operation", "view_licensee"}


def test_who_reads_only_has_no_other_right():
    granted = Group.objects.get(name=READER).permissions.values_list("codename", flat=True)
    assert {name.partition("_")[0] for name in granted} == {"view"}


def test_every_right_of_a_role_is_one_that_exists():
    for role in default_groups.ROLES:
        given = Group.objects.get(name=role).permissions.count()
        assert given == len(set(default_groups.permissions_of(role)))


def test_a_migration_gives_back_what_a_role_lacks_and_takes_nothing_away():
    sales = Group.objects.get(name=SALES)
    approve = Permission.objects.get(codename="approve_quote")
    sales.permissions.set([approve])
    Group.objects.get(name=READER).delete()

    default_groups.make_ready_groups(apps=apps)

    assert sales.permissions.contains(approve)
    assert sales.permissions.filter(codename="change_quote").exists()
    assert Group.objects.filter(name=READER).exists()
    assert not User.objects.exists()
