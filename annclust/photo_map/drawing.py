"""Drawing: the map of a collection, all photos in two dimensions. The chain of this room.

affinities → start (spectral, or where photos were on the map before) → descent → frame.
"""

from __future__ import annotations

import numpy as np

from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import one_thread_in_blas
from annclust.photo_map.affinities import Affinities, affinities
from annclust.photo_map.descent import FROM_AFAR, NEARBY, descend, steps_of
from annclust.photo_map.frame import Framed, drawn_in, laid_over, wide
from annclust.photo_map.places import Places
from annclust.photo_map.remembered_start import remembered_start
from annclust.photo_map.spectral_start import spectral_start
from annclust.progress import SILENT, Progress

_FEWEST_KNOWN = 0.5
"""Share of the photos below which what is known of places is too little to begin with."""


def draw_map(
    graph: NeighborGraph,
    before: Framed | None = None,
    *,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = SILENT,
) -> Framed:
    """Lay out the nodes of a graph so that neighbors lie together and the others apart.

    It is t-SNE on the neighbor graph, from a spectral start.

    Parameters
    ----------
    graph : NeighborGraph
        Of n nodes; it may fall into pieces.
    before : Framed or None
        Where the nodes were on the map that this one takes the place of, shape (n, 2), NaN of
        those that were not on it: the others stay about where they were.
    seed : int
        The same graph gives the same map, byte for byte.
    threads : int
        Makes no difference to the result.
    progress : Progress
        Told of every step; whoever listens may raise to stop, as nothing is lost but time.
    """
    if graph.n < 2:
        return Framed(np.full((graph.n, 2), 0.5, dtype=np.float32), 1.0)
    with progress.stage("Drawing the map", unit="steps") as stage, one_thread_in_blas():
        drawn_to = affinities(graph, threads=threads)
        known = _known(before)
        near = known is not None and np.isfinite(known[:, 0]).mean() >= _FEWEST_KNOWN
        phases = NEARBY if near else FROM_AFAR
        stage.expect(steps_of(phases))
        start = _start(drawn_to, known if near else None, seed)
        places = descend(drawn_to, start, phases, threads=threads, stage=stage)
        placed = wide(places) if known is None else laid_over(places, known)
        return Framed.of(drawn_in(placed))


def _start(drawn_to: Affinities, known: Places | None, seed: int) -> Places:
    if known is None:
        return spectral_start(drawn_to, seed=seed)
    return remembered_start(drawn_to, known, seed=seed)


def _known(before: Framed | None) -> Places | None:
    """Places on the map before, as long as they were when it was drawn; None if too few are."""
    if before is None or len(np.unique(before.places[~np.isnan(before.places[:, 0])], axis=0)) < 2:
        return None
    known: Places = (before.places - np.float32(0.5)) * np.float32(before.unit)
    return known
