"""The request that this thread answers, or the command that it runs: who asks, and from where."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Source:
    """Where a change comes from."""

    channel: str = "command"
    request_id: str = ""
    address: str = ""
    client: str = ""  # of a command: its name; an API client is named by the request's actor
    request: Any = field(default=None, repr=False)

    @property
    def actor(self) -> Any:
        """The Actor of an API or of the staff site, as far as somebody has asked for it."""
        state = getattr(self.request, "__dict__", {})
        staff = state.get("_staff_state")
        return state.get("_actor") or (staff and staff.actor)

    @property
    def user(self) -> Any:
        """The user who is signed in, without asking the database; None if that is not known."""
        if self.actor is not None:
            return self.actor.user
        user = getattr(self.request, "_cached_user", None)  # of Django's session
        return user if getattr(user, "is_authenticated", False) else None


_current: ContextVar[Source] = ContextVar("current_request", default=Source())  # noqa: B039


def current() -> Source:
    return _current.get()


def bind(source: Source) -> None:
    """Say where the changes of this thread come from, until `clear()`."""
    _current.set(source)


def clear(**_signal: Any) -> None:
    _current.set(Source())


def bind_command(arguments: list[str]) -> None:
    """Say that a command of manage.py runs in this process."""
    name = arguments[1] if len(arguments) > 1 else ""
    bind(Source(client=f"manage.py {name}".strip()))


def context() -> dict[str, Any]:
    """Return what a log line says of the current request; empty outside of one."""
    source = current()
    if not source.request_id:
        return {}
    found: dict[str, Any] = {"request_id": source.request_id, "address": source.address}
    if source.user is not None:
        found |= {"user": source.user.get_username(), "user_id": str(source.user.pk)}
    if source.actor is not None and source.actor.client:
        found["client"] = source.actor.client
    return found
