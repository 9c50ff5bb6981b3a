"""Ids: made as UUIDv7, read in every spelling that the contract names."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commsapp.db import ids
from commsapp.db.ids import NIL, dashed, read_guid, read_guid_cached, read_guids, uuid7

GUID = "019ab2f0-1234-7abc-8def-0123456789ab"
BARE = GUID.replace("-", "")
OTHER = "019ab2f0-1234-7abc-8def-0123456789ac"


def test_a_new_id_is_a_uuid_of_version_7_with_the_time_in_front():
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(100)]
    after = time.time_ns() // 1_000_000
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert all(before <= one.int >> 80 <= after for one in made)
    assert len(set(made)) == 100


def test_ids_ascend_in_the_order_in_which_they_are_made():
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "text", [GUID, BARE, f"{{{GUID}}}", f"({GUID})", f"{{{BARE}}}", GUID.upper(), NIL]
)
def test_an_id_is_read_however_it_is_written(text):
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
def test_anything_else_is_no_id(text):
    assert read_guid(text) is None


def test_each_id_has_the_place_where_it_first_stands():
    other = str(uuid7())
    read = read_guids([GUID, "x", other, BARE.upper(), NIL, GUID, "", "x"])
    assert read.ids == [BARE, other.replace("-", "")]
    assert read.places() == {BARE: 0, other.replace("-", ""): 2}
    assert read.malformed == {1: "x", 4: NIL, 6: ""}
    nothing = read_guids(["x", "", "x", ""])
    assert (nothing.ids, nothing.places(), nothing.malformed) == ([], {}, {0: "x", 1: ""})


@given(st.lists(st.sampled_from([GUID, BARE, OTHER, "x", "", NIL])))
def test_places_are_those_of_the_first_of_each(texts):
    firsts: dict[str | None, int] = {}
    for place, text in enumerate(texts):
        firsts.setdefault(read_guid(text), place)
    for none in (None, NIL):
        firsts.pop(none, None)
    read = read_guids(texts)
    assert (read.places(), read.ids) == (firsts, [*firsts])


def test_what_was_read_stays_as_it_is():
    read = read_guids([GUID, "x"])
    assert read_guids(read) is read


@given(st.uuids())
def test_reading_what_is_written_gives_the_same(one):
    assert dashed(one.hex) == str(one)
    assert read_guid(str(one)) == read_guid(one.hex) == one.hex


def test_what_is_too_long_for_an_id_is_not_kept():
    kept = ids._cached_digits_of.cache_info().currsize
    assert [read_guid_cached(letter * 2**20) for letter in "0a{"] == [None] * 3
    assert ids._cached_digits_of.cache_info().currsize == kept
    assert read_guid_cached(f"{{{GUID}}}") == BARE
