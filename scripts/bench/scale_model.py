"""Scale, model: what a hundred million and a billion photos take, from what was measured here.

    python scripts/bench/scale_model.py            the clusters of docs/scale.md
    python scripts/bench/scale_model.py --check    what was measured, predicted

Each stage is what its figures say, as it is done today; those that are cut into tasks are simulated
(`scale_simulation.py`). `Figures` has what was measured, `Design` what is about to change.
"""

from __future__ import annotations

from dataclasses import dataclass

DIMENSION, REDUCED, NEIGHBORS = 1_600, 128, 16
WHOLE, SHARD, READ, PART = 16 << 30, 2 << 30, 64, 4_000_000 // NEIGHBORS
"""As in `graph_build`, `reading_elsewhere` and `graph_forest`."""

MICRO, NANO = 1e-6, 1e-9


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one core of this machine; scripts that say so stand behind each."""

    read: float = 20.3e-3
    """Seconds a photo of half a megapixel, read, decoded, embedded: docs/benchmarks.md."""
    file: float = 150e3
    """Bytes of it: assumed."""
    come: float = 4 * DIMENSION + 300
    """Bytes of a photo that comes embedded: its vector in 32 bits."""
    take: float = 60 * MICRO
    commit: float = 130 * MICRO
    catalog: float = 600
    waiting: float = 200
    """Seconds and bytes of the catalog a photo; bytes of a file that waits: scale_driver.py."""
    k_means: float = 2.0 * NANO
    chain: float = 15 * NANO
    """A pair and round; a pair of lists: scale_driver.py lists."""
    live: float = 0.8 * MICRO
    checksum: float = 0.4 * MICRO
    """Reading which photos there are; looking at a vector: scale_driver.py catalog."""
    task: float = 2e-3
    reference: float = 0.07e-3
    """Seconds of the driver a task, and for each object it is given: scale_driver.py ray."""
    hold: float = 1e9
    """Bytes a second into the store: scale_driver.py ray."""
    reduce: float = 25 * MICRO
    place: float = 10 * NANO
    """Filling: a photo; a photo and list. This and all below: scale_stages.py."""
    order: float = 0.4 * MICRO
    gather: float = 0.3 * MICRO
    copy: float = 10e9
    pair: float = 7 * NANO
    coordinate: float = 0.6 * NANO
    refine: float = 12 * MICRO
    sample: float = 3 * MICRO
    scatter: float = 0.05 * MICRO
    forest: float = 3.3 * MICRO
    forest_others: float = 20 * NANO
    forest_bytes: float = 30
    merge: float = 0.2 * MICRO
    merge_others: float = 5 * NANO
    merge_bytes: float = 87
    components: float = 0.0003
    questions: float = 0.03
    question_pair: float = 10 * NANO
    tree: float = 1.0 * MICRO
    cut: float = 0.4 * MICRO
    group: float = 114 * MICRO
    group_bytes: float = 1_400
    """Shots, scenes and themes at a million: docs/how-big.md."""
    edges: tuple[float, ...] = (2.0, 10.0, 15.4, 16.0)
    """Edges a photo of a forest of a 2nd, 20th, 200th, 2,000th of all photos."""


@dataclass(frozen=True, slots=True)
class Design:
    """What may change soon: set anew here.

    Parameters
    ----------
    order_bytes, tree_bytes, graph_bytes : float
        A photo, in the process that was started: its vector after PCA while the graph is built; the
        tree besides the graph; the graph.
    fills : {"driver", "cluster"}
        Who fills the index.
    holds : {"driver", "cluster"}
        Where shards lie: in the store of the driver's node, or of all.
    joined, measured : dict of (int, float)
        Share of all shards that a span is given, by the size of the collection: scale_shards.py.
    """

    order_bytes: float = 4 * REDUCED + 12
    tree_bytes: float = 360
    graph_bytes: float = 8 * NEIGHBORS
    fills: str = "driver"
    holds: str = "driver"
    joined: tuple[float, ...] = (1.0, 0.96, 0.84)
    measured: tuple[float, ...] = (1.0, 0.86, 0.66)
    shard: float = SHARD
