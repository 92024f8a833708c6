"""Sharded bridges: as :mod:`bridges`, of vectors that no process holds together (:mod:`shards`)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.engine import Engine
from annclust.search.bridges import POOL_PER_NODE, PROBES
from annclust.search.built_graph import rows_measured
from annclust.search.list_order import AnyOrder
from annclust.search.sharded_search import Block, ShardedSearch
from annclust.search.shards import Shards
from annclust.vector_source import VectorSource


class ShardedBridges:
    """Finds near vectors outside through inverted lists; all of these where the nearest hold none.

    Parameters
    ----------
    vectors, order, threads, engine
        As of `ListBridges`.
    size : int
        Places of a shard, about.
    """

    def __init__(
        self, vectors: VectorSource, order: AnyOrder, size: int, threads: int, engine: Engine
    ) -> None:
        self._vectors, self._order, self._size = vectors, order, size
        self._threads, self._engine = threads, engine

    @cached_property
    def _shards(self) -> Shards:
        return Shards.of(self._engine, self._order, self._vectors, self._size)

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """As of `ListBridges`."""
        nodes = np.full((len(queries), count), -1, dtype=np.int64)
        distances = np.full((len(queries), count), np.inf, dtype=np.float32)
        own = self._order.places[queries]
        asked = np.argsort(own, kind="stable")
        shards = self._shards.placed(self._engine, places[self._order.nodes])
        search = ShardedSearch(shards, self._engine, self._threads)
        blocks = _blocks(shards, own[asked], barred[asked])
        pool = count * POOL_PER_NODE
        near = search.candidates(blocks, probes=PROBES, pool=pool, least=1)
        first = 0
        for rows in map(self._engine.value, search.measured(near, count)):
            part = asked[first : first + len(rows)]
            distances[part], nodes[part] = rows_measured(rows)
            first += len(rows)
        return nodes, distances


def _blocks(shards: Shards, places: Nodes, barred: Nodes) -> list[Block]:
    """Places, ascending, of each shard that has any."""
    found = []
    for number, shard in enumerate(shards.parts):
        part = slice(*np.searchsorted(places, shard.places).tolist())
        if part.start < part.stop:
            found.append(Block(number, places[part] - shard.places[0], barred[part]))
    return found
