"""Classes for ServiceStack's client on the JVM, in Java and Kotlin.

`net.servicestack.client` has ResponseStatus itself.
"""

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
from commsapp.api.message.definition import GUID, Property
from commsapp.api.message.operation import Operation

_LIST = "ArrayList<{}>"
_PACKAGES = (
    "java.math.*",
    "java.util.*",
    "net.servicestack.client.*",
    "com.google.gson.annotations.*",
    "com.google.gson.reflect.*",
)


def _summary(text: str, indent: str) -> str:
    return f"{indent}/**\n{indent}* {text}\n{indent}*/"


# --- Java -----------------------------------------------------------------------------------

_JAVA_TYPES = {"string": "String", GUID: "String", "bool": "Boolean", "int": "Integer"}


def java(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.java`."""
    imports = "\n".join(f"import {package};" for package in _PACKAGES)
    classes = "\n\n".join("\n".join(_java_class(dto)) for dto in dtos(operations))
    return f"/* {options(base)}\n*/\n\n{imports}\n\npublic class dtos\n{{\n\n{classes}\n\n}}\n"


def _java_class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield _summary(dto.about, "    ")
        yield f"    @Api(Description={quoted(dto.about)})"
    implements = f" implements IReturn<{dto.response}>, IPost" if dto.response else ""
    yield f"    @DataContract\n    public static class {dto.name}{implements}\n    {{"
    for member in dto.properties:
        yield _summary(member.description, "        ")
        yield f"        @DataMember\n        {api_member(member)}"
        yield f"        public {type_in(_JAVA_TYPES, member, _LIST)} {camel(member.name)} = null;\n"
    for member in dto.properties:
        yield from _java_accessors(dto, member)
    if dto.response:
        yield f"        private static Object responseType = {dto.response}.class;"
        yield "        public Object getResponseType() { return responseType; }"
    yield "    }"


def _java_accessors(dto: Dto, member: Property) -> Iterator[str]:
    kind, field = type_in(_JAVA_TYPES, member, _LIST), camel(member.name)
    get = "is" if member.type_name == "bool" else "get"
    yield f"        public {kind} {get}{member.name}() {{ return {field}; }}"
    set_and_return = f"{{ this.{field} = value; return this; }}"
    yield f"        public {dto.name} set{member.name}({kind} value) {set_and_return}"


# --- Kotlin ---------------------------------------------------------------------------------

_KOTLIN_TYPES = {"string": "String", GUID: "String", "bool": "Boolean", "int": "Int"}


def kotlin(operations: Iterable[Operation], base: str) -> str:
    """Return the file `dtos.kt`."""
    imports = "\n".join(f"import {package}" for package in _PACKAGES)
    classes = "\n\n".join("\n".join(_kotlin_class(dto)) for dto in dtos(operations))
    return f"/* {options(base)}\n*/\n\n{imports}\n\n\n{classes}\n"


def _kotlin_class(dto: Dto) -> Iterator[str]:
    if dto.about:
        yield f"{_summary(dto.about, '')}\n@Api(Description={quoted(dto.about)})"
    implements = f" : IReturn<{dto.response}>, IPost" if dto.response else ""
    yield f"@DataContract\nopen class {dto.name}{implements}\n{{"
    for member in dto.properties:
        yield _summary(member.description, "    ")
        yield f"    @DataMember\n    {api_member(member)}"
        yield f"    open var {camel(member.name)}:{type_in(_KOTLIN_TYPES, member, _LIST)}? = null\n"
    if dto.response:
        yield f"    companion object {{ private val responseType = {dto.response}::class.java }}"
        yield f"    override fun getResponseType(): Any? = {dto.name}.responseType"
    yield "}"
