from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annclust.errors import InputError
from annclust.search.graph_build import build_graph
from annclust.search.graph_memory import graph_memory, threads_within
from annclust.search.graph_plan import GraphPlan, plan_graph, stage_costs
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors
from tests.search.samples import clustered

PLAN = GraphPlan(neighbors=16, pool=32, probes=8)
GIBIBYTE = 1 << 30
MILLION = (PLAN, 1_000_000, 128, 2 * 1_280 * 1_000_000)


def test_a_million_photos_take_less_than_four_gibibytes_and_a_third_less_than_two() -> None:
    assert GIBIBYTE < graph_memory(*MILLION, 2) < 4 * GIBIBYTE
    assert graph_memory(PLAN, 300_000, 128, 2 * 1_280 * 300_000, 2) < 2 * GIBIBYTE


def test_without_a_limit_all_threads_work() -> None:
    assert threads_within(None, *MILLION, 64) == 64


def test_a_budget_allows_so_many_threads() -> None:
    least = graph_memory(*MILLION, 1)
    assert threads_within(least, *MILLION, 64) == 1
    assert threads_within(graph_memory(*MILLION, 5), *MILLION, 64) == 5


def test_too_little_is_an_error_that_says_how_much_it_takes() -> None:
    with pytest.raises(InputError, match=r"1,000,000 contents takes [\d,]+M of memory"):
        threads_within(GIBIBYTE, *MILLION, 2)


def test_a_graph_is_not_built_beyond_its_budget() -> None:
    settings = SearchSettings(threads=1, exact_up_to=0, memory=100 << 20)
    vectors = ArrayVectors(clustered(500, 8))
    index = build_index(vectors, choose_index(500, 8, settings), settings)
    order = ListOrder.of(index, np.arange(500))
    with pytest.raises(InputError, match="--memory allows 100M"):
        build_graph(vectors, settings, order=order)
    allowed = replace(settings, memory=GIBIBYTE)
    assert build_graph(vectors, allowed, order=order).graph.n == 500


def test_the_costs_of_stages_grow_with_what_they_do() -> None:
    small, large = (
        stage_costs(plan_graph(n, 16, lists), n, 1_280, lists)
        for n, lists in ((100_000, 512), (1_000_000, 2_048))
    )
    assert large.join > 2 * small.join
    assert large.measure == small.measure
    assert small.whole == small.sample + small.join + small.refine + small.measure
