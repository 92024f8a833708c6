"""Pages of groups are complete and without a group twice, in every order, whatever is marked."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.group_tree import GroupTree
from annclust.web.cut import AlbumPhotos, Cut, cut_of
from annclust.web.listing import (
    START,
    Listing,
    MalformedCursorError,
    Order,
    StaleCursorError,
    cursor_of,
    in_order,
    place_of,
)
from tests.web.samples import GRANULARITIES, albums

ORDERS = get_args(Order)


def rank(cut: Cut, order: Order, group: int) -> tuple[float, ...]:
    """What a group is ordered by, one at a time."""
    ended, lead = float(cut.ended[group]), int(cut.lead[group])
    if order == "largest":
        return (-int(cut.size[group]), lead)
    if order == "least_certain":
        return (float(cut.certainty[group]), lead)
    return (1, 0, lead) if np.isnan(ended) else (0, -ended, lead)


@given(albums(), GRANULARITIES, st.sampled_from(ORDERS))
def test_groups_come_in_the_order_that_was_asked_for(
    album: tuple[AlbumPhotos, GroupTree], granularity: float, order: Order
) -> None:
    cut = cut_of(*album, granularity)
    found = in_order(cut, order).tolist()
    assert sorted(found) == list(range(cut.count))
    assert all(rank(cut, order, one) < rank(cut, order, next_) for one, next_ in pairwise(found))


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    n = draw(st.integers(0, 12))
    order = np.array(draw(st.permutations(range(n))), dtype=np.int64)
    return Listing(order, np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool))


def pages(listing: Listing, limit: int) -> list[list[int]]:
    found, after = [], START
    while True:
        groups, last = listing.page(after, limit)
        found.append(groups.tolist())
        if last is None:
            return found
        after = last


@given(listings(), st.integers(1, 5))
def test_pages_are_complete_and_none_is_empty_but_the_first(listing: Listing, limit: int) -> None:
    found = pages(listing, limit)
    assert list(chain(*found)) == [
        group for group in listing.order.tolist() if listing.shown[group]
    ]
    assert all(len(page) == limit for page in found[:-1])
    assert all(page for page in found[1:])


@given(listings(), st.integers(1, 3), st.data())
def test_who_is_done_with_groups_meanwhile_misses_none(
    listing: Listing, limit: int, data: st.DataObject
) -> None:
    first, last = listing.page(START, limit)
    done = listing.shown.copy()
    done[[group for group in first.tolist() if data.draw(st.booleans())]] = False
    rest = [] if last is None else Listing(listing.order, done).page(last, 99)[0].tolist()
    assert [*first.tolist(), *rest] == list(chain(*pages(listing, limit)))


@given(listings(), st.data())
def test_the_neighbors_of_a_group_are_the_shown_ones_beside_it(
    listing: Listing, data: st.DataObject
) -> None:
    if not len(listing.order):
        return
    group = data.draw(st.sampled_from(listing.order.tolist()))
    at = listing.order.tolist().index(group)
    before = [g for g in listing.order[:at].tolist() if listing.shown[g]]
    after = [g for g in listing.order[at + 1 :].tolist() if listing.shown[g]]
    assert listing.around(group) == (
        before[-1] if before else None,
        after[0] if after else None,
    )


def test_a_cursor_comes_back_as_the_place_that_it_was_made_of() -> None:
    cursor = cursor_of(17, groups=3, listed="1.0 largest")
    assert place_of(cursor, groups=3, listed="1.0 largest") == 17
    assert place_of(None, groups=3, listed="1.0 largest") == START


def test_a_cursor_is_good_for_its_own_groups_and_listing_only() -> None:
    cursor = cursor_of(17, groups=3, listed="1.0 largest")
    for groups, listed in ((4, "1.0 largest"), (3, "1.1 largest"), (3, "1.0 newest")):
        with pytest.raises(StaleCursorError):
            place_of(cursor, groups=groups, listed=listed)


@given(st.text())
def test_what_is_no_cursor_is_told_from_one_that_is_stale(text: str) -> None:
    with pytest.raises((MalformedCursorError, StaleCursorError)):
        place_of(text, groups=3, listed="1.0 largest")
