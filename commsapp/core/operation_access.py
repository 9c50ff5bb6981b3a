"""How much of an operation somebody may read: of the records that it names as much as of those
records themselves. Whoever may see operations sees of each who did what kind of change, when and
through what; names, sentences and values take the right to see the record, too."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps

from commsapp.core import audit
from commsapp.core.actors import Actor, may_read
from commsapp.models import Operation, Record


def redact(operations: Iterable[Operation], by: Actor) -> None:
    """Leave out of operations, in memory, what the actor may not read of the records behind them:
    name and values of the changed one; and the sentence, if that may name any. An undo that is
    loaded with its operation, or the other way round, is redacted, too."""
    for operation in operations:
        related = operation._state.fields_cache.values()
        for each in (operation, *(entry for entry in related if isinstance(entry, Operation))):
            _redact(each, by)


def _redact(operation: Operation, by: Actor) -> None:
    is_target_hidden = not _may_read_label(by, operation.target_type)
    if is_target_hidden:
        operation.target_name, operation.effects, operation.is_target_hidden = "", {}, True
    named = audit.named_models(operation)
    if is_target_hidden or not all(_may_read_label(by, label) for label in named):
        operation.replacement_sentence = str(audit.kind_of(operation).label)


def _may_read_label(by: Actor, label: str) -> bool:
    """The same of a model by its label; of one that is gone only superusers read."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return by.user.is_superuser
    return may_read(by, model)


def readable_types(by: Actor) -> list[str] | None:
    """Return the kinds of records, as `target_type` names them, whose names the actor may read;
    None if that is all of them."""
    models = [model for model in apps.get_models() if issubclass(model, Record)]
    readable = [model for model in models if may_read(by, model)]
    if len(readable) == len(models):
        return None
    return [model._meta.label_lower for model in readable]
