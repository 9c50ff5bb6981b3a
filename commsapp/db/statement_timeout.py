"""How long PostgreSQL works on one statement of a request: the net under whatever is asked for.

A WSGI application does not see that a client has gone while it waits for the database, so this is
also what ends the work for one that has.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connections


def limit_statements() -> None:
    """Have PostgreSQL cancel each statement of this process after STATEMENT_SECONDS.

    Called where requests are served, before the first connection. Commands do not call it: a
    migration, an intake of many lines or a dump may take its time, and nobody waits for an answer.
    """
    database = connections.settings["default"]
    if database["ENGINE"].endswith("postgresql") and settings.STATEMENT_SECONDS:
        milliseconds = round(settings.STATEMENT_SECONDS * 1_000)
        options = database["OPTIONS"]
        options["options"] += f" -c statement_timeout={milliseconds}ms"
