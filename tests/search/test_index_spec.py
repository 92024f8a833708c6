from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.search.index_spec import IndexSpec, choose_index
from annclust.settings import SearchSettings

SETTINGS = SearchSettings(exact_up_to=10_000)

specs = st.builds(
    choose_index,
    st.integers(0, 10_000_000),
    st.integers(1, 4_096),
    st.builds(SearchSettings, exact_up_to=st.integers(0, 100_000)),
)


@pytest.mark.parametrize(("n", "kind"), [(0, "exact"), (10_000, "exact"), (10_001, "ivf")])
def test_small_collections_are_searched_exactly(n: int, kind: str) -> None:
    assert choose_index(n, 1_280, SETTINGS).kind == kind


def test_lists_grow_with_the_root_of_the_collection() -> None:
    lists = [choose_index(n, 1_280, SETTINGS).lists for n in (20_000, 100_000, 1_000_000)]
    assert lists == [256, 512, 2_048]


def test_specs_are_told_apart_by_what_they_say() -> None:
    assert choose_index(10_000, 64, SETTINGS).describe() == "exact, 64 dimensions"
    assert choose_index(10_001, 64, SETTINGS).describe() == (
        "ivf, 256 lists, 16 probed, 64 dimensions reduced to 64"
    )


@given(spec=specs)
def test_a_spec_survives_json(spec: IndexSpec) -> None:
    assert IndexSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec


@given(n=st.integers(1, 10_000_000), d=st.integers(1, 4_096))
def test_no_more_is_learned_than_the_vectors_can_teach(n: int, d: int) -> None:
    spec = choose_index(n, d, SearchSettings(exact_up_to=0))
    assert 1 <= spec.probes <= spec.lists <= n
    assert 1 <= spec.reduced <= min(n, d)


@given(spec=specs, k=st.integers(0, 1_000))
def test_a_pool_holds_more_than_is_wanted(spec: IndexSpec, k: int) -> None:
    assert spec.pool(k) > k
