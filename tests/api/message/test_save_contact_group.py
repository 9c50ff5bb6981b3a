"""SaveContactGroup over Django's test client: addresses, formats, casing, answers and errors."""

import gzip
import json

import pytest

from commsapp.db.ids import uuid7
from contacts.models import ContactGroup, SaveFailure
from tests import factories
from tests.api.message.conftest import PATH
from tests.conftest import token
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


# --- Addresses, formats, casing -------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/json/reply/SaveContactGroup", "/json/reply/SaveContactGroup/",
        "/JSON/Reply/savecontactgroup", "/jsonl/reply/SaveContactGroup",
        "/api/json/reply/SaveContactGroup", "/api/jsonl/reply/SaveContactGroup",
        "/other/reply/SaveContactGroup", "/json/reply/SaveContactGroup.json",
    ],
)  # fmt: skip
def test_the_reply_addresses_answer_in_pascal_case(ask, path):
    answer = ask(path=path)
    assert answer.status_code == 200
    group = ContactGroup.objects.get()
    assert json.loads(answer.content) == {
        "Message": "Created.",
        "Errors": [],
        "Meta": {"ObjectId": str(group.pk), "Outcome": "Created"},
    }


@pytest.mark.parametrize("path", ["/api/SaveContactGroup", "/api/savecontactgroup/"])
def test_the_short_address_answers_in_camel_case(ask, path):
    answer = ask(path=path).json()
    assert list(answer) == ["message", "errors", "meta"]
    assert list(answer["meta"]) == ["ObjectId", "Outcome"]  # data, not names of ours
    wrong = ask({}, path=path).json()
    assert list(wrong["responseStatus"]) == ["errorCode", "message", "errors"]
    assert set(wrong["responseStatus"]["errors"][0]) == {"errorCode", "fieldName", "message"}


def test_jsconfig_decides_the_casing(ask):
    assert "message" in ask(path=f"{PATH}?jsconfig=eccn").json()
    assert "Message" in ask(path="/api/SaveContactGroup?jsconfig=EPCN").json()
    assert "responseStatus" in ask("{", path=f"{PATH}?jsconfig=eccn").json()


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        (PATH, "*/*", "application/json; charset=utf-8"),
        ("/jsonl/reply/SaveContactGroup", "*/*", "text/jsonl"),
        ("/jsonl/reply/SaveContactGroup", "application/json", "application/json; charset=utf-8"),
        ("/jsonl/reply/SaveContactGroup", "application/json, text/jsonl", "text/jsonl"),
        (PATH, "text/jsonl;q=0.9, text/plain", "text/jsonl"),
        ("/api/SaveContactGroup.other", "application/json", "text/jsonl"),
        (
            "/api/SaveContactGroup.jsonl?format=JSON",
            "text/jsonl",
            "application/json; charset=utf-8",
        ),
        (f"{PATH}?format=nonsense", "nonsense", "application/json; charset=utf-8"),
    ],
)
def test_the_answers_format_is_the_first_that_is_known(ask, path, accept, content_type):
    headers = {**ask.headers, "Accept": accept}
    for body in (None, "{"):  # errors, too
        answer = ask(body, path=path, headers=headers)
        assert answer["Content-Type"] == content_type
        assert answer.content.endswith(b"\n") == (content_type == "text/jsonl")


def test_the_path_and_not_the_content_type_says_how_the_body_is_read(ask):
    assert ask(content_type="text/plain").status_code == 200
    assert ask(content_type="multipart/form-data; boundary=x").status_code == 200
    assert ask(content_type="").status_code == 200


def test_more_than_one_line_to_the_plain_operation_is_refused(ask):
    line = json.dumps(ask.body())
    before = everything()
    told = ask.refused(f"{line}\n{line}\n", path="/jsonl/reply/SaveContactGroup")
    assert told == [("SerializationException", "")]
    assert everything() == before


@pytest.mark.parametrize(
    "path", ["/json/reply/Nothing", "/api/Nothing", "/api/json/reply/x", "/jsonl/reply/Save%00"]
)
def test_an_unknown_operation_is_405(ask, path):
    answer = ask(path=path)
    assert answer.status_code == 405
    assert "MethodNotAllowed" in answer.content.decode()


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "options"])
def test_other_verbs_are_405(ask, verb):
    answer = getattr(ask.client, verb)(PATH, headers=ask.headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert answer.json()["ResponseStatus"]["ErrorCode"] == "MethodNotAllowed"


def test_a_path_that_is_no_operations_is_a_wrapped_404(ask):
    for path in ("/json/elsewhere", "/api/", "/jsonl/reply/"):
        assert ask.refused(path=path, status=404) == [("NotFound", "")]


def test_the_query_fills_what_the_body_left_out(ask, suite):
    body = ask.body()
    del body["AlternateKey"]
    path = f"{PATH}?alternateKey=Q&LicenseeId={suite.licensee.pk}"
    assert ask(body, path=path).status_code == 200
    assert suite.key("Q")


def test_a_gzipped_body_is_read(ask):
    packed = gzip.compress(json.dumps(ask.body()).encode())
    answer = ask(packed, headers={**ask.headers, "Content-Encoding": "gzip"})
    assert answer.status_code == 200


# --- Answers and errors ---------------------------------------------------------------------


def test_the_same_again_is_unchanged(ask):
    first, second = ask().json(), ask().json()
    assert second["Meta"] == {**first["Meta"], "Outcome": "Unchanged"}


def test_deleting_what_is_not_there_has_no_object(ask):
    answer = ask(ask.body(ContactGroup={"MarkAsDeleted": True})).json()
    assert answer["Meta"] == {"Outcome": "Unchanged"}


def test_whatever_the_case_of_the_keys_the_content_is_the_same(ask):
    ask()
    body = ask.body()
    group = {name[0].lower() + name[1:]: value for name, value in body["ContactGroup"].items()}
    body["ContactGroup"] = {**group, "markAsDeleted": False, "contactConnections": None}
    assert ask(body).json()["Meta"]["Outcome"] == "Unchanged"


def test_all_faults_of_content_are_reported_at_once(ask):
    before = everything()
    connections = [{"ContactId": str(uuid7())}, {"Index": -1}]
    group = {"ContactGroupName": "", "GroupRoleId": None, "ContactConnections": connections}
    errors = ask.refused(ask.body(ContactGroup=group, IgnoreHash="perhaps"))
    path = "ContactGroup.ContactConnections"
    assert errors == [
        ("SerializationException", "IgnoreHash"),
        ("NotEmpty", "ContactGroup.ContactGroupName"),
        ("NotEmpty", f"{path}[1].ContactId"),
        ("GreaterThanOrEqualTo", f"{path}[1].Index"),
        ("NotEmpty", "ContactGroup.GroupRoleId"),
        ("NotFound", f"{path}[0].ContactId"),
    ]
    assert everything() == before


def test_first_fault_of_shape_in_the_group_is_reported_and_the_failure_is_recorded(ask, suite):
    before = everything()
    connections = [{"ContactId": "x"}, None]
    errors = ask.refused(ask.body(ContactGroup={"ContactConnections": connections}))
    assert errors == [("InvalidGuid", "ContactGroup.ContactConnections[0].ContactId")]
    [failure] = SaveFailure.objects.all()
    assert (failure.data_source, failure.key) == (suite.source, "K")
    assert [fault["field"] for fault in failure.faults] == [errors[0][1]]
    assert everything() == before


def test_an_empty_request_says_what_is_needed(ask):
    assert ask.refused("") == [
        ("NotEmpty", "SuiteDataSourceInstanceId"),
        ("NotEmpty", "AlternateKey"),
        ("NotNull", "ContactGroup"),
    ]


@pytest.mark.parametrize("body", ["{", "[]", "1", '{"a":1,"a":2}', b"\xff", '{"a":NaN}'])
def test_what_cannot_be_parsed_is_a_wrapped_400(ask, body):
    assert ask.refused(body) == [("SerializationException", "")]


def test_each_status_that_the_data_decide(ask, suite):
    ask()
    other = factories.ContactGroupFactory(licensee=suite.licensee)
    unknown = ask.body(ObjectId=str(uuid7()))
    assert ask.refused(unknown, status=404) == [("NotFound", "ObjectId")]
    bound = ask.body(ObjectId=str(other.pk))
    assert ask.refused(bound, status=409) == [("Conflict", "AlternateKey")]
    strange = ask.body(LicenseeId=str(uuid7()))
    assert ask.refused(strange, status=403) == [("Forbidden", "LicenseeId")]
    ask(ask.body(ContactGroup={"MarkAsDeleted": True}))
    assert ask.refused(status=409) == [("Deleted", "AlternateKey")]
    source = ask.body(SuiteDataSourceInstanceId=str(uuid7()))
    assert ask.refused(source) == [("NotFound", "SuiteDataSourceInstanceId")]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
def test_without_valid_credentials_it_is_401(ask, headers):
    before = everything()
    answer = ask(headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["ResponseStatus"]["ErrorCode"] == "Unauthorized"
    assert everything() == before


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth", "bearer"])
def test_both_schemes_sign_in(ask, alice, scheme):
    assert ask(headers={"Authorization": f"{scheme} {token(alice)}"}).status_code == 200


def test_without_the_permission_it_is_403(ask, charlie):
    before = everything()
    headers = {"Authorization": f"Bearer {token(charlie)}"}
    assert ask.refused(status=403, headers=headers) == [("Forbidden", "")]
    assert everything() == before


def test_another_licensee_cannot_tell_that_there_is_anything(ask, suite, bob):
    made = ask().json()["Meta"]["ObjectId"]
    headers = {"Authorization": f"Bearer {token(bob)}"}
    unknown = [("NotFound", "SuiteDataSourceInstanceId")]
    assert ask.refused(headers=headers) == unknown
    assert ask.refused(ask.body(ObjectId=made), headers=headers) == unknown
    theirs = factories.DataSourceFactory(licensee=bob.licensees.get())
    body = ask.body(ObjectId=made, SuiteDataSourceInstanceId=str(theirs.pk))
    told = ask.refused(body, headers=headers, status=404)
    assert told[0] == ("NotFound", "ObjectId")


def test_a_body_over_the_limit_is_413(ask, settings):
    settings.MAX_BODY_BYTES = 1000
    before = everything()
    large = ask.body(ContactGroup={"ContactGroupName": "x" * 2000})
    assert ask.refused(large, status=413) == [("RequestTooLarge", "")]
    bomb = gzip.compress(json.dumps(large).encode())
    headers = {**ask.headers, "Content-Encoding": "gzip"}
    assert ask.refused(bomb, status=413, headers=headers) == [("RequestTooLarge", "")]
    assert everything() == before


def test_errors_of_machines_are_in_english(ask):
    headers = {**ask.headers, "Accept-Language": "de"}
    assert ask(headers=headers).json()["Message"] == "Created."


def test_an_unchanged_save_takes_two_statements(ask, django_assert_num_queries):
    ask()
    with django_assert_num_queries(2):  # sign in, look
        assert ask().json()["Meta"]["Outcome"] == "Unchanged"
