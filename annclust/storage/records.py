"""The values that the catalog takes and gives; plain, frozen, and free of SQL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from annclust.arrays import ImageId, Measures, Nodes, VectorRow
from annclust.embedding.embedder import EmbedderSpec
from annclust.images.capture import Capture
from annclust.storage.layout import GenerationKind
from annclust.url_path import is_url, path_at

FORGOTTEN = VectorRow(-1)
"""In the place of a row that was lost (see `lost`), once rows have been numbered anew."""


def lost(row: int) -> VectorRow:
    """What stands in the place of a row whose vector is of no use: below 0, yet remembered.

    The photo is to be embedded again. Until then its place in a clustering is that of the row. The
    function is its own inverse.
    """
    return VectorRow(-2 - row)


def joined(folder: bytes, path: bytes) -> Path:
    """Full path of a file below a folder."""
    return path_at(os.fsdecode(folder), os.fsdecode(path))


@dataclass(frozen=True, slots=True)
class VectorSet:
    """The vectors of one embedder: one vector file, and what is derived from it.

    Parameters
    ----------
    number : int
        Never given twice.
    embedder : EmbedderSpec
        What all of them come from.
    file : str
        Name of the vector file.
    rows : int
        Its committed rows.
    """

    number: int
    embedder: EmbedderSpec
    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is scanned for photos.

    Parameters
    ----------
    id : int
    path : bytes
        Absolute, without links; or a URL.
    device : int or None
        Number of the device it was last seen on; None of a URL.
    offline : str or None
        Why it could not be scanned the last time; its photos are kept.
    """

    id: int
    path: bytes
    device: int | None = None
    offline: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether it lies on no disk of this machine."""
        return is_url(self.path)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return path_at(os.fsdecode(self.path))


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One photo of the collection: one file, with the row of its content's vector."""

    id: ImageId
    root: Root
    path: bytes
    size: int
    modified_ns: int
    digest: bytes
    row: VectorRow

    @property
    def full_path(self) -> Path:
        """Where the file lies."""
        return joined(self.root.path, self.path)


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """One content (the bytes of one or more files) and the row of its vector."""

    digest: bytes
    size: int
    row: VectorRow
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True)
class PhotoDetails:
    """What there is to show of a photo: its size in pixels, and how it was taken, if known.

    `copies` are the present photos with the very same content, itself among them.
    """

    width: int
    height: int
    format: str
    copies: int
    capture: Capture


@dataclass(frozen=True, slots=True, eq=False)
class Captures:
    """When and where the photos were taken that rows are the vectors of.

    Parameters
    ----------
    rows : ndarray of shape (m,), int64
        Ascending, each once. Of contents that share a row, the one that was taken first counts.
    taken : ndarray of shape (m,), float64
        Seconds since 1970, exact to a microsecond; see `Capture` for its clock. NaN if unknown.
    latitude, longitude : ndarray of shape (m,), float64
        Degrees; both NaN if unknown.
    """

    rows: Nodes
    taken: Measures
    latitude: Measures
    longitude: Measures


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A file that could not be turned into pixels.

    `retry` says that the cause may lie outside the file, so that the next scan tries again.
    """

    root: int
    path: bytes
    size: int
    modified_ns: int
    reason: str
    retry: bool

    @property
    def place(self) -> tuple[int, bytes]:
        """Root and root-relative path."""
        return self.root, self.path


@dataclass(frozen=True, slots=True)
class CompanionRecord:
    """A file that belongs to a photo, and is none of its own.

    `photo` is where the photo lies in the same root; None if it does not any more.
    """

    root: int
    path: bytes
    size: int
    modified_ns: int
    photo: bytes | None

    @property
    def place(self) -> tuple[int, bytes]:
        """Root and root-relative path."""
        return self.root, self.path


@dataclass(frozen=True, slots=True)
class ExaminationRecord:
    """What was measured on a content's pixels, as JSON and maps, in one revision of doing that."""

    digest: bytes
    revision: int
    measured: str
    maps: bytes


ReviewState = Literal["resolved", "skipped"]
"""What became of a group that a person looked at."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A photo whose group a person is done with; `lead` is the smallest id that the group had."""

    state: ReviewState
    lead: ImageId


@dataclass(frozen=True, slots=True)
class PurgeRecord:
    """One purge.

    Parameters
    ----------
    id : int
        Never given twice.
    plan : str
        Which plan it followed.
    level : str
        What the groups of the plan are of.
    folder : str
        Name of its folder in each trash.
    trash : bytes or None
        Absolute path of the trash, if it is not the one in each root.
    began_ns : int
        Nanoseconds since 1970.
    """

    id: int
    plan: str
    level: str
    folder: str
    trash: bytes | None
    began_ns: int


PurgeState = Literal["moving", "in trash", "restoring", "restored", "not moved", "emptying", "gone"]
"""Where a file is: those in -ing are on their way, which a look at the disk decides."""


@dataclass(frozen=True, slots=True)
class PurgedFile:
    """A file that a purge moved, or meant to.

    Parameters
    ----------
    id, purge : int
    image : ImageId
        The photo that it is, or belongs to.
    is_photo : bool
    keeper : ImageId
        The photo that stayed instead.
    root : Root
    path : bytes
        Where it lay, below the root.
    size, modified_ns : int
    digest : bytes
        BLAKE3 of its bytes.
    state : PurgeState
    """

    id: int
    purge: int
    image: ImageId
    is_photo: bool
    keeper: ImageId
    root: Root
    path: bytes
    size: int
    modified_ns: int
    digest: bytes
    state: PurgeState

    @property
    def full_path(self) -> Path:
        """Where it lay."""
        return joined(self.root.path, self.path)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of the vector file that were appended together, and the digest of their bytes."""

    first_row: int
    rows: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """One file of a generation, as it must look to be trusted."""

    name: str
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Generation:
    """One numbered, derived thing: an index, a graph, a tree or groups.

    Parameters
    ----------
    kind : {"index", "graph", "tree", "groups"}
    number : int
        Never given twice within a kind.
    rows : int
        Rows of the vector file it was made from: [0, rows).
    basis : str
        Fingerprint of what else it depends on; equal fingerprints need no new generation.
    spec : str
        JSON that its reader needs.
    files : tuple of DerivedFile
    """

    kind: GenerationKind
    number: int
    rows: int
    basis: str
    spec: str
    files: tuple[DerivedFile, ...]


Member: TypeAlias = tuple[int, int, float]
"""A row's place in a clustering: row, cluster and probability. A plain tuple, as there are as many
as photos."""


@dataclass(frozen=True, slots=True)
class ClusteringRecord:
    """A finished clustering: what was asked and what came out, as JSON."""

    id: int
    level: str
    settings: str
    summary: str


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One photo with its place in the current clustering, if it has one."""

    id: ImageId
    path: Path
    digest: bytes
    cluster: int | None
    probability: float | None
    representative: bool
