"""What the database knows of all that some saves speak of: one statement, however many saves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Value

from commsapp.rows import given_rows
from commsapp.sql import Sql, given_ids
from contacts.models import AlternateKey, ContactGroup
from contacts.ordering import Connections
from contacts.saves import ContactGroupSave, GroupContent, SentSave, key_of, text_hash

KeyName = tuple[str, str, str]  # data source, kind, value
Kind = AlternateKey.Kind
_GROUP = Kind.CONTACT_GROUP.value
_DELETED = ContactGroup.Status.DELETED.value


@dataclass(slots=True)
class Source:
    id: str
    licensee: UUID
    is_active: bool
    bindings: int


@dataclass(slots=True)
class Key:
    id: str
    name: KeyName
    target: str
    content_hash: str = ""
    last_outcome: str = ""
    last_saved_at: datetime | None = None
    text_hash: str = ""


@dataclass(slots=True)
class Group:
    id: str
    licensee: UUID
    name: str
    role: str
    status: str
    connections: Connections = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)  # of whatever data source

    @property
    def is_deleted(self) -> bool:
        return self.status == _DELETED


@dataclass
class Known:
    """Ids are 32 hex digits. Contacts by their licensee, roles by licensee and kind."""

    sources: dict[str, Source] = field(default_factory=dict)
    keys: dict[KeyName, Key] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    contacts: dict[str, UUID] = field(default_factory=dict)
    roles: dict[str, tuple[UUID, str]] = field(default_factory=dict)


def look_up(saves: Iterable[ContactGroupSave], *, whole: bool) -> Known:
    """Read what the saves speak of: data sources, groups and all keys of those; for the `whole`
    contacts, roles and connections, too. Of any licensee: the reader decides who may see it."""
    wanted = Wanted()
    for save in saves:
        wanted.add(save, whole)
    return read(wanted, whole=whole)


def read(wanted: Wanted, *, whole: bool) -> Known:
    """Read what is wanted; see look_up()."""
    rows: dict[str, list[Any]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(*_statement(wanted, whole))
        for what, *row in cursor.fetchall():
            rows[what].append(row)
    licensee_of = cache(UUID)  # there are few
    known = Known(
        sources={id: _source(id, *row) for id, *row in (row[:4] for row in rows["source"])},
        keys={
            (source, kind, value): Key(
                id, (source, kind, value), target, content_hash, outcome, _aware(saved_at)
            )
            for id, source, kind, value, target, content_hash, outcome, saved_at in rows["key"]
        },
        groups={
            id: Group(id, licensee_of(licensee), name, role, status)
            for id, licensee, name, role, status, *_rest in rows["group"]
        },
        contacts={id: licensee_of(licensee) for id, licensee, *_rest in rows["contact"]},
        roles={id: (licensee_of(licensee), kind) for id, licensee, kind, *_rest in rows["role"]},
    )
    in_order = sorted(rows["connection"], key=lambda row: int(row[3]))
    for group, contact, role, *_rest in in_order:
        known.groups[group].connections[contact] = role
    for key in known.keys.values():
        if key.name[1] == _GROUP:
            known.groups[key.target].keys.append(key)
    return known


def key_name(save: ContactGroupSave) -> KeyName:
    """What a save calls its group."""
    return save.suite_data_source_instance_id or "", _GROUP, save.key


class Named:
    """Keys by which saves name groups of one data source, and what tells whether those groups are
    as they were saved: read at one moment, one row a key."""

    def __init__(self, source: str, keys: Collection[str]) -> None:
        self.source, self._id, self._asked = None, source, keys
        self.rows: dict[str, Sequence[Any]] = {}
        given = {"source": source, "kind": _GROUP, "keys": orjson.dumps([*keys]).decode()}
        keys_of = _KEYS_OF[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(_digits(connection.vendor, _NAMED).format(keys=keys_of), given)
            for key, *row in cursor.fetchall():
                if key:
                    self.rows[key] = row
                else:
                    self.source = _source(source, *row[:3])

    def tells_of(self, save: ContactGroupSave) -> bool:
        """Whether all that find_target() will ask is known."""
        source = save.suite_data_source_instance_id
        return not source or (source == self._id and save.key in self._asked and not save.object_id)

    def group_of(self, line: SentSave) -> str | None:
        """The group that a line is about, if it is the same line as that of the last save by its
        key, which was applied, and nothing changed the group since."""
        source, row = self.source, self.rows.get(line.key)
        if not (source and row):
            return None
        group, status, content, text, _id = row
        if not (content and text) or status == _DELETED:
            return None
        return group if text == text_hash(line.text, source.bindings) else None

    def known(self) -> Known:
        """The same as look_up() has it."""
        known = Known()
        if self.source:
            known.sources[self._id] = self.source
            for key, (group, status, content, text, id) in self.rows.items():
                name = (self._id, _GROUP, key)
                known.keys[name] = Key(id, name, group, content, text_hash=text)
                known.groups[group] = Group(group, self.source.licensee, "", "", status)
        return known


def _source(id: str, licensee: str, is_active: str, bindings: str) -> Source:
    return Source(id, UUID(licensee), bool(is_active), int(bindings))


def lock_groups(ids: Iterable[str]) -> None:
    """Let nobody else change these groups until the transaction ends."""
    rows = ContactGroup.objects.among(ids).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list(Value(1)))  # an id takes longer to read than to lock


def _aware(saved_at: datetime | None) -> datetime | None:
    """SQLite keeps times in UTC, but does not say so."""
    return saved_at and (saved_at if saved_at.tzinfo else saved_at.replace(tzinfo=UTC))


class Wanted:
    """The ids and keys that some saves name."""

    def __init__(self) -> None:
        self.sources: set[str] = set()
        self.keys: set[KeyName] = set()
        self.groups: set[str] = set()
        self.contacts: set[str] = set()
        self.roles: set[str] = set()

    def add(self, save: ContactGroupSave, whole: bool) -> None:
        source = save.suite_data_source_instance_id
        if not source:
            return
        self.sources.add(source)
        self._add_key(source, Kind.CONTACT_GROUP, save.key)
        if save.object_id:
            self.groups.add(save.object_id)
        if whole:
            self._add_content(source, save.content)

    def _add_content(self, source: str, content: GroupContent) -> None:
        if content.group_role_id:
            self.roles.add(content.group_role_id)
        self._add_key(source, Kind.ROLE, key_of(content.role_alternate_key))
        for one in content.contact_connections:
            if one.contact_id:
                self.contacts.add(one.contact_id)
            if one.contact_alternate_key:
                self._add_key(source, Kind.CONTACT, key_of(one.contact_alternate_key))
            if one.role_id:
                self.roles.add(one.role_id)
            if one.role_alternate_key:
                self._add_key(source, Kind.ROLE, key_of(one.role_alternate_key))

    def _add_key(self, source: str, kind: Kind, value: str) -> None:
        if value:
            self.keys.add((source, kind.value, value))


# `matched`: the keys that were named; `named`: the groups that these or the saves name. The key's
# branch stands first in the union, for PostgreSQL takes the columns' types from the first.
_GROUPS = """
WITH matched AS (
  SELECT k.* FROM contacts_alternatekey k JOIN ({keys}) AS wanted
  ON k.data_source_id = wanted.data_source_id AND k.kind = wanted.kind AND k.value = wanted.value
), named (id) AS (
  SELECT contact_group_id FROM matched WHERE contact_group_id IS NOT NULL
  UNION SELECT id FROM {groups}
), telling AS (
  SELECT * FROM matched
  UNION SELECT * FROM contacts_alternatekey WHERE contact_group_id IN (SELECT id FROM named)
)
SELECT 'key', {hex:id}, {hex:data_source_id}, kind, value,
  {hex:COALESCE(contact_group_id, contact_id, role_id)}, content_hash, last_outcome, last_saved_at
FROM telling
UNION ALL SELECT 'source', {hex:id}, {hex:licensee_id}, CASE WHEN is_active THEN '1' ELSE '' END,
  CAST(bindings AS text), NULL, NULL, NULL, NULL
FROM contacts_datasource WHERE id IN (SELECT id FROM {sources})
UNION ALL SELECT 'group', {hex:id}, {hex:licensee_id}, name, {hex:role_id}, status, NULL, NULL, NULL
FROM contacts_contactgroup WHERE id IN (SELECT id FROM named)
"""
_CONTENT = """
UNION ALL SELECT 'contact', {hex:id}, {hex:licensee_id}, NULL, NULL, NULL, NULL, NULL, NULL
FROM contacts_contact WHERE id IN (SELECT id FROM {contacts})
UNION ALL SELECT 'role', {hex:id}, {hex:licensee_id}, kind, NULL, NULL, NULL, NULL, NULL
FROM contacts_role WHERE id IN (SELECT id FROM {roles} UNION SELECT role_id FROM matched)
UNION ALL SELECT 'connection', {hex:group_id}, {hex:contact_id}, {hex:role_id},
  CAST(position AS text), NULL, NULL, NULL, NULL
FROM contacts_contactconnection WHERE group_id IN (SELECT id FROM named)
"""
_NAMED = """
SELECT k.value, {hex:g.id}, g.status, k.content_hash, k.text_hash, {hex:k.id}
FROM ({keys}) AS k JOIN contacts_contactgroup g ON g.id = k.contact_group_id
UNION ALL SELECT '', {hex:licensee_id}, CASE WHEN is_active THEN '1' ELSE '' END,
  CAST(bindings AS text), NULL, NULL
FROM contacts_datasource WHERE id = %(source)s
"""
_KEYS_OF = {
    "sqlite": """
SELECT * FROM contacts_alternatekey WHERE data_source_id = %(source)s AND kind = %(kind)s
AND value IN (SELECT value FROM json_each(%(keys)s))
""",
    # One look into the index for each key, also where PostgreSQL does not know yet that a data
    # source has a million: without OFFSET it may read all of them.
    "postgresql": """
SELECT k.* FROM jsonb_array_elements_text(%(keys)s::jsonb) AS given (value), LATERAL (
  SELECT * FROM contacts_alternatekey
  WHERE data_source_id = %(source)s AND kind = %(kind)s AND value = given.value OFFSET 0
) AS k
""",
}
_KEY_NAME = ("data_source", "kind", "value")
_HEX = re.compile(r"\{hex:(.+?)\}")


def _statement(wanted: Wanted, whole: bool) -> Sql:
    """The statement, with one parameter for each set of what is wanted."""
    keys, params = given_rows(AlternateKey, _KEY_NAME, wanted.keys)
    sets = {"groups": wanted.groups, "sources": wanted.sources}
    if whole:
        sets |= {"contacts": wanted.contacts, "roles": wanted.roles}
    tables = {}
    for name, ids in sets.items():
        tables[name], more = given_ids(ids, connection)
        params += more
    sql = _digits(connection.vendor, _GROUPS + _CONTENT if whole else _GROUPS)
    return sql.format(keys=keys, **tables), params


@cache
def _digits(vendor: str, template: str) -> str:
    """The statement with its ids as 32 hex digits, as SQLite keeps them."""
    as_digits = r"\1" if vendor == "sqlite" else r"encode(uuid_send(\1), 'hex')"
    return _HEX.sub(as_digits, template)
