"""The private halves of scikit-learn and hdbscan: they are there, and they agree."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.spanning_tree import SpanningForest
from annclust.clustering.tree_adapter import (
    condense,
    condense_by_hdbscan,
    condense_by_scikit_learn,
    linkage,
    linkage_by_hdbscan,
    linkage_by_scikit_learn,
)


@st.composite
def spanning_trees(draw: st.DrawFn) -> SpanningForest:
    """Trees of up to 40 nodes whose edges ascend, with ties."""
    n = draw(st.integers(2, 40))
    parents = [draw(st.integers(0, node - 1)) for node in range(1, n)]
    weight = sorted(draw(st.lists(st.integers(0, 9), min_size=n - 1, max_size=n - 1)))
    order = np.array(draw(st.permutations(range(n - 1))), dtype=np.int64)
    left, right = np.array(parents)[order], np.arange(1, n)[order]
    return SpanningForest(left, right, np.array(weight, dtype=np.float64))


@given(tree=spanning_trees())
def test_both_libraries_link_alike(tree: SpanningForest) -> None:
    fast = linkage_by_scikit_learn(tree.left, tree.right, tree.weight)
    slow = linkage_by_hdbscan(tree.left, tree.right, tree.weight)
    assert (np.sort(fast[:, :2], axis=1) == np.sort(slow[:, :2], axis=1)).all()
    assert (fast[:, 2:] == slow[:, 2:]).all()


def test_hdbscan_links_where_scikit_learn_has_moved_its_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edges = np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([1.0, 2.0, 3.0])
    before = linkage(*edges)
    monkeypatch.setitem(sys.modules, "sklearn.cluster._hdbscan._linkage", None)
    with pytest.raises(ImportError):
        linkage_by_scikit_learn(*edges)
    assert (linkage(*edges)[:, 2:] == before[:, 2:]).all()


def test_a_condensed_tree_has_the_fields_that_we_read() -> None:
    merges = np.array([[0, 1, 1, 2], [2, 3, 2, 2], [4, 5, 4, 4]], dtype=np.float64)
    table = condense(merges, 2)
    assert table.dtype.names == ("parent", "child", "lambda_val", "child_size")
    lambdas = dict(zip(table["child"].tolist(), table["lambda_val"].tolist(), strict=True))
    assert lambdas == {5: 1 / 4, 6: 1 / 4, 0: 1, 1: 1, 2: 1 / 2, 3: 1 / 2}


@given(tree=spanning_trees(), size=st.integers(2, 6))
def test_both_libraries_condense_alike(tree: SpanningForest, size: int) -> None:
    merges = linkage(tree.left, tree.right, tree.weight)
    fast, slow = condense_by_scikit_learn(merges, size), condense_by_hdbscan(merges, size)
    assert fast.dtype == slow.dtype
    assert fast.tolist() == slow.tolist()


def test_hdbscan_condenses_where_scikit_learn_has_moved_its_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merges = np.array([[0, 1, 1, 2], [2, 3, 2, 2], [4, 5, 4, 4]], dtype=np.float64)
    before = condense(merges, 2)
    monkeypatch.setitem(sys.modules, "sklearn.cluster._hdbscan._tree", None)
    with pytest.raises(ImportError):
        condense_by_scikit_learn(merges, 2)
    assert condense(merges, 2).tolist() == before.tolist()
