"""Scenes: which groups belong together, up to everything: average linkage above the shots.

Two groups are as far apart as their photos are on average, in local scales. For unit vectors a mean
of squared ratios needs no pairs: of photos a in A and b in B with local scales s,

    mean of (2 - 2 a b) / (s_a s_b)  =  2 (S_A S_B - V_A V_B) / (|A| |B|),

where S sums 1 / s and V sums a / s. Only groups between which the neighbor graph has a link are
compared; of these, pairs that are nearest to each other are joined, all at once. With all pairs to
choose from, that is the tree of joining one pair at a time (Murtagh 1983, A survey of recent
advances in hierarchical clustering algorithms, The Computer Journal 26); with few, a join may bring
groups nearer than those before it, and counts as no nearer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from annclust.arrays import Distances, Labels, Nodes, Vectors, Weights

_BLOCK = 65_536

_ALL_PAIRS_OF = 128
_PAIRS = 8192
_SEED = 0
"""Groups of which all pairs are looked at, and how many pairs of more of them: by lot."""

Ends: TypeAlias = NDArray[np.int32]
"""Groups or photos at the ends of links, shape (m,); there are many, so they are kept short."""

Closeness: TypeAlias = Callable[[Ends, Ends], Weights]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs of groups, and the strongest link of each.

    Parameters
    ----------
    low, high : ndarray of shape (m,), int32
        The groups; ``low < high``, each pair once.
    left, right : ndarray of shape (m,), int32
        The photos at the ends of the link.
    ratio : ndarray of shape (m,), float32
        Of the link.
    """

    low: Ends
    high: Ends
    left: Ends
    right: Ends
    ratio: Distances

    def chosen(self, which: Nodes | NDArray[np.bool_] | slice) -> Candidates:
        """Some of them."""
        groups, ends = (self.low[which], self.high[which]), (self.left[which], self.right[which])
        return Candidates(*groups, *ends, self.ratio[which])

    @classmethod
    def between_photos(cls, left: Nodes | Ends, right: Nodes | Ends, ratio: Distances) -> Self:
        """Links between photos that are groups of one."""
        left, right = left.astype(np.int32), right.astype(np.int32)
        ends = np.minimum(left, right), np.maximum(left, right)
        return cls(*ends, left, right, ratio.astype(np.float32))

    @classmethod
    def of_all(cls, parts: Sequence[Candidates]) -> Self:
        """Those of several parts, at least one."""
        return cls(
            np.concatenate([part.low for part in parts]),
            np.concatenate([part.high for part in parts]),
            np.concatenate([part.left for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.ratio for part in parts]),
        )

    def between(self, groups: Labels | Ends) -> Candidates:
        """Those that are left after groups were joined, numbered as `groups` says."""
        names = groups.astype(np.int32, copy=False)
        ends = names[self.low], names[self.high]
        low, high = np.minimum(*ends), np.maximum(*ends)
        apart = np.flatnonzero(low != high)
        low, high = low[apart], high[apart]
        pair = low * (np.int64(names.max(initial=0)) + 1) + high
        order = np.lexsort((self.ratio[apart], pair))
        first = order[np.diff(pair[order], prepend=-1) > 0]
        kept = apart[first]
        return Candidates(
            low[first], high[first], self.left[kept], self.right[kept], self.ratio[kept]
        )


@dataclass(slots=True, eq=False)
class Sums:
    """Of each group: photos, and sums over them; changed in place as groups are joined.

    Parameters
    ----------
    size, inverse : ndarray of shape (groups,), float64
        Photos, and the sum of 1 / scale.
    vectors : ndarray of shape (groups, d), float32
        Sum of vector / scale.
    """

    size: Weights
    inverse: Weights
    vectors: Vectors

    @classmethod
    def of(cls, vectors: Vectors, scale: Distances, groups: Labels) -> Self:
        """Sum up groups of photos.

        Parameters
        ----------
        vectors : ndarray of shape (n, d), float32
            Nearly unit rows.
        scale : ndarray of shape (n,), float32
            Local scale of each photo.
        groups : ndarray of shape (n,), int64
            Group of each photo, numbered from 0.
        """
        count = int(groups.max(initial=-1)) + 1
        size = np.bincount(groups, minlength=count).astype(np.float64)
        inverse = 1 / scale.astype(np.float64)
        entries = inverse.astype(np.float32), (groups, np.arange(len(groups)))
        sums = csr_array(entries, shape=(count, len(groups))) @ vectors
        return cls(size, np.bincount(groups, inverse, minlength=count).astype(np.float64), sums)

    def apart(self, left: Ends, right: Ends) -> Weights:
        """Mean squared ratio of pairs of groups, shape (m,)."""
        found = np.empty(len(left))
        for first in range(0, len(left), _BLOCK):
            ends = left[first : first + _BLOCK], right[first : first + _BLOCK]
            ours, theirs = (self.vectors[end] for end in ends)
            alike = np.einsum("ij,ij->i", ours, theirs, dtype=np.float64)
            scales, sizes = (
                np.prod([of[end] for end in ends], 0) for of in (self.inverse, self.size)
            )
            found[first : first + _BLOCK] = 2 * (scales - alike) / sizes
        return np.maximum(found, 0)

    def at_large(self) -> float:
        """Mean squared ratio that half of the pairs of groups have at least; 0 of one group.

        Every group counts as one: the frames of a long burst, which lie in a narrow place of their
        own, are very many ratios from all others.
        """
        count = len(self.size)
        if count < 2:
            return 0.0
        if count <= _ALL_PAIRS_OF:
            left, right = np.triu_indices(count, 1)
        else:
            left, steps = np.random.default_rng(_SEED).integers(1, count, size=(2, _PAIRS))
            right = (left + steps) % count
        return float(np.median(self.apart(left.astype(np.int32), right.astype(np.int32))))

    def join(self, kept: Ends, gone: Ends) -> None:
        """Add groups to others."""
        self.size[kept] += self.size[gone]
        self.inverse[kept] += self.inverse[gone]
        self.vectors[kept] += self.vectors[gone]


@dataclass(frozen=True, slots=True, eq=False)
class Linkage:
    """Groups joined one after the other.

    Parameters
    ----------
    left, right : ndarray of shape (m,), int64
        Photos of the strongest link between the two groups.
    ratio : ndarray of shape (m,), float64
        Of that link.
    apart : ndarray of shape (m,), float64
        Root of the mean squared ratio of the two groups; not below that of either before.
    at_large : float
        The same of any two groups, as half of all pairs have it at least.
    """

    left: Nodes
    right: Nodes
    ratio: Weights
    apart: Weights
    at_large: float


def average_linkage(
    sums: Sums, groups: Labels, candidates: Candidates, closeness: Closeness
) -> Linkage:
    """Join groups, the nearest first, as long as the graph has links between them.

    Parameters
    ----------
    sums : Sums
        Of the groups; in the end, of what was joined.
    groups : ndarray of shape (n,), int64
        Group of each photo, numbered from 0.
    candidates : Candidates
        Links between photos; `low` and `high` are the photos themselves.
    closeness : callable
        Given the ends of the strongest links of groups, how much closer something else brings
        these: a factor of how far they are apart, shape (m,).
    """
    at_large = np.sqrt(sums.at_large())
    in_order = np.lexsort((candidates.right, candidates.left))
    pairs = candidates.chosen(in_order).between(groups)  # so that ties do not depend on theirs
    apart = _apart(pairs, sums, closeness)
    reached = np.zeros(len(sums.size))
    parts, heights = [pairs.chosen(slice(0))], [np.zeros(0)]
    while len(pairs.low):
        nearest = _mutually_nearest(pairs, apart, len(sums.size))
        low, high = pairs.low[nearest], pairs.high[nearest]
        reached[low] = np.maximum(apart[nearest], np.maximum(reached[low], reached[high]))
        parts.append(pairs.chosen(nearest))
        heights.append(reached[low])
        sums.join(low, high)
        pairs, apart = _after(pairs, apart, low, high, sums, closeness)
    taken, root = Candidates.of_all(parts), np.sqrt(np.concatenate(heights))
    ends = taken.left.astype(np.int64), taken.right.astype(np.int64)
    return Linkage(*ends, taken.ratio.astype(np.float64), root, at_large)


def _apart(pairs: Candidates, sums: Sums, closeness: Closeness) -> Weights:
    """How far pairs of groups are apart, squared: shape (m,)."""
    return sums.apart(pairs.low, pairs.high) * closeness(pairs.left, pairs.right) ** 2


def _mutually_nearest(pairs: Candidates, apart: Weights, count: int) -> Nodes:
    """Pairs of groups that are nearest to each other: places, no group twice; at least one."""
    best = np.full(count, np.inf)
    for end in (pairs.low, pairs.high):
        np.minimum.at(best, end, apart)
    ties = np.flatnonzero((apart <= best[pairs.low]) & (apart <= best[pairs.high]))
    first = np.full(count, len(apart), dtype=np.int64)
    for end in (pairs.low, pairs.high):
        np.minimum.at(first, end[ties], ties)
    alone: Nodes = ties[(first[pairs.low[ties]] == ties) & (first[pairs.high[ties]] == ties)]
    return alone


def _after(
    pairs: Candidates,
    apart: Weights,
    kept: Ends,
    gone: Ends,
    sums: Sums,
    closeness: Closeness,
) -> tuple[Candidates, Weights]:
    """Candidates and how far they are apart, after groups were joined."""
    count = len(sums.size)
    names, changed = np.arange(count, dtype=np.int32), np.zeros(count, dtype=np.bool_)
    names[gone] = kept
    changed[kept] = changed[gone] = True
    touched = changed[pairs.low] | changed[pairs.high]
    moved = pairs.chosen(touched).between(names)
    together = Candidates.of_all([pairs.chosen(~touched), moved])
    return together, np.concatenate([apart[~touched], _apart(moved, sums, closeness)])
