"""The types for clients. That the clients for Python and TypeScript run them: tests/clients."""

import ast

import pytest

from commsapp.api.message.client_types import LANGUAGES
from commsapp.api.message.definition import describe
from contacts.operations import SaveContactGroup

pytestmark = pytest.mark.django_db


def read(client, language):
    answer = client.get(f"/types/{language}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    return answer.content.decode()


def test_python_classes_are_declared_as_the_clients_generator_declares_them(client):
    text = read(client, "python")
    assert text.startswith('""" Options:\nDate: ')
    assert "\nBaseUrl: http://testserver\n" in text
    assert (
        "@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)\n"
        "@dataclass\n"
        "class SaveContactGroup(IReturn[ResponseStatus], IPost):\n"
    ) in text
    classes = {part.name: part for part in ast.parse(text).body if isinstance(part, ast.ClassDef)}
    assert [*classes] == [
        "SubscriptionContactGroupConnectionModel", "SubscriptionContactGroupModel",
        "RuleValidationResult", "SaveContactGroup",
    ]  # fmt: skip
    fields = [ast.unparse(part.target) for part in classes["SaveContactGroup"].body
              if isinstance(part, ast.AnnAssign)]  # fmt: skip
    assert fields == [
        "suite_data_source_instance_id", "alternate_key", "object_id", "ignore_hash",
        "contact_group", "licensee_id", "validation_errors",
    ]  # fmt: skip


def test_typescript_classes_are_declared_as_the_clients_generator_declares_them(client):
    text = read(client, "typescript")
    assert text.startswith("/* Options:\nDate: ")
    assert "export class SaveContactGroup implements IReturn<ResponseStatus>, IPost\n{" in text
    for method in (
        "public constructor(init?: Partial<SaveContactGroup>) "
        "{ (Object as any).assign(this, init); }",
        "public getTypeName() { return 'SaveContactGroup'; }",
        "public getMethod() { return 'POST'; }",
        "public createResponse() { return new ResponseStatus(); }",
    ):
        assert f"    {method}\n" in text
    assert "public contactConnections?: SubscriptionContactGroupConnectionModel[];" in text


def test_what_is_of_the_query_alone_is_not_among_them(client):
    assert "session_id" not in read(client, "python")
    request = read(client, "typescript").partition("export class SaveContactGroup ")[2]
    assert "sessionId" not in request


def test_to_sign_in_takes_a_class_only_where_the_client_has_none_of_its_own(client):
    python = read(client, "python")
    assert "from servicestack import Authenticate, AuthenticateResponse, " in python
    assert "class Authenticate" not in python
    text = read(client, "typescript")
    assert "export class Authenticate implements IReturn<AuthenticateResponse>, IPost\n" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_name_the_server_that_clients_are_to_ask(client, settings, language):
    settings.PUBLIC_URL = "https://commsapp.example"
    assert "BaseUrl: https://commsapp.example\n" in read(client, language)


def test_csharp_classes_are_declared_as_the_clients_generator_declares_them(client):
    text = read(client, "csharp")
    assert text.startswith("/* Options:\nDate: ")
    assert text.count("{") == text.count("}")
    assert (
        "    [DataContract]\n"
        "    public partial class SaveContactGroup\n"
        "        : IReturn<ResponseStatus>, IPost\n"
        "    {\n"
    ) in text
    for declared in (
        "Guid? SuiteDataSourceInstanceId",
        "string AlternateKey",
        "bool IgnoreHash",
        "int Index",
        "SubscriptionContactGroupModel ContactGroup",
        "List<SubscriptionContactGroupConnectionModel> ContactConnections",
    ):
        assert f"public virtual {declared} {{ get; set; }}\n" in text
    member = '[ApiMember(DataType="Guid", Description="The data source\'s licensee.", '
    assert f'{member}Name="LicenseeId", ParameterType="query")]' in text
    assert "SessionId" not in text
    assert "class ResponseStatus" not in text


# How each language declares the request and two of its properties.
DECLARED = {
    "csharp": (
        "class SaveContactGroup\n        : IReturn<ResponseStatus>, IPost",
        "Guid? ObjectId",
    ),
    "fsharp": ("interface IReturn<ResponseStatus>", "member val ObjectId:Nullable<Guid>"),
    "java": ("class SaveContactGroup implements IReturn<ResponseStatus>, IPost", "String objectId"),
    "kotlin": ("open class SaveContactGroup : IReturn<ResponseStatus>, IPost", "objectId:String?"),
    "mjs": ("export class SaveContactGroup {", "    objectId;"),
    "php": ("SaveContactGroup implements IReturn, IPost, JsonSerializable", "$objectId=null"),
    "python": (
        "class SaveContactGroup(IReturn[ResponseStatus], IPost):",
        "object_id: Optional[str]",
    ),
    "swift": ("public class SaveContactGroup : IReturn, IPost, Codable", "objectId:String?"),
    "typescript": (
        "class SaveContactGroup implements IReturn<ResponseStatus>",
        "objectId?: string",
    ),
    "vbnet": ("Implements IReturn(Of ResponseStatus)", "Property ObjectId As Nullable(Of Guid)"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_declares_all_messages_and_their_properties(client, language):
    text = read(client, language)
    for declaration in DECLARED[language]:
        assert declaration in text
    for opening, closing in ("{}", "()"):
        assert text.count(opening) == text.count(closing)
    names = text.replace("_", "").lower()
    for message in (describe(SaveContactGroup), *describe(SaveContactGroup).nested):
        assert message.name in text
        for member in message.properties:
            assert not member.in_body or member.name.lower() in names, member.name


def test_unknown_language_is_not_found(client):
    response = client.get("/types/cobol")
    assert response.status_code == 404
    assert "csharp" in response.json()["ResponseStatus"]["Message"]
