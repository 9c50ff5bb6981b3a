"""What the database knows of all that some saves speak of: one statement, however many saves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.db.models import Value

from commsapp.core.actors import Actor
from commsapp.db.expressions import Sql, as_array, ids_select, quoted
from contacts.connection_order import Connections
from contacts.models import AlternateKey, ContactGroup
from contacts.save_group.request import SaveContactGroup, SubscriptionContactGroupModel, key_of

KeyName = tuple[str, str, str]  # data source, kind, value
Keys = dict[str, dict[str, set[str]]]  # values by data source and kind
Kind = AlternateKey.Kind
_GROUP, _CONTACT, _ROLE = Kind.CONTACT_GROUP.value, Kind.CONTACT.value, Kind.ROLE.value
_DELETED = ContactGroup.Status.DELETED.value


# Ids are 32 hex digits, everywhere here.


class Source(NamedTuple):
    id: str
    licensee: str
    is_active: bool
    bindings: int


@dataclass(slots=True)
class Key:
    id: str
    name: KeyName
    target: str
    content_hash: str = ""
    last_outcome: str = ""
    last_saved_at: datetime | str | None = None  # a text, if read from the database


@dataclass(slots=True)
class Group:
    id: str
    licensee: str
    name: str
    role: str
    status: str
    connections: Connections = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)  # of whatever data source

    @property
    def is_deleted(self) -> bool:
        return self.status == _DELETED


@dataclass
class LookupResult:
    """Contacts by their licensee, roles by licensee and kind."""

    sources: dict[str, Source] = field(default_factory=dict)
    keys: dict[KeyName, Key] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)


# --- All, as it has to be known to decide -----------------------------------------------------


def load(saves: Iterable[SaveContactGroup]) -> LookupResult:
    """Read what the saves speak of: data sources, contacts, roles, and groups with their
    connections and all their keys. Of any licensee: the reader decides who may see it."""
    wanted = LookupKeys()
    for save in saves:
        wanted.add(save)
    return read(wanted)


class LookupKeys:
    """The ids and keys that some saves name."""

    def __init__(self) -> None:
        self.keys: Keys = defaultdict(lambda: defaultdict(set))
        self.groups: set[str] = set()
        self.sources: set[str] = set()
        self.contacts: set[str] = set()
        self.roles: set[str] = set()

    def add(self, save: SaveContactGroup) -> None:
        source = save.suite_data_source_instance_id
        if not source:
            return
        self.sources.add(source)
        self._add_key(source, _GROUP, save.alternate_key)
        if save.object_id:
            self.groups.add(save.object_id)
        if save.contact_group:
            self._add_content(source, save.contact_group)

    def _add_content(self, source: str, content: SubscriptionContactGroupModel) -> None:
        if content.group_role_id:
            self.roles.add(content.group_role_id)
        self._add_key(source, _ROLE, content.role_alternate_key)
        for one in content.contact_connections:
            if one.contact_id:
                self.contacts.add(one.contact_id)
            if one.contact_alternate_key:
                self._add_key(source, _CONTACT, one.contact_alternate_key)
            if one.role_id:
                self.roles.add(one.role_id)
            if one.role_alternate_key:
                self._add_key(source, _ROLE, one.role_alternate_key)

    def _add_key(self, source: str, kind: str, text: str | None) -> None:
        if value := key_of(text):
            self.keys[source][kind].add(value)


def read(wanted: LookupKeys) -> LookupResult:
    """Read what is wanted; see load()."""
    others: dict[str, list[Sequence[Any]]] = defaultdict(list)
    known = LookupResult()
    keys, groups = known.keys, known.groups
    with connection.cursor() as cursor:
        cursor.execute(*_statement(_KNOWN, **vars(wanted)))
        for row in cursor.fetchall():
            what, id, licensee, name, role, status, connections, key, *of_key = row
            if what != "group":
                others[what].append(row[1:])
                continue
            group = groups.get(id)
            if group is None:
                groups[id] = group = Group(id, licensee, name, role, status, _stand(connections))
            if key:
                source, value, *last = of_key
                named = (source, _GROUP, value)
                keys[named] = one = Key(key, named, id, *last)
                group.keys.append(one)
    for id, source, kind, value, target, *_rest in others["key"]:
        keys[source, kind, value] = Key(id, (source, kind, value), target)
    for id, licensee, kind, *_rest in others["role"]:
        known.roles[id] = licensee, kind
    known.contacts = {id: licensee for id, licensee, *_rest in others["contact"]}
    known.sources = {id: _source(id, *row) for id, *row in (row[:4] for row in others["source"])}
    return known


def _stand(connections: str | None) -> Connections:
    """Who is connected, from a text of ids: contacts in their order, each followed by its role."""
    each = connections.split(",") if connections else ()
    return {ids[:32]: ids[32:] or None for ids in each}


def _source(id: str, licensee: str, is_active: str, bindings: str) -> Source:
    return Source(id, licensee, bool(is_active), int(bindings))


def lock_groups(ids: Iterable[str], by: Actor) -> None:
    """Let nobody else change these groups until the transaction ends; of other licensees' none,
    which the actor must not even have to wait for."""
    if connection.features.has_select_for_update:  # else the whole database is ours by now
        rows = ContactGroup.objects.visible_to(by).in_ids(ids).order_by("pk")
        # An id takes longer to read than to lock.
        list(rows.select_for_update(no_key=True, of=("self",)).values_list(Value(1)))


# --- Only what tells whether a save changes anything ------------------------------------------


class KeySnapshot(NamedTuple):
    """A group's key, and the hash of the content that its last save left. It is empty if anything
    else has changed the group since."""

    group: str
    content_hash: str


class KeyIndex:
    """The keys by which saves name groups, and their data sources: read at one moment."""

    def __init__(self, saves: Iterable[SaveContactGroup]) -> None:
        asked: dict[str, set[str]] = defaultdict(set)
        for save in saves:
            if source := save.suite_data_source_instance_id:
                asked[source].add(save.key)
        self.sources: dict[str, Source] = {}
        self.as_saved: dict[tuple[str, str], KeySnapshot] = {}  # by data source and key
        keys = {source: {_GROUP: names} for source, names in asked.items()}
        with connection.cursor() as cursor:
            cursor.execute(*_statement(_NAMED, keys, sources=keys))
            for row in cursor.fetchall():
                if row[1]:
                    self.as_saved[row[:2]] = KeySnapshot(*row[2:4])
                else:
                    self.sources[row[0]] = _source(row[0], *row[2:])


# --- The statements ---------------------------------------------------------------------------

# What the databases say each in its own way. PostgreSQL looks for each key and each group in the
# index: without OFFSET it may join them all, while it does not know that there are a million; and
# of an array it knows the length. SQLite looks so for what stands behind CROSS JOIN; it keeps ids
# as digits, and times without zone.
_OWN = {
    "sqlite": {
        "keys": """
  SELECT k.* FROM json_each(%s) AS source CROSS JOIN json_each(source.value) AS sort
  CROSS JOIN json_each(sort.value) AS name CROSS JOIN contacts_alternatekey AS k
  WHERE k.data_source_id = source.key AND k.kind = sort.key AND k.value = name.value""",
        "groups": """(
  SELECT *, (
    SELECT group_concat({hex:contact_id} || COALESCE({hex:role_id}, '')) FROM (
      SELECT * FROM contacts_contactconnection WHERE group_id = one.id ORDER BY position)
  ) AS connections
  FROM named CROSS JOIN contacts_contactgroup AS one WHERE one.id = named.id
) AS g LEFT JOIN contacts_alternatekey AS k ON k.contact_group_id = g.id""",
        "saved_at": "k.last_saved_at || '+00:00'",
        "hex": r"\1",
    },
    "postgresql": {
        "keys": """
  SELECT k.* FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS wanted (source, kind, value),
  LATERAL (
    SELECT * FROM contacts_alternatekey
    WHERE data_source_id = wanted.source AND kind = wanted.kind AND value = wanted.value OFFSET 0
  ) AS k""",
        "groups": """named CROSS JOIN LATERAL (
  SELECT *, (
    SELECT string_agg({hex:contact_id} || COALESCE({hex:role_id}, ''), ',' ORDER BY position)
    FROM contacts_contactconnection WHERE group_id = one.id
  ) AS connections
  FROM contacts_contactgroup AS one WHERE id = named.id OFFSET 0
) AS g LEFT JOIN LATERAL (
  SELECT * FROM contacts_alternatekey WHERE contact_group_id = g.id OFFSET 0
) AS k ON true""",
        "saved_at": "k.last_saved_at::text",
        "hex": r"encode(uuid_send(\1), 'hex')",
    },
}
_NAMED = """
SELECT {hex:data_source_id}, value, {hex:contact_group_id}, content_hash, ''
FROM ({own:keys}) AS named
UNION ALL SELECT {hex:id}, '', {hex:licensee_id}, CASE WHEN is_active THEN '1' ELSE '' END,
  CAST(bindings AS text)
FROM contacts_datasource WHERE id IN (SELECT id FROM {sources})
"""
# `matched`: the keys that were named; `named`: the groups that these or the saves name. A group has
# a row for each of its keys. Its branch stands first: PostgreSQL takes the types from the first.
_KNOWN = """
WITH matched AS ({own:keys}
), named (id) AS (
  SELECT contact_group_id FROM matched WHERE contact_group_id IS NOT NULL
  UNION SELECT id FROM {groups}
)
SELECT 'group', {hex:g.id}, {hex:g.licensee_id}, g.name, {hex:g.role_id}, g.status,
  g.connections, {hex:k.id}, {hex:k.data_source_id}, k.value, k.content_hash, k.last_outcome,
  {own:saved_at}
FROM {own:groups}
UNION ALL SELECT 'key', {hex:id}, {hex:data_source_id}, kind, value,
  {hex:COALESCE(contact_id, role_id)}, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM matched WHERE contact_group_id IS NULL
UNION ALL SELECT 'source', {hex:id}, {hex:licensee_id},
  CASE WHEN is_active THEN '1' ELSE '' END, CAST(bindings AS text),
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM contacts_datasource WHERE id IN (SELECT id FROM {sources})
UNION ALL SELECT 'contact', {hex:id}, {hex:licensee_id},
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM contacts_contact WHERE id IN (SELECT id FROM {contacts})
UNION ALL SELECT 'role', {hex:id}, {hex:licensee_id}, kind,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM contacts_role WHERE id IN (SELECT id FROM {roles} UNION SELECT role_id FROM matched)
"""


def _statement(template: str, keys: Keys, **ids: Collection[str]) -> Sql:
    """The statement, for these keys and these sets of ids, however many."""
    params = _GIVEN[connection.vendor](keys)
    tables = {}
    for name, some in ids.items():
        tables[name], more = ids_select(some, connection)
        params += more
    return _own(template, connection.vendor).format(**tables), params


def _as_object(keys: Keys) -> tuple[str, ...]:
    return (orjson.dumps(keys, lambda values: [*values]).decode(),)


def _as_arrays(keys: Keys) -> tuple[str, ...]:
    columns: tuple[list[str], ...] = ([], [], [])
    sources, kinds, texts = columns
    for source, of_source in keys.items():
        for kind, values in of_source.items():
            sources += [source] * len(values)
            kinds += [kind] * len(values)
            texts += map(quoted, values)
    return tuple(map(as_array, columns))


_GIVEN = {"sqlite": _as_object, "postgresql": _as_arrays}


@cache
def _own(template: str, vendor: str) -> str:
    """The statement as the database says it."""
    own = _OWN[vendor]
    sql = _OWN_PART.sub(lambda found: own[found[1]], template)
    return _HEX.sub(own["hex"], sql)


_OWN_PART = re.compile(r"\{own:(\w+)\}")
_HEX = re.compile(r"\{hex:(.+?)\}")
