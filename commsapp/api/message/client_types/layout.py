"""What the clients' types of all languages have in common (contract 3.3).

Source: ServiceStack's "Add ServiceStack Reference", whose generated files its clients expect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from commsapp.api.message.authenticate import Authenticate, AuthenticateResponse
from commsapp.api.message.definition import GUID, Description, Property, describe
from commsapp.api.message.operation import Operation

SCALARS = ("string", GUID, "bool", "int")
AUTHENTICATE_ABOUT = "Signs in: the session is in a cookie, which the client keeps."


@dataclass(frozen=True)
class Dto:
    """A class to declare. A request has a `response`, by its name, and an `about`."""

    message: Description
    response: str = ""
    about: str = ""

    @property
    def name(self) -> str:
        return self.message.name

    @property
    def properties(self) -> Sequence[Property]:
        """The properties that a client sends with the body or in its place."""
        return [member for member in self.message.properties if member.in_body]


def dtos(operations: Iterable[Operation]) -> list[Dto]:
    """Return the messages and the requests, in an order in which they can be declared."""
    operations = list(operations)
    nested = dict.fromkeys(
        inner for operation in operations for inner in describe(operation.request).nested
    )
    requests = [
        Dto(describe(operation.request), "ResponseStatus", operation.about)
        for operation in operations
    ]
    return [*map(Dto, nested), *requests]


def authentication_dtos() -> list[Dto]:
    """Return those of Authenticate, for clients that have no such classes of their own."""
    response = Dto(describe(AuthenticateResponse))
    return [response, Dto(describe(Authenticate), response.name, AUTHENTICATE_ABOUT)]


def type_in(types: Mapping[str, str], member: Property, list_of: str) -> str:
    """Return the name of a property's type in a language whose scalars are `types`."""
    name = types.get(member.type_name, member.type_name)
    return list_of.format(name) if member.is_list else name


def member_attributes(member: Property) -> list[tuple[str, str]]:
    """Return what the document says of a property, as ServiceStack's `ApiMember` notes it."""
    attributes = [("DataType", quoted(member.data_type))]
    if member.description:
        attributes.append(("Description", quoted(member.description)))
    if member.is_required:
        attributes.append(("IsRequired", "true"))
    return [*attributes, ("Name", quoted(member.name)), ("ParameterType", quoted(member.place))]


def api_member(member: Property) -> str:
    """Return `@ApiMember(…)`, as most languages write it, be it in a comment."""
    attributes = ", ".join(f"{name}={value}" for name, value in member_attributes(member))
    return f"@ApiMember({attributes})"


def quoted(text: str) -> str:
    """Return a string literal of C and its descendants."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def options(base: str) -> str:
    """Return the lines that the clients' tools look for in a file, to bring it up to date."""
    now = datetime.now(UTC)
    return f"Options:\nDate: {now:%Y-%m-%d %H:%M:%S}\nBaseUrl: {base}"
