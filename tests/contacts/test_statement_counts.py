"""Operations on contact groups and connections take as many statements for many rows as for few."""

from __future__ import annotations

import pytest

from commsapp.core import audit
from contacts import operations
from contacts.operations import NewConnection, SubscriptionContactGroupConnectionModel
from tests import factories
from tests.contacts.test_commands_save import run
from tests.contacts.test_failures import empty_save
from tests.statement_counts import Cases

pytestmark = pytest.mark.django_db
cases = Cases()


def _ids(rows):
    return [row.pk.hex for row in rows]


# --- Connections ----------------------------------------------------------------------------


def _connected(suite, size):
    """A group with `size` connections, and the ids of their contacts."""
    group = factories.ContactGroupFactory(licensee=suite.licensee)
    ids = _ids(factories.ContactFactory.create_batch(size, licensee=suite.licensee))
    new = [NewConnection(id, suite.connection_role.pk.hex) for id in ids]
    operations.add_connections(group.pk, new, by=suite.by)
    return group, ids


@cases.add()
def add_connections(suite, size):
    group = factories.ContactGroupFactory(licensee=suite.licensee)
    ids = _ids(factories.ContactFactory.create_batch(size, licensee=suite.licensee))
    new = [NewConnection(id, suite.connection_role.pk.hex) for id in ids]
    return lambda: operations.add_connections(group.pk, new, by=suite.by)


@cases.add()
def reorder_connections(suite, size):
    group, ids = _connected(suite, size)
    return lambda: operations.reorder_connections(group.pk, ids[::-1], by=suite.by)


@cases.add()
def remove_connections(suite, size):
    group, ids = _connected(suite, size)
    return lambda: operations.remove_connections(group.pk, ids[::2], by=suite.by)


@cases.add()
def move_connection(suite, size):
    group, ids = _connected(suite, size)
    return lambda: operations.move_connection(group.pk, ids[-1], by=suite.by, to=1)


@cases.add()
def change_roles(suite, size):
    group, ids = _connected(suite, size)
    role = factories.RoleFactory(licensee=suite.licensee, kind="connection").pk.hex
    return lambda: operations.change_roles(group.pk, dict.fromkeys(ids, role), by=suite.by)


# --- Contact groups -------------------------------------------------------------------------


@cases.add(sizes=(10, 300))
def archive_contact_groups(licensee, by_alice, size):
    groups = factories.ContactGroupFactory.create_batch(size, licensee=licensee)
    return lambda: operations.archive_contact_groups(_ids(groups), by=by_alice)


@cases.add(sizes=(10, 300))
def restore_contact_groups(licensee, by_alice, size):
    groups = factories.ContactGroupFactory.create_batch(size, licensee=licensee)
    operations.archive_contact_groups(_ids(groups), by=by_alice)
    return lambda: operations.restore_contact_groups(_ids(groups), by=by_alice)


@cases.add(sizes=(10, 300))
def undo_restoring_contact_groups(licensee, by_alice, size):
    groups = factories.ContactGroupFactory.create_batch(size, licensee=licensee)
    operations.archive_contact_groups(_ids(groups), by=by_alice)
    restored = operations.restore_contact_groups(_ids(groups), by=by_alice)
    return lambda: audit.undo_batch(restored.operations[0].batch, by=by_alice)


# --- Saves ----------------------------------------------------------------------------------


@cases.add(exactly=4, sizes=(1, 500))  # two looks, the numbers, the failures
def save_what_is_refused(suite, size):
    others = factories.DataSourceFactory.create_batch(3, licensee=suite.licensee)
    saves = [empty_save(source, "K") for source in [suite.source, *others] * size]
    return lambda: suite.save_all(*saves)


@cases.add("save new groups", is_mixed=False, at_most=8, sizes=((2, 10), (200, 10), (2, 1000)))
@cases.add("save new and old", is_mixed=True, at_most=8, sizes=((2, 10), (200, 10), (2, 1000)))
def save_groups_with_contacts(suite, is_mixed, size):
    """Makes groups, and with the mixed also changes some: name, keys, connections in and out."""
    groups, contacts = size
    people = _ids(factories.ContactFactory.create_batch(contacts, licensee=suite.licensee))
    old = [SubscriptionContactGroupConnectionModel(id) for id in people[: contacts // 2]]
    new = [SubscriptionContactGroupConnectionModel(id) for id in people[contacts // 2 :]]
    removed = [
        SubscriptionContactGroupConnectionModel(id, mark_as_deleted=True)
        for id in people[: contacts // 4]
    ]
    keys = [f"{people[0]} {number}" for number in range(groups)]
    saves = [suite.request(f"new {key}", *old) for key in keys]
    if is_mixed:
        made = suite.save_all(*(suite.request(key, *old) for key in keys))
        saves += [
            suite.request(f"bound {key}", *removed, *new, object_id=group.object_id)
            for key, group in zip(keys, made, strict=True)
        ]

    def act():
        results = suite.save_all(*saves)
        assert {result.outcome for result in results[:groups]} == {"Created"}
        assert {result.outcome for result in results[groups:]} <= {"Updated"}

    return act


@cases.add(at_most=11, sizes=(10, 300))
def undo_a_batch_of_saves(suite, size):
    prefix = factories.ContactFactory(licensee=suite.licensee).pk.hex
    suite.save_all(*(suite.request(f"{prefix} {number}", 0, 1) for number in range(size)))
    changes = [
        suite.request(
            f"{prefix} {number}", suite.connection(0, mark_as_deleted=True), 2,
            contact_group_name="B",
        )
        for number in range(size)
    ]  # fmt: skip
    more = [suite.request(f"more {prefix} {number}", 0) for number in range(size)]
    results = suite.save_all(*changes, *more)

    def act():
        undone = audit.undo_batch(results[0].operation.batch, by=suite.by)
        assert (len(undone), sum(undo.kept for undo in undone)) == (2 * size, 0)

    return act


@cases.add(sizes=(10, 400))
def save_contact_groups_command(write, line, size, suite):
    prefix = factories.ContactFactory(licensee=suite.licensee).pk.hex
    path = write(*(line(f"{prefix} {number}") for number in range(size)))
    return lambda: run(path)


@cases.parametrize
def test_statements_of_case_are_as_many_for_many_rows_as_for_few(case, request):
    case.check(request)
