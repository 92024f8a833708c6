"""The chain from neighbors to groups: surroundings → links → shots → scenes → one tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Labels, Neighbors, Vectors, Weights
from annclust.clustering.certificate import horizons
from annclust.grouping.background import Background
from annclust.grouping.credibility import times_tell
from annclust.grouping.group_memory import REDUCED_FROM, REDUCED_TO
from annclust.grouping.group_tree import EVERYTHING, GroupTree
from annclust.grouping.layout import Layouts
from annclust.grouping.links import link_ratios
from annclust.grouping.moments import Moments
from annclust.grouping.scenes import Candidates, Ends, Linkage, Sums, average_linkage
from annclust.grouping.shots import shot_tree
from annclust.grouping.surroundings import Surroundings, surroundings, usable_rank
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import SILENT, Progress
from annclust.search.reduction import learn_reduction
from annclust.settings import GRANULARITY, GroupSettings
from annclust.vector_source import VectorSource

_LEAST_STEP = 0.05
"""Scenes and themes are told apart even where all photos are much alike."""

_SAMPLE = 16_384
_BLOCK = 4096
_EDGES_OF = 65_536
"""Photos whose edges are looked at a time: as many as fit into some tens of megabytes."""

_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class GroupedPhotos:
    """The tree of groups of n photos, what is around each, and whether moments brought them closer.

    Parameters
    ----------
    tree : GroupTree
    around : Surroundings
    times_told : bool
        Whether those of shots did.
    """

    tree: GroupTree
    around: Surroundings
    times_told: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Shots:
    """n photos in shots, of which scenes are made; `groups` has the shot of each."""

    graph: NeighborGraph
    around: Surroundings
    groups: Labels

    @property
    def scale(self) -> Distances:
        """Local scale of each photo, to divide by: shape (n,)."""
        return self.around.divisors


def group_photos(
    graph: NeighborGraph,
    vectors: VectorSource,
    background: Background,
    moments: Moments,
    settings: GroupSettings,
    *,
    has_layouts: bool,
    threads: int = 1,
    progress: Progress = SILENT,
) -> GroupedPhotos:
    """Find all links that join photos, from copies up to everything.

    Parameters
    ----------
    graph : NeighborGraph
        Of n photos.
    vectors : VectorSource
        Of the same: unit rows.
    background : Background
        Of the same embedder.
    moments : Moments
    settings : GroupSettings
    has_layouts : bool
        Whether vectors are descriptors of the default embedder, which keep a layout.
    threads : int
        Makes no difference to the result.
    progress : Progress
    """
    rank = usable_rank(settings.links.rank, graph.n, background)
    with progress.stage("Surroundings", graph.n) as stage:
        around = surroundings(
            graph, vectors, background, rank, settings.links.strong, threads=threads, stage=stage
        )
    evidence = _Evidence(
        graph,
        around,
        _horizon(graph, around),
        Layouts.of(vectors) if has_layouts else None,
        settings,
        threads,
        progress,
    )
    found = evidence.all_shots(moments)
    del evidence  # layouts are large
    with progress.stage("Scenes"):
        shots = _Shots(graph, around, found.tree.groups())
        scenes = _scenes(shots, vectors, found.outings, settings, threads)
    return GroupedPhotos(_together(found.tree, scenes, around, settings), around, found.times_told)


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """What shots are made of; `horizon` is how far all links are known."""

    graph: NeighborGraph
    around: Surroundings
    horizon: Weights
    layouts: Layouts | None
    settings: GroupSettings
    threads: int
    progress: Progress

    def all_shots(self, moments: Moments) -> _AllShots:
        """The links that make shots, whether moments count or not.

        Either way finds shots that the other does not: what times split stays together.
        """
        unknown, settings = Moments.unknown(self.graph.n), self.settings
        plain = self._ratios(unknown)
        found = self._shots(plain, self.horizon)

        def tell(seconds: float, closer: float) -> bool:
            links = settings.links
            return times_tell(moments, self.graph, plain, links, seconds=seconds, closer=closer)

        outings = moments if tell(settings.outing, settings.outing_closer) else unknown
        told = tell(settings.links.moment, settings.links.closer)
        if told:
            ratios, horizon = self._ratios(moments), self.horizon * settings.links.closer
            found = found.followed_by(self._shots(ratios, horizon)).in_order()
        return _AllShots(found, told, outings)

    def _ratios(self, moments: Moments) -> Distances:
        """Of all links, of photos of such moments."""
        graph, links = self.graph, self.settings.links
        with self.progress.stage("Links", graph.n) as stage:
            return link_ratios(
                graph, self.around, self.layouts, moments, links, threads=self.threads, stage=stage
            )

    def _shots(self, ratios: Distances, horizon: Weights) -> GroupTree:
        """The links that make shots."""
        with self.progress.stage("Shots"):
            found = shot_tree(
                self.graph.neighbors, ratios, horizon, self.settings, threads=self.threads
            )
        return found.up_to(GRANULARITY["shots"])


@dataclass(frozen=True, slots=True, eq=False)
class _AllShots:
    """The links that make shots, whether times told of them, and moments that tell of scenes."""

    tree: GroupTree
    times_told: bool
    outings: Moments


def _horizon(graph: NeighborGraph, around: Surroundings) -> Weights:
    """Ratio up to which all links of each photo are known, shape (n,).

    What neither of two lists has is farther than the last of both, and the geometric mean of their
    ratios bounds that of the pair; the far end may be anyone.
    """
    reach = horizons(graph) / around.divisors
    bound: Weights = np.sqrt(reach * reach.min(initial=np.inf))
    return bound


def _scenes(
    shots: _Shots, vectors: VectorSource, moments: Moments, settings: GroupSettings, threads: int
) -> Linkage:
    """Join shots along all edges of the graph, whatever their ratio, and from moment to moment."""
    sums, in_turn = _compared(shots, vectors, moments, settings.outing, threads)
    candidates = Candidates.of_all([*_edges_between(shots), in_turn])

    def closeness(left: Ends, right: Ends) -> Weights:
        soon = moments.together(left, right, settings.outing)
        return np.where(soon, settings.outing_closer, 1.0)

    return average_linkage(sums, shots.groups, candidates, closeness)


def _edges_between(shots: _Shots) -> Iterator[Candidates]:
    """Edges of the graph between shots, block by block: the strongest of each pair of shots."""
    graph, scale = shots.graph, shots.scale
    for first in range(0, graph.n, _EDGES_OF):
        rows, columns = np.nonzero(_told_once(graph.neighbors, first, first + _EDGES_OF))
        rows += first
        left, right = rows, graph.neighbors[rows, columns]
        ratio = graph.distances[rows, columns] / np.sqrt(scale[left] * scale[right])
        strongest = Candidates.between_photos(left, right, ratio).between(shots.groups)
        yield Candidates.between_photos(strongest.left, strongest.right, strongest.ratio)


def _told_once(neighbors: Neighbors, first: int, last: int) -> NDArray[np.bool_]:
    """Edges of some nodes, but for those that a lower node tells already: shape (m, k)."""
    block = neighbors[first:last]
    told = block >= 0
    rows, columns = np.nonzero(told & (block < np.arange(first, first + len(block))[:, np.newaxis]))
    lower = neighbors[block[rows, columns]]
    told[rows, columns] = (lower != (rows + first)[:, np.newaxis]).all(axis=1)
    return told


def _in_turn(vectors: Vectors, scale: Distances, moments: Moments, seconds: float) -> Candidates:
    """Links between photos that follow each other in time."""
    before, after = moments.in_turn(seconds)
    distance = np.empty(len(before), dtype=np.float32)
    for first in range(0, len(before), _BLOCK):
        block = slice(first, first + _BLOCK)
        distance[block] = np.linalg.norm(vectors[before[block]] - vectors[after[block]], axis=1)
    return Candidates.between_photos(
        before, after, distance / np.sqrt(scale[before] * scale[after])
    )


def _compared(
    shots: _Shots, vectors: VectorSource, moments: Moments, seconds: float, threads: int
) -> tuple[Sums, Candidates]:
    """Sums of shots, and links from moment to moment: what is made of vectors, which are large."""
    few = _on_few_axes(vectors, threads)
    return Sums.of(few, shots.scale, shots.groups), _in_turn(few, shots.scale, moments, seconds)


def _on_few_axes(vectors: VectorSource, threads: int) -> Vectors:
    """All vectors, on few axes if they are many: shape (n, d).

    Their mean is one of these: it is what all of them have in common.
    """
    n, d = vectors.shape
    if n <= REDUCED_FROM or d <= REDUCED_TO:
        return vectors.block(0, n)
    picked = np.linspace(0, n - 1, min(n, _SAMPLE)).astype(np.int64)
    sample = (vectors.take(part) for part in np.array_split(picked, max(len(picked) // _BLOCK, 1)))
    learned = learn_reduction(sample, REDUCED_TO - 1, seed=_SEED, threads=threads)
    axes = np.linalg.qr(np.column_stack([learned.mean, learned.axes]))[0]
    blocks = [(first, min(first + _BLOCK, n)) for first in range(0, n, _BLOCK)]
    return np.concatenate([*map_parts(lambda ends: vectors.block(*ends) @ axes, blocks, threads)])


def _together(
    shots: GroupTree, scenes: Linkage, around: Surroundings, settings: GroupSettings
) -> GroupTree:
    """One tree of shots, and of scenes above them: pages of other layouts meet no sooner."""
    height = _granularity(scenes.apart, scenes.at_large, settings)
    pages = around.page[scenes.left] & around.page[scenes.right]
    height[pages] = np.maximum(height[pages], GRANULARITY["scenes"])
    unproven = np.zeros(len(height), dtype=np.bool_)
    above = GroupTree(shots.n, scenes.left, scenes.right, scenes.ratio, height, unproven)
    return shots.followed_by(above.chosen(np.argsort(height, kind="stable")))


def _granularity(apart: Weights, at_large: float, settings: GroupSettings) -> Weights:
    """Granularity at which groups so far apart are joined, above that of shots.

    Scenes end where a scene's photos are, on average, as far from each other as `scene` says;
    themes halfway from there to how far any two photos are; in between it grows evenly.
    """
    scene = settings.scene
    whole = max(at_large, scene + _LEAST_STEP)
    known = [settings.links.strong, scene, (scene + whole) / 2, whole]
    levels = [GRANULARITY["shots"], GRANULARITY["scenes"], GRANULARITY["themes"], EVERYTHING]
    found = np.interp(apart, known, levels)
    beyond = np.maximum(apart - whole, 0)
    return np.maximum(found + beyond, np.nextafter(GRANULARITY["shots"], 2))
