"""The pages that tell people what an operation takes: as its document prints it."""

import html
import json
import re

import pytest

pytestmark = pytest.mark.django_db
PAGE = "/jsonl/metadata?op=SaveContactGroup"

# What the document prints: the parameters of its tables, and its sample. The texts of a
# RuleValidationResult it calls Guids, which its own sample belies.
TABLES = {
    "SaveContactGroup": [
        ("SuiteDataSourceInstanceId", "body", "Guid", "Yes"),
        ("AlternateKey", "body", "string", "Yes"),
        ("ObjectId", "body", "Guid", "No"),
        ("IgnoreHash", "body", "bool", "No"),
        ("ContactGroup", "body", "SubscriptionContactGroupModel", "Yes"),
        ("LicenseeId", "query", "Guid", "No"),
        ("SessionId", "query", "Guid", "No"),
    ],
    "ValidationErrorList": [
        ("ValidationErrors", "body", "List<RuleValidationResult>", "No"),
    ],
    "RuleValidationResult": [
        ("Message", "body", "string", "No"),
        ("Key", "body", "string", "No"),
        ("ErrorCode", "body", "string", "No"),
    ],
    "SubscriptionContactGroupModel": [
        ("ContactGroupName", "body", "string", "Yes"),
        ("GroupRoleId", "body", "Guid", "Yes"),
        ("RoleAlternateKey", "body", "string", "No"),
        (
            "ContactConnections",
            "body",
            "List<SubscriptionContactGroupConnectionModel>",
            "No",
        ),
        ("MarkAsDeleted", "body", "bool", "No"),
        ("MarkAsArchived", "body", "bool", "No"),
        ("MarkAsRestored", "body", "bool", "No"),
    ],
    "SubscriptionContactGroupConnectionModel": [
        ("Index", "body", "int", "No"),
        ("MarkAsDeleted", "body", "bool", "No"),
    ],
    "SubscriptionLinkContact": [
        ("ContactId", "body", "Guid", "No"),
        ("ContactAlternateKey", "body", "string", "No"),
        ("RoleId", "body", "Guid", "No"),
        ("RoleAlternateKey", "body", "string", "No"),
    ],
}
SAMPLE = """\
POST /jsonl/reply/SaveContactGroup HTTP/1.1
Host: testserver
Accept: text/jsonl
Content-Type: text/jsonl
Content-Length: length

{"AlternateKey":"String","IgnoreHash":false,"ContactGroup":{"ContactGroupName":"String",\
"RoleAlternateKey":"String","ContactConnections":[{"Index":0,"MarkAsDeleted":false,\
"ContactAlternateKey":"String","RoleAlternateKey":"String"}],"MarkAsDeleted":false,\
"MarkAsArchived":false,"MarkAsRestored":false},"ValidationErrors":[{"Message":"String",\
"Key":"String","ErrorCode":"String"}]}"""
ANSWER = """\
HTTP/1.1 200 OK
Content-Type: text/jsonl
Content-Length: length

{"ErrorCode":"String","Message":"String","StackTrace":"String","Errors":[{"ErrorCode":"String",\
"FieldName":"String","Message":"String","Meta":{"String":"String"}}],"Meta":{"String":"String"}}"""


def samples(page):
    return [
        html.unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code>", page, re.DOTALL)
    ]


def test_its_tables_are_those_of_the_document_in_their_order(client):
    page = client.get(PAGE).content.decode()
    tables = {}
    for name, table in re.findall(r"<h2[^>]*>(\w+) Parameters:</h2>(.*?)</table>", page, re.DOTALL):
        rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", table, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", row, re.DOTALL) for row in rows]
        tables[name] = [
            tuple(html.unescape(re.sub(r"<[^>]+>", "", text)) for text in row[:4]) for row in cells
        ]
    assert tables == TABLES
    assert [*tables] == [*TABLES]


def test_it_tells_what_each_is_for(client):
    page = html.unescape(client.get(PAGE).content.decode())
    for text in (
        "Inserts or Updates a contact group and its contact connections.",
        "Requires Authentication",
        "If ObjectId is known, the external system may pass this instead of the alternate key.",
        "1 would be the primary contact, 2 the secondary and so forth.",
        "To override the Content-type in your clients, use the HTTP Accept Header, append the "
        ".other suffix or ?format=other",
        "HTTP + OTHER",
    ):
        assert text in page
    assert "not currently implemented" not in page


def test_its_samples_are_those_of_the_document(client):
    request, answer, *_examples = samples(client.get(PAGE).content.decode())
    assert (request, answer) == (SAMPLE, ANSWER)


@pytest.mark.parametrize("name", ["json", "jsonl", "xml", "csv", "other"])
def test_each_format_has_its_own(client, name):
    answer = client.get(f"/{name}/metadata", {"op": "SaveContactGroup"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    request, _answer, *_examples = samples(answer.content.decode())
    path = "jsonl" if name == "other" else name
    assert request.startswith(f"POST /{path}/reply/SaveContactGroup HTTP/1.1\n")


@pytest.mark.parametrize("name", ["json", "jsonl", "xml", "csv"])
def test_what_it_shows_with_actual_values_is_what_happens(client, ask, name):
    """But for the ids, which are samples, so that the data source is not known."""
    page = client.get(f"/{name}/metadata?op=SaveContactGroup").content.decode()
    *_placeholders, request, answer = samples(page)
    head, body = request.split("\n\n", 1)
    path = head.split(" ")[1]
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    json.loads(body)
    told = ask(
        body, path, content_type=headers["Content-Type"],
        headers={**ask.headers, "Accept": headers["Accept"]},
    )  # fmt: skip
    assert told.status_code == 400
    assert b"SuiteDataSourceInstanceId" in told.content
    shown = re.search(r"Content-Type: (\S+)", answer)[1]
    assert told["Content-Type"].partition(";")[0] == shown


def test_the_list_leads_to_every_page_and_to_the_types(client):
    page = client.get("/metadata").content.decode()
    links = [html.unescape(link) for link in re.findall(r'<a href="([^"]+)"', page)]
    assert {*links} >= {
        "/json/metadata?op=SaveContactGroup", "/jsonl/metadata?op=SaveContactGroup",
        "/xml/metadata?op=SaveContactGroup", "/csv/metadata?op=SaveContactGroup",
        "/types/python", "/types/typescript",
    }  # fmt: skip
    assert [link for link in links if client.get(link).status_code != 200] == []


@pytest.mark.parametrize(
    "path",
    [
        "/metadata", "/metadata/", "/METADATA", "/json/metadata", "/json/metadata/",
        "/JSON/Metadata/?OP=savecontactgroup", "/types/python/", "/Types/Python",
    ],
)  # fmt: skip
def test_an_address_is_read_in_any_case_with_and_without_a_slash(client, path):
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/json/metadata?op=Nothing", "/xml/metadata/?op=", "/types/cobol", "/types/cobol/"]
)
def test_what_is_not_there_is_told_as_an_error_of_the_face(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"ResponseStatus" in answer.content
    assert b"NotFound" in answer.content


@pytest.mark.parametrize("path", ["/metadata", "/Metadata/", PAGE, "/types/python"])
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_they_are_only_to_be_read(client, path, verb):
    answer = client.generic(verb, path, "{}", content_type="application/json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert json.loads(answer.content)["ResponseStatus"]["ErrorCode"] == "MethodNotAllowed"


def test_they_speak_english_whatever_the_reader_likes(client):
    german = client.get(PAGE, headers={"Accept-Language": "de"})
    assert german.content == client.get(PAGE).content
