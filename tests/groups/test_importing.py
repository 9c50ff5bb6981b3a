"""Recipients from a table: what is created, changed, left and refused."""

from __future__ import annotations

import pytest

from commsapp.core.audit import RefusalCode
from commsapp.core.imports.importer import import_records
from commsapp.models import Licensee, Operation
from groups.imports import RECIPIENTS
from groups.models import Recipient
from groups.operations import add_recipients
from tests import factories
from tests.conftest import actor, grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(by_alice, licensee):
    """Imports rows as Alice."""

    def run(*rows, by=by_alice, **options):
        return import_records(RECIPIENTS, rows, by=by, licensee_id=licensee.pk, **options)

    return run


def row(**texts) -> dict[str, str]:
    return {"name": "Harbour shop", "recipient_type": "Location", **texts}


def told(imported) -> list[tuple[int, str, str]]:
    return [(refusal.index, refusal.field, refusal.message) for refusal in imported.refusals]


def test_new_rows_become_recipients_with_one_operation_each(take, licensee):
    imported = take(row(msisdn="+49301"), row(name="Mill", recipient_type="subscriber"))
    assert imported.numbers == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    shop, mill = Recipient.objects.order_by("name")
    assert (shop.msisdn, shop.licensee, mill.recipient_type) == ("+49301", licensee, "Subscriber")
    created = Operation.objects.filter(kind="created")
    assert {one.target_id for one in created} == {shop.pk, mill.pk}
    assert len({one.batch for one in created}) == 1
    assert created.get(target_id=shop.pk).effects["after"]["msisdn"] == "+49301"


def test_a_row_means_a_recipient_by_its_id_or_its_external_reference(take, licensee):
    by_id = factories.RecipientFactory(licensee=licensee, name="Old", city="Bremen")
    by_reference = factories.RecipientFactory(licensee=licensee, external_reference="S-7")
    imported = take(
        {"id": str(by_id.pk).upper(), "name": "New"},
        {"id": "", "name": "Seven", "external_reference": "S-7"},
    )
    assert imported.numbers == {"created": 0, "updated": 2, "unchanged": 0, "refused": 0}
    by_id.refresh_from_db()
    by_reference.refresh_from_db()
    assert (by_id.name, by_id.city, by_reference.name) == ("New", "Bremen", "Seven")
    entry = Operation.objects.get(target_id=by_id.pk)
    assert entry.kind == "edited"
    assert entry.effects == {"before": {"name": "Old"}, "after": {"name": "New"}}


def test_an_unchanged_row_writes_nothing(take, licensee):
    there = factories.RecipientFactory(licensee=licensee, external_reference="S-7", name=" Spaced ")
    imported = take(row(name="Spaced", external_reference="S-7"))
    assert imported.numbers == {"created": 0, "updated": 0, "unchanged": 1, "refused": 0}
    stands = Recipient.objects.get()
    assert (stands.updated_at, stands.name) == (there.updated_at, " Spaced ")
    assert not Operation.objects.exists()


def test_a_blank_cell_empties_its_field(take, licensee):
    customer = factories.ContactGroupFactory(licensee=licensee)
    there = factories.RecipientFactory(licensee=licensee, city="Bremen", customer=customer)
    assert take({"id": there.pk.hex, "city": "", "customer": ""}).updated == 1
    there.refresh_from_db()
    assert (there.city, there.customer) == ("", None)


def test_a_customer_is_named_by_id_or_by_name(take, licensee):
    same = {"licensee": licensee}
    bakeries = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    factories.ContactGroupFactory(**same, name="Twice")
    factories.ContactGroupFactory(**same, name="Twice")
    stranger = factories.ContactGroupFactory(name="Elsewhere")
    imported = take(
        row(customer="Sample Bakeries"),
        row(customer=str(bakeries.pk)),
        row(customer="Twice"),
        row(customer="Elsewhere"),
        row(customer=str(stranger.pk)),
    )
    assert imported.numbers == {"created": 2, "updated": 0, "unchanged": 0, "refused": 3}
    assert {one.customer for one in Recipient.objects.all()} == {bakeries}
    assert told(imported) == [
        (2, "customer", "Several contact groups are called “Twice”: give the id of the one that"
                        " is meant."),
        (3, "customer", "There is no contact group “Elsewhere”."),
        (4, "customer", f"There is no contact group “{stranger.pk}”."),
    ]  # fmt: skip


def test_all_that_is_wrong_with_a_row_is_told_and_the_others_are_taken(take):
    imported = take(
        row(),
        row(name="", recipient_type="Castle", email="nobody", msisdn="1" * 21),
        row(name="a" * 256),
        {"name": "No type"},
    )
    assert imported.numbers == {"created": 1, "updated": 0, "unchanged": 0, "refused": 3}
    assert [(index, field) for index, field, _told in told(imported)] == [
        (1, "name"), (1, "recipient_type"), (1, "email"), (1, "msisdn"), (2, "name"),
        (3, "recipient_type"),
    ]  # fmt: skip
    assert Recipient.objects.count() == 1


def test_ids_that_are_none_and_of_others_are_refused(take):
    elsewhere = factories.RecipientFactory(name="Theirs")
    imported = take(row(id="7"), row(id=str(elsewhere.pk)), row(id="0" * 32))
    assert [(index, field) for index, field, _told in told(imported)] == [
        (0, "id"), (1, "id"), (2, "id"),
    ]  # fmt: skip
    assert "There is no recipient with this id." in told(imported)[1]
    assert [*Recipient.objects.values_list("name", flat=True)] == ["Theirs"]


def test_a_reference_that_several_have_means_the_active_one_or_none(take, licensee):
    same = {"licensee": licensee}
    old = factories.RecipientFactory(**same, external_reference="S-7")
    Recipient.objects.filter(pk=old.pk).update(**Recipient.ARCHIVED)
    active = factories.RecipientFactory(**same, external_reference="S-7")
    factories.RecipientFactory.create_batch(2, **same, external_reference="S-8")
    imported = take(row(external_reference="S-7"), row(external_reference="S-8"))
    assert imported.numbers == {"created": 0, "updated": 1, "unchanged": 0, "refused": 1}
    assert Recipient.objects.get(name="Harbour shop").pk == active.pk


def test_the_same_one_twice_is_refused_the_second_time(take, licensee):
    there = factories.RecipientFactory(licensee=licensee, external_reference="S-7")
    imported = take(
        row(id=str(there.pk)), row(external_reference="S-7"), row(external_reference="S-9"),
        row(external_reference="S-9"),
    )  # fmt: skip
    assert imported.numbers == {"created": 1, "updated": 1, "unchanged": 0, "refused": 2}
    assert [refusal.index for refusal in imported.refusals] == [1, 3]


def test_a_member_keeps_its_customer(take, by_alice, licensee):
    first = factories.ContactGroupFactory(licensee=licensee)
    second = factories.ContactGroupFactory(licensee=licensee)
    member, free = factories.RecipientFactory.create_batch(2, licensee=licensee, customer=first)
    group = factories.RecipientGroupFactory(licensee=licensee, customer=first)
    add_recipients(group.pk, [member.pk.hex], by=by_alice)
    imported = take(*({"id": str(one.pk), "customer": str(second.pk)} for one in (member, free)))
    assert imported.numbers == {"created": 0, "updated": 1, "unchanged": 0, "refused": 1}
    member.refresh_from_db()
    free.refresh_from_db()
    assert (member.customer, free.customer) == (first, second)


def test_a_dry_run_tells_the_same_and_writes_nothing(take, licensee):
    there = factories.RecipientFactory(licensee=licensee, external_reference="S-7")
    rows = row(), row(external_reference="S-7"), row(name="")
    planned = take(*rows, dry_run=True)
    there.refresh_from_db()
    assert there.name != "Harbour shop"
    assert not Operation.objects.exists()
    done = take(*rows)
    assert planned.numbers == done.numbers
    assert told(planned) == told(done)


def test_adding_and_changing_take_their_own_permissions(take, charlie, licensee):
    grant(charlie, "groups.change_recipient")
    there = factories.RecipientFactory(licensee=licensee)
    imported = take(row(), row(id=str(there.pk)), by=actor(charlie))
    assert imported.numbers == {"created": 0, "updated": 1, "unchanged": 0, "refused": 1}
    assert imported.refusals[0].code == RefusalCode.FORBIDDEN


def test_another_licensee_is_not_there(by_bob, licensee):
    with pytest.raises(Licensee.DoesNotExist):
        import_records(RECIPIENTS, [row()], by=by_bob, licensee_id=licensee.pk)
    assert not Recipient.objects.exists()
