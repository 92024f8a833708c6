"""Tree picture: the condensed tree as an SVG, like the plots of the HDBSCAN papers. Pure.

Density grows downwards; a branch is as wide as it has vectors, and narrows where they leave it.
Groups are colored. See Campello, Moulavi, Zimek, Sander (2015), ACM TKDD 10(1), figure 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from annclust.arrays import Nodes, Weights
from annclust.clustering.condensed_tree import CondensedTree

_WIDTH, _HEIGHT = 1_200, 700
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 50, 1_180, 680

_CORNERS = 40
"""Corners of a branch's side, at most."""

_SHOWN = 2_000
"""Branches that are drawn: the largest ones."""

_SEEN = 0.995
"""Share of the vectors whose height is drawn; the others end at the bottom."""

_GRAY = "#c9ced6"
_COLORS = ("#2a6fdb", "#d9542b", "#2b9348", "#8e44ad", "#c2185b", "#00838f", "#b8860b", "#5d4037")


def tree_picture(tree: CondensedTree, n: int, groups: Mapping[int, int]) -> str:
    """Draw a tree.

    Parameters
    ----------
    tree : CondensedTree
        Over n vectors.
    n : int
    groups : mapping of int to int
        Which branches are groups (counted from 0, which is all vectors), and their ids.

    Returns
    -------
    str
        An SVG document.
    """
    title = f"Density tree of {n:,} contents, {len(groups):,} groups"
    shapes = _Drawing.of(tree, n).shapes(groups) if len(tree.parent) else ()
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
            f' viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
            f"<title>{title}</title>",
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{_LEFT}" y="28" font-size="16">{title}</text>',
            *shapes,
            "</svg>\n",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch where it begins: its middle from 0 to 1, its vectors, its height, its color."""

    number: int
    middle: float
    size: int
    height: float
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """A tree with its rows sorted by branch and height.

    Parameters
    ----------
    tree : CondensedTree
    n : int
    order : ndarray of shape (m,), int64
        Rows, branch by branch, in the order in which they leave.
    starts : ndarray of shape (branches + 1,), int64
    heights : ndarray of shape (m,), float64
        Logarithm of λ at each row.
    """

    tree: CondensedTree
    n: int
    order: Nodes
    starts: Nodes
    heights: Weights

    @classmethod
    def of(cls, tree: CondensedTree, n: int) -> Self:
        order = np.lexsort((tree.lambda_, tree.parent))
        branches = np.arange(n, int(tree.parent.max()) + 2)
        return cls(tree, n, order, np.searchsorted(tree.parent[order], branches), _heights(tree))

    def shapes(self, groups: Mapping[int, int]) -> Iterator[str]:
        yield from self._axis()
        shown = self._largest()
        waiting = [_Branch(0, 0.5, self.n, float(self.heights.min()), _color(groups, 0, _GRAY))]
        while waiting:
            branch = waiting.pop()
            rows = self.order[self.starts[branch.number] : self.starts[branch.number + 1]]
            yield self._polygon(branch, rows, groups)
            waiting += [
                child for child in self._children(branch, rows, groups) if child.number in shown
            ]

    def _largest(self) -> set[int]:
        branches = np.flatnonzero(self.tree.child >= self.n)
        by_size = branches[np.argsort(-self.tree.child_size[branches], kind="stable")]
        return set((self.tree.child[by_size[:_SHOWN]] - self.n).tolist())

    def _children(
        self, branch: _Branch, rows: Nodes, groups: Mapping[int, int]
    ) -> Iterator[_Branch]:
        """The branches that stand side by side where a branch ends."""
        splits = rows[self.tree.child[rows] >= self.n]
        start = branch.middle - self.tree.child_size[splits].sum() / self.n / 2
        for row in splits:
            number, size = int(self.tree.child[row]) - self.n, int(self.tree.child_size[row])
            middle = start + size / self.n / 2
            color = _color(groups, number, branch.color)
            yield _Branch(number, middle, size, float(self.heights[row]), color)
            start += size / self.n

    def _polygon(self, branch: _Branch, rows: Nodes, groups: Mapping[int, int]) -> str:
        vectors = rows[self.tree.child[rows] < self.n]
        heights = np.append(branch.height, self.heights[vectors])
        sizes = branch.size - np.arange(len(heights))
        if len(vectors) < len(rows):  # it ends where it splits
            heights, sizes = np.append(heights, self.heights[rows[-1]]), np.append(sizes, sizes[-1])
        kept = np.unique(np.linspace(0, len(heights) - 1, _CORNERS).astype(int))
        y, half = self._y(heights[kept]), sizes[kept] / self.n / 2
        left, right = self._x(branch.middle - half), self._x(branch.middle + half)
        corners = [*zip(left, y, strict=True), *zip(right[::-1], y[::-1], strict=True)]
        points = " ".join(f"{x:.1f},{height:.1f}" for x, height in corners)
        group = groups.get(branch.number)
        told = f"{branch.size:,} contents" + ("" if group is None else f", group {group}")
        return (
            f'<polygon points="{points}" fill="{branch.color}" stroke="{branch.color}"'
            f' stroke-width=".5"><title>{told}</title></polygon>'
        )

    def _x(self, share: Weights) -> Weights:
        return _LEFT + share * (_RIGHT - _LEFT)

    def _y(self, heights: Weights) -> Weights:
        low, high = self.heights.min(), self.heights.max()
        y: Weights = _TOP + (heights - low) / max(high - low, 1e-9) * (_BOTTOM - _TOP)
        return y

    def _axis(self) -> Iterator[str]:
        low, high = float(self.heights.min()), float(self.heights.max())
        yield '<text x="8" y="44" fill="#555">distance</text>'
        for height in np.linspace(low, high, 8):
            y = float(self._y(np.array([height]))[0])
            yield f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>'
            yield f'<text x="8" y="{y + 4:.1f}" fill="#555">{10**-height:.3g}</text>'


def _heights(tree: CondensedTree) -> Weights:
    """Logarithm of λ; exact copies leave a little below all others."""
    finite = np.isfinite(tree.lambda_) & (tree.lambda_ > 0)
    heights = np.zeros(len(tree.lambda_))
    np.log10(tree.lambda_, out=heights, where=finite)
    # A few near copies would take half of the picture.
    deepest = float(np.quantile(heights[finite], _SEEN)) if finite.any() else 0.0
    return np.minimum(np.where(np.isinf(tree.lambda_), np.inf, heights), deepest + 0.1)


def _color(groups: Mapping[int, int], branch: int, inherited: str) -> str:
    group = groups.get(branch)
    return inherited if group is None else _COLORS[group % len(_COLORS)]
