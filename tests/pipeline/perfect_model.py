"""Perfect model: what a collection must say after any history, by the rules of the documents.

It knows no catalog, no vectors and no order of reading. Where the rules leave a choice (which of
two equal copies is the one that moved) it takes over the collection's, if that is a choice at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.pipeline.world import Seen


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the collection: where it lies, and its state when that was last looked at."""

    path: Path
    state: tuple[int, int]
    digest: str


Table = Mapping[int, tuple[Path, str]]
"""What a collection shows: path and digest of each photo, by id."""


@dataclass(slots=True)
class Model:
    """A collection as it must be.

    Parameters
    ----------
    roots : dict of Path to bool
        Every root, and whether it was found offline the last time.
    photos : dict of int to Photo
        By id.
    removed : dict of int to Photo
        Those that are gone since the collection was compacted the last time; they keep their ids.
    failures : dict of Path to tuple
        State of each file that cannot be read.
    contents : dict of str to int
        Contents that were embedded, each with a number that no other one ever has.
    unsure : set of str
        Contents that were perhaps embedded: a run was stopped while it read them.
    highest : int
        The largest id that was ever given.
    """

    roots: dict[Path, bool] = field(default_factory=dict)
    photos: dict[int, Photo] = field(default_factory=dict)
    removed: dict[int, Photo] = field(default_factory=dict)
    failures: dict[Path, tuple[int, int]] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    highest: int = 0
    _numbers: int = 0

    def owner(self, path: Path) -> Path | None:
        """The innermost root that a path lies in."""
        return max(
            (root for root in self.roots if path.is_relative_to(root)),
            key=lambda root: len(root.parts),
            default=None,
        )

    def choose(self, folders: Sequence[Path]) -> list[Path]:
        """The roots that an index run of some folders visits; those that are new are noted."""
        if not folders:
            return list(self.roots)
        chosen = []
        for folder in sorted((folder.resolve() for folder in folders), key=lambda f: len(str(f))):
            root = self.owner(folder) or folder
            self.roots.setdefault(root, False)
            chosen += [other for other in self.roots if other.is_relative_to(root)]
        return list(dict.fromkeys(chosen))

    def store(self, digest: str) -> None:
        """Note that a content was embedded."""
        self._numbers += 1
        self.contents.setdefault(digest, self._numbers)

    def live(self) -> set[int]:
        """The numbers of the contents of present photos."""
        return {self.contents[photo.digest] for photo in self.photos.values()}

    def table(self) -> dict[int, tuple[Path, str]]:
        """What the collection must show."""
        return {number: (photo.path, photo.digest) for number, photo in self.photos.items()}

    def compact(self) -> None:
        """What compacting leaves."""
        self.removed.clear()
        self.unsure.clear()
        kept = {photo.digest for photo in self.photos.values()}
        self.contents = {d: number for d, number in self.contents.items() if d in kept}


class Scan:
    """What one index run sees and must make of it.

    Parameters
    ----------
    model : Model
        As it was before.
    chosen : list of Path
        The roots that are visited.
    seen : dict of Path to Seen
        All files of the album.
    """

    def __init__(self, model: Model, chosen: Sequence[Path], seen: Mapping[Path, Seen]) -> None:
        self.model, self.chosen = model, chosen
        self.seen = {path: file for path, file in seen.items() if model.owner(path) in chosen}
        self.known, self.unsure = set(model.contents), set(model.unsure)
        self.settled: dict[int, Photo] = {}
        self.loose: dict[int, Photo] = {}
        for number, photo in model.photos.items():
            if self._is_settled(photo):
                self.settled[number] = photo
            elif model.owner(photo.path) in chosen:
                self.loose[number] = photo
        self.failures = {
            path: state
            for path, state in model.failures.items()
            if path in self.seen and self.seen[path].state == state
        }
        known = {photo.path for photo in self.settled.values()}
        read = {p: f for p, f in self.seen.items() if p not in known and p not in self.failures}
        self.sightings = {path: file for path, file in read.items() if file.is_photo}
        self.failures |= {path: f.state for path, f in read.items() if not f.is_photo}
        self._add_those_that_left_other_roots()

    def _is_settled(self, photo: Photo) -> bool:
        return photo.path in self.seen and self.seen[photo.path].state == photo.state

    def _add_those_that_left_other_roots(self) -> None:
        """Photos that surely left a root that is not visited, while their content is here."""
        digests = {file.digest for file in self.sightings.values()}
        for number, photo in self.model.photos.items():
            root = self.model.owner(photo.path)
            assert root is not None
            if root not in self.chosen and photo.digest in digests and self._left(photo, root):
                self.loose[number] = photo

    def _left(self, photo: Photo, root: Path) -> bool:
        there = not self.model.roots[root] and root.is_dir() and any(root.iterdir())
        return there and photo.path.parent.is_dir() and not photo.path.exists()

    def is_lost(self, root: Path) -> bool:
        """Whether a root's photos may come back rather than have moved: it is missing, or empty."""
        if root not in self.chosen:
            return not root.is_dir()
        inside = any(
            root != other and root.is_relative_to(other) and other.is_dir() for other in self.chosen
        )
        empty = not any(self.model.owner(path) == root for path in self.seen)
        return not inside and (empty or not root.is_dir())

    def strangers(self, changed: Mapping[int, Path], left: Mapping[int, Photo]) -> dict[int, Path]:
        """Files of another disk: a root was away, and not one of its photos is as it was."""
        found: dict[int, Path] = {}
        for root in self.chosen:
            here = {n for n, p in self.model.photos.items() if self.model.owner(p.path) == root}
            if self.model.roots[root] and here <= changed.keys() | left.keys():
                found |= {n: path for n, path in changed.items() if n in here}
        return found

    def is_fresh(self, path: Path) -> bool:
        """Whether a file can be no known photo, so that it is added before the scan has ended."""
        digest = self.seen[path].digest
        unvisited = [
            photo
            for photo in self.model.photos.values()
            if self.model.owner(photo.path) not in self.chosen and self._belongs_to_lost(photo)
        ]
        loose = [*self.loose.values(), *unvisited]
        return all(photo.digest != digest and photo.path != path for photo in loose)

    def _belongs_to_lost(self, photo: Photo) -> bool:
        root = self.model.owner(photo.path)
        return root is not None and self.is_lost(root)

    def doubts(self, left: Mapping[int, Photo], *, forget: bool) -> set[Path]:
        """The roots from which so much is gone that it is not believed."""
        vanished = Counter(self.model.owner(photo.path) for photo in left.values())
        known = Counter(self.model.owner(photo.path) for photo in self.model.photos.values())
        return {
            root
            for root in self.chosen
            if vanished[root]
            and not forget
            and (
                not root.is_dir()
                or not any(self.model.owner(path) == root for path in self.seen)
                or 5 * vanished[root] > known[root]
            )
        }
