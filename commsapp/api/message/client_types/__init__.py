"""The types that clients call the operations with, each in its own language (contract 3.3)."""

from collections.abc import Callable, Iterable

from commsapp.api.message.client_types.csharp import csharp
from commsapp.api.message.client_types.python import python
from commsapp.api.message.client_types.typescript import typescript
from commsapp.api.message.operation import Operation

Render = Callable[[Iterable[Operation], str], str]  # the operations, the base URL

LANGUAGES: dict[str, Render] = {"csharp": csharp, "python": python, "typescript": typescript}
