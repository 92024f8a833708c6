"""What the stages of the pipeline found, as frozen values; the command line prints these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annclust.arrays import ImageId
from annclust.embedding.embedder import EmbedderSpec
from annclust.settings import Level

if TYPE_CHECKING:  # NumPy and SciPy come with it
    from annclust.grouping.explanation import Why


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that could not be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `index` found and did.

    Parameters
    ----------
    images : int
        Photos in the collection now.
    companions : int
        Files that belong to them: raw photos beside those that the camera made of them, videos of
        Live Photos.
    added, changed, moved, removed : int
        Photos that are new, have other content in the same place, lie elsewhere, are gone.
    unreadable : tuple of Unreadable
        Everything under the scanned roots that cannot be read.
    embedded : int
        Contents that were embedded.
    waiting : int
        Photos that have no vector of the embedder yet.
    duplicates : int
        Added photos whose exact content was known: they cost no embedding.
    skipped : int
        Files that are not images by their name.
    offline : tuple of Unreadable
        Roots that were left as they were, and why.
    seconds : float
    places_dropped : int
        Contents of which it was known where they were taken, and is not any more.
    reread : int
        Contents of old that were read once more, for when and where they were taken.
    """

    images: int
    companions: int
    added: int
    changed: int
    moved: int
    removed: int
    unreadable: tuple[Unreadable, ...]
    embedded: int
    waiting: int
    duplicates: int
    skipped: int
    offline: tuple[Unreadable, ...]
    seconds: float
    places_dropped: int = 0
    reread: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """A photo near a query.

    Parameters
    ----------
    id : ImageId
    path : Path
    similarity : float
        Cosine of the two vectors, at most 1.
    distance : float
        Euclidean distance of the two unit vectors, from 0 to 2.
    """

    id: ImageId
    path: Path
    similarity: float
    distance: float


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo by its id and where it lies.

    Parameters
    ----------
    id : ImageId
    path : Path
    companions : tuple of Path
        Files that belong to it: its raw photo, the video of a Live Photo.
    """

    id: ImageId
    path: Path
    companions: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of photos.

    Parameters
    ----------
    id : int
        Stable: a cluster that did not change keeps it.
    size : int
    representative : Photo
        The member in its densest place.
    members : tuple of Photo
        Surest members first.
    """

    id: int
    size: int
    representative: Photo
    members: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """What `cluster` found.

    Parameters
    ----------
    level : {"shots", "scenes", "themes", "density"}
    images, clusters, noise, largest : int
        Photos that were clustered; groups found; photos in none; photos in the largest group.
    certified : float
        Share of the merges that decide the clusters that are proven to be those of the exact
        algorithm.
    lineage : mapping of str to int
        How many clusters were born, kept, grown, merged, split, and are gone.
    seconds : float
    recall : float
        Share of the true neighbors that the neighbor graph has, over a sample.
    components : int
        Parts that the neighbor graph fell into; they were joined by real edges.
    capped : int
        Branches of the tree, also within each other, that were split because they held too many of
        all photos.
    granularity : float or None
        How coarse the look was; None for "density".
    """

    level: Level
    images: int
    clusters: int
    noise: int
    largest: int
    certified: float
    lineage: Mapping[str, int]
    seconds: float
    recall: float = 1.0
    components: int = 1
    capped: int = 0
    granularity: float | None = None


@dataclass(frozen=True, slots=True)
class LinkReport:
    """A link that joins two photos.

    Parameters
    ----------
    left, right : Photo
    ratio : float
        How strong it is (docs/grouping.md): the smaller, the surer; unrelated photos begin at 1.
    granularity : float
        From which on it joins them; 0 where somebody said so, or 2 where another decision holds it
        back until scenes.
    said : bool
        Whether it is there because somebody said so; then its ratio says nothing.
    """

    left: Photo
    right: Photo
    ratio: float
    granularity: float
    said: bool


@dataclass(frozen=True, slots=True)
class ApartReport:
    """Why a photo is in no group with another one.

    Parameters
    ----------
    nearest : Photo
        The one that was asked about, or the one that is nearest by all evidence.
    distance : float
        Of the two vectors, from 0 to 2.
    times : float
        How many times the largest ratio of photos of one shot the ratio of the two is; 1 or less
        if it does not keep them apart.
    granularity : float or None
        From which on the two are in one group; None if nothing joins them.
    why : {"far", "weak", "layout", "later", "finer", "said", "few"}
        As unrelated photos are; nearer, but not near enough; pages of different layouts; a link
        that waits for a coarser look; the look was finer than that of the level, at which they are
        together; somebody said that they, or photos between them, are not the same shot; or they
        are too few for a group.
    """

    nearest: Photo
    distance: float
    times: float
    granularity: float | None
    why: Why


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a photo is where it is.

    Parameters
    ----------
    photo : Photo
    other : Photo or None
        The one that was asked about too.
    level : {"shots", "scenes", "themes"}
    cluster : int or None
        Group of `photo`.
    together : bool
        Whether `other` is in the same group; if there is none, whether anyone is.
    links : tuple of LinkReport
        From `photo` to `other`, or the surest link that it has.
    apart : ApartReport or None
    copies : bool or None
        Of photos that are together without a link: whether they are exact copies; if not, the
        embedder sees no difference between them. None of others.
    """

    photo: Photo
    other: Photo | None
    level: Level
    cluster: int | None
    together: bool
    links: tuple[LinkReport, ...]
    apart: ApartReport | None
    copies: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said about two photos; what they show counts, wherever they lie.

    Parameters
    ----------
    first, second : tuple of Photo
        The present photos of each content; none if they are gone.
    digests : tuple of str
        Of both contents, in hexadecimal.
    together : bool
        Whether they belong together; if not, they are not the same shot.
    paths : tuple of Path or None
        Where the first photo of each content lies, or lay when it was there; None if nobody knows.
    """

    first: tuple[Photo, ...]
    second: tuple[Photo, ...]
    digests: tuple[str, str]
    together: bool
    paths: tuple[Path | None, Path | None]


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of saying something about photos.

    Parameters
    ----------
    others : tuple of Path
        Those of which it was said; to forget, those of which something had been said.
    prevailing : tuple of Decision
        Those to hold photos apart that contradict it.
    """

    others: tuple[Path, ...]
    prevailing: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class RootStatus:
    """A folder that is scanned, and why it could not be the last time, if so."""

    path: Path
    offline: str | None


@dataclass(frozen=True, slots=True)
class EmbedderStatus:
    """An embedder whose vectors a collection has.

    Parameters
    ----------
    embedder, revision : str
    dimension : int
    photos, waiting : int
        Photos that have a vector of it, and that have none yet.
    in_use : bool
        Whether it is the one that is meant where none is named.
    """

    embedder: str
    revision: str
    dimension: int
    photos: int
    waiting: int
    in_use: bool

    @property
    def full_name(self) -> str:
        """A name that no other embedder has."""
        return EmbedderSpec(self.embedder, self.revision, self.dimension).full_name


@dataclass(frozen=True, slots=True)
class Status:
    """What is in a collection.

    `embedder` and what follows are of the one through which it is seen, `embedders` are all.
    `index`, `graph` and `clustering` are None where there is none yet. `places` says whether it is
    kept where photos were taken.
    """

    path: Path
    images: int
    vectors: int
    embedder: str
    revision: str
    dimension: int
    index: Mapping[str, object] | None
    graph: Mapping[str, object] | None
    clustering: Mapping[str, object] | None
    bytes: int
    companions: int
    removed: int
    unreadable: int
    roots: tuple[RootStatus, ...]
    embedders: tuple[EmbedderStatus, ...]
    places: bool
