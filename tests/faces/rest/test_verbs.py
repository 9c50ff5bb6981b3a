"""The verbs: what they do, what they answer, and that a refused one changes nothing."""

from __future__ import annotations

import pytest

from commsapp.models import Operation
from contacts.models import ContactConnection, ContactGroup
from groups.models import Membership, RecipientGroup
from quotes.models import Quote, QuoteLineItem
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(licensee):
    return factories.RecipientGroupFactory(licensee=licensee)


@pytest.fixture
def sites(licensee):
    return factories.RecipientFactory.create_batch(4, licensee=licensee)


def ids(records):
    return [str(record.pk) for record in records]


def members(group):
    return set(Membership.objects.filter(group=group).values_list("recipient", flat=True))


# --- Members --------------------------------------------------------------------------------


def test_recipients_are_added_removed_and_set(api, group, sites):
    path = f"recipient-groups/{group.pk}"
    added = api.post(f"{path}/add-recipients", {"recipients": ids(sites[:2])})
    assert added.status_code == 200
    assert added.json() == {
        "message": "2 recipients added.",
        "added": 2,
        "already": 0,
        "errors": [],
        "operation": str(Operation.objects.get(kind="groups.recipients_added").pk),
    }
    again = api.post(f"{path}/add-recipients/", {"recipients": [site.pk.hex for site in sites[:3]]})
    assert (again.json()["added"], again.json()["already"]) == (1, 2)
    removed = api.post(f"{path}/remove-recipients", {"recipients": ids(sites[1:])}).json()
    assert (removed["removed"], removed["already"]) == (2, 1)
    put = api.post(f"{path}/set-recipients", {"recipients": ids(sites[2:])}).json()
    assert (put["added"], put["removed"], put["already"]) == (2, 1, 0)
    assert members(group) == {site.pk for site in sites[2:]}
    assert api.get(path).json()["member_count"] == 2


def test_adding_those_who_are_in_already_names_no_operation(api, group, sites):
    path = f"recipient-groups/{group.pk}/add-recipients"
    api.post(path, {"recipients": ids(sites)})
    again = api.post(path, {"recipients": ids(sites)})
    assert again.json() == {
        "message": "0 recipients added, 4 were already in the group.",
        "added": 0,
        "already": 4,
        "errors": [],
        "operation": None,
    }
    assert Operation.objects.count() == 1


def test_a_refusal_names_each_place_and_changes_nothing(api, group, sites, bob):
    stranger = factories.RecipientFactory(licensee=bob.licensees.get())
    named = [*ids(sites[:2]), str(stranger.pk), "x"]
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", {"recipients": named})
    assert answer.status_code == 409
    told = answer.json()
    assert told.keys() == {"detail", "errors"}
    assert {(error["code"], error["field"]) for error in told["errors"]} == {
        ("INVALID_CROSS_REFERENCE_KEY", "recipients[2]"),
        ("MALFORMED_ID", "recipients[3]"),
    }
    assert members(group) == set()
    assert Operation.objects.count() == 0


def test_without_all_or_none_the_good_ones_are_taken(api, group, sites):
    body = {"recipients": [*ids(sites[:2]), "x"], "all_or_none": False}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body)
    assert answer.status_code == 200
    assert answer.json()["added"] == 2
    assert answer.json()["message"] == "2 recipients added, 1 refused."
    [error] = answer.json()["errors"]
    assert (error["code"], error["field"]) == ("MALFORMED_ID", "recipients[2]")
    assert members(group) == {site.pk for site in sites[:2]}


def test_a_dry_run_tells_and_changes_nothing(api, group, sites):
    body = {"recipients": ids(sites), "dry_run": True}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body).json()
    assert answer["message"] == "4 recipients would be added."
    assert answer["added"] == 4
    assert answer["operation"] is None
    assert members(group) == set()
    assert Operation.objects.count() == 0


BAD_LISTS = {
    "none": {},
    "null": {"recipients": None},
    "a text": {"recipients": "x"},
    "a number in it": {"recipients": ["x", 1]},
    "true in it": {"recipients": [True]},
    "null in it": {"recipients": [None]},
    "a mistyped flag": {"recipients": [], "dryRun": True},
    "a flag as text": {"recipients": [], "dry_run": "true"},
    "a flag as number": {"recipients": [], "all_or_none": 0},
    "a list": [],
}


@pytest.mark.parametrize("body", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_body_that_cannot_be_is_refused_and_changes_nothing(api, group, sites, body):
    if isinstance(body, dict) and body.get("recipients") == []:
        body = {**body, "recipients": ids(sites)}
    answer = api.post(f"recipient-groups/{group.pk}/set-recipients", body)
    assert answer.status_code == 400, answer.content
    assert members(group) == set()


def test_at_most_200_errors_are_listed_and_the_last_counts_the_others(api, group):
    body = {"recipients": [f"x{n}" for n in range(250)]}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body)
    errors = answer.json()["errors"]
    assert len(errors) == 201
    assert errors[-1] == {"code": "TOO_MANY_ERRORS", "message": "50 more errors."}


# --- Archive --------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["contacts", "recipients", "recipient-groups"])
def test_archiving_and_restoring_answer_what_happened(api, things, resource):
    path = f"{resource}/{getattr(things, resource.removesuffix('s').replace('-', '_')).pk}"
    archived = api.post(f"{path}/archive")
    assert archived.status_code == 200
    assert archived.json()["message"] == "Archived."
    assert archived.json()["already"] == 0
    assert Operation.objects.get(pk=archived.json()["operation"]).kind == "archived"
    again = api.post(f"{path}/archive", {}).json()
    assert (again["already"], again["operation"]) == (1, None)
    record = api.get(path).json()
    assert record["archived_at"] if "archived_at" in record else record["status"] == "archived"
    assert api.post(f"{path}/restore").json()["message"] == "Restored."
    record = api.get(path).json()
    assert not record.get("archived_at")
    assert record.get("status", "active") == "active"
    assert api.post(f"{path}/archive", {"dry_run": True}).status_code == 400


def test_an_archived_group_refuses_recipients(api, group, sites):
    RecipientGroup.objects.update(status="archived")
    answer = api.post(
        f"recipient-groups/{group.pk}/add-recipients", {"recipients": ids(sites)}
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert members(group) == set()


def test_a_contact_group_is_archived_deleted_and_restored(api, things):
    path = f"contact-groups/{things.contact_group.pk}"
    for verb, status in [("archive", "archived"), ("delete", "deleted"), ("restore", "active")]:
        answer = api.post(f"{path}/{verb}")
        assert answer.status_code == 200
        assert answer.json()["operation"]
        assert api.get(path).json()["status"] == status
    api.post(f"{path}/delete")
    refused = api.post(f"{path}/archive")
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert ContactGroup.objects.get().status == "deleted"
    assert ContactConnection.objects.count() == 1


# --- Connections ----------------------------------------------------------------------------


def test_connections_are_added_ordered_and_removed(api, things, licensee):
    path = f"contact-groups/{things.contact_group.pk}"
    role = factories.RoleFactory(licensee=licensee, kind="connection")
    second, third = factories.ContactFactory.create_batch(2, licensee=licensee)
    added = api.post(
        f"{path}/add-connections",
        {
            "connections": [
                {"contact": str(second.pk), "role": str(role.pk)},
                {"contact": third.pk.hex.upper(), "position": 1},
            ]
        },
    )
    assert added.status_code == 200, added.content
    assert added.json()["added"] == 2
    listed = api.rows(f"{path}/connections")
    assert [row["contact"] for row in listed] == ids([third, things.contact, second])
    assert [row["position"] for row in listed] == [1, 2, 3]
    assert [row["role"] for row in listed] == [None, None, str(role.pk)]
    assert api.get(path).json()["connection_count"] == 3

    assert api.post(f"{path}/reorder", {"contacts": ids([second, third])}).status_code == 200
    listed = api.rows(f"{path}/connections")
    assert [row["contact"] for row in listed] == ids([second, third, things.contact])

    body = {"connections": [{"contact": str(second.pk)}]}
    removed = api.post(f"{path}/remove-connections", body).json()
    assert (removed["removed"], removed["already"]) == (1, 0)
    assert [row["position"] for row in api.rows(f"{path}/connections")] == [1, 2]


def test_a_stranger_is_not_connected_and_nothing_changes(api, things, bob):
    path = f"contact-groups/{things.contact_group.pk}"
    stranger = factories.ContactFactory(licensee=bob.licensees.get())
    body = {"connections": [{"contact": str(stranger.pk)}]}
    for verb in ("add-connections", "remove-connections"):
        answer = api.post(f"{path}/{verb}", body)
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "connections[0]"
    answer = api.post(f"{path}/reorder", {"contacts": [str(stranger.pk)]})
    assert answer.json()["errors"][0]["field"] == "contacts[0]"
    assert [row["contact"] for row in api.rows(f"{path}/connections")] == [str(things.contact.pk)]


@pytest.mark.parametrize(
    "item",
    [{}, {"contact": 1}, {"contact": "x"}, {"position": 0}, {"rol": None}, {"role": 5}],
    ids=str,
)
def test_a_connection_that_cannot_be_is_refused(api, things, item):
    path = f"contact-groups/{things.contact_group.pk}/add-connections"
    whole = item if "contact" in item or not item else {"contact": str(things.contact.pk), **item}
    answer = api.post(path, {"connections": [whole]})
    assert answer.status_code == 400
    assert list(answer.json()) == ["connections"]
    assert ContactConnection.objects.count() == 1


# --- Alternate keys -------------------------------------------------------------------------


def test_a_key_names_exactly_one_object(api, things):
    body = {"data_source": str(things.data_source.pk), "value": "K"}
    both = {"contact": str(things.contact.pk), "role": str(things.role.pk)}
    for wrong in (body, {**body, **both}):
        answer = api.post("alternate-keys", wrong)
        assert answer.status_code == 400
        assert list(answer.json()) == ["non_field_errors"]
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


# --- Quotes and lines -----------------------------------------------------------------------


def test_a_quote_gets_a_number_and_counts_its_lines(api, things):
    quote = api.post("quotes", {"name": "Offer", "currency": "EUR"}).json()
    assert quote["number"]
    assert quote["status"] == "draft"
    assert quote["recurring_period"] == "month"
    assert (quote["one_time_total"], quote["line_count"]) == ("0.00", 0)
    body = {"quote": quote["id"], "product": str(things.product.pk), "quantity": 3}
    line = api.post("quote-line-items", body).json()
    assert line["line_number"] == 1
    assert line["quantity"] == "3.00"
    assert line["discount_percent"] == "0.00"
    assert line["one_time_price"] == "49.90"
    assert line["one_time_amount"] == line["one_time_total"] == "149.70"
    assert line["recipient_scaled_quantity"] == "3.00"
    quote = api.get(f"quotes/{quote['id']}").json()
    assert (quote["one_time_total"], quote["recurring_total"]) == ("149.70", "59.97")
    assert quote["line_count"] == 1


def test_a_group_line_costs_what_its_members_do(api, things, licensee):
    more = factories.RecipientFactory.create_batch(2, licensee=licensee)
    group = f"recipient-groups/{things.recipient_group.pk}"
    api.post(f"{group}/add-recipients", {"recipients": ids(more)})
    line = api.get(f"quote-line-items/{things.quote_line_item.pk}").json()
    assert line["recipient_scaled_quantity"] == "3.00"
    assert (line["one_time_amount"], line["one_time_total"]) == ("49.90", "149.70")
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == "149.70"


def test_a_line_is_split_and_unsplit(api, things, licensee):
    more = factories.RecipientFactory.create_batch(2, licensee=licensee)
    group = f"recipient-groups/{things.recipient_group.pk}"
    api.post(f"{group}/add-recipients", {"recipients": ids(more)})
    total = api.get(f"quotes/{things.quote.pk}").json()["one_time_total"]
    path = f"quote-line-items/{things.quote_line_item.pk}"
    planned = api.post(f"{path}/split", {"dry_run": True}).json()
    assert (planned["created"], planned["operation"]) == (3, None)
    assert QuoteLineItem.objects.count() == 1

    split = api.post(f"{path}/split")
    assert split.status_code == 200
    assert split.json()["created"] == 3
    assert split.json()["operation"]
    assert api.post(f"{path}/split", {}).json()["message"] == "0 lines created."
    parts = api.rows(f"quotes/{things.quote.pk}/lines", split_from=things.quote_line_item.pk)
    assert [part["line_number"] for part in parts] == [2, 3, 4]
    assert {part["recipient"] for part in parts} == set(ids([things.recipient, *more]))
    assert all(part["recipient_name"] for part in parts)
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == total

    refused = api.delete(path)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert api.post(f"{path}/unsplit", {"dry_run": False}).json()["removed"] == 3
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == total
    before = api.get(path).json()
    gone = api.delete(path)
    assert gone.status_code == 200
    assert gone.json() == before
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == "0.00"


def test_a_line_without_a_group_is_not_split(api, things):
    body = {"quote": str(things.quote.pk), "product": str(things.product.pk)}
    line = api.post("quote-line-items", body).json()
    answer = api.post(f"quote-line-items/{line['id']}/split")
    assert answer.status_code == 409
    [error] = answer.json()["errors"]
    assert error["code"] == "REQUIRED_FIELD_MISSING"
    assert error["record"] == line["id"]
    assert QuoteLineItem.objects.count() == 2


def test_a_quote_moves_from_draft_to_accepted_and_is_frozen(api, things):
    path = f"quotes/{things.quote.pk}"
    for move, status in [("submit", "in_review"), ("approve", "approved"), ("accept", "accepted")]:
        answer = api.post(f"{path}/{move}")
        assert answer.status_code == 200, answer.content
        assert answer.json().keys() == {"message", "errors", "operation"}
        assert api.get(path).json()["status"] == status
    line = f"quote-line-items/{things.quote_line_item.pk}"
    before = api.get(line).json()
    for refused in (
        api.patch(path, {"name": "x"}),
        api.patch(line, {"quantity": 2}),
        api.post(f"{line}/split"),
        api.delete(line),
        api.post(f"{path}/submit"),
    ):
        assert refused.status_code == 409
        assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert api.get(line).json() == before
    assert Quote.objects.get().status == "accepted"


# --- Operations -----------------------------------------------------------------------------


def test_an_operation_tells_who_did_what_through_what(api, things, alice):
    operation = api.get(f"operations/{things.operation.pk}").json()
    assert operation.pop("effects") is not None
    at, request_id = operation.pop("at"), operation.pop("request_id")
    assert at
    assert request_id == ""
    assert operation == {
        "id": str(things.operation.pk),
        "licensee": str(things.licensee.pk),
        "user": str(alice.pk),
        "user_name": "alice",
        "face": "rest",
        "client": "",
        "kind": "groups.recipients_added",
        "target_type": "groups.recipientgroup",
        "target_id": str(things.recipient_group.pk),
        "target_name": things.recipient_group.name,
        "summary": "1 recipient added.",
        "touched": 1,
        "batch": None,
        "undoes": None,
        "undone_by": None,
        "undoable": True,
    }
    [listed] = api.rows("operations", target_id=things.recipient_group.pk)
    assert "effects" not in listed
    assert api.rows("operations")[-1]["id"] == str(things.operation.pk)  # the newest first


def test_an_undo_reverses_and_is_itself_an_operation(api, things):
    path = f"operations/{things.operation.pk}"
    undone = api.post(f"{path}/undo")
    assert undone.status_code == 200
    reversal = undone.json()["operation"]
    assert undone.json() == {
        "message": "Undone: 1 reversed.",
        "reversed": 1,
        "kept": 0,
        "failed": 0,
        "errors": [],
        "operation": reversal,
    }
    told = api.get(path).json()
    assert (told["undone_by"], told["undoable"]) == (reversal, False)
    assert api.get(f"operations/{reversal}").json()["undoes"] == told["id"]
    assert [row["id"] for row in api.rows("operations", is_undone="true")] == [told["id"]]
    assert members(things.recipient_group) == set()

    again = api.post(f"{path}/undo")
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert Operation.objects.filter(undoes=things.operation).count() == 1


def test_what_a_client_did_is_told_with_its_request(api):
    answer = api.post("contacts", {"name": "Ann"})
    [operation] = api.rows("operations", kind="created")
    assert operation["client"] == "test client"
    assert operation["request_id"] == answer["X-Request-Id"]


# --- Languages ------------------------------------------------------------------------------


def test_the_face_speaks_english_whatever_is_asked_for(api, group, sites):
    answer = api.post(
        f"recipient-groups/{group.pk}/add-recipients",
        {"recipients": ids(sites[:1])},
        headers={"Accept-Language": "de"},
    )
    assert answer.json()["message"] == "1 recipient added."
