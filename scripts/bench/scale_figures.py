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
        Seconds to look a photo up, and to store it, 256 at a time; bytes in the catalog; bytes of a
        file that waits to be read (scale_driver.py commit, catalog).
    k_means, chain : float
        A pair and round; a pair of lists (scale_driver.py lists).
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
    forest, forest_others, forest_bytes, merge, merge_others, merge_bytes, edge_bytes : float
        A photo of a part; each other photo, seconds and bytes; an edge that is merged; each other
        photo, seconds and bytes; bytes of an edge.
    edges : tuple of float
        Edges a photo of the forest of a 2nd, a 20th, a 200th and a 2,000th of all.
    forest_here : float
        A photo, where nothing is cut into parts.
    components, questions, question, question_pair : float
        Components of the graph and questions of the repair, a photo; seconds of a question, and of
        each pair that it compares.
    tree, cut, group, group_bytes : float
        A photo: the rest of the tree; a cut; shots, scenes and themes, on two processors, and bytes
        meanwhile (docs/how-big.md).
    """

    read: float = 20.3e-3
    file: float = 150e3
    come: float = 4 * DIMENSION + 300
    take: float = 60 * MICRO
    commit: float = 130 * MICRO
    catalog: float = 600
    waiting: float = 200
    k_means: float = 2.0 * NANO
    chain: float = 15 * NANO
    live: float = 0.8 * MICRO
    checksum: float = 0.4 * MICRO
    task: float = 2e-3
    reference: float = 0.07e-3
    hold: float = 1e9
    reduce: float = 8 * MICRO
    place: float = 3 * NANO
    order: float = 0.2 * MICRO
    gather: float = 0.3 * MICRO
    copy: float = 7e9
    scatter: float = 0.06 * MICRO
    pair: float = 9.6 * NANO
    coordinate: float = 0.41 * NANO
    refine: float = 8.6 * MICRO
    sample: float = 3.8 * MICRO
    forest: float = 3.7 * MICRO
    forest_others: float = 12 * NANO
    forest_bytes: float = 13.4
    merge: float = 0.22 * MICRO
    merge_others: float = 4.7 * NANO
    merge_bytes: float = 87
    edge_bytes: float = 24
    edges: tuple[float, ...] = (1.95, 10.4, 15.4, 15.9)
    forest_here: float = 3.2 * MICRO
    components: float = 0.0003
    questions: float = 0.03
    question: float = 50 * MICRO
    question_pair: float = 10 * NANO
    tree: float = 0.7 * MICRO
    cut: float = 0.3 * MICRO
    group: float = 114 * MICRO
    group_bytes: float = 1_400


MEASURED = Figures()


@dataclass(frozen=True, slots=True)
class Design:
    """How it is done today, where that is about to change: to be set anew here.

    Parameters
    ----------
    order_bytes, tree_bytes, graph_bytes : float
        A photo, in the process that was started: its vector after PCA with its place, while graph
        and tree are built; the tree besides the graph; the graph.
    filled_by, held_by : {"driver", "cluster"}
        Who fills the index; in whose stores shards lie: the node's of the process that was started,
        or all nodes'.
    shard : float
        Bytes of vectors of a shard.
    asks_for : {"shards", "rows"}
        What travels to whoever works on a span: the shards that hold what it needs, as today; or
        its queries to whoever holds the lists, and then the candidates' vectors alone.
    candidates : float
        Of a span, each once, a place of it (scale_shards.py).
    spread : tuple of (float, float, float)
        Photos, and share of all shards that the join and the measuring of a span are given
        (scale_shards.py): at the size nearest to it.
    """

    order_bytes: float = 4 * REDUCED + 12
    tree_bytes: float = 360
    graph_bytes: float = 8 * NEIGHBORS
    filled_by: Literal["driver", "cluster"] = "driver"
    held_by: Literal["driver", "cluster"] = "driver"
    shard: float = 2 << 30
    asks_for: Literal["shards", "rows"] = "shards"
    candidates: float = 9.0
    spread: tuple[tuple[float, float, float], ...] = ((1e8, 0.96, 0.86), (1e9, 0.84, 0.66))


TODAY = Design()

ROWS = Design(asks_for="rows", held_by="cluster", filled_by="cluster", order_bytes=12)
"""What would be needed."""

GRAPH = frozenset({"joining", "neighbors of neighbors", "sampling for recall", "measuring"})
LABELS = (
    GRAPH
    | {"holding the vectors", "forest", "forests of parts", "merging them in pairs"}
    | {"bridges, questions", "the tree", "cutting it"}
)
KNOWN_SPREAD = 0.95, 0.85
"""Share of 40 shards that a span is given at 100,000 and 300,000."""

KNOWN = (
    ("graph, whole", 100_000, False, True, GRAPH, 4.0),
    ("graph, 40 shards", 100_000, True, True, GRAPH, 4.0),
    ("labels, Ray", 100_000, False, False, LABELS, 4.0),
)
"""What was measured here: name, photos, whether in shards, whether in this process, which stages,
seconds on two processors (scale_shards.py recall, engines.py)."""
