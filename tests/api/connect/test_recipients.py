"""Adding and removing recipients on the Connect API: contract 2.2 and 2.3."""

import pytest

from commsapp.models import Operation
from groups import operations
from groups.models import Recipient
from tests.api.connect.conftest import body
from tests.conftest import actor
from tests.factories import ContactGroupFactory, RecipientFactory
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


def test_adding_twice_adds_once_and_says_so(ask, group, recipients):
    first = ask(group.pk, body("Add", recipients[:2]))
    assert first.status_code == 200
    assert first.json() == {
        "isSuccessful": True, "statusMessage": "2 recipients added.", "errorsList": [],
    }  # fmt: skip
    again = ask(group.pk, body("Add", recipients))
    assert again.json()["statusMessage"] == "1 recipient added, 2 were already in the group."
    assert members_of(group) == {recipient.pk for recipient in recipients}


def test_removing_who_is_no_member_is_no_error(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:2]))
    answer = ask(group.pk, body("Remove", recipients)).json()
    assert answer == {
        "isSuccessful": True,
        "statusMessage": "2 recipients removed, 1 was not in the group.",
        "errorsList": [],
    }
    assert members_of(group) == set()


@pytest.mark.parametrize("nothing", [{}, {"recipientsList": None}, {"recipientsList": []}])
@pytest.mark.parametrize("action", ["Add", "remove", "REMOVE"])
def test_no_recipients_is_nothing_to_do(ask, group, recipients, action, nothing):
    ask(group.pk, body("Add", recipients))
    answer = ask(group.pk, {"recipientsAction": action, **nothing})
    assert answer.json()["isSuccessful"] is True
    assert len(members_of(group)) == 3


def test_one_unfit_recipient_keeps_all_out(ask, group, recipients):
    archived = RecipientFactory(licensee=group.licensee, archived_at="2026-01-01T00:00:00Z")
    stranger = RecipientFactory()
    sent = body("Add", [recipients[0], "nonsense", stranger, archived, "", "0" * 32])
    answer = ask(group.pk, sent)
    assert answer.status_code == 200
    assert answer.json()["isSuccessful"] is False
    assert [
        (error["statusCode"], error["recipientFields"]) for error in answer.json()["errorsList"]
    ] == [
        ("MALFORMED_ID", "recipientsList[1]"),
        ("INVALID_CROSS_REFERENCE_KEY", "recipientsList[2]"),
        ("ENTITY_IS_DELETED", "recipientsList[3]"),
        ("MALFORMED_ID", "recipientsList[4]"),
        ("MALFORMED_ID", "recipientsList[5]"),
    ]
    assert set(answer.json()["errorsList"][0]) == {"statusCode", "errorMessage", "recipientFields"}
    assert members_of(group) == set()
    assert not Operation.objects.exists()


def test_without_all_or_none_the_good_ones_are_added(ask, group, recipients):
    answer = ask(group.pk, body("Add", [*recipients, "nonsense"], AllOrNone="FALSE"))
    assert answer.json()["isSuccessful"] is False
    assert answer.json()["statusMessage"] == "3 recipients added, 1 refused."
    assert len(answer.json()["errorsList"]) == 1
    assert len(members_of(group)) == 3


def test_a_dry_run_tells_and_does_nothing(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:1]))
    answer = ask(group.pk, body("Add", recipients, dryRun="true"))
    text = "2 recipients would be added, 1 is already in the group."
    assert answer.json() == {"isSuccessful": True, "statusMessage": text, "errorsList": []}
    assert len(members_of(group)) == 1
    assert Operation.objects.count() == 1


def test_a_recipient_of_another_customer_is_refused(ask, group, licensee):
    group.customer = ContactGroupFactory(licensee=licensee)
    group.save()
    other = RecipientFactory(licensee=licensee, customer=ContactGroupFactory(licensee=licensee))
    [error] = ask(group.pk, body("Add", [other])).json()["errorsList"]
    assert error["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert str(other.pk) in error["errorMessage"]
    assert members_of(group) == set()


def test_an_archived_group_takes_nobody_and_lets_nobody_go(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:1]))
    group.status = "archived"
    group.save()
    for action in ("Add", "Remove"):
        [error] = ask(group.pk, body(action, recipients)).json()["errorsList"]
        assert (error["statusCode"], error["recipientFields"]) == (
            "INVALID_STATUS", "recipientGroupId",
        )  # fmt: skip
    assert len(members_of(group)) == 1


def test_at_most_200_errors_are_listed_and_the_rest_counted(ask, group):
    answer = ask(group.pk, body("Add", [f"x{n}" for n in range(203)])).json()
    assert len(answer["errorsList"]) == 201
    assert answer["errorsList"][-1]["statusCode"] == "TOO_MANY_ERRORS"
    assert "3" in answer["errorsList"][-1]["errorMessage"]
    assert members_of(group) == set()


def test_one_error_past_the_limit_is_one_more_error(ask, group):
    answer = ask(group.pk, body("Add", [f"x{n}" for n in range(201)])).json()
    assert answer["errorsList"][-1] == {
        "statusCode": "TOO_MANY_ERRORS",
        "errorMessage": "1 more error.",
        "recipientFields": "recipientsList",
    }
    assert members_of(group) == set()


def test_duplicates_count_once_also_where_they_are_no_ids(ask, group, recipients):
    stranger = RecipientFactory()
    sent = body("Add", ["x", recipients[0], stranger, "x", stranger, "", ""])
    errors = ask(group.pk, sent).json()["errorsList"]
    assert [error["recipientFields"] for error in errors] == [
        "recipientsList[0]", "recipientsList[2]", "recipientsList[5]",
    ]  # fmt: skip
    assert members_of(group) == set()


def test_a_dry_run_of_a_refusal_speaks_of_what_would_be(ask, group):
    planned = ask(group.pk, body("Add", ["x"], dryRun="true")).json()
    assert planned["statusMessage"] == "Nothing would be changed: 1 error."
    told = ask(group.pk, body("Add", ["x", "y"])).json()
    assert told["statusMessage"] == "Nothing was changed: 2 errors."
    assert members_of(group) == set()


def test_ids_are_read_in_every_spelling(ask, group, recipients):
    spelled = [
        str(recipients[0].pk).upper(), recipients[1].pk.hex, f"{{{recipients[2].pk}}}",
        f"({recipients[2].pk})",
    ]  # fmt: skip
    told = ask(group.pk, body("Add", spelled)).json()["statusMessage"]
    assert told == "3 recipients added."


@pytest.mark.parametrize("count", [10, 1000])
def test_adding_takes_six_statements_however_many(
    ask, group, licensee, django_assert_num_queries, count
):
    rows = [Recipient(licensee=licensee, name="x", recipient_type="Location") for _ in range(count)]
    Recipient.objects.bulk_create(rows)
    sent = body("Add", rows)
    ask(group.pk, body("Add", []))  # a worker's first request reads the use of the day
    with django_assert_num_queries(6 + 2):  # sign-in and five; SAVEPOINT and RELEASE
        assert ask(group.pk, sent).json()["isSuccessful"]


def test_the_ledger_knows_who_and_through_what(ask, group, recipients, alice):
    ask(group.pk, body("Add", recipients))
    [entry] = Operation.objects.all()
    assert (entry.channel, entry.user, entry.target_id) == ("connect", alice, group.pk)
    assert entry.client == "test client"
    assert len(entry.request_id) == 32
    change = operations.remove_recipients(group.pk, [], by=actor(alice))
    assert change.operation.touched == 0
    assert Operation.objects.count() == 1
