"""The types that clients call the operations with, each in its own language (contract 3.3)."""

from collections.abc import Callable, Iterable

from commsapp.api.message.client_types.dotnet import csharp, fsharp, vbnet
from commsapp.api.message.client_types.javascript import mjs, typescript
from commsapp.api.message.client_types.jvm import java, kotlin
from commsapp.api.message.client_types.php import php
from commsapp.api.message.client_types.python import python
from commsapp.api.message.client_types.swift import swift
from commsapp.api.message.operation import Operation

Render = Callable[[Iterable[Operation], str], str]  # the operations, the base URL

LANGUAGES: dict[str, Render] = {
    "csharp": csharp,
    "fsharp": fsharp,
    "java": java,
    "kotlin": kotlin,
    "mjs": mjs,
    "php": php,
    "python": python,
    "swift": swift,
    "typescript": typescript,
    "vbnet": vbnet,
}
