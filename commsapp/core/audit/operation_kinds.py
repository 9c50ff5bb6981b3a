"""Kinds of operations: what is said of each, the permission it takes, and its inverse."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.actors import Actor, has_permission
from commsapp.core.audit.refusals import Refusal, RefusalCode, Refused
from commsapp.core.number_format import format_counts
from commsapp.models import Operation, Record

MAX_RETAINED_LISTED = 50  # of each model, of the records that an undo left alone


@dataclass
class Undoing:
    """One operation that is being undone: what became of the records it had touched."""

    operation: Operation
    reversal: Operation
    reversed: int = 0
    kept: int = 0  # changed since, so left as they are
    failed: list[Refusal] = field(default_factory=list)
    retained_by_model: dict[str, list[str]] = field(default_factory=dict)

    def list_retained(self, model: type[Record], ids: Iterable[str]) -> None:
        """Note which records were kept (32 hex digits each), for people to read."""
        listed = self.retained_by_model.setdefault(model._meta.label_lower, [])
        listed += islice(ids, MAX_RETAINED_LISTED - len(listed))


Numbers = dict[str, Any]
Sentence = Callable[[Numbers, bool], str]
Inverse = Callable[[Sequence[Undoing], Actor], None]

_kinds: dict[str, Kind] = {}


class Kind:
    """A kind of operation: its label and sentences, the permission it takes, and its undo."""

    def __init__(
        self,
        name: str,
        label: Promise,
        *,
        verb: str = "change",
        sentence: Sentence,
        batch_sentence: Promise | str = "",
        verbs_of: Callable[[Operation], Sequence[str]] | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Register the kind.

        `sentence(numbers, planned)` returns what was done, or, planned, what would be done.
        `batch_sentence` is said of a whole batch that begins with this kind, with the `count`
        of its `things`; without one, the batch's first operation is described.
        `verbs_of` returns the permissions of an operation, where not all of the kind take `verb`.
        `names` are the models, besides the target's, whose records the sentence names.
        """
        self.name, self.label, self.names = name, label, names
        self.sentence, self.batch_sentence = sentence, batch_sentence
        self.verbs_of = verbs_of or (lambda operation: (verb,))
        self._inverse: Inverse | None = None
        _kinds[name] = self

    def undone_by(self, inverse: Inverse) -> Inverse:
        """Decorator: this function undoes operations of this kind, several at once."""
        self._inverse = inverse
        return inverse

    @property
    def is_undoable(self) -> bool:
        return self._inverse is not None

    def undo(self, undoings: Sequence[Undoing], by: Actor) -> None:
        """Reverse what these operations did, unless changed since, and count it in each."""
        if self._inverse is None:
            raise Refused(
                Refusal(RefusalCode.INVALID_STATUS, _("This kind of change cannot be undone."))
            )
        self._inverse(undoings, by)


def for_each(inverse: Callable[[Undoing, Actor], None]) -> Inverse:
    """Decorator, below `undone_by`: the function undoes one operation at a time."""

    @functools.wraps(inverse)
    def undo_each(undoings: Sequence[Undoing], by: Actor) -> None:
        for undoing in undoings:
            inverse(undoing, by)

    return undo_each


def kinds() -> list[Kind]:
    """Return all kinds of operations, by their names."""
    return [_kinds[name] for name in sorted(_kinds)]


def kind_named(name: str) -> Kind:
    return _kinds[name]


def kind_of(operation: Operation) -> Kind:
    return kind_named(operation.kind)


def undoable_kinds() -> list[str]:
    """Return the names of the kinds that can be undone."""
    return [kind.name for kind in kinds() if kind.is_undoable]


def sentence(operation: Operation, *, planned: bool = False) -> str:
    """Return what the operation did, in one sentence in the reader's language."""
    if operation.replacement_sentence:
        return operation.replacement_sentence
    return kind_of(operation).sentence(operation.numbers, planned)


def headline(operation: Operation) -> str:
    """Return the sentence with the name of what was changed, if the reader may know it."""
    text = sentence(operation)
    return text if operation.is_target_hidden else f"{operation.target_name}: {text}"


def named_models(operation: Operation) -> Sequence[str]:
    """Return labels of the models, besides the target's, whose records the sentence names."""
    return kind_of(operation).names


def is_undoable(operation: Operation) -> bool:
    """Return whether the kind has an inverse and nobody has undone the operation yet."""
    return kind_of(operation).is_undoable and not operation.is_undone


def may_undo(operation: Operation, by: Actor) -> bool:
    """Return whether undo() would try, and the actor has the permission that it takes."""
    model = apps.get_model(operation.target_type)
    verbs = kind_of(operation).verbs_of(operation)
    return is_undoable(operation) and all(has_permission(by, verb, model) for verb in verbs)


def undone_sentence(numbers: Numbers, planned: bool) -> str:
    counts = format_counts(numbers)
    text = _("%(reversed)s would be reversed") if planned else _("Undone: %(reversed)s reversed")
    text %= counts
    if numbers["kept"]:
        text += _(", %(kept)s kept because changed since") % counts
    return text + "."


UNDONE = Kind(
    "undone",
    gettext_lazy("Undone"),
    batch_sentence=gettext_lazy("Undone: %(count)s %(things)s."),
    sentence=undone_sentence,
)
