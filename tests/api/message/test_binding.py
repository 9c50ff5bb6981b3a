"""From a client's JSON to the request of an operation, and everything that is refused."""

import io
import json
from uuid import UUID

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from commsapp.api.message import binding
from commsapp.api.message.binding import bind, bind_line
from commsapp.api.message.parsers import MessageJSONParser, UnreadableRequest, read_json
from commsapp.api.message.renderers import camel
from contacts.operations import SaveContactGroup

GUID = "0190a0b0-0000-7000-8000-00000000000A"
HEX = UUID(GUID).hex


def read(body, query=None):
    """Return the bound request, and the codes and fields of its faults of shape."""
    save = bind(SaveContactGroup, body, query or {})
    return save, [(refusal.code, refusal.field) for refusal in save.shape_faults]


def in_snake(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


@pytest.mark.parametrize(
    "spelled",
    [str, str.lower, str.upper, lambda name: name[0].lower() + name[1:], in_snake],
    ids=["pascal", "lower", "upper", "camel", "snake"],
)
def test_keys_are_taken_in_any_case(spelled):
    connection = {spelled("ContactId"): GUID, spelled("MarkAsDeleted"): True}
    group = {
        spelled("ContactGroupName"): "Customer",
        spelled("ContactConnections"): [connection],
    }
    save, unread = read({spelled("AlternateKey"): "K", spelled("ContactGroup"): group})
    assert unread == []
    assert save.alternate_key == "K"
    assert save.contact_group.contact_group_name == "Customer"
    [one] = save.contact_group.contact_connections
    assert (one.contact_id, one.mark_as_deleted) == (HEX, True)


def test_unknown_keys_are_ignored_and_null_is_absent():
    body = {"AlternateKey": None, "Whatever": {"deep": [1]}, "ContactGroup": {"Else": 1}}
    save, unread = read({**body, "ValidationErrors": "ignored", "SessionId": 7})
    assert unread == []
    assert save.alternate_key is None
    assert save.contact_group.contact_connections == ()


@pytest.mark.parametrize("text", [GUID, GUID.upper(), HEX, f"{{{GUID}}}", f"({GUID})"])
def test_a_guid_is_read_in_all_its_spellings(text):
    save, unread = read({"ObjectId": text})
    assert (save.object_id, unread) == (HEX, [])


def test_the_zero_guid_is_not_given():
    save, unread = read({"ObjectId": "0" * 8 + "-0000-0000-0000-" + "0" * 12})
    assert (save.object_id, unread) == (None, [])


@pytest.mark.parametrize(
    "value", ["", "x", GUID[:-1], f"urn:uuid:{GUID}", 1, True, 1.5, [GUID], {}]
)
def test_what_is_no_guid_is_refused(value):
    assert read({"ObjectId": value})[1] == [("InvalidGuid", "ObjectId")]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((text, True) for text in (True, "1", "t", "Y", "on", "TRUE", "true", 1)),
        *((text, False) for text in (False, "0", "F", "n", "off", "False", 0)),
    ],
    ids=repr,
)
def test_a_bool_is_also_read_from_words(value, meant):
    save, unread = read({"IgnoreHash": value})
    assert (save.ignore_hash, unread) == (meant, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"AlternateKey": 123}, "AlternateKey"),
        ({"AlternateKey": ["K"]}, "AlternateKey"),
        ({"AlternateKey": True}, "AlternateKey"),
        ({"IgnoreHash": "perhaps"}, "IgnoreHash"),
        ({"IgnoreHash": 2}, "IgnoreHash"),
        ({"IgnoreHash": 1.0}, "IgnoreHash"),
        ({"ContactGroup": "x"}, "ContactGroup"),
        ({"ContactGroup": []}, "ContactGroup"),
        ({"ContactGroup": {"ContactConnections": {}}}, "ContactGroup.ContactConnections"),
        ({"ContactGroup": {"ContactConnections": [1]}}, "ContactGroup.ContactConnections[0]"),
        ({"AlternateKey": "a", "alternateKey": "b"}, "AlternateKey"),
    ],
    ids=repr,
)
def test_what_is_of_another_type_is_refused(body, field):
    assert read(body)[1] == [("SerializationException", field)]


@pytest.mark.parametrize("index", [1.5, 2**31, -(2**31) - 1, 2**63, True, "1_000", "١", "", [1]])
def test_what_is_no_whole_number_is_refused(index):
    group = {"ContactConnections": [{"Index": index}]}
    field = "ContactGroup.ContactConnections[0].Index"
    assert read({"ContactGroup": group})[1] == [("SerializationException", field)]


def test_first_fault_of_each_property_of_the_request_is_reported_with_its_place():
    connections = [{"ContactId": GUID}, {"Index": "x", "RoleId": 1}, None]
    body = {"ObjectId": "x", "ContactGroup": {"ContactConnections": connections}, "IgnoreHash": 1}
    save, unread = read({**body, "AlternateKey": "K", "LicenseeId": "y"})
    assert {*unread} == {
        ("InvalidGuid", "ObjectId"),
        ("SerializationException", "ContactGroup.ContactConnections[1].Index"),
        ("InvalidGuid", "LicenseeId"),
    }
    assert (save.alternate_key, save.ignore_hash) == ("K", True)
    assert (save.object_id, save.licensee_id, save.contact_group) == (None, None, None)


def test_null_in_a_list_is_refused():
    body = {"ContactGroup": {"ContactConnections": [{"ContactId": GUID}, None]}}
    assert read(body)[1] == [("NotNull", "ContactGroup.ContactConnections[1]")]


def test_the_query_fills_what_the_body_left_out():
    query = {"licenseeid": GUID, "alternate_key": "Q", "ContactGroup": "x", "format": "json"}
    save, unread = read({"AlternateKey": "B"}, query)
    assert (save.licensee_id, save.alternate_key, unread) == (HEX, "B", [])
    assert read({"AlternateKey": None}, query)[0].alternate_key == "Q"
    assert read({}, {"AlternateKey": "a\0b"})[1] == [("SerializationException", "AlternateKey")]


# --- JSON -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1,]", "NaN", '{"a": Infinity}', "1e400", '{"a": 1, "a": 1}',
        '{"deep": {"a": 1, "\\u0061": 2}}', '"\\ud800"', '{"\\udfff": 1}', '"\\u0000"',
        '{"a\\u0000": 1}', '"\x00"', "[" * 100_000 + "]" * 100_000,
        '{"a":' * 1010 + '{"a":1,"a":1}' + "}" * 1010, "'a'", "{} {}",
    ],
    ids=lambda text: repr(text[:30]),
)  # fmt: skip
def test_what_is_no_strict_json_is_refused(text):
    with pytest.raises(UnreadableRequest):
        read_json(text.encode())


@pytest.mark.parametrize("body", [b"\xff", '{"a":"é"}'.encode("utf-16"), b"\xc0\x80"])
def test_what_is_not_utf_8_is_refused(body):
    with pytest.raises(UnreadableRequest):
        parse(body)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


@given(json_values)
def test_all_other_json_is_read_as_it_is(value):
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


def test_a_text_that_looks_like_a_key_is_none():
    assert read_json(b'{"a": "\\"a\\": \\"b\\":"}') == {"a": '"a": "b":'}
    assert read_json(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize("space", [" ", "\t", "\r", "  "])
def test_a_key_that_comes_again_behind_a_space_is_refused(space):
    for text in (f'{{"a"{space}: 1, "a": 1}}', f'{{"a": 1, "a"{space}: 1}}'):
        with pytest.raises(UnreadableRequest):
            read_json(text.encode())


# --- Lines ------------------------------------------------------------------------------------

guids = st.sampled_from(
    [GUID, GUID.lower(), HEX, "{" + GUID + "}", "0" * 32, "no guid", 7, None, "null"]
)
some_texts = st.sampled_from(["", " K ", "K: L", '"K":', "é", "\0", 1, None])
bools = st.sampled_from([True, False, "on", "F", 0, 2, None])


def objects(**values):
    """JSON objects of some of these, in some spelling; now and then something else."""
    spelled = st.sampled_from([str, str, camel, str.lower, in_snake])
    some = st.fixed_dictionaries({}, optional={**values, "Unknown": st.just({"deep": [1]})})
    written = st.builds(lambda spell, given: {spell(k): v for k, v in given.items()}, spelled, some)
    return st.one_of(written, written, written, st.just(7), st.none())


connections = objects(
    ContactId=guids, RoleAlternateKey=some_texts, Index=st.integers(-3, 3), MarkAsDeleted=bools
)
groups = objects(
    ContactGroupName=some_texts,
    GroupRoleId=guids,
    ContactConnections=st.lists(connections, max_size=3),
    MarkAsArchived=bools,
)
requests = objects(
    SuiteDataSourceInstanceId=guids,
    AlternateKey=some_texts,
    IgnoreHash=bools,
    ContactGroup=groups,
    ValidationErrors=st.just([]),
)


@given(requests)
def test_request_is_bound_alike_with_and_without_the_shortcut(request):
    """Bodies that msgspec converts as they are, and those that are normalized first."""
    if not isinstance(request, dict):
        return
    direct = bind(SaveContactGroup, request, {})
    normalized = bind(SaveContactGroup, {**request, "Unknown": 1}, {})
    assert values(direct) == values(normalized)
    assert direct.shape_faults == normalized.shape_faults


def values(save):
    """All values of a save that its operation reads, whatever class it was bound to."""
    content = save.contact_group
    return (
        save.suite_data_source_instance_id, save.alternate_key, save.object_id, save.licensee_id,
        save.ignore_hash, content and content.canonical_bytes(),
        content and [astuple(connection) for connection in content.contact_connections],
    )  # fmt: skip


@pytest.mark.parametrize("spelled", [str, camel], ids=["pascal", "camel"])
def test_documented_spelling_and_camel_case_are_not_normalized(spelled, monkeypatch):
    monkeypatch.delattr(binding, "_Normalizer")
    connection = {spelled("ContactId"): GUID, spelled("Index"): 1, spelled("MarkAsDeleted"): False}
    group = {spelled("ContactGroupName"): "N", spelled("ContactConnections"): [connection]}
    save, unread = read({spelled("ObjectId"): GUID, spelled("ContactGroup"): group})
    assert (save.object_id, unread) == (HEX, [])
    assert save.contact_group.contact_connections[0].contact_id == HEX


def test_spelling_does_not_change_the_content_hash():
    group = {"ContactGroupName": "N", "ContactConnections": [{"ContactId": GUID, "Index": 1}]}
    bodies = [
        {"ContactGroup": group},
        {"contactGroup": {"contactGroupName": "N", "contactConnections": [
            {"index": 1, "contactId": GUID.lower()},
        ]}},
        {"CONTACT_GROUP": {**group, "RoleAlternateKey": "", "MarkAsArchived": "off"}},
    ]  # fmt: skip
    hashes = {bind(SaveContactGroup, body, {}).content_hash(1) for body in bodies}
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"AlternateKey": "a", "AlternateKey": "b"}',
        '{"AlternateKey": "a:", "AlternateKey": "b\\u003a"}',
        '{"AlternateKey": "a:", "AlternateKey": "b\\u003A"}',
        '{"AlternateKey": null, "AlternateKey": "b"}',
        '{"ContactGroup": {"ContactGroupName": "a", "ContactGroupName": "a"}}',
        '{"ContactGroup": {"ContactConnections": [{"Index": 1}, {"Index": 2, "Index": 2}]}}',
        '{"contactGroup": {"contactConnections": [], "contactConnections": []}}',
    ],
)
def test_line_with_a_repeated_key_is_refused(text):
    [fault] = bind_line(SaveContactGroup, text.encode(), {}, 1).shape_faults
    assert (fault.code, "twice" in fault.message) == ("SerializationException", True)


@pytest.mark.parametrize("name", ["shape_faults", "line", "Line", "__dict__", "key", "ShapeFaults"])
def test_line_cannot_set_what_is_no_property(name):
    text = json.dumps({"AlternateKey": "K", name: "9", "ContactGroup": {name: 9}}).encode()
    save = bind_line(SaveContactGroup, text, {}, 3)
    assert (save.alternate_key, save.key, save.line, save.shape_faults) == ("K", "K", 3, ())
    assert save.contact_group.canonical_bytes() == SaveContactGroup().content.canonical_bytes()


def test_line_that_is_no_object_is_an_empty_request_with_a_fault():
    save = bind_line(SaveContactGroup, b"[]", {}, 3)
    assert (save.line, [fault.code for fault in save.shape_faults]) == (
        3, ["SerializationException"],
    )  # fmt: skip
    assert values(save) == values(SaveContactGroup())


def parse(body, path_format="json"):
    """Parse a body that was sent to a path of this format."""
    request = RequestFactory().post(f"/{path_format}/reply/SaveContactGroup")
    return MessageJSONParser().parse(io.BytesIO(body), None, {"request": request})


def test_body_on_the_path_of_json_lines_is_one_line():
    assert parse(b'\n{"a": 1}\r\n\n', "jsonl") == {"a": 1}
    with pytest.raises(UnreadableRequest):
        parse(b'{"a": 1}\n{"a": 2}\n', "jsonl")
    assert parse(b'{\n"a": 1\n}') == {"a": 1}
    assert parse(b"\xef\xbb\xbf{}") == parse(b" ", "jsonl") == {}
