"""Explaining: why photos are together, and why one is alone, from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annclust.grouping.explanation import (
    Link,
    Loneliness,
    chain,
    meeting,
    surest_link,
    with_origin,
)
from annclust.grouping.group_tree import EVERYTHING
from annclust.pipeline.asked import asked_content
from annclust.pipeline.level_groups import LevelGroups, level_groups
from annclust.pipeline.reports import ApartReport, Explanation, LinkReport, Photo
from annclust.pipeline.why_apart import why_apart
from annclust.settings import Level, SearchSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store


@dataclass(frozen=True, slots=True)
class _Asked:
    """A file that is asked about, and what it shows."""

    path: Path
    digest: bytes
    node: int

    def among(self, images: Iterable[ImageRecord]) -> ImageRecord:
        """The photo that is meant, of all that share a vector: here, or the same content."""
        here = self.path.absolute()
        return min(images, key=lambda it: (it.full_path != here, it.digest != self.digest, it.id))


def explain(
    store: Store,
    search: SearchSettings,
    image: Path,
    other: Path | None = None,
    level: Level | None = None,
) -> Explanation:
    """Say why a photo is with another one, or with any; or why not.

    Parameters
    ----------
    store : Store
    search : SearchSettings
    image, other : Path
        Files whose contents the collection has.
    level : {"shots", "scenes", "themes"} or None
        That of the last clustering if None.

    Raises
    ------
    NothingClusteredError
        If that level was never clustered, or something changed since.
    NoLinksError
        If it is density.
    UnknownPhotoError
        If the collection does not have a file's content.
    """
    paths = [image] if other is None else [image, other]
    digests = [asked_content(store, path) for path in paths]
    with store.catalog.snapshot():
        groups = level_groups(store, level)
        asked = [
            _Asked(path, digest, groups.node(digest, path))
            for path, digest in zip(paths, digests, strict=True)
        ]
        return _explained(groups, search, *asked)


def _explained(
    groups: LevelGroups, search: SearchSettings, asked: _Asked, other: _Asked | None = None
) -> Explanation:
    node, far = asked.node, None if other is None else other.node
    together = _are_together(groups, node, far)
    links = _links(groups, node, far) if together else ()
    lonely = None if together else why_apart(groups, search, node, far)
    images = _images(groups, _spoken_of(asked, other, links, lonely))
    photos = _names(images, asked, other)
    cluster = int(groups.clusters[node])
    return Explanation(
        photo=_photo(asked.among(images[node])),
        other=None if other is None else _photo(other.among(images[other.node])),
        level=groups.level,
        cluster=None if cluster < 0 else cluster,
        together=together,
        links=tuple(_told(photos, link) for link in links),
        apart=None if lonely is None else _apart(groups, photos, lonely, node),
        copies=None if links or not together else _are_copies(images[node], asked, other),
    )


def _are_together(groups: LevelGroups, node: int, far: int | None) -> bool:
    if far is None:
        return bool(groups.clusters[node] >= 0)
    return node == far or bool(groups.clusters[node] == groups.clusters[far] >= 0)


def _links(groups: LevelGroups, node: int, far: int | None) -> tuple[Link, ...]:
    """The way from one photo to another one of its group, or the surest link of one."""
    if far is not None:
        found = chain(groups.tree, groups.look, node, far)
        return with_origin(found or (), groups.decisions)
    surest = surest_link(groups.tree, groups.look, node)
    return () if surest is None else with_origin([surest], groups.decisions)


def _are_copies(images: Iterable[ImageRecord], asked: _Asked, other: _Asked | None) -> bool:
    """Whether photos of one vector are of one content, too."""
    if other is not None:
        return asked.digest == other.digest
    return len({image.digest for image in images}) == 1


def _spoken_of(
    asked: _Asked, other: _Asked | None, links: Iterable[Link], lonely: Loneliness | None
) -> set[int]:
    """All nodes whose photos are named."""
    nodes = {asked.node, *(end for link in links for end in (link.left, link.right))}
    nodes |= set() if other is None else {other.node}
    return nodes if lonely is None else nodes | {lonely.nearest}


def _images(groups: LevelGroups, nodes: set[int]) -> dict[int, list[ImageRecord]]:
    """The photos of each of some nodes, by id."""
    row_of = {node: int(groups.live.rows[node]) for node in nodes}
    found: dict[int, list[ImageRecord]] = {row: [] for row in row_of.values()}
    for image in groups.store.catalog.images_of_rows(row_of.values()):
        found[image.row].append(image)
    return {node: found[row] for node, row in row_of.items()}


def _names(
    images: Mapping[int, list[ImageRecord]], asked: _Asked, other: _Asked | None
) -> dict[int, Photo]:
    """One photo for each node: the one that was asked about, where one was."""
    found = {node: _photo(of_node[0]) for node, of_node in images.items()}
    for each in (asked, other):
        if each is not None:
            found[each.node] = _photo(each.among(images[each.node]))
    return found


def _photo(image: ImageRecord) -> Photo:
    return Photo(image.id, image.full_path)


def _told(photos: Mapping[int, Photo], link: Link) -> LinkReport:
    return LinkReport(photos[link.left], photos[link.right], link.ratio, link.height, link.said)


def _apart(
    groups: LevelGroups, photos: Mapping[int, Photo], lonely: Loneliness, node: int
) -> ApartReport:
    ratio = lonely.ratio if np.isfinite(lonely.ratio) else lonely.plain
    return ApartReport(
        nearest=photos[lonely.nearest],
        distance=lonely.distance,
        times=ratio / groups.choices.settings.links.strong,
        granularity=meeting(groups.tree.up_to(EVERYTHING), node, lonely.nearest),
        why=lonely.why,
    )
