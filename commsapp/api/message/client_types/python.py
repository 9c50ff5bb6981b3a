"""Data classes for the `servicestack` package of PyPI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commsapp.api.message.client_types.layout import Dto, api_member, dtos, options
from commsapp.api.message.definition import GUID, Property
from commsapp.api.message.operation import Operation

_TYPES = {
    "string": "Optional[str] = None",
    GUID: "Optional[str] = None",
    "bool": "bool = False",
    "int": "int = 0",
}
_IMPORTS = """\
from dataclasses import dataclass
from typing import List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import Authenticate, AuthenticateResponse, IPost, IReturn, ResponseStatus
"""


def python(operations: Iterable[Operation], base: str) -> str:
    """Return the module. The package has Authenticate itself."""
    return "\n\n".join([f'""" {options(base)}\n"""\n\n{_IMPORTS}', *map(_class, dtos(operations))])


def _class(dto: Dto) -> str:
    bases = f"(IReturn[{dto.response}], IPost)" if dto.response else ""
    lines = [
        "@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)",
        "@dataclass",
        f"class {dto.name}{bases}:",
        *([f'    """\n    {dto.about}\n    """\n'] if dto.about else []),
        "\n".join("\n".join(_property(member)) for member in dto.properties),
    ]
    return "\n".join(lines)


def _property(member: Property) -> Iterator[str]:
    yield f"    # {api_member(member)}"
    yield f"    {member.python_name}: {_type(member)}"
    yield f'    """\n    {member.description}\n    """\n' if member.description else ""


def _type(member: Property) -> str:
    if member.is_list:
        return f"Optional[List[{member.type_name}]] = None"
    return _TYPES.get(member.type_name, f"Optional[{member.type_name}] = None")
