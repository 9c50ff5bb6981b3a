"""Every resource: made, listed, read and edited, with exactly the contract's fields."""

from __future__ import annotations

import pytest

from commsapp.api.openapi.views import document
from commsapp.models import Operation
from contacts.models import ContactGroup, Role
from groups.models import Recipient
from tests import factories

pytestmark = pytest.mark.django_db
ALL = {"id", "licensee", "created_at", "updated_at"}

# Resource → what makes one, what edits it, and its fields. `@name` is the id of one of `things`.
RESOURCES = {
    "data-sources": ({"name": "CRM"}, {"is_active": False}, "name is_active"),
    "roles": ({"name": "Buyer", "kind": "connection"}, {"name": "Payer"}, "name kind"),
    "contacts": (
        {"name": "Ann", "email": "ann@example.com"},
        {"kind": "organisation", "phone": "+43 1"},
        "kind name email phone archived_at",
    ),
    "contact-groups": (
        {"name": "Acme", "role": "@role"},
        {"name": "Acme Ltd"},
        "name role role_name status connection_count",
    ),
    "alternate-keys": (
        {"data_source": "@data_source", "value": "A-1", "contact": "@contact"},
        {"value": "A-2"},
        "data_source value contact contact_group role last_saved_at last_outcome",
    ),
    "recipients": (
        {"name": "Main St", "recipient_type": "Location", "customer": "@contact_group"},
        {"contact": "@contact", "msisdn": "+4366412345"},
        "name recipient_type customer customer_name contact email msisdn street city state "
        "postal_code country external_reference archived_at",
    ),
    "recipient-groups": (
        {"name": "Branches", "customer": "@contact_group", "expected_member_count": 3},
        {"description": "All", "expected_member_count": None},
        "name customer customer_name description status expected_member_count member_count",
    ),
    "products": (
        {"code": "SIM", "name": "SIM card", "currency": "EUR", "one_time_price": "0.0035"},
        {"recurring_price": 9.5},
        "code name description one_time_price recurring_price currency is_active",
    ),
    "quotes": (
        {"name": "Offer", "customer": "@contact_group", "currency": "EUR"},
        {"expires_on": "2030-01-31", "recurring_period": "year"},
        "number name customer customer_name currency recurring_period status expires_on "
        "one_time_total recurring_total line_count",
    ),
    "quote-line-items": (
        {"quote": "@quote", "product": "@product", "configuration": {"speed": 1.5}},
        {"quantity": "2.5", "discount_percent": 10},
        "quote line_number product product_name description quantity one_time_price "
        "recurring_price discount_percent configuration requested_date recipient_group recipient "
        "recipient_name split_from split_at recipient_scaled_quantity one_time_amount "
        "recurring_amount one_time_total recurring_total",
    ),
}


def fill(body, things):
    """The body with the ids that it names."""
    return {
        name: str(getattr(things, value[1:]).pk) if str(value).startswith("@") else value
        for name, value in body.items()
    }


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_record_is_made_listed_read_and_edited(api, things, resource):
    made, edit, fields = RESOURCES[resource]
    created = api.post(resource, fill(made, things))
    assert created.status_code == 201, created.content
    record = created.json()
    assert record.keys() == ALL | set(fields.split())
    assert record["licensee"] == str(things.licensee.pk)
    for name, value in fill(made, things).items():
        assert record[name] == value, name

    assert record in api.rows(resource)
    assert api.get(f"{resource}/{record['id']}").json() == record
    assert api.get(f"{resource}/{record['id']}/").json() == record

    edited = api.patch(f"{resource}/{record['id']}/", fill(edit, things))
    assert edited.status_code == 200, edited.content
    assert edited.json()["updated_at"] > record["updated_at"]
    assert api.get(f"{resource}/{record['id']}").json() == edited.json()
    told = {entry.kind for entry in Operation.objects.filter(target_id=record["id"])}
    assert told == {"created", "edited"}


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_edit_that_changes_nothing_writes_nothing(api, things, resource):
    name = resource.removesuffix("s").replace("-", "_")
    id = getattr(things, name).pk
    record = api.get(f"{resource}/{id}").json()
    before = Operation.objects.count()
    for body in ({}, {"licensee": record["licensee"].upper()}):
        answer = api.patch(f"{resource}/{id}", body)
        assert answer.status_code == 200, answer.content
        assert answer.json() == record
    assert Operation.objects.count() == before


def test_the_whole_of_what_was_read_can_be_sent_back(api, things):
    record = api.get(f"recipients/{things.recipient.pk}").json()
    assert api.patch(f"recipients/{things.recipient.pk}", record).json() == record


@pytest.mark.parametrize("resource", RESOURCES)
def test_put_is_405_and_so_is_delete_of_most_resources(api, things, resource):
    name = resource.removesuffix("s").replace("-", "_")
    path = f"{resource}/{getattr(things, name).pk}"
    verbs = ["PUT", "POST", "TRACE"]
    if resource not in ("alternate-keys", "quote-line-items"):
        verbs.append("DELETE")
    for verb in verbs:
        answer = api.ask(verb, path, {})
        assert answer.status_code == 405, verb
        assert "GET" in answer["Allow"]
        assert list(answer.json()) == ["detail", "errors"]
    assert api.ask("PUT", resource, {}).status_code == 405
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
def test_created_record_is_at_its_location(api, things, resource, settings):
    settings.PUBLIC_URL = "https://comms.example"
    response = api.post(resource, fill(RESOURCES[resource][0], things))
    location = response["Location"]
    assert location == f"https://comms.example/api/v1/{resource}/{response.json()['id']}"
    assert api.get(location.removeprefix("https://comms.example")).json() == response.json()


def test_head_answers_as_get_does_without_a_body(api, things):
    for path in ("contacts", f"contacts/{things.contact.pk}"):
        answer = api.ask("HEAD", path)
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer["Content-Type"] == "application/json"


def test_what_is_read_only_is_not_written(api, things):
    path = f"recipient-groups/{things.recipient_group.pk}"
    before = api.get(path).json()
    answer = api.patch(path, {"status": "archived", "member_count": 99})
    assert answer.json() == before


def test_an_unknown_name_is_refused_and_nothing_is_made(api, licensee):
    answer = api.post("contacts", {"name": "Ann", "e_mail": "ann@example.com"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["e_mail", "errors"]
    assert api.rows("contacts") == []


def test_a_field_rule_of_the_model_is_told_by_field(api, things):
    answer = api.post("contact-groups", {"name": "Acme", "role": str(_connection_role(things).pk)})
    assert answer.status_code == 400
    assert list(answer.json()) == ["role", "errors"]
    assert ContactGroup.objects.count() == 1


def test_a_taken_name_is_told_without_a_crash(api, things):
    answer = api.post("data-sources", {"name": things.data_source.name})
    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors", "errors"]


def test_a_business_refusal_of_an_edit_is_a_conflict(api, things):
    path = f"recipients/{things.recipient.pk}"
    answer = api.patch(path, {"customer": None})
    assert answer.status_code == 409
    [error] = answer.json()["errors"]
    assert error["code"] == "FIELD_INTEGRITY_EXCEPTION"
    assert error["field"] == "customer"
    assert answer.json()["detail"] == error["message"]
    assert Recipient.objects.get(pk=things.recipient.pk).customer_id


# --- Licensee -------------------------------------------------------------------------------


def test_with_several_licensees_one_has_to_say_which(api, alice):
    other = factories.LicenseeFactory()
    alice.licensees.add(other)
    answer = api.post("contacts", {"name": "Ann"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["licensee", "errors"]
    answer = api.post("contacts", {"name": "Ann", "licensee": str(other.pk)})
    assert answer.json()["licensee"] == str(other.pk)


def test_a_line_is_its_quotes_licensees(api, alice, things):
    alice.licensees.add(factories.LicenseeFactory())
    body = {"quote": str(things.quote.pk), "product": str(things.product.pk)}
    assert api.post("quote-line-items", body).json()["licensee"] == str(things.licensee.pk)


def test_another_licensee_cannot_be_given(api, bob):
    other = bob.licensees.get()
    answer = api.post("contacts", {"name": "Ann", "licensee": str(other.pk)})
    assert answer.status_code == 400
    assert list(answer.json()) == ["licensee", "errors"]


def test_a_record_stays_with_its_licensee(api, alice, things):
    other = factories.LicenseeFactory()
    alice.licensees.add(other)
    path = f"contacts/{things.contact.pk}"
    answer = api.patch(path, {"licensee": str(other.pk)})
    assert answer.status_code == 400
    assert list(answer.json()) == ["licensee", "errors"]
    assert api.get(path).json()["licensee"] == str(things.licensee.pk)


# --- Lists ----------------------------------------------------------------------------------


def test_deleted_contact_groups_leave_lists_unless_asked_for(api, things):
    ContactGroup.objects.update(status="deleted")
    assert api.rows("contact-groups") == []
    assert api.rows("contact-groups", search="x") == []
    [group] = api.rows("contact-groups", status="deleted")
    assert group["connection_count"] == 1
    assert api.get(f"contact-groups/{group['id']}").json() == group


def test_nested_lists_tell_what_is_in_their_parent(api, things, licensee):
    factories.RecipientFactory(licensee=licensee)
    [recipient] = api.rows(f"recipient-groups/{things.recipient_group.pk}/recipients")
    assert recipient["id"] == str(things.recipient.pk)
    [line] = api.rows(f"quotes/{things.quote.pk}/lines/")
    assert line["id"] == str(things.quote_line_item.pk)
    assert api.rows(f"quotes/{things.quote.pk}/lines", split_from=line["id"]) == []
    assert api.rows(f"contact-groups/{things.contact_group.pk}/connections") == [
        {
            "contact": str(things.contact.pk),
            "contact_name": things.contact.name,
            "role": None,
            "role_name": None,
            "position": 1,
        }
    ]


def test_lists_are_filtered_and_searched(api, licensee):
    factories.RecipientFactory(licensee=licensee, name="Vienna North", city="Vienna")
    graz = factories.RecipientFactory(licensee=licensee, name="Graz", msisdn="+43664")
    assert [row["name"] for row in api.rows("recipients", city="Vienna")] == ["Vienna North"]
    assert [row["name"] for row in api.rows("recipients", search="north vienna")] == [
        "Vienna North"
    ]
    assert [row["id"] for row in api.rows("recipients", msisdn="+43664")] == [str(graz.pk)]
    assert len(api.rows("recipients", is_archived="false")) == 2
    assert api.rows("recipients", is_archived="true") == []
    assert api.rows("recipients", customer=str(licensee.pk)) == []


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("recipients", "street__icontains"),
        ("recipient-groups", "description"),
        ("products", "description"),
        ("quote-line-items", "description"),
        ("quote-line-items", "one_time_amount__gte"),
        ("quote-line-items", "recurring_amount"),
    ],
)
def test_fields_that_few_look_for_have_filters_too(api, things, resource, name):
    assert api.rows(resource)
    assert api.rows(resource, **{name: "99999999"}) == []


def test_a_time_may_be_of_any_zone(api, things):
    """PostgreSQL knows none that is 20 hours away."""
    assert api.rows("roles", created_at__lt="1264-05-27T11:40:39+20:46") == []
    assert len(api.rows("roles", created_at__gte="1264-05-27T11:40:39-20:46")) == 1


BAD_FILTERS = [
    ("recipients", "customer", "1"),
    ("recipients", "is_archived", "maybe"),
    ("recipients", "recipient_type", "House"),
    ("recipients", "name", "a\0"),
    ("recipients", "name__icontains", "a" * 60_000),
    ("products", "description__icontains", "a" * 60_000),
    ("recipients", "search", "a" * 60_000),
    ("recipients", "search", "a\0"),
    ("recipients", "search", "a" * 201),
    ("recipients", "search", "a " * 11),
    ("quote-line-items", "search", ",".join("abcdefghijk")),
    ("recipients", "created_at__gte", "yesterday"),
    ("recipients", "created_at__gte", "0001-01-01T00:00:00+14:00"),
    ("recipients", "created_at__lt", "9999-12-31T23:59:59-14:00"),
    ("recipient-groups", "member_count__gte", "2147483648"),
    ("recipient-groups", "member_count__gte", "1.5"),
    ("products", "one_time_price__lte", "1_000"),
    ("products", "one_time_price__lte", "١"),
    ("products", "one_time_price__lte", "1e3"),
    ("products", "one_time_price__lte", "NaN"),
    ("products", "one_time_price", "9999999999999999999"),
    ("products", "currency", "EURO"),
    ("quotes", "expires_on", "20300131"),
    ("recipients", "customer", ""),
    ("recipients", "customer__isnull", ""),
    ("recipients", "customer__isnull", "maybe"),
    ("recipients", "created_at__gte", ""),
    ("recipients", "name", ""),
    ("recipient-groups", "member_count__gte", ""),
    ("quotes", "status", ""),
]


@pytest.mark.parametrize(("resource", "name", "value"), BAD_FILTERS)
def test_a_filter_that_cannot_be_is_refused(api, resource, name, value):
    document()  # whose making looks at every filter
    answer = api.get(resource, **{name: value})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == [name, "errors"]


def _connection_role(things):
    return factories.RoleFactory(licensee=things.licensee, kind=Role.Kind.CONNECTION)
