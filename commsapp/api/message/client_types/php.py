"""Classes for the `servicestack/client` package of Composer, which has ResponseStatus itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commsapp.api.message.client_types.layout import Dto, api_member, camel, dtos, options
from commsapp.api.message.definition import GUID, Property
from commsapp.api.message.operation import Operation

_TYPES = {"string": "string", GUID: "string", "bool": "bool", "int": "int"}
_USES = """\
use Exception;
use JsonSerializable;
use ServiceStack\\{IReturn,IPost};
use ServiceStack\\{ResponseStatus,ResponseError};
use ServiceStack\\{JsonConverters,Returns,TypeContext};
"""


def php(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.php`."""
    classes = "\n\n".join("\n".join(_class(dto)) for dto in dtos(operations))
    return f"<?php namespace dtos;\n/* {options(base)}\n*/\n\n{_USES}\n\n{classes}\n"


def _class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"/** @description {dto.about} */"
    yield "// @DataContract"
    if dto.response:
        yield f"#[Returns('{dto.response}')]"
    implements = "IReturn, IPost, JsonSerializable" if dto.response else "JsonSerializable"
    yield f"class {dto.name} implements {implements}\n{{\n    public function __construct("
    yield ",\n\n".join(_parameter(member) for member in dto.properties)
    yield "    ) {\n    }\n"
    yield "    /** @throws Exception */\n    public function fromMap($o): void {"
    for member in dto.properties:
        name = camel(member.name)
        value = _converted("from", member, f"$o['{name}']")
        yield f"        if (isset($o['{name}'])) $this->{name} = {value};"
    yield "    }\n"
    yield "    /** @throws Exception */\n    public function jsonSerialize(): mixed\n    {"
    yield "        $o = [];"
    for member in dto.properties:
        name = camel(member.name)
        value = _converted("to", member, f"$this->{name}")
        yield f"        if (isset($this->{name})) $o['{name}'] = {value};"
    yield "        return empty($o) ? new class(){} : $o;\n    }"
    if dto.response:
        yield f"    public function getTypeName(): string {{ return '{dto.name}'; }}"
        yield "    public function getMethod(): string { return 'POST'; }"
        yield f"    public function createResponse(): mixed {{ return new {dto.response}(); }}"
    yield "}"


def _parameter(member: Property) -> str:
    kind = _TYPES.get(member.type_name, member.type_name)
    documented, declared = (f"array<{kind}>", "array") if member.is_list else (kind, kind)
    return "\n".join(
        [
            f"        /** @description {member.description} */",
            f"        // {api_member(member)}",
            f"        /** @var {documented}|null */",
            f"        public ?{declared} ${camel(member.name)}=null",
        ]
    )


def _converted(direction: str, member: Property, value: str) -> str:
    if member.message is None:
        return value
    array = "Array" if member.is_list else ""
    return f"JsonConverters::{direction}{array}('{member.type_name}', {value})"
