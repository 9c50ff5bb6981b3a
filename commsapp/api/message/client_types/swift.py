"""Classes for ServiceStack's client in Swift, which has ResponseStatus itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commsapp.api.message.client_types.layout import (
    Dto,
    api_member,
    camel,
    dtos,
    options,
    quoted,
    type_in,
)
from commsapp.api.message.definition import GUID
from commsapp.api.message.operation import Operation

_TYPES = {"string": "String", GUID: "String", "bool": "Bool", "int": "Int"}


def swift(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.swift`."""
    classes = "\n\n".join("\n".join(_class(dto)) for dto in dtos(operations))
    return f"/* {options(base)}\n*/\n\nimport Foundation\nimport ServiceStack\n\n{classes}\n"


def _class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"/**\n* {dto.about}\n*/\n// @Api(Description={quoted(dto.about)})"
    yield "// @DataContract"
    yield f"public class {dto.name} : {'IReturn, IPost, ' if dto.response else ''}Codable\n{{"
    if dto.response:
        yield f"    public typealias Return = {dto.response}\n"
    for member in dto.properties:
        yield f"    /**\n    * {member.description}\n    */\n    // @DataMember"
        yield f"    // {api_member(member)}"
        yield f"    public var {camel(member.name)}:{type_in(_TYPES, member, '[{}]')}?\n"
    yield "    required public init(){}\n}"
