"""Cuts are the groups that a patient person finds, and what they say of them is so."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.group_tree import GroupTree
from annclust.pipeline.live_vectors import LiveVectors
from annclust.web.album import Album, AlbumState
from annclust.web.cut import AlbumPhotos, cut_of
from annclust.web.notes import STATES
from tests.grouping.samples import tree_of
from tests.web.samples import GRANULARITIES, albums, notes_on, slow_groups, slow_state

TREE = tree_of(4, (0, 1, 0.1, 0.25, True), (2, 3, 0.5, 0.9, True), (1, 2, 0.8, 1.6, False))
PHOTOS = AlbumPhotos(
    ids=np.array([2, 3, 5, 7, 11]),
    content=np.arange(5),
    node=np.array([0, 1, 2, 3, -1]),
    bytes=np.array([10, 20, 30, 40, 50]),
    taken=np.array([np.nan, 5.0, 3.0, 4.0, 1.0]),
)


def test_a_cut_tells_each_group_by_its_smallest_photo() -> None:
    cut = cut_of(PHOTOS, TREE, 1.0)
    assert cut.lead.tolist() == [2, 5]
    assert cut.size.tolist() == [2, 2]
    assert PHOTOS.ids[cut.members_of(1)].tolist() == [5, 7]
    assert cut.bytes.tolist() == [30, 70]


def test_certainty_is_how_much_finer_one_could_look() -> None:
    assert cut_of(PHOTOS, TREE, 1.0).certainty.tolist() == [0.75, 1 - 0.9]
    assert cut_of(PHOTOS, TREE, 2.0).certainty.tolist() == [1 - 0.8]


def test_a_group_began_with_its_first_photo_whose_time_is_known() -> None:
    cut = cut_of(PHOTOS, TREE, 1.0)
    assert (cut.began.tolist(), cut.ended.tolist()) == ([5.0, 3.0], [5.0, 4.0])


def test_a_photo_that_the_tree_does_not_know_stands_alone() -> None:
    assert PHOTOS.ids[cut_of(PHOTOS, TREE, 3.5).alone].tolist() == [11]


def test_exact_copies_are_a_group_at_any_granularity() -> None:
    nothing = np.zeros(2, dtype=np.int64)
    twins = AlbumPhotos(np.array([1, 2]), nothing, nothing, nothing, np.full(2, np.nan))
    cut = cut_of(twins, tree_of(1), 0.0)
    assert cut.lead.tolist() == [1]
    assert cut.certainty.tolist() == [1.0]
    assert np.isnan(cut.began).all()


def test_photos_are_found_by_their_ids() -> None:
    assert PHOTOS.place_of(5) == 2
    assert PHOTOS.place_of(6) is None
    assert PHOTOS.place_of(1 << 62) is None
    assert PHOTOS.places_of(np.array([7, 6, 2, 99])).tolist() == [3, 0]


@given(albums(), GRANULARITIES)
def test_groups_are_those_that_a_patient_person_finds(
    album: tuple[AlbumPhotos, GroupTree], granularity: float
) -> None:
    photos, tree = album
    cut = cut_of(photos, tree, granularity)
    found = [cut.members_of(group).tolist() for group in range(cut.count)]
    assert sorted(found) == slow_groups(photos, tree, granularity)
    assert sorted([*chain(*found), *cut.alone.tolist()]) == list(range(len(photos.ids)))


@given(albums(), GRANULARITIES)
def test_what_is_said_of_a_group_is_true_of_its_photos(
    album: tuple[AlbumPhotos, GroupTree], granularity: float
) -> None:
    photos, tree = album
    cut = cut_of(photos, tree, granularity)
    for group in range(cut.count):
        members = cut.members_of(group)
        assert cut.lead[group] == photos.ids[members].min()
        assert cut.bytes[group] == photos.bytes[members].sum()
        assert 0 <= cut.certainty[group] <= 1
        known = [time for time in photos.taken[members].tolist() if not math.isnan(time)]
        assert np.array_equal(cut.began[group], min(known, default=np.nan), equal_nan=True)
        assert np.array_equal(cut.ended[group], max(known, default=np.nan), equal_nan=True)


@given(st.data(), albums(), GRANULARITIES)
def test_a_group_has_the_state_that_its_photos_agree_in(
    data: st.DataObject, album: tuple[AlbumPhotos, GroupTree], granularity: float
) -> None:
    photos, tree = album
    notes = data.draw(notes_on(photos))
    cut = cut_of(photos, tree, granularity)
    for group, state in enumerate(notes.states(cut).tolist()):
        assert STATES[state] == slow_state(notes, cut.members_of(group).tolist())


@given(st.data(), albums(), GRANULARITIES)
def test_marks_are_counted_in_each_group(
    data: st.DataObject, album: tuple[AlbumPhotos, GroupTree], granularity: float
) -> None:
    photos, tree = album
    notes = data.draw(notes_on(photos))
    cut = cut_of(photos, tree, granularity)
    told = zip(notes.kept(cut).tolist(), notes.rejected(cut).tolist(), strict=True)
    for group, (kept, rejected) in enumerate(told):
        marks = [notes.mark_at(place) for place in cut.members_of(group).tolist()]
        assert (kept, rejected) == (marks.count("keep"), marks.count("reject"))


def test_an_album_keeps_the_last_few_cuts() -> None:
    state = AlbumState("", None, "", None, 0)
    live = LiveVectors(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    album = Album(PHOTOS, TREE, None, state, live=live, granularity=1.0, out_of_date=None)
    first = album.cut(1.0)
    assert album.cut(1.0) is first
    for number in range(20):
        album.cut(2 + number / 100)
    again = album.cut(1.0)
    assert again is not first
    assert again.lead.tolist() == first.lead.tolist()
    assert not album.clustered
