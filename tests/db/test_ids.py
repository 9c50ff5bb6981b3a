"""Ids: made as UUIDv7, read in every spelling that the contract names."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commsapp.db import ids
from commsapp.db.ids import (
    NIL,
    dashed,
    first_id_at,
    new_id,
    read_guid,
    read_guid_cached,
    read_guids,
    uuid7,
    uuid7_of,
)

GUID = "019ab2f0-1234-7abc-8def-0123456789ab"
BARE = GUID.replace("-", "")
OTHER = "019ab2f0-1234-7abc-8def-0123456789ac"


def test_new_ids_are_distinct_and_begin_with_the_time():
    before = time.time_ns() // 1_000_000
    new = [uuid7() for _ in range(100)]
    after = time.time_ns() // 1_000_000
    assert {(id.version, id.variant) for id in new} == {(7, "specified in RFC 4122")}
    assert all(before <= id.int >> 80 <= after for id in new)
    assert len(set(new)) == 100


def test_new_ids_of_both_types_ascend():
    new = [id for _ in range(10_000) for id in (uuid7().hex, new_id())]
    assert new == sorted(set(new))


def test_new_ids_of_several_threads_are_distinct_and_ascend_in_each():
    with ThreadPoolExecutor(4) as threads:
        lists = [*threads.map(lambda _: [new_id() for _ in range(5_000)], range(4))]
    assert all(ids == sorted(ids) for ids in lists)
    assert len({id for ids in lists for id in ids}) == 20_000


def test_id_of_a_moment_has_its_milliseconds_and_leaves_new_ids_in_order():
    moment = datetime(2030, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC)
    before, id, after = uuid7(), uuid7_of(moment), uuid7()
    assert id.version == 7
    assert id.int >> 80 == int(moment.timestamp()) * 1000 + 678
    assert id != uuid7_of(moment)
    assert before < after < id
    assert first_id_at(moment) <= id < first_id_at(moment + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    "text", [GUID, BARE, f"{{{GUID}}}", f"({GUID})", f"{{{BARE}}}", GUID.upper(), NIL]
)
def test_id_is_read_in_every_spelling(text):
    assert read_guid(text) == text.strip("{}()").replace("-", "").lower()


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "true", f"urn:uuid:{GUID}", GUID[:-1], f"{GUID}0", f"{{{GUID}", f"{GUID})",
        f"({GUID}}}", GUID.replace("-", "", 1), f" {GUID}", f"{GUID}\n", GUID.replace("0", "٠"),
        GUID.replace("0", "g"), 1, True, None, 1.5, [GUID], UUID(GUID), b"0" * 32,
    ],
    ids=repr,
)  # fmt: skip
def test_any_other_value_is_no_id(text):
    assert read_guid(text) is None


def test_ids_have_their_first_places():
    other = str(uuid7())
    read = read_guids([GUID, "x", other, BARE.upper(), NIL, GUID, "", "x"])
    assert read.ids == [BARE, other.replace("-", "")]
    assert read.places() == {BARE: 0, other.replace("-", ""): 2}
    assert read.malformed == {1: "x", 4: NIL, 6: ""}
    nothing = read_guids(["x", "", "x", ""])
    assert (nothing.ids, nothing.places(), nothing.malformed) == ([], {}, {0: "x", 1: ""})


@given(st.lists(st.sampled_from([GUID, BARE, OTHER, "x", "", NIL])))
def test_places_of_any_list_are_the_first_ones(texts):
    firsts: dict[str | None, int] = {}
    for place, text in enumerate(texts):
        firsts.setdefault(read_guid(text), place)
    for none in (None, NIL):
        firsts.pop(none, None)
    read = read_guids(texts)
    assert (read.places(), read.ids) == (firsts, [*firsts])


def test_guids_are_returned_unchanged():
    read = read_guids([GUID, "x"])
    assert read_guids(read) is read


@given(st.uuids())
def test_written_id_is_read_as_the_same(id):
    assert dashed(id.hex) == str(id)
    assert read_guid(str(id)) == read_guid(id.hex) == id.hex


def test_text_too_long_for_an_id_is_not_cached():
    cached = ids._cached_digits_of.cache_info().currsize
    assert [read_guid_cached(letter * 2**20) for letter in "0a{"] == [None] * 3
    assert ids._cached_digits_of.cache_info().currsize == cached
    assert read_guid_cached(f"{{{GUID}}}") == BARE
