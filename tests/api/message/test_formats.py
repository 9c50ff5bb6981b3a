"""How answers are written: JSON, JSON Lines, XML, CSV, and who decides which (contract 3.1)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commsapp.api.message.renderers import FORMATS
from contacts.models import ContactGroup

JSON, LINES, XML, CSV = (FORMATS[name].content_type() for name in ("json", "jsonl", "xml", "csv"))
OP = "reply/SaveContactGroup"


def test_the_types_are_those_of_the_contract():
    assert (JSON, LINES, XML, CSV) == (
        "application/json; charset=utf-8", "text/jsonl", "application/xml", "text/csv",
    )  # fmt: skip


# --- Who decides ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        # the path's
        (f"/json/{OP}", "", JSON),
        (f"/jsonl/{OP}", "", LINES),
        (f"/other/{OP}", "", LINES),
        (f"/xml/{OP}", "", XML),
        (f"/csv/{OP}", "", CSV),
        (f"/api/csv/{OP}/", "", CSV),
        ("/api/SaveContactGroup", "", JSON),
        # before it Accept, if it names exactly one known type
        (f"/json/{OP}", "application/xml", XML),
        (f"/csv/{OP}", "Application/JSON; q=0.1", JSON),
        (f"/json/{OP}", "text/html, text/jsonl, */*;q=0.8", LINES),
        (f"/xml/{OP}", "application/json, text/csv", XML),
        (f"/csv/{OP}", "*/*", CSV),
        (f"/xml/{OP}", "application/*", XML),
        ("/api/SaveContactGroup", "text/html, image/png", JSON),
        # before that the suffix
        (f"/json/{OP}.xml", "text/csv", XML),
        (f"/xml/{OP}.OTHER", "text/csv", LINES),
        ("/api/SaveContactGroup.csv", "application/json", CSV),
        ("/api/savecontactgroup.json/", "text/csv", JSON),
        # and first of all the query
        (f"/json/{OP}.csv?format=xml", "text/jsonl", XML),
        (f"/xml/{OP}?format=JSON", "", JSON),
        (f"/xml/{OP}?format=other", "", LINES),
        (f"/csv/{OP}.xml?format=yaml", "", XML),
        (f"/csv/{OP}?format=", "", CSV),
    ],
)
def test_the_format_is_of_the_first_that_names_one(ask, path, accept, kind):
    for body in (None, "{"):
        answer = ask(body, path, headers={**ask.headers, "Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (200 if body is None else 400, kind)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/json/{OP}[].xml?format=csv", JSON),
        (f"/xml/{OP}[].json?format=csv", XML),
        (f"/csv/{OP}[]?format=json", CSV),
        ("/api/SaveContactGroup[].xml?format=csv", JSON),
    ],
)
def test_of_a_batch_it_is_always_the_paths(ask, path, kind):
    for body in ([ask.body()], "{"):
        answer = ask(
            body if body == "{" else json.dumps(body), path,
            headers={**ask.headers, "Accept": "text/jsonl"},
        )  # fmt: skip
        assert answer["Content-Type"] == kind


@pytest.mark.parametrize(("name", "kind"), [("json", JSON), ("xml", XML), ("csv", CSV)])
def test_answer_to_an_empty_batch_has_the_type_of_the_path(ask, name, kind):
    answer = ask("[]", f"/{name}/reply/SaveContactGroup[]")
    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert answer["X-AutoBatch-Completed"] == "0"


# --- How it is written ------------------------------------------------------------------------


def test_xml_is_what_json_would_be(ask):
    root = ElementTree.fromstring(ask(path=f"/xml/{OP}").content)
    assert root.tag == "ResponseStatus"
    assert [child.tag for child in root] == ["Message", "Errors", "Meta"]
    assert root.find("Meta/Outcome").text == "Created"
    assert root.find("Meta/ObjectId").text == str(ContactGroup.objects.get().pk)
    assert len(root.find("Errors")) == 0


def test_an_error_in_xml_is_wrapped(ask):
    root = ElementTree.fromstring(ask("{}", f"/xml/{OP}").content)
    assert root.tag == "ErrorResponse"
    [status] = root
    assert (status.tag, status.find("ErrorCode").text) == ("ResponseStatus", "NotEmpty")
    errors = [(one.tag, one.find("FieldName").text) for one in status.find("Errors")]
    assert errors == [
        ("ResponseError", "SuiteDataSourceInstanceId"),
        ("ResponseError", "AlternateKey"),
        ("ResponseError", "ContactGroup"),
    ]


def test_xml_of_a_batch_is_an_array(ask):
    bodies = [ask.body(AlternateKey=key) for key in "AB"]
    root = ElementTree.fromstring(ask(json.dumps(bodies), f"/xml/{OP}[]").content)
    assert root.tag == "ArrayOfResponseStatus"
    assert [(one.tag, one.find("Meta/Outcome").text) for one in root] == [
        ("ResponseStatus", "Created")
    ] * 2


def test_xml_is_in_camel_case_where_json_is(ask):
    answer = ask("{}", "/api/SaveContactGroup.xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "errorResponse"
    assert root.find("responseStatus/errors/responseError/errorCode").text == "NotEmpty"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_well_formed_in_xml_and_what_it_can_carry_is_kept(text):
    root = ElementTree.fromstring(FORMATS["xml"].write({"Message": text, "Errors": []}))
    read = root.find("Message").text or ""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert len(read) == len(kept)
    assert all(was == is_ or is_ == "\ufffd" for was, is_ in zip(kept, read, strict=True))


def test_control_characters_that_a_client_sends_do_not_break_xml(ask):
    told = ask('{"\\u0001<&>": 1, "\\u0001<&>": 2}', f"/xml/{OP}")
    assert told.status_code == 400
    assert "\ufffd<&>" in ElementTree.fromstring(told.content).find("ResponseStatus/Message").text


def rows(answer):
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def test_csv_has_a_header_and_nested_values_as_json(ask):
    header, row = rows(ask(path=f"/csv/{OP}"))
    assert header == ["Message", "Errors", "Meta"]
    assert json.loads(row[1]) == []
    assert json.loads(row[2])["Outcome"] == "Created"


def test_csv_of_a_batch_has_one_header(ask):
    bodies = [ask.body(AlternateKey=key) for key in "AB"]
    answer = ask(json.dumps(bodies), f"/csv/{OP}[]")
    header, *others = rows(answer)
    assert [json.loads(row[header.index("Meta")])["Outcome"] for row in others] == ["Created"] * 2
    assert answer.content.count(b"\r\n") == 3


def test_an_error_in_csv_is_wrapped(ask):
    header, row = rows(ask("{}", f"/csv/{OP}"))
    assert header == ["ResponseStatus"]
    assert json.loads(row[0])["ErrorCode"] == "NotEmpty"


@given(st.lists(st.dictionaries(st.sampled_from(["A", "B", "C"]), st.text(), min_size=1)))
def test_csv_is_read_back_as_it_was(answers):
    written = FORMATS["csv"].write(answers).decode("utf-8", "strict")
    read = list(csv.DictReader(io.StringIO(written, newline="")))
    known = {name for answer in answers for name in answer}
    assert read == [{name: answer.get(name, "") for name in known} for answer in answers]


def test_json_lines_has_a_line_for_an_answer(ask):
    answer = ask(path=f"/jsonl/{OP}")
    assert answer.content.endswith(b"}\n")
    assert answer.content.count(b"\n") == 1


# --- The case of keys -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "is_camel"),
    [
        (f"/json/{OP}", False),
        (f"/api/json/{OP}", False),
        ("/api/SaveContactGroup", True),
        ("/api/SaveContactGroup.json", True),
        (f"/json/{OP}?jsconfig=eccn", True),
        (f"/json/{OP}?jsconfig=EmitCamelCaseNames,eccn:true", True),
        ("/api/SaveContactGroup?jsconfig=EPCN", False),
        (f"/json/{OP}?jsconfig=nonsense", False),
    ],
)
def test_the_path_decides_the_case_of_keys_and_jsconfig_flips_it(ask, path, is_camel):
    done, refused = ask(path=path).json(), ask("{}", path).json()
    assert ("message" in done, "Message" in done) == (is_camel, not is_camel)
    assert done["meta" if is_camel else "Meta"]["Outcome"] == "Created"
    assert ("responseStatus" in refused) == is_camel


def test_nulls_are_left_out_and_empty_lists_are_written(ask):
    answer = ask()
    assert set(answer.json()) == {"Message", "Errors", "Meta"}
    assert b'"Errors":[]' in answer.content
    assert b"null" not in answer.content


# --- Errors, whoever tells them ---------------------------------------------------------------

READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    JSON: json.loads,
    LINES: json.loads,
    XML: lambda content: {ElementTree.fromstring(content)[0].tag: {}},
    CSV: lambda content: next(csv.DictReader(io.StringIO(content.decode(), newline=""))),
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/JSON/{OP}", JSON),
        (f"/Xml/{OP}", XML),
        (f"/cSV/{OP}", CSV),
        (f"/API/json/{OP}".replace("API", "api"), JSON),
        ("/XML/Reply/Nothing", XML),
        ("/Other/reply/nothing", LINES),
        ("/xml/nothing/at/all", XML),
    ],
)
def test_every_error_is_wrapped_in_the_format_of_the_path(ask, path, kind, settings, monkeypatch):
    seen = set()

    def check(answer):
        assert answer["Content-Type"] == kind
        [name] = READERS[kind](answer.content)
        assert name == "ResponseStatus"
        seen.add(answer.status_code)

    check(ask("{", path))
    check(ask(path=path, headers={}))
    check(ask.client.get(path, headers=ask.headers))
    check(ask(path=path, headers={**ask.headers, "Content-Encoding": "br"}))
    check(ask(path=path, headers={**ask.headers, "Content-Encoding": "gzip"}))
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3
    check(ask(path=path))
    assert seen >= ({400, 401, 405, 413, 415} if "SaveContact" in path else {415})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [("Busy", 503, "ServiceUnavailable"), ("ZeroDivisionError", 500, "InternalError")],
)
@pytest.mark.parametrize("path", [f"/json/{OP}", f"/xml/{OP}", f"/csv/{OP}", f"/jsonl/{OP}"])
def test_what_goes_wrong_within_is_told_in_the_format_of_the_path(
    ask, monkeypatch, path, error, status, code
):
    from commsapp.core.audit import Busy
    from contacts.save_group import save

    def fail(*args, **more):
        raise {"Busy": Busy, "ZeroDivisionError": ZeroDivisionError}[error]

    monkeypatch.setattr(save, "load", fail)
    answer = ask(path=path)
    assert answer.status_code == status
    assert answer["Content-Type"] == FORMATS[path.split("/")[1]].content_type()
    assert code in answer.content.decode()
    assert ("Retry-After" in answer) == (status == 503)
    assert not ContactGroup.objects.exists()
