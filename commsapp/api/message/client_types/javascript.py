"""Classes for the `@servicestack/client` package of npm, in TypeScript and JavaScript."""

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
    for member in dto.properties:
        if member.description:
            lines += [
                f"    /** @description {member.description} */",
                f"    // {api_member(member)}",
            ]
        lines += [f"    public {camel(member.name)}?: {type_in(_TYPES, member, '{}[]')};", ""]
    init = f"init?: Partial<{dto.name}>"
    lines.append(f"    public constructor({init}) {{ (Object as any).assign(this, init); }}")
    if dto.response:
        lines += [
            f"    public getTypeName() {{ return '{dto.name}'; }}",
            "    public getMethod() { return 'POST'; }",
            f"    public createResponse() {{ return new {dto.response}(); }}",
        ]
    return "\n".join([*lines, "}", ""])


# --- JavaScript -----------------------------------------------------------------------------

_MJS_COMMON = """\
"use strict";
export class ResponseError {
    /** @param {{errorCode?:string,fieldName?:string,message?:string,meta?:{ [index:string]: string; }}} [init] */
    constructor(init) { Object.assign(this, init) }
    /** @type {string} */
    errorCode;
    /** @type {string} */
    fieldName;
    /** @type {string} */
    message;
    /** @type {{ [index:string]: string; }} */
    meta;
}
export class ResponseStatus {
    /** @param {{errorCode?:string,message?:string,stackTrace?:string,errors?:ResponseError[],meta?:{ [index:string]: string; }}} [init] */
    constructor(init) { Object.assign(this, init) }
    /** @type {string} */
    errorCode;
    /** @type {string} */
    message;
    /** @type {string} */
    stackTrace;
    /** @type {ResponseError[]} */
    errors;
    /** @type {{ [index:string]: string; }} */
    meta;
}
"""  # noqa: E501  (one line for each comment, as in every generated file)


def mjs(operations: Iterable[Operation], base: str) -> str:
    """Return the module in JavaScript, whose types are in comments of JSDoc."""
    classes = [_mjs_class(dto) for dto in (*authentication_dtos(), *dtos(operations))]
    return "\n".join([f"/* {options(base)}\n*/\n", f"{_MJS_COMMON}{''.join(classes)}"])


def _mjs_class(dto: Dto) -> str:
    types = {camel(member.name): type_in(_TYPES, member, "{}[]") for member in dto.properties}
    init = ",".join(f"{name}?:{kind}" for name, kind in types.items())
    lines = [
        f"export class {dto.name} {{",
        f"    /** @param {{{{{init}}}}} [init] */",
        "    constructor(init) { Object.assign(this, init) }",
    ]
    for member in dto.properties:
        name = camel(member.name)
        about = f"\n     * @description {member.description}" if member.description else ""
        comment = f"    /**\n     * @type {{{types[name]}}}{about} */" if about else ""
        lines += [comment or f"    /** @type {{{types[name]}}} */", f"    {name};"]
    if dto.response:
        lines += [
            f"    getTypeName() {{ return '{dto.name}' }}",
            "    getMethod() { return 'POST' }",
            f"    createResponse() {{ return new {dto.response}() }}",
        ]
    return "\n".join([*lines, "}", ""])
