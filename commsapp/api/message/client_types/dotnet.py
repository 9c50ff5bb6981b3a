"""Classes for ServiceStack's clients on .NET, in C#, Visual Basic and F#.

`ServiceStack.Client` has Authenticate and ResponseStatus itself. Guids are nullable: an absent one
is not the all-zero one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commsapp.api.message.client_types.layout import (
    Dto,
    dtos,
    member_attributes,
    options,
    quoted,
    type_in,
)
from commsapp.api.message.definition import GUID, Property
from commsapp.api.message.operation import Operation

_CSHARP_TYPES = {"string": "string", GUID: "Guid?", "bool": "bool", "int": "int"}
_NAMESPACE = "CommsApp.ServiceModel"
_IMPORTS = (
    "System",
    "System.Collections",
    "System.Collections.Generic",
    "System.Runtime.Serialization",
    "ServiceStack",
    "ServiceStack.DataAnnotations",
)


def csharp(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.cs`."""
    usings = "\n".join(f"using {name};" for name in (*_IMPORTS, _NAMESPACE))
    classes = "\n\n".join("\n".join(_csharp_class(dto)) for dto in dtos(operations))
    return f"/* {options(base)}\n*/\n\n{usings}\n\nnamespace {_NAMESPACE}\n{{\n{classes}\n}}\n"


def _csharp_class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"    ///<summary>\n    ///{dto.about}\n    ///</summary>"
        yield f"    [Api(Description={quoted(dto.about)})]"
    yield "    [DataContract]"
    if dto.response:
        yield f"    public partial class {dto.name}\n        : IReturn<{dto.response}>, IPost"
    else:
        yield f"    public partial class {dto.name}"
    yield "    {"
    lists = [member for member in dto.properties if member.is_list]
    if lists:
        yield f"        public {dto.name}()\n        {{"
        for member in lists:
            yield f"            {member.name} = new List<{member.type_name}>{{}};"
        yield "        }\n"
    for member in dto.properties:
        if member.description:
            yield f"        ///<summary>\n        ///{member.description}\n        ///</summary>"
        yield "        [DataMember]"
        yield f"        [ApiMember({_attributes(member)})]"
        kind = type_in(_CSHARP_TYPES, member, "List<{}>")
        yield f"        public virtual {kind} {member.name} {{ get; set; }}\n"
    yield "    }"


def _attributes(member: Property, sign: str = "=") -> str:
    return ", ".join(f"{name}{sign}{value}" for name, value in member_attributes(member))


# --- Visual Basic ---------------------------------------------------------------------------

_VBNET_TYPES = {"string": "String", GUID: "Nullable(Of Guid)", "bool": "Boolean", "int": "Integer"}


def vbnet(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.vb`."""
    header = "\n".join(f"' {line}" for line in options(base).splitlines())
    imports = "\n".join(f"Imports {name}" for name in (*_IMPORTS, _NAMESPACE))
    classes = "\n\n".join("\n".join(_vbnet_class(dto)) for dto in dtos(operations))
    return (
        f"{header}\n\n{imports}\n\nNamespace Global\n\n    Namespace {_NAMESPACE}\n\n"
        f"{classes}\n    End Namespace\nEnd Namespace\n"
    )


def _vbnet_class(dto: Dto) -> Iterator[str]:
    indent = " " * 8
    if dto.about:
        yield f"{indent}'''<Summary>\n{indent}'''{dto.about}\n{indent}'''</Summary>"
        yield f"{indent}<Api(Description:={_vb_quoted(quoted(dto.about))})>"
    yield f"{indent}<DataContract>\n{indent}Public Partial Class {dto.name}"
    if dto.response:
        yield f"{indent}    Implements IReturn(Of {dto.response})\n{indent}    Implements IPost"
    lists = [member for member in dto.properties if member.is_list]
    if lists:
        yield f"{indent}    Public Sub New()"
        for member in lists:
            yield f"{indent}        {member.name} = New List(Of {member.type_name})"
        yield f"{indent}    End Sub\n"
    indent += "    "
    for member in dto.properties:
        about = f"'''{member.description}"
        yield f"{indent}'''<Summary>\n{indent}{about}\n{indent}'''</Summary>"
        attributes = _vb_quoted(_attributes(member, ":="))
        yield f"{indent}<DataMember>\n{indent}<ApiMember({attributes})>"
        kind = type_in(_VBNET_TYPES, member, "List(Of {})")
        yield f"{indent}Public Overridable Property {member.name} As {kind}\n"
    yield " " * 8 + "End Class"


def _vb_quoted(text: str) -> str:
    return text.replace('\\"', '""')


# --- F# -------------------------------------------------------------------------------------

_FSHARP_TYPES = {
    "string": ("String", "null"),
    GUID: ("Nullable<Guid>", "new Nullable<Guid>()"),
    "bool": ("Boolean", "new Boolean()"),
    "int": ("Int32", "new Int32()"),
}


def fsharp(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.fs`."""
    opens = "\n".join(f"open {name}" for name in _IMPORTS)
    types = "\n\n".join("\n".join(_fsharp_type(dto)) for dto in dtos(operations))
    return f"(* {options(base)}\n*)\n\nnamespace {_NAMESPACE}\n\n{opens}\n\n{types}\n"


def _fsharp_type(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"    ///<summary>\n    ///{dto.about}\n    ///</summary>"
        yield f"    [<Api(Description={quoted(dto.about)})>]"
    yield f"    [<DataContract>]\n    [<AllowNullLiteral>]\n    type {dto.name}() ="
    if dto.response:
        yield f"        interface IReturn<{dto.response}>\n        interface IPost"
    for member in dto.properties:
        yield f"        ///<summary>\n        ///{member.description}\n        ///</summary>"
        yield f"        [<DataMember>]\n        [<ApiMember({_attributes(member)})>]"
        kind, value = _FSHARP_TYPES.get(member.type_name, (member.type_name, "null"))
        if member.is_list:
            kind, value = f"List<{kind}>", f"new List<{kind}>()"
        yield f"        member val {member.name}:{kind} = {value} with get,set\n"
