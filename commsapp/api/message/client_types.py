"""The types that clients call the operations with, in their own language (contract 3.3).

They are laid out as ServiceStack's "Add ServiceStack Reference" lays them out, so that its clients
for Python and TypeScript take them as they are. All is made of the operations' one definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from commsapp.api.message.authenticate import AUTHENTICATE
from commsapp.api.message.operation import ListOf, Model, Operation, Property, Scalar

Render = Callable[[Iterable[Operation], str], str]  # what is there, at which base URL


def _models(operations: Iterable[Operation]) -> list[Model]:
    """All models that the requests hold, each once, in an order in which they can be declared."""
    found = {model.name: model for operation in operations for model in operation.request.nested}
    return [*found.values()]


def _properties(model: Model) -> list[Property]:
    return [each for each in model.properties if each.in_body]


def _member(each: Property) -> str:
    """What the document says of a property, as the clients' generators note it."""
    told = [f'DataType="{data_type(each)}"']
    told += [f'Description="{_in_quotes(each.about)}"'] if each.about else []
    told += ["IsRequired=true"] if each.is_required else []
    told += [f'Name="{each.name}"', f'ParameterType="{place_of(each)}"']
    return f"@ApiMember({', '.join(told)})"


def data_type(each: Property) -> str:
    """A property's type by the name that the documents call it: `List<…>` of a model."""
    if isinstance(each.type, ListOf):
        return f"List<{each.type.item.name}>"
    return each.type.value if isinstance(each.type, Scalar) else each.type.name


def place_of(each: Property) -> str:
    """Where a parameter is sent, as the documents say it."""
    return "query" if each.in_query else "body"


def _in_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _options(base: str) -> str:
    """What the clients' tools look for in a file, to bring it up to date."""
    now = datetime.now(UTC)
    return f"Options:\nDate: {now:%Y-%m-%d %H:%M:%S}\nBaseUrl: {base}"


# --- Python -----------------------------------------------------------------------------------

_PYTHON_TYPES = {
    Scalar.TEXT: "Optional[str] = None",
    Scalar.GUID: "Optional[str] = None",
    Scalar.BOOL: "bool = False",
    Scalar.INT: "int = 0",
}
_PYTHON_IMPORTS = """\
from dataclasses import dataclass
from typing import List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import Authenticate, AuthenticateResponse, IPost, IReturn, ResponseStatus
"""


def python(operations: Iterable[Operation], base: str) -> str:
    """Data classes for the `servicestack` package of PyPI."""
    operations = list(operations)
    parts = [f'""" {_options(base)}\n"""\n\n{_PYTHON_IMPORTS}']
    parts += [_python_class(model, model.name) for model in _models(operations)]
    for operation in operations:
        declared = f"{operation.name}(IReturn[ResponseStatus], IPost)"
        parts.append(_python_class(operation.request, declared, operation.about))
    return "\n\n".join(parts)


def _python_class(model: Model, declared: str, about: str = "") -> str:
    lines = [
        "@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)",
        "@dataclass",
        f"class {declared}:",
        *([f'    """\n    {about}\n    """\n'] if about else []),
        "\n".join("\n".join(_python_property(each)) for each in _properties(model)),
    ]
    return "\n".join(lines)


def _python_property(each: Property) -> Iterator[str]:
    yield f"    # {_member(each)}"
    yield f"    {each.python_name}: {_python_type(each)}"
    yield f'    """\n    {each.about}\n    """\n' if each.about else ""


def _python_type(each: Property) -> str:
    if isinstance(each.type, Scalar):
        return _PYTHON_TYPES[each.type]
    if isinstance(each.type, ListOf):
        return f"Optional[List[{each.type.item.name}]] = None"
    return f"Optional[{each.type.name}] = None"


# --- TypeScript -------------------------------------------------------------------------------

_TYPESCRIPT_TYPES = {
    Scalar.TEXT: "string",
    Scalar.GUID: "string",
    Scalar.BOOL: "boolean",
    Scalar.INT: "number",
}
# What every generated file has; optional all, so that it passes where undefined is looked for.
_TYPESCRIPT_OWN = """\
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


# The client for Python has these of its own, that for TypeScript has not.
_AUTHENTICATED = Model(
    "AuthenticateResponse",
    tuple(
        Property(name, Scalar.TEXT)
        for name in ("UserId", "SessionId", "UserName", "DisplayName", "BearerToken")
    ),
)


def typescript(operations: Iterable[Operation], base: str) -> str:
    """Classes for the `@servicestack/client` package of npm."""
    operations = list(operations)
    options = f"{_options(base)}\n\nMakePropertiesOptional: True"
    parts = [f"/* {options}\n*/\n", _TYPESCRIPT_OWN]
    parts += [_typescript_class(model) for model in (_AUTHENTICATED, *_models(operations))]
    about = "Signs in: the session is in a cookie, which the client keeps."
    parts.append(_typescript_request(AUTHENTICATE, about, _AUTHENTICATED.name))
    parts += [_typescript_request(operation.request, operation.about) for operation in operations]
    return "\n".join(parts)


def _typescript_request(model: Model, about: str, answer: str = "ResponseStatus") -> str:
    methods = (
        f"public getTypeName() {{ return '{model.name}'; }}",
        "public getMethod() { return 'POST'; }",
        f"public createResponse() {{ return new {answer}(); }}",
    )
    declared = _typescript_class(model, f" implements IReturn<{answer}>, IPost", methods)
    return f"/** @description {about} */\n{declared}"


def _typescript_class(model: Model, implements: str = "", methods: Iterable[str] = ()) -> str:
    lines = [f"export class {model.name}{implements}", "{"]
    for each in _properties(model):
        lines += [f"    /** @description {each.about} */"] if each.about else []
        lines += [f"    // {_member(each)}"] if each.about else []
        lines += [f"    public {_typescript_property(each)};", ""]
    init = f"init?: Partial<{model.name}>"
    lines.append(f"    public constructor({init}) {{ (Object as any).assign(this, init); }}")
    lines += [f"    {method}" for method in methods]
    return "\n".join([*lines, "}", ""])


def _typescript_property(each: Property) -> str:
    kind = each.type
    if isinstance(kind, Scalar):
        told = _TYPESCRIPT_TYPES[kind]
    else:
        told = f"{kind.item.name}[]" if isinstance(kind, ListOf) else kind.name
    return f"{each.name[:1].lower()}{each.name[1:]}?: {told}"


LANGUAGES: dict[str, Render] = {"python": python, "typescript": typescript}
