"""Recipients and groups in numbers, made past the operations."""

from commsapp.db.ids import uuid7
from groups.models import Membership, Recipient, RecipientGroup
from tests import factories


def recipients(licensee, count, **fields):
    """Recipients with names in order."""
    named = (f"Site {number:05}" for number in range(count))
    made = [
        Recipient(licensee=licensee, name=name, recipient_type="Location", **fields)
        for name in named
    ]
    return Recipient.objects.bulk_create(made)


def group_of(members, licensee, **fields):
    """A group with these members."""
    group = factories.RecipientGroupFactory(licensee=licensee, member_count=len(members), **fields)
    join(group, members)
    return group


def join(group, members):
    """Make them members; member_count is the caller's."""
    operation_id = uuid7()
    Membership.objects.bulk_create(
        Membership(group=group, recipient=member, operation_id=operation_id) for member in members
    )


def hexes(records):
    """Their ids, as the operations take them."""
    return [record.pk.hex for record in records]


def members_of(group: RecipientGroup) -> set:
    """The ids of a group's members."""
    return set(group.memberships.values_list("recipient", flat=True))
