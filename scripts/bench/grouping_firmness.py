"""Firmness: how much the rule of grouping depends on its numbers, and on the photos they serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from unittest.mock import patch

import numpy as np
from photo_clocks import CLOCKS, Clock, outings_of
from photo_sets import PhotoSet
from reporting import table
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.metrics.cluster import pair_confusion_matrix

import annclust.grouping.surroundings as surroundings_module
from annclust.arrays import Labels, Vectors
from annclust.embedding.efficientnet_lite0 import GEOMETRY, NAME
from annclust.embedding.registry import find_embedder
from annclust.grouping.background import shipped_background
from annclust.grouping.chain import group_photos
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.moments import Moments
from annclust.images.decoding import decode
from annclust.neighbor_graph import NeighborGraph
from annclust.settings import GRANULARITY, EmbedSettings, GroupSettings, LinkSettings
from annclust.vector_source import ArrayVectors

LABELLED = ("photos", "copies", "tracks")
MADE = ("one-offs", "burst", "half alone")
NEIGHBORS = 32
PRICE = 1.0
"""What a photo alone that is put into a group costs, in pair F, when numbers are chosen."""


def embedded(photos: PhotoSet) -> Vectors:
    """Vectors of a set, in the order of its groups."""
    model = find_embedder(NAME, EmbedSettings(threads=2)).load()
    return model.embed(
        [decode(path.read_bytes(), GEOMETRY, max_pixels=10**9).pixels for path in photos.paths]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A set, ready to be grouped again and again."""

    vectors: Vectors
    graph: NeighborGraph
    groups: np.ndarray
    subjects: np.ndarray

    @classmethod
    def of(cls, photos: PhotoSet) -> Prepared:
        """Embed it, and find the nearest of each photo."""
        vectors, k = embedded(photos), min(NEIGHBORS, len(photos.groups) - 1)
        squares = np.maximum(2 - 2 * (vectors @ vectors.T), 0)
        np.fill_diagonal(squares, np.inf)
        near = np.argsort(squares, axis=1, kind="stable")[:, :k].astype(np.int32)
        distances = np.sqrt(np.take_along_axis(squares, near, axis=1))
        groups = np.array([*photos.groups.values()])
        subjects = np.array([photos.subjects.get(name, "") for name in photos.groups])
        return cls(vectors, NeighborGraph(near, distances), groups, subjects)

    def shots(self, settings: GroupSettings, moments: Moments | None = None) -> Labels:
        """Shot of each photo; -1 if none."""
        return self.tree(settings, moments).cut(GRANULARITY["shots"])

    def tree(self, settings: GroupSettings, moments: Moments | None = None) -> GroupTree:
        """All its groups."""
        return group_photos(
            self.graph,
            ArrayVectors(self.vectors),
            shipped_background(),
            moments or Moments.unknown(len(self.vectors)),
            settings,
            has_layouts=True,
            threads=2,
        ).tree

    def scored(self, labels: Labels) -> tuple[float, float]:
        """Pair F, and photos alone in a group."""
        truth = np.unique(self.groups, return_inverse=True)[1]
        alone = self.groups == ""
        parted = [np.where(each < 0, -1, each) for each in (np.where(alone, -1, truth), labels)]
        (_, wrong), (missed, right) = pair_confusion_matrix(*map(singled, parted)).astype(float)
        absorbed = float((labels[alone] >= 0).mean()) if alone.any() else 0.0
        return 2 * right / max(2 * right + wrong + missed, 1), absorbed


def singled(labels: Labels) -> Labels:
    """Labels with a number for each that has none."""
    alone = labels < 0
    return np.where(alone, labels.max(initial=-1) + 1 + np.cumsum(alone), labels)


def with_links(**choices: float) -> GroupSettings:
    return GroupSettings(links=replace(LinkSettings(), **choices))  # type: ignore[arg-type]


def firmness(sets: Mapping[str, PhotoSet]) -> None:
    """Print how firm the rule is."""
    prepared = {name: Prepared.of(sets[name]) for name in (*LABELLED, *MADE)}
    print("\nNumbers chosen on two sets, scored on the third\n")
    print(table(("scored on", "strong", "weak", "rank", "pair F", "with ours"), left_out(prepared)))
    print("\nEach number less and more by a tenth: pair F, photos alone in a group\n")
    print(table(("", *prepared), moved(prepared)))
    print("\nWith times in the files: pair F, photos alone in a group\n")
    print(table(("", *LABELLED), timed(prepared)))
    print("\nScenes and what photos show, with times: adjusted mutual information\n")
    print(table(("", *LABELLED), outings(prepared)))
    print("\nEach number of scenes less and more by a tenth, with an outing for each: the same\n")
    print(table(("", *LABELLED), moved_scenes(prepared)))


def told(found: tuple[float, float]) -> str:
    return f"{found[0]:.3f}, {found[1]:.3f}"


def left_out(prepared: Mapping[str, Prepared]) -> Iterator[Sequence[object]]:
    """For each set the numbers that serve the other two best, and what they do there."""
    choices = [
        {"strong": strong, "weak": weak, "rank": rank}
        for strong, weak, rank in product((0.55, 0.59, 0.63, 0.67), (0.7, 0.78, 0.86), (30, 45, 60))
    ]
    found = {
        name: [prepared[name].scored(prepared[name].shots(with_links(**each))) for each in choices]
        for name in LABELLED
    }
    for name in LABELLED:
        others = [other for other in LABELLED if other != name]
        worth = [
            sum(found[other][place][0] - PRICE * found[other][place][1] for other in others)
            for place in range(len(choices))
        ]
        best = int(np.argmax(worth))
        ours = prepared[name].scored(prepared[name].shots(GroupSettings()))
        yield name, *choices[best].values(), told(found[name][best]), told(ours)


def moved(prepared: Mapping[str, Prepared]) -> Iterator[Sequence[object]]:
    """What every set is like with each number moved."""
    yield (
        "as it is",
        *(told(each.scored(each.shots(GroupSettings()))) for each in prepared.values()),
    )
    for field in fields(LinkSettings):
        for factor in (0.9, 1.1):
            value = getattr(LinkSettings(), field.name) * factor
            value = (
                round(value) if field.name == "rank" else min(value, _MOST.get(field.name, value))
            )
            settings = with_links(**{field.name: value})
            scores = (told(each.scored(each.shots(settings))) for each in prepared.values())
            yield f"{field.name} {value:.3g}", *scores
    for factor in (0.9, 1.1):
        with patch.object(surroundings_module, "GROWTH", surroundings_module.GROWTH * factor):
            scores = (told(each.scored(each.shots(GroupSettings()))) for each in prepared.values())
            yield f"growth {surroundings_module.GROWTH:.3g}", *scores


_MOST = {"agreeing": 0.99, "agreeing_pages": 0.999, "turned": 0.999, "outing_closer": 1.0}
"""Correlations end at 1, and times bring nothing farther apart."""


def timed(prepared: Mapping[str, Prepared]) -> Iterator[Sequence[object]]:
    for name, clock in CLOCKS.items():
        cells = []
        for each in (prepared[label] for label in LABELLED):
            moments = clock(each, np.random.default_rng(0))
            cells.append(told(each.scored(each.shots(GroupSettings(), moments))))
        yield name, *cells


def outings(prepared: Mapping[str, Prepared]) -> Iterator[Sequence[object]]:
    """How well scenes agree with subjects, where each is photographed by and by, then another."""
    for name, clock in CLOCKS.items():
        yield name, *(agreement(prepared[each], clock, GroupSettings()) for each in LABELLED)


def moved_scenes(prepared: Mapping[str, Prepared]) -> Iterator[Sequence[object]]:
    """The same with each number of scenes moved."""
    for name, factor in product(("scene", "outing", "outing_closer"), (0.9, 1.1)):
        value = min(getattr(GroupSettings(), name) * factor, _MOST.get(name, np.inf))
        settings = replace(GroupSettings(), **{name: value})
        scores = (agreement(prepared[each], outings_of, settings) for each in LABELLED)
        yield f"{name} {value:.3g}", *scores


def agreement(photos: Prepared, clock: Clock, settings: GroupSettings) -> str:
    """Adjusted mutual information of scenes and subjects, with such times."""
    moments = clock(photos, np.random.default_rng(0))
    scenes = photos.tree(settings, moments).up_to(GRANULARITY["scenes"]).groups()
    return f"{adjusted_mutual_info_score(photos.subjects, scenes):.3f}"
