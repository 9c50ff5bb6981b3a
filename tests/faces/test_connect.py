"""The Connect face over Django's test client: protocol and the recipients resource."""

import gzip
import json
import zlib

import pytest

from commsapp import counts
from commsapp.models import ApiUse, Client, Operation
from groups import operations
from groups.models import Membership, Recipient
from tests.conftest import actor, grant, token
from tests.factories import ContactGroupFactory, RecipientFactory, RecipientGroupFactory

pytestmark = pytest.mark.django_db
BASE = "/services/data/v64.0/connect/comms-sales"


@pytest.fixture
def group(licensee):
    return RecipientGroupFactory(licensee=licensee)


@pytest.fixture
def recipients(licensee):
    return RecipientFactory.create_batch(3, licensee=licensee)


@pytest.fixture
def ask(client, alice):
    """Send a PATCH for the recipients of a group, as Alice unless told otherwise."""
    headers = {"Authorization": f"Bearer {token(alice)}"}

    def patch(group_id, body=None, *, raw=None, path=None, **kwargs):
        return client.patch(
            path or f"{BASE}/recipient-group/{group_id}/recipients",
            raw if raw is not None else json.dumps(body),
            **{"content_type": "application/json", "headers": headers, **kwargs},
        )

    return patch


def body(action, recipients, **parameters):
    ids = [str(getattr(recipient, "pk", recipient)) for recipient in recipients]
    sent = {"recipientsAction": action, "recipientsList": ids}
    return {**sent, "additionalParameters": parameters} if parameters else sent


def members(group):
    return set(Membership.objects.filter(group=group).values_list("recipient", flat=True))


# --- The business -------------------------------------------------------------------------


def test_adding_twice_adds_once_and_says_so(ask, group, recipients):
    first = ask(group.pk, body("Add", recipients[:2]))
    assert first.status_code == 200
    assert first.json() == {
        "isSuccessful": True, "statusMessage": "2 recipients added.", "errorsList": [],
    }  # fmt: skip
    again = ask(group.pk, body("Add", recipients))
    assert again.json()["statusMessage"] == "1 recipient added, 2 were already in the group."
    assert members(group) == {recipient.pk for recipient in recipients}


def test_removing_who_is_no_member_is_no_error(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:2]))
    answer = ask(group.pk, body("Remove", recipients)).json()
    assert answer == {
        "isSuccessful": True,
        "statusMessage": "2 recipients removed, 1 was not in the group.",
        "errorsList": [],
    }
    assert members(group) == set()


@pytest.mark.parametrize("nothing", [{}, {"recipientsList": None}, {"recipientsList": []}])
@pytest.mark.parametrize("action", ["Add", "remove", "REMOVE"])
def test_no_recipients_is_nothing_to_do(ask, group, recipients, action, nothing):
    ask(group.pk, body("Add", recipients))
    answer = ask(group.pk, {"recipientsAction": action, **nothing})
    assert answer.json()["isSuccessful"] is True
    assert len(members(group)) == 3


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
    assert members(group) == set()
    assert not Operation.objects.exists()


def test_without_all_or_none_the_good_ones_are_added(ask, group, recipients):
    answer = ask(group.pk, body("Add", [*recipients, "nonsense"], AllOrNone="FALSE"))
    assert answer.json()["isSuccessful"] is False
    assert answer.json()["statusMessage"] == "3 recipients added, 1 refused."
    assert len(answer.json()["errorsList"]) == 1
    assert len(members(group)) == 3


def test_a_dry_run_tells_and_does_nothing(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:1]))
    answer = ask(group.pk, body("Add", recipients, dryRun="true"))
    told = "2 recipients would be added, 1 is already in the group."
    assert answer.json() == {"isSuccessful": True, "statusMessage": told, "errorsList": []}
    assert len(members(group)) == 1
    assert Operation.objects.count() == 1


def test_a_recipient_of_another_customer_is_refused(ask, group, licensee):
    group.customer = ContactGroupFactory(licensee=licensee)
    group.save()
    other = RecipientFactory(licensee=licensee, customer=ContactGroupFactory(licensee=licensee))
    [error] = ask(group.pk, body("Add", [other])).json()["errorsList"]
    assert error["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert str(other.pk) in error["errorMessage"]
    assert members(group) == set()


def test_an_archived_group_takes_nobody_and_lets_nobody_go(ask, group, recipients):
    ask(group.pk, body("Add", recipients[:1]))
    group.status = "archived"
    group.save()
    for action in ("Add", "Remove"):
        [error] = ask(group.pk, body(action, recipients)).json()["errorsList"]
        assert (error["statusCode"], error["recipientFields"]) == (
            "INVALID_STATUS", "recipientGroupId",
        )  # fmt: skip
    assert len(members(group)) == 1


def test_at_most_200_errors_are_listed_and_the_rest_counted(ask, group):
    answer = ask(group.pk, body("Add", [f"x{n}" for n in range(203)])).json()
    assert len(answer["errorsList"]) == 201
    assert answer["errorsList"][-1]["statusCode"] == "TOO_MANY_ERRORS"
    assert "3" in answer["errorsList"][-1]["errorMessage"]
    assert members(group) == set()


def test_one_error_past_the_limit_is_one_more_error(ask, group):
    answer = ask(group.pk, body("Add", [f"x{n}" for n in range(201)])).json()
    assert answer["errorsList"][-1] == {
        "statusCode": "TOO_MANY_ERRORS",
        "errorMessage": "1 more error.",
        "recipientFields": "recipientsList",
    }
    assert members(group) == set()


def test_duplicates_count_once_also_where_they_are_no_ids(ask, group, recipients):
    stranger = RecipientFactory()
    sent = body("Add", ["x", recipients[0], stranger, "x", stranger, "", ""])
    errors = ask(group.pk, sent).json()["errorsList"]
    assert [error["recipientFields"] for error in errors] == [
        "recipientsList[0]", "recipientsList[2]", "recipientsList[5]",
    ]  # fmt: skip
    assert members(group) == set()


def test_a_dry_run_of_a_refusal_speaks_of_what_would_be(ask, group):
    planned = ask(group.pk, body("Add", ["x"], dryRun="true")).json()
    assert planned["statusMessage"] == "Nothing would be changed: 1 error."
    told = ask(group.pk, body("Add", ["x", "y"])).json()
    assert told["statusMessage"] == "Nothing was changed: 2 errors."
    assert members(group) == set()


def test_ids_are_read_in_every_spelling(ask, group, recipients):
    spelled = [
        str(recipients[0].pk).upper(), recipients[1].pk.hex, f"{{{recipients[2].pk}}}",
        f"({recipients[2].pk})",
    ]  # fmt: skip
    told = ask(group.pk, body("Add", spelled)).json()["statusMessage"]
    assert told == "3 recipients added."


# --- The protocol -------------------------------------------------------------------------

_REPEATED = b'{"recipientsAction":"Add","recipientsAction":"Add"}'
_PARAMETERS = b'{"recipientsAction":"Add","additionalParameters":%s}'
_LIST = b'{"recipientsAction":"Add","recipientsList":%s}'
BAD_BODIES = {
    "JSON_PARSER_ERROR": {
        "no JSON": b"{",
        "empty": b"",
        "no object": b"[]",
        "unknown property": b'{"recipientsAction":"Add","extra":1}',
        "wrong case": b'{"RecipientsAction":"Add"}',
        "null in the list": _LIST % b"[null]",
        "number in the list": _LIST % b"[1]",
        "text for the list": _LIST % b'"x"',
        "parameter that is no string": _PARAMETERS % b'{"a":true}',
        "parameters that are no map": _PARAMETERS % b"[]",
        "mistyped dry run": _PARAMETERS % b'{"DryRun":"yes"}',
        "dry run and not": _PARAMETERS % b'{"dryRun":"true","DRYRUN":"false"}',
        "duplicate key": _REPEATED,
        "NaN": b'{"recipientsAction":NaN}',
        "lone surrogate": b'{"recipientsAction":"\\ud800"}',
        "NUL": b'{"recipientsAction":"\\u0000"}',
        "too deep": b"[" * 100_000,
        "5,000 digits": b'{"recipientsAction":' + b"9" * 5000 + b"}",
        "not UTF-8": b'{"recipientsAction":"\xff"}',
        "number for the action": b'{"recipientsAction":1}',
    },
    "REQUIRED_FIELD_MISSING": {"no action": b"{}"},
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": {
        "null action": b'{"recipientsAction":null}',
        "other action": b'{"recipientsAction":"Add/Remove"}',
    },
}
_CASES = [
    pytest.param(raw, code, id=case)
    for code, cases in BAD_BODIES.items()
    for case, raw in cases.items()
]


@pytest.mark.parametrize(("raw", "code"), _CASES)
def test_a_bad_body_is_refused_as_an_array_of_one_error(ask, group, raw, code):
    answer = ask(group.pk, raw=raw)
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["errorCode"] == code
    assert error["message"]
    assert not Operation.objects.exists()


def test_an_unparsable_body_is_told_with_line_and_column(ask, group):
    [error] = ask(group.pk, raw=b'{"recipientsAction":\n x}').json()
    assert "line 2, column 2" in error["message"]


@pytest.mark.parametrize("version", ["v64.0", "64.0", "v68.0", "latest"])
def test_every_version_is_spoken(ask, group, version):
    path = f"/services/data/{version}/connect/comms-sales/recipient-group/{group.pk}/recipients"
    assert ask(group.pk, body("Add", []), path=path).status_code == 200
    assert ask(group.pk, body("Add", []), path=path + "/").status_code == 200


@pytest.mark.parametrize("version", ["v63.0", "v69.0", "64", "vlatest"])
def test_another_version_is_not_found(ask, group, version):
    path = f"/services/data/{version}/connect/comms-sales/recipient-group/{group.pk}/recipients"
    answer = ask(group.pk, body("Add", []), path=path)
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_an_unknown_resource_is_not_found_without_a_token(client):
    answer = client.get("/services/data/v64.0/connect/nothing")
    assert answer.status_code == 404
    assert answer.json() == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]


def test_both_schemes_are_equal_and_nothing_else_signs_in(ask, group, alice):
    for scheme in ("Bearer", "OAuth", "bearer"):
        headers = {"Authorization": f"{scheme} {token(alice)}"}
        assert ask(group.pk, body("Add", []), headers=headers).status_code == 200
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {token(alice)}"}):
        answer = ask(group.pk, body("Add", []), headers=headers)
        assert answer.status_code == 401
        assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"
        assert answer["WWW-Authenticate"]


def test_an_inactive_users_token_is_worth_nothing(ask, group, alice):
    alice.is_active = False
    alice.save()
    assert ask(group.pk, body("Add", [])).status_code == 401


def test_without_the_permission_it_is_403_whatever_the_body(ask, group, charlie, recipients):
    headers = {"Authorization": f"Bearer {token(charlie)}"}
    answer = ask(group.pk, raw=b"{", headers=headers)
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS"
    grant(charlie, "groups.change_recipientgroup")
    answer = ask(group.pk, body("Add", recipients), headers=headers)
    assert answer.json()["isSuccessful"] is True


def test_another_licensees_group_is_not_there(ask, group, bob, recipients):
    headers = {"Authorization": f"Bearer {token(bob)}"}
    foreign = ask(group.pk, body("Add", recipients), headers=headers)
    unknown = ask(Recipient().pk, body("Add", recipients), headers=headers)
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content)
    assert foreign.status_code == 404
    assert members(group) == set()


def test_a_path_without_an_id_is_an_invalid_id_field(ask):
    answer = ask("nonsense", body("Add", []))
    assert answer.status_code == 400
    assert answer.json()[0] == {
        "errorCode": "INVALID_ID_FIELD", "message": "Invalid identifier: nonsense",
    }  # fmt: skip


def test_only_patch_is_allowed_also_as_post(ask, client, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    path = f"{BASE}/recipient-group/{group.pk}/recipients"
    answer = client.get(path, headers=headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "PATCH"
    assert answer.json()[0] == {
        "errorCode": "METHOD_NOT_ALLOWED",
        "message": "HTTP Method 'GET' not allowed. Allowed are PATCH",
    }
    sent = json.dumps(body("Add", []))
    kwargs = {"content_type": "application/json", "headers": headers}
    assert client.post(path + "?_HttpMethod=PATCH", sent, **kwargs).status_code == 200
    assert client.post(path, sent, **kwargs).status_code == 405
    assert client.get(path).status_code == 401


def test_a_body_must_be_json_in_utf8(ask, group):
    for kind in (
        "text/plain",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
    ):
        answer = ask(group.pk, body("Add", []), content_type=kind)
        assert answer.status_code == 415
        assert answer.json()[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"
    kind = 'application/json; charset="UTF-8"'
    assert ask(group.pk, body("Add", []), content_type=kind).status_code == 200


def test_a_body_over_the_limit_is_413(ask, group, settings):
    settings.MAX_BODY_BYTES = 1000
    answer = ask(group.pk, raw=b" " * 1001)
    assert answer.status_code == 413
    assert answer.json()[0]["errorCode"] == "REQUEST_TOO_LARGE"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
def test_a_compressed_body_is_read(ask, group, recipients, encoding):
    plain = json.dumps(body("Add", recipients)).encode()
    packed = {
        "gzip": gzip.compress(plain), "deflate": zlib.compress(plain),
        "raw deflate": zlib.compress(plain)[2:-4],
    }[encoding]  # fmt: skip
    answer = ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING=encoding.split()[-1])
    assert answer.json()["statusMessage"] == "3 recipients added."


def test_a_gzip_bomb_stops_at_the_limit(ask, group, settings):
    settings.MAX_BODY_BYTES = 100_000
    packed = gzip.compress(b" " * 50_000_000)
    assert ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING="gzip").status_code == 413


@pytest.mark.parametrize(
    "packed",
    [b"nonsense", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") * 2],
    ids=["no gzip", "cut off", "two in one"],
)
def test_a_body_that_is_not_what_its_encoding_says_is_refused(ask, group, packed):
    answer = ask(group.pk, raw=packed, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_an_unknown_content_encoding_is_415(ask, group):
    answer = ask(group.pk, body("Add", []), HTTP_CONTENT_ENCODING="br")
    assert answer.status_code == 415


def test_who_asks_for_gzip_gets_gzip_and_pretty_is_pretty(ask, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}", "Accept-Encoding": "gzip"}
    answer = ask(group.pk, body("Add", []), headers=headers)
    assert answer["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content))["isSuccessful"] is True
    headers = {"Authorization": f"Bearer {token(alice)}", "X-PrettyPrint": "1"}
    assert b'\n  "isSuccessful": true' in ask(group.pk, body("Add", []), headers=headers).content


def test_messages_are_english_whatever_the_browser_prefers(ask, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}", "Accept-Language": "de"}
    told = ask(group.pk, body("Add", []), headers=headers).json()["statusMessage"]
    assert told == "0 recipients added."


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
    assert (entry.face, entry.user, entry.target_id) == ("connect", alice, group.pk)
    assert entry.client == "test client"
    assert len(entry.request_id) == 32
    change = operations.remove_recipients(group.pk, [], by=actor(alice))
    assert change.operation.touched == 0
    assert Operation.objects.count() == 1


# --- Discovery and limits -----------------------------------------------------------------


def test_versions_are_told_without_a_token(client):
    answer = client.get("/services/data")
    assert answer.json()[0] == {
        "label": "Summer '25", "url": "/services/data/v64.0", "version": "64.0",
    }  # fmt: skip
    assert [entry["version"] for entry in answer.json()] == [f"{n}.0" for n in range(64, 69)]
    assert answer["Sforce-Limit-Info"] == "api-usage=0/1000000"


def test_a_versions_resources_need_a_token(client, alice):
    assert client.get("/services/data/v64.0").status_code == 401
    answer = client.get("/services/data/v64.0/", headers={"Authorization": f"OAuth {token(alice)}"})
    assert answer.json()["connect"] == "/services/data/v64.0/connect"
    for path in answer.json().values():
        assert path.startswith("/services/data/v64.0/")


def test_every_answer_tells_the_use_and_the_limits_agree(ask, client, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    for used in (1, 2):
        answer = ask(group.pk, raw=b"{", headers=headers)
        assert answer["Sforce-Limit-Info"] == f"api-usage={used}/1000000"
    limits = client.get("/services/data/v64.0/limits", headers=headers).json()
    assert limits == {"DailyApiRequests": {"Max": 1_000_000, "Remaining": 999_997}}


def test_a_spent_allocation_is_403_and_changes_nothing(ask, group, recipients, settings):
    settings.DAILY_API_REQUESTS = 2
    for _ in range(2):
        assert ask(group.pk, body("Add", [])).status_code == 200
    answer = ask(group.pk, body("Add", recipients))
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert answer["Sforce-Limit-Info"] == "api-usage=2/2"
    assert members(group) == set()


def test_a_burst_is_429_and_says_when_to_try_again(ask, group, recipients, settings):
    settings.API_REQUESTS_A_SECOND = 1
    answers = [ask(group.pk, body("Add", [])) for _ in range(10)]
    [refused, *_more] = [answer for answer in answers if answer.status_code == 429]
    assert refused.json()[0]["errorCode"] == "REQUEST_RATE_EXCEEDED"
    assert refused["Retry-After"] == "1"


def test_what_is_counted_is_written_once_in_a_while(ask, group, alice, licensee):
    for _ in range(3):
        ask(group.pk, body("Add", []))
    assert not ApiUse.objects.exists()
    counts.flush()
    assert ApiUse.objects.get(licensee=licensee).calls == 3
    assert Client.objects.get(user=alice).last_used_at
