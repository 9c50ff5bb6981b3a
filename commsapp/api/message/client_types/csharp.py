"""Classes for ServiceStack's clients on .NET, in C#.

`ServiceStack.Client` has Authenticate and ResponseStatus itself.
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
from commsapp.api.message.definition import GUID
from commsapp.api.message.operation import Operation

_TYPES = {"string": "string", GUID: "Guid?", "bool": "bool", "int": "int"}
_NAMESPACE = "CommsApp.ServiceModel"
_USINGS = (
    "System",
    "System.Collections",
    "System.Collections.Generic",
    "System.Runtime.Serialization",
    "ServiceStack",
    "ServiceStack.DataAnnotations",
)


def csharp(operations: Iterable[Operation], base: str) -> str:
    """Return the file. Guids are nullable: an absent one is not the all-zero one."""
    usings = "\n".join(f"using {name};" for name in (*_USINGS, _NAMESPACE))
    classes = "\n\n".join("\n".join(_class(dto)) for dto in dtos(operations))
    return f"/* {options(base)}\n*/\n\n{usings}\n\nnamespace {_NAMESPACE}\n{{\n{classes}\n}}\n"


def _class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"    ///<summary>\n    ///{dto.about}\n    ///</summary>"
        yield f"    [Api(Description={quoted(dto.about)})]"
    yield "    [DataContract]"
    if dto.response:
        yield f"    public partial class {dto.name}\n        : IReturn<{dto.response}>, IPost"
    else:
        yield f"    public partial class {dto.name}"
    yield "    {"
    lists = [each for each in dto.properties if each.is_list]
    if lists:
        yield f"        public {dto.name}()\n        {{"
        for each in lists:
            yield f"            {each.name} = new List<{each.type_name}>{{}};"
        yield "        }\n"
    for each in dto.properties:
        if each.description:
            yield f"        ///<summary>\n        ///{each.description}\n        ///</summary>"
        attributes = ", ".join(f"{name}={value}" for name, value in member_attributes(each))
        yield "        [DataMember]"
        yield f"        [ApiMember({attributes})]"
        kind = type_in(_TYPES, each, "List<{}>")
        yield f"        public virtual {kind} {each.name} {{ get; set; }}\n"
    yield "    }"
