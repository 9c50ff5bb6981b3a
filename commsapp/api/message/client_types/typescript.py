"""Classes for the `@servicestack/client` package of npm."""

from __future__ import annotations

from collections.abc import Iterable

from commsapp.api.message.client_types.layout import (
    Dto,
    api_member,
    authentication_dtos,
    camel,
    dtos,
    options,
    type_in,
)
from commsapp.api.message.definition import GUID
from commsapp.api.message.operation import Operation

_TYPES = {"string": "string", GUID: "string", "bool": "boolean", "int": "number"}
# The classes of every generated file; all properties are optional, so that strict compilers pass.
_COMMON = """\
export interface IReturn<T>
{
    createResponse(): T;
}

export interface IPost
{
}

// @DataContract
export class ResponseError
{
    public errorCode?: string;
    public fieldName?: string;
    public message?: string;
    public meta?: { [index: string]: string; };

    public constructor(init?: Partial<ResponseError>) { (Object as any).assign(this, init); }
}

// @DataContract
export class ResponseStatus
{
    public errorCode?: string;
    public message?: string;
    public stackTrace?: string;
    public errors?: ResponseError[];
    public meta?: { [index: string]: string; };

    public constructor(init?: Partial<ResponseStatus>) { (Object as any).assign(this, init); }
}
"""


def typescript(operations: Iterable[Operation], base: str) -> str:
    """Return the module."""
    header = f"/* {options(base)}\n\nMakePropertiesOptional: True\n*/\n"
    classes = [_class(dto) for dto in (*authentication_dtos(), *dtos(operations))]
    return "\n".join([header, _COMMON, *classes])


def _class(dto: Dto) -> str:
    lines = [f"/** @description {dto.about} */"] if dto.about else []
    implements = f" implements IReturn<{dto.response}>, IPost" if dto.response else ""
    lines += [f"export class {dto.name}{implements}", "{"]
    for each in dto.properties:
        if each.description:
            lines += [f"    /** @description {each.description} */", f"    // {api_member(each)}"]
        lines += [f"    public {camel(each.name)}?: {type_in(_TYPES, each, '{}[]')};", ""]
    init = f"init?: Partial<{dto.name}>"
    lines.append(f"    public constructor({init}) {{ (Object as any).assign(this, init); }}")
    if dto.response:
        lines += [
            f"    public getTypeName() {{ return '{dto.name}'; }}",
            "    public getMethod() { return 'POST'; }",
            f"    public createResponse() {{ return new {dto.response}(); }}",
        ]
    return "\n".join([*lines, "}", ""])
