"""What was done as one batch, as lists tell it: in one line, with the number of its entries.

A batch's batch is the id of its first entry (`audit_log.Ledger`), and that one stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commsapp.core import audit
from commsapp.core.actors import Actor
from commsapp.core.number_format import format_count
from commsapp.models import Operation
from commsapp.staff.changelists import MAX_COUNTED


@dataclass(frozen=True)
class OperationBatch:
    """Several entries that were made together."""

    batch: UUID
    count: int
    has_more: bool  # than were counted
    undoable: Operation | None  # one of them that can still be undone

    @property
    def number(self) -> str:
        told = format_count(self.count)
        return _("more than %s") % told if self.has_more else told

    @property
    def other_count(self) -> int:
        return self.count - 1

    @property
    def others(self) -> str:
        """How many there are beside one of them."""
        told = format_count(self.other_count)
        return _("more than %s") % told if self.has_more else told

    @property
    def url(self) -> str:
        """All of its entries."""
        return f"{reverse('admin:commsapp_operation_changelist')}?batch={self.batch}"

    @property
    def undo_url(self) -> str:
        return reverse("admin:commsapp_operation_undo_batch", args=(self.batch,))

    def may_undo(self, by: Actor) -> bool:
        return self.undoable is not None and audit.may_undo(self.undoable, by)


def is_homogeneous(first: Operation) -> bool:
    """Whether all operations of the batch that begins with this one are of one kind."""
    return bool(audit.kind_of(first).batch_sentence)


def sentence(go: OperationBatch, first: Operation) -> str:
    """What was done in the batch that begins with this one: `499 contacts archived.`"""
    if go.count == 1:
        return audit.headline(first)
    if not is_homogeneous(first):
        return audit.sentence(first)
    template = str(audit.kind_of(first).batch_sentence)
    text = template % {"count": go.number, "things": object_plural(first)}
    return capfirst(text)


def expand_label(go: OperationBatch, first: Operation) -> str:
    """What the link to its entries says."""
    return _("Show each") if is_homogeneous(first) else _("and %s more") % go.others


def object_plural(operation: Operation) -> str:
    """What the objects are: `contacts`."""
    return str(apps.get_model(operation.target_type)._meta.verbose_name_plural)


# --- Found --------------------------------------------------------------------------------------


def first_of_each_batch(operations: QuerySet[Any]) -> QuerySet[Any]:
    """Of what was done as one batch the first alone. By an index that holds no others."""
    return operations.filter(Q(batch=None) | Q(batch=F("pk")))


def batches_started_by(operations: Iterable[Operation]) -> dict[UUID, OperationBatch]:
    """The goes of several that begin with one of these, by its id: one statement, or two."""
    return found({operation.pk for operation in operations if operation.batch == operation.pk})


def found(batches: Iterable[UUID], *, least: int = 2) -> dict[UUID, OperationBatch]:
    """Those of the batches that have several entries, or so many. Each is counted up to a bound,
    and looked through as far for one that can be undone. Who asks has seen an entry of each."""
    entries = Operation.objects.filter(batch=OuterRef("pk")).order_by()
    undone = Operation.objects.filter(undoes=OuterRef("pk"))
    can_be = Q(kind__in=audit.undoable_kinds()) & ~Exists(undone)
    stands = entries.annotate(stands=ExpressionWrapper(can_be, BooleanField()))
    first_ones = Operation.objects.filter(pk__in=[*batches]).order_by()
    rows = first_ones.annotate(
        count=_Count(entries.values("pk")[: MAX_COUNTED + 1]),
        standing=_Standing(stands.values("id", "stands")[:MAX_COUNTED]),
    ).values_list("pk", "count", "standing")
    several = [row for row in rows if row[1] >= least]
    samples = _by_id(standing for _pk, _count, standing in several if standing)
    return {
        pk: OperationBatch(pk, min(count, MAX_COUNTED), count > MAX_COUNTED, samples.get(standing))
        for pk, count, standing in several
    }


def _by_id(ids: Iterable[UUID]) -> dict[UUID, Operation]:
    rows = Operation.objects.filter(pk__in=[*ids]).select_related("undone_by", "undoes")
    return {one.pk: one for one in rows.defer("effects", "undone_by__effects", "undoes__effects")}


class _Count(Subquery):
    """How many rows a subquery has, with its LIMIT."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS few)"
    output_field = IntegerField()


class _Standing(Subquery):
    """The first row that stands. Stops there: it is mostly the first of all."""

    template = "(SELECT few.id FROM (%(subquery)s) AS few WHERE few.stands LIMIT 1)"
    output_field = UUIDField()
