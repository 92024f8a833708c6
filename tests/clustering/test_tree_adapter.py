"""The private halves of scikit-learn and hdbscan: they are there, and they agree."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given

from annclust.clustering.spanning_tree import SpanningForest
from annclust.clustering.tree_adapter import (
    linkage,
    linkage_by_hdbscan,
    linkage_by_scikit_learn,
)
from tests.clustering.graphs import spanning_trees


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
