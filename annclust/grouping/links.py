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

from annclust.arrays import ROUNDING, Distances, Nodes
from annclust.grouping.layout import Layouts
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import Surroundings
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import NO_STAGE, Stage
from annclust.settings import LinkSettings

UNRELATED = 1.0
"""Ratio from which on photos are as far from each other as unrelated ones: no link."""

_BLOCK = 8192


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
    stage: Stage = NO_STAGE,
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
    stage : Stage
        Told how far it is.

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
        stage.advance(_BLOCK)
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
    if layouts is None:
        _see_crowds(ratio, pairs, around, settings)
    else:
        _see_layouts(ratio, pairs, around.page, layouts, settings)
    ratio[ratio >= UNRELATED] = np.inf
    ratio[pairs.distance <= ROUNDING] = 0
    return ratio


def _see_crowds(
    ratio: Distances, pairs: Pairs, around: Surroundings, settings: LinkSettings
) -> None:
    """Let nearness itself count, in place: a share of the usual scale, for want of layouts."""
    near = settings.near_share * around.usual
    if near > 0:
        np.minimum(ratio, settings.strong / near * pairs.distance, out=ratio)


def plain_ratios(pairs: Pairs, around: Surroundings) -> Distances:
    """Distances of pairs over the geometric mean of their local scales, shape (m,)."""
    scale = np.sqrt(around.scale[pairs.left] * around.scale[pairs.right])
    # A scale of 0 is that of copies, among which whatever is none is unrelated.
    ratio = np.where(pairs.distance > ROUNDING, np.float32(np.inf), np.float32(0))
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
    pairs, found, pages = pairs.chosen(asked), ratio[asked], pages[asked]
    agreement = layouts.agreement(pairs.left, pairs.right)

    crowded = ~pages & (agreement >= settings.agreeing)
    nearness = settings.strong / settings.near * pairs.distance
    found[crowded] = np.minimum(found, nearness)[crowded]

    refused = pages & (agreement < settings.agreeing_pages)
    refused &= ~(layouts.flat(pairs.left) | layouts.flat(pairs.right))
    found[refused] = np.inf

    looked_at = np.flatnonzero(doubtful[asked] | (refused & (ratio[asked] < UNRELATED)))
    turned = pairs.chosen(looked_at)
    correlation = layouts.turned_agreement(turned.left, turned.right)
    least = np.where(pages, settings.agreeing_pages, settings.turned)[looked_at]
    least = np.maximum(least, agreement[looked_at] + settings.turned_margin)
    found[looked_at[correlation > least]] = settings.strong / 2  # as sure as any
    ratio[asked] = found
