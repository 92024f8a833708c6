"""Scale, figures: what was measured of every stage; what `scale_model.py` counts with."""

from __future__ import annotations

from dataclasses import dataclass

MICRO, NANO = 1e-6, 1e-9
DIMENSION, REDUCED, NEIGHBORS = 1_600, 128, 16


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
    take, commit : float
        Seconds to look a photo up, and to store it, 256 at a time, by the clock where 300,000 are
        stored (scale_driver.py commit).
    live : float
        Reading that a photo is there, and looking at its vector (storage.py).
    task, reference, hold : float
        Seconds of the process that was started for a task, and for each object that it is given;
        bytes a second into the store (scale_driver.py ray).
    reduce, place, append, means, chain : float
        A photo; a photo and list; adding it; a mean of k-means, in each round; a pair of lists in
        their order. These and those below: scale_stages.py.
    order, gather, scatter : float
        A photo in the order of the lists; a vector gathered; a row of the graph put in its place.
    pair, coordinate, refine, sample : float
        Of the graph: a pair compared; a coordinate of a candidate measured; a photo whose neighbors
        of neighbors are asked, and one looked at for recall.
    asking, find, kept, far : float
        Of the join in shards: a place that looks into another shard; a find; a candidate measured
        that is sorted; a coordinate of a candidate measured in shards (scale_shards.py steps).
    ask_scan, seek_scan, sort_scan : float
        A photo and shard: looking who asks there, what is sought there, what was measured there.
    forest, part_bytes, merge, merge_bytes, forest_here : float
        A photo of a part; an edge that is merged, with bytes of either; a photo where nothing is
        cut into parts.
    edges : tuple of float
        Edges a photo of the forest of a 2nd, a 20th, a 200th and a 2,000th of all.
    rounds, bridges, questions, asked_pair : float
        Rounds of bridges, and their queries a photo; questions of the repair, a photo; a pair
        compared for either.
    tree, cut, group : float
        A photo: the rest of the tree; a cut; shots, scenes and themes, on two processors.
    """

    read: float = 20.3e-3
    file: float = 150e3
    come: float = 4 * DIMENSION + 300
    take: float = 46 * MICRO
    commit: float = 189 * MICRO
    chain: float = 11 * NANO
    live: float = 0.96 * MICRO
    task: float = 1.3e-3
    reference: float = 0.04e-3
    hold: float = 1.35e9
    reduce: float = 8.2 * MICRO
    place: float = 3.6 * NANO
    append: float = 0.4 * MICRO
    means: float = 0.63 * MICRO
    order: float = 0.06 * MICRO
    gather: float = 0.4 * MICRO
    scatter: float = 0.12 * MICRO
    pair: float = 8.5 * NANO
    coordinate: float = 0.55 * NANO
    refine: float = 11.4 * MICRO
    sample: float = 1.6 * MICRO
    asking: float = 190 * NANO
    find: float = 40 * NANO
    kept: float = 100 * NANO
    far: float = 1.17 * NANO
    ask_scan: float = 70 * NANO
    seek_scan: float = 80 * NANO
    sort_scan: float = 30 * NANO
    forest: float = 5.0 * MICRO
    part_bytes: float = 400
    merge: float = 1.16 * MICRO
    merge_bytes: float = 127
    forest_here: float = 3.5 * MICRO
    edges: tuple[float, ...] = (1.93, 10.3, 15.4, 15.9)
    rounds: float = 1
    bridges: float = 0.002
    questions: float = 0.03
    asked_pair: float = 31 * NANO
    tree: float = 4.8 * MICRO
    cut: float = 0.47 * MICRO
    group: float = 114 * MICRO


MEASURED = Figures()

TRAVELS = (
    (8, 4.12, 0.22, 0.212, 69.8, 1.25, 0.243),
    (32, 7.38, 0.125, 0.0838, 69.7, 1.89, 0.292),
    (128, 9.32, 0.0897, 0.0455, 75.5, 2.29, 0.32),
    (513, 11.2, 0.0613, 0.0484, 75.8, 2.54, 0.327),
)
"""Of so many shards: others that a photo looks into; share of its lists in its own shard, and in
that of the others that most is asked of; finds that come back; others where its candidates lie, and
share of these there, of 4 million photos (`scale_shards.py travels`)."""

OWN_FINDS = 32

DRIVER = {"reading": 161, "index": 520, "order": 20, "graph": 148, "tree": 250, "groups": 1_400}
"""Bytes a photo in the process that was started: files that wait; the lists until they are written;
the order; with the graph while it comes in; with the density tree; groups (docs/how-big.md)."""

JOIN = frozenset({"joining", "neighbors of neighbors", "sampling for recall", "measuring"})
INDEX = frozenset(
    {"looking at vectors", "learning the index", "filling it", "the order of the lists"}
)
LABELS = JOIN | {"holding the vectors", "forest", "bridges and questions", "the tree", "cutting it"}


@dataclass(frozen=True, slots=True)
class Known:
    """What was measured on two processors of this machine, by the clock, or as half of their time.

    Parameters
    ----------
    name : str
    n, dimension, shards : int
        Shards are 1 where vectors are held together.
    local : bool
        As of `scale_model.Model`.
    stages : frozenset of str
    seconds : float
    """

    name: str
    n: int
    dimension: int
    shards: int
    local: bool
    stages: frozenset[str]
    seconds: float


KNOWN = (
    Known("graph (scale_shards.py)", 100_000, 1_600, 1, True, JOIN, 3.4),
    Known("graph (scale_shards.py)", 300_000, 1_600, 1, True, JOIN, 13.1),
    Known("graph, 40 shards (scale_shards.py)", 100_000, 1_600, 40, True, JOIN, 6.3),
    Known("graph, 40 shards (scale_shards.py)", 300_000, 1_600, 40, True, JOIN, 20.7),
    Known("index and graph (scale.py)", 300_000, 1_600, 1, True, JOIN | INDEX, 16),
    Known("index and graph (scale.py)", 1_000_000, 1_600, 1, True, JOIN | INDEX, 75),
    Known("labels (engines.py)", 300_000, 512, 1, True, LABELS, 11.4),
    Known("labels, Ray (engines.py)", 300_000, 512, 1, False, LABELS, 13.9),
)
