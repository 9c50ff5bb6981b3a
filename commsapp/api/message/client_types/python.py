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
        "\n".join("\n".join(_property(each)) for each in dto.properties),
    ]
    return "\n".join(lines)


def _property(each: Property) -> Iterator[str]:
    yield f"    # {api_member(each)}"
    yield f"    {each.python_name}: {_type(each)}"
    yield f'    """\n    {each.description}\n    """\n' if each.description else ""


def _type(each: Property) -> str:
    if each.is_list:
        return f"Optional[List[{each.type_name}]] = None"
    return _TYPES.get(each.type_name, f"Optional[{each.type_name}] = None")
