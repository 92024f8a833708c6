"""Scale, figures: what was measured of every stage, and what is about to change.

What `scale_model.py` counts with. Seconds are of one processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MICRO, NANO = 1e-6, 1e-9
DIMENSION, REDUCED, NEIGHBORS = 1_600, 128, 16
VECTOR = 2 * DIMENSION
"""Bytes of a vector as it is stored."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Measured on one processor; behind each the script that does it.

    Parameters
    ----------
    read, file : float
        Seconds until a photo of half a megapixel is a vector (docs/benchmarks.md, Embedding); bytes
        of its file (assumed).
    come : float
        Bytes of a photo that comes embedded: its vector in 32 bits, and what else is known.
    take, commit, catalog, waiting : float
        Seconds to look a photo up, and to store it, 256 at a time, by the clock where 300,000 are
        stored; bytes in the catalog; bytes of a file that waits to be read (scale_driver.py commit,
        catalog).
    pca, k_means, chain : float
        Once; a pair and round; a pair of lists (scale_driver.py lists).
    live, checksum : float
        A photo: reading that it is there; looking at its vector (scale_driver.py catalog).
    task, reference, hold : float
        Seconds of the process that was started for a task, and for each object that it is given;
        bytes a second into the store (scale_driver.py ray).
    reduce, place : float
        Filling the index: a photo; a photo and list. These and all below: scale_stages.py.
    order, gather, copy, scatter : float
        A photo in the order of the lists; a vector gathered; bytes a second copied; a row of the
        graph put in its place.
    pair, coordinate, refine, sample : float
        Of the graph: a pair compared; a coordinate of a candidate measured; a photo whose neighbors
        of neighbors are asked, and one looked at for recall.
    forest, forest_others, part_bytes, forest_bytes : float
        Seconds for a photo of a part, and for each other photo; bytes for either.
    merge, merge_others, merge_bytes, merge_others_bytes, edge_bytes : float
        Seconds for an edge that is merged, and for each photo; bytes for either, and of an edge
        that travels.
    edges, edges_listed : tuple of float
        Edges a photo of the forest of a 2nd, a 20th, a 200th and a 2,000th of all: photos in any
        order, or in that of the lists.
    forest_here : float
        A photo, where nothing is cut into parts.
    questions, question_pair : float
        Questions of the repair, a photo, of a million and more; seconds for each pair compared.
    tree, cut, group, group_bytes : float
        A photo: bridges and the rest of the tree; a cut; shots, scenes and themes, on two
        processors, and bytes meanwhile (docs/how-big.md).
    """

    read: float = 20.3e-3
    file: float = 150e3
    come: float = 4 * DIMENSION + 300
    take: float = 46 * MICRO
    commit: float = 189 * MICRO
    catalog: float = 460
    waiting: float = 161
    pca: float = 0.6
    k_means: float = 4.4 * NANO
    chain: float = 11 * NANO
    live: float = 0.56 * MICRO
    checksum: float = 0.4 * MICRO
    task: float = 1.3e-3
    reference: float = 0.04e-3
    hold: float = 1.35e9
    reduce: float = 8.3 * MICRO
    place: float = 3.4 * NANO
    order: float = 0.5 * MICRO
    gather: float = 0.4 * MICRO
    copy: float = 3.4e9
    scatter: float = 0.14 * MICRO
    pair: float = 8.5 * NANO
    coordinate: float = 0.55 * NANO
    refine: float = 11.4 * MICRO
    sample: float = 1.6 * MICRO
    forest: float = 4.5 * MICRO
    forest_others: float = 218 * NANO
    part_bytes: float = 342
    forest_bytes: float = 34
    merge: float = 0.58 * MICRO
    merge_others: float = 5 * NANO
    merge_bytes: float = 100
    merge_others_bytes: float = 27
    edge_bytes: float = 24
    edges: tuple[float, ...] = (1.93, 10.3, 15.4, 15.9)
    edges_listed: tuple[float, ...] = (1.23, 2.25, 2.76, 2.61)
    forest_here: float = 3.5 * MICRO
    questions: float = 0.03
    question_pair: float = 31 * NANO
    tree: float = 4.8 * MICRO
    cut: float = 0.47 * MICRO
    group: float = 114 * MICRO
    group_bytes: float = 1_400


MEASURED = Figures()


@dataclass(frozen=True, slots=True)
class Design:
    """How it is done today, where that is about to change: to be set anew here.

    Parameters
    ----------
    index_bytes, order_bytes, tree_bytes, graph_bytes : float
        A photo, in the process that was started: while the index is filled; its vector after PCA
        with its place, while graph and tree are built; the tree besides the graph; the graph.
    filled_by, held_by : {"driver", "cluster"}
        Who fills the index; in whose stores shards lie: the node's of the process that was started,
        or all nodes'.
    shard : float
        Bytes of vectors of a shard.
    asks_for : {"shards", "rows"}
        What travels to whoever works on a span: the shards that hold what it needs, as today; or
        its queries to whoever holds the lists, and then the candidates' vectors alone.
    parts_of : {"photos", "lists"}
        In which order the graph is cut for its forests; in that of the lists, what is elsewhere is
        taken as not to be counted either, which it is today.
    candidates : float
        Of a span, each once, a place of it (scale_shards.py).
    spread : tuple of (float, float, float)
        Photos, and share of all shards that the join and the measuring of a span are given
        (scale_shards.py): at the size nearest to it.
    """

    index_bytes: float = 4 * REDUCED + 8
    order_bytes: float = 4 * REDUCED + 12
    tree_bytes: float = 360
    graph_bytes: float = 8 * NEIGHBORS
    filled_by: Literal["driver", "cluster"] = "driver"
    held_by: Literal["driver", "cluster"] = "driver"
    shard: float = 2 << 30
    asks_for: Literal["shards", "rows"] = "shards"
    parts_of: Literal["photos", "lists"] = "photos"
    candidates: float = 9.0
    spread: tuple[tuple[float, float, float], ...] = ((1e8, 0.96, 0.86), (1e9, 0.84, 0.66))


TODAY = Design()

ROWS = Design(
    order_bytes=12,
    tree_bytes=128,
    filled_by="cluster",
    held_by="cluster",
    asks_for="rows",
    parts_of="lists",
)
"""What would be needed."""

GRAPH = frozenset({"joining", "neighbors of neighbors", "sampling for recall", "measuring"})
INDEX = frozenset(
    {"looking at vectors", "learning the index", "filling it", "the order of the lists"}
)
LABELS = GRAPH | {"holding the vectors", "forest", "questions", "the tree", "cutting it"}


@dataclass(frozen=True, slots=True)
class Known:
    """What was measured on two processors of this machine.

    Parameters
    ----------
    name : str
    n, dimension : int
    sharded, local : bool
        As of `scale_formulas.Model`; 40 shards.
    stages : frozenset of str
    seconds : float
    """

    name: str
    n: int
    dimension: int
    sharded: bool
    local: bool
    stages: frozenset[str]
    seconds: float


KNOWN = (
    Known("graph (scale_shards.py)", 100_000, 1_600, False, True, GRAPH, 3.4),
    Known("graph (scale_shards.py)", 300_000, 1_600, False, True, GRAPH, 13.1),
    Known("graph, 40 shards (scale_shards.py)", 100_000, 1_600, True, True, GRAPH, 4.2),
    Known("graph, 40 shards (scale_shards.py)", 300_000, 1_600, True, True, GRAPH, 16.9),
    Known("index and graph (scale.py)", 100_000, 1_600, False, True, GRAPH | INDEX, 4.4),
    Known("index and graph (scale.py)", 300_000, 1_600, False, True, GRAPH | INDEX, 16),
    Known("index and graph (scale.py)", 1_000_000, 1_600, False, True, GRAPH | INDEX, 75),
    Known("labels, local (engines.py)", 100_000, 512, False, True, LABELS, 3.4),
    Known("labels, local (engines.py)", 300_000, 512, False, True, LABELS, 11.4),
    Known("labels, Ray (engines.py)", 100_000, 512, False, False, LABELS, 4.1),
    Known("labels, Ray (engines.py)", 300_000, 512, False, False, LABELS, 13.9),
)
"""By the clock; scale.py and engines.py at 300,000 as in docs/how-big.md and docs/benchmarks.md."""
