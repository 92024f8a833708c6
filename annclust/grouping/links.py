"""Links: how strong the evidence is that two neighbors show the same, as one number.

It is a ratio of distances: 1 where unrelated photos begin, and the smaller, the surer. Four things
correct it: what was taken at one moment is closer; in a crowd, as a long burst is one, nearness
itself counts; pages and screens are alike by nature, so that their layouts must agree; and the
network sees a turned photo as another one, where its layout tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes
from annclust.grouping.layout import Layouts
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import Surroundings
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.settings import LinkSettings

UNRELATED = 1.0
"""Ratio from which on photos are as far from each other as unrelated ones: no link."""

_BLOCK = 8192

_ROUNDING = 1e-3
"""Distance of unit vectors that are one vector but for float16: 2**-11 per component, with a
margin for the embedder's own float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of photos.

    Parameters
    ----------
    left, right : ndarray of shape (m,), int64
    distance : ndarray of shape (m,), float32
    """

    left: Nodes
    right: Nodes
    distance: Distances

    def chosen(self, which: Nodes | NDArray[np.bool_]) -> Pairs:
        """Some of them."""
        return Pairs(self.left[which], self.right[which], self.distance[which])


def link_ratios(
    graph: NeighborGraph,
    around: Surroundings,
    layouts: Layouts | None,
    moments: Moments,
    settings: LinkSettings,
    *,
    threads: int = 1,
) -> Distances:
    """How strong the link along each edge of a graph is.

    Parameters
    ----------
    graph : NeighborGraph
        Of n photos, k neighbors each.
    around : Surroundings
    layouts : Layouts or None
        None where the embedder keeps none.
    moments : Moments
    settings : LinkSettings
    threads : int
        Makes no difference to the result.

    Returns
    -------
    ndarray of shape (n, k), float32
        ``inf`` where there is no link.
    """
    ratios = np.full((graph.n, graph.k), np.inf, dtype=np.float32)

    def fill(first: int) -> None:
        block = graph.neighbors[first : first + _BLOCK]
        rows, columns = np.nonzero(block >= 0)
        distance = graph.distances[first : first + _BLOCK][rows, columns]
        pairs = Pairs(rows + first, block[rows, columns].astype(np.int64), distance)
        ratios[rows + first, columns] = pair_ratios(pairs, around, layouts, moments, settings)

    for _ in map_parts(fill, range(0, graph.n, _BLOCK), threads):
        pass
    return ratios


def pair_ratios(
    pairs: Pairs,
    around: Surroundings,
    layouts: Layouts | None,
    moments: Moments,
    settings: LinkSettings,
) -> Distances:
    """How strong the links of some pairs are: shape (m,), ``inf`` where there is none."""
    ratio = plain_ratios(pairs, around)
    at_once = moments.together(pairs.left, pairs.right, settings.moment)
    ratio[at_once] *= settings.closer
    if layouts is not None:
        _see_layouts(ratio, pairs, around.page, layouts, settings)
    ratio[ratio >= UNRELATED] = np.inf
    ratio[pairs.distance <= _ROUNDING] = 0
    return ratio


def plain_ratios(pairs: Pairs, around: Surroundings) -> Distances:
    """Distances of pairs over the geometric mean of their local scales, shape (m,)."""
    scale = np.sqrt(around.scale[pairs.left] * around.scale[pairs.right])
    # A scale of 0 is that of copies, among which whatever is none is unrelated.
    ratio = np.where(pairs.distance > _ROUNDING, np.float32(np.inf), np.float32(0))
    np.divide(pairs.distance, scale, out=ratio, where=scale > 0)
    return ratio


def _see_layouts(
    ratio: Distances,
    pairs: Pairs,
    page: NDArray[np.bool_],
    layouts: Layouts,
    settings: LinkSettings,
) -> None:
    """Correct ratios by what layouts say, in place."""
    pages = page[pairs.left] & page[pairs.right]
    doubtful = (ratio > settings.strong) & (ratio < UNRELATED)
    asked = np.flatnonzero(pages | doubtful | (pairs.distance <= settings.near))
    pairs, found = pairs.chosen(asked), ratio[asked]
    pages, doubtful = pages[asked], doubtful[asked]
    agreement = layouts.agreement(pairs.left, pairs.right)

    crowded = ~pages & (agreement >= settings.agreeing)
    nearness = settings.strong / settings.near * pairs.distance
    found[crowded] = np.minimum(found, nearness)[crowded]

    found[pages & (agreement < settings.agreeing_pages)] = np.inf

    turned = pairs.chosen(doubtful)
    correlation = layouts.turned_agreement(turned.left, turned.right)
    least = np.maximum(settings.turned, agreement[doubtful] + settings.turned_margin)
    found[np.flatnonzero(doubtful)[correlation > least]] = settings.strong / 2  # as sure as any
    ratio[asked] = found
