"""Perfect model: what a collection must say after any history, by the rules of the documents.

It knows no catalog, no vectors and no order of reading. Where the rules leave a choice (which of
two equal copies is the one that moved) it takes over the collection's, if that is a choice at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annclust.pipeline.reports import IndexReport
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


@dataclass(slots=True)
class Fates:
    """What became of the photos of a scan, as the ids show."""

    touched: dict[int, Path] = field(default_factory=dict)
    moved: dict[int, Path] = field(default_factory=dict)
    changed: dict[int, Path] = field(default_factory=dict)
    revived: dict[int, Path] = field(default_factory=dict)
    new: dict[int, Path] = field(default_factory=dict)

    @classmethod
    def read(cls, scan: Scan, ids: Mapping[Path, int]) -> Fates:
        """Tell by each id what happened to the file that has it; any other id is a mistake."""
        fates = cls()
        for path, file in scan.sightings.items():
            number = ids[path]
            fates._of(scan, number, path, file)[number] = path
        return fates

    def _of(self, scan: Scan, number: int, path: Path, file: Seen) -> dict[int, Path]:
        if number > scan.model.highest:
            return self.new
        if number in scan.model.removed:
            assert scan.model.removed[number].digest == file.digest
            return self.revived
        photo = scan.loose[number]
        if photo.path == path:
            return self.touched if photo.digest == file.digest else self.changed
        assert photo.digest == file.digest
        root = scan.model.owner(photo.path)
        assert root is not None
        # One of a root that is lost is dropped, and comes back under its id at once.
        return self.revived if scan.is_lost(root) else self.moved

    @property
    def added(self) -> dict[int, Path]:
        """Photos that are new to the collection now."""
        return self.revived | self.new


def check_identities(scan: Scan, fates: Fates) -> dict[int, Photo]:
    """Compare who is who with the rules; gives the photos that are none of the files."""
    _check_touched(scan, fates)
    rest = {n: p for n, p in scan.loose.items() if n not in fates.touched}
    _check_moved(scan, fates, rest)
    rest = {n: p for n, p in rest.items() if n not in fates.moved}
    taken = set(fates.moved.values()) | set(fates.touched.values())
    for number, photo in rest.items():
        # What lies in the place of a photo is that photo, unless its content says otherwise.
        if photo.path in scan.sightings and photo.path not in taken:
            assert fates.changed.get(number) == photo.path
    _check_added(scan, fates, rest)
    return {n: p for n, p in rest.items() if n not in fates.changed}


def _check_touched(scan: Scan, fates: Fates) -> None:
    for number, photo in scan.loose.items():
        file = scan.sightings.get(photo.path)
        assert (number in fates.touched) == (file is not None and file.digest == photo.digest)


def _check_moved(scan: Scan, fates: Fates, rest: Mapping[int, Photo]) -> None:
    """As many photos as possible are recognised by their content, in new places first."""
    free = {p: f for p, f in scan.sightings.items() if p not in fates.touched.values()}
    places = {photo.path for photo in rest.values()}
    for digest in {file.digest for file in free.values()}:
        targets = [path for path, file in free.items() if file.digest == digest]
        movable = {n: p for n, p in rest.items() if p.digest == digest and not _is_lost(scan, p)}
        moved = {n: path for n, path in fates.moved.items() if n in movable}
        assert len(moved) == min(len(movable), len(targets))
        if any(path in places for path in moved.values()):
            assert all(path in places or path in moved.values() for path in targets)
        for number, photo in movable.items():
            # Nobody ever gives one name to two files, so this one is the same in another folder.
            same_name = [path for path in targets if path.name == photo.path.name]
            assert not same_name or moved[number] == same_name[0]


def _is_lost(scan: Scan, photo: Photo) -> bool:
    root = scan.model.owner(photo.path)
    assert root is not None
    return scan.is_lost(root)


def _check_added(scan: Scan, fates: Fates, rest: Mapping[int, Photo]) -> None:
    """Whatever was removed and is back has its id again; ids of the others are new."""
    assert len(fates.new.keys() | fates.revived.keys()) == len(fates.new) + len(fates.revived)
    added = [*fates.new.values(), *fates.revived.values()]
    for digest in {scan.sightings[path].digest for path in added}:
        back = {n: p for n, p in scan.model.removed.items() if p.digest == digest}
        back |= {n: rest[n] for n in fates.revived if n in rest and rest[n].digest == digest}
        places = [path for path in added if scan.sightings[path].digest == digest]
        revived = {n: p for n, p in fates.revived.items() if p in places}
        assert len(revived) == min(len(places), len(back))
        if len(places) == 1 and back:
            here = [number for number, photo in back.items() if photo.path == places[0]]
            assert revived == {min(here or back): places[0]}


@dataclass(frozen=True, slots=True)
class Settled:
    """What a scan that came to its end did."""

    fates: Fates
    gone: dict[int, Photo]
    doubts: set[Path]

    def events(self) -> dict[str, int]:
        """How much of everything happened."""
        kinds = {kind: getattr(self.fates, kind) for kind in Fates.__slots__}
        counts = {kind: len(photos) for kind, photos in kinds.items()}
        return {"scans": 1, **counts, "gone": len(self.gone), "offline": len(self.doubts)}


def settle(scan: Scan, table: Table, *, forget: bool) -> Settled:
    """Compare what a collection shows after a scan with the rules, and take it over."""
    ids = {path: number for number, (path, _) in table.items()}
    assert len(ids) == len(table)
    fates = Fates.read(scan, ids)
    lost_track_of = check_identities(scan, fates)
    left = {n: p for n, p in lost_track_of.items() if p.path not in scan.sightings}
    doubts = scan.doubts(left, forget=forget)
    model, chosen = scan.model, scan.chosen
    kept = {
        n: p
        for n, p in left.items()
        if model.owner(p.path) in doubts or model.owner(p.path) not in chosen
    }
    unchanged = {n: p for n, p in model.photos.items() if n not in scan.loose} | kept
    found = {ids[p]: Photo(p, file.state, file.digest) for p, file in scan.sightings.items()}
    gone = {n: p for n, p in lost_track_of.items() if n not in kept}
    _take_over(scan, unchanged | found, gone, doubts)
    assert table == model.table()
    return Settled(fates, gone, doubts)


def _take_over(
    scan: Scan, photos: dict[int, Photo], gone: dict[int, Photo], doubts: set[Path]
) -> None:
    model = scan.model
    model.photos = photos
    model.removed = {n: p for n, p in (model.removed | gone).items() if n not in photos}
    model.highest = max([model.highest, *photos])
    for file in scan.sightings.values():
        model.store(file.digest)
    model.unsure -= model.contents.keys()
    kept = {p: s for p, s in model.failures.items() if not _is_looked_at(scan, p, doubts)}
    model.failures = kept | scan.failures
    model.roots |= {root: root in doubts for root in scan.chosen}


def _is_looked_at(scan: Scan, path: Path, doubts: set[Path]) -> bool:
    """Whether a scan could tell what is the matter with a file."""
    root = scan.model.owner(path)
    return root in scan.chosen and not (root in doubts and not root.is_dir())


def take_over_the_beginning(scan: Scan, table: Table) -> None:
    """Compare what a stopped scan left with the rules: nothing, or new photos and nothing else."""
    model = scan.model
    before = model.table()
    assert before.items() <= table.items()
    for number in table.keys() - before.keys():
        path, digest = table[number]
        assert scan.sightings[path].digest == digest
        assert scan.is_fresh(path)
        assert number > model.highest or model.removed[number].digest == digest
        model.photos[number] = Photo(path, scan.sightings[path].state, digest)
        model.removed.pop(number, None)
        model.store(digest)
    model.highest = max([model.highest, *table])
    digests = {file.digest for file in scan.sightings.values()}
    model.unsure = (model.unsure | digests) - model.contents.keys()


def check_report(scan: Scan, settled: Settled, report: IndexReport) -> None:
    """Compare the numbers with what happened."""
    fates, model = settled.fates, scan.model
    counted = report.added, report.changed, report.moved, report.removed
    assert counted == (
        len(fates.added),
        len(fates.changed),
        len(fates.moved),
        len(settled.gone),
    )
    assert report.images == len(model.photos)
    assert {entry.path for entry in report.offline} == settled.doubts
    failures = {path for path in model.failures if model.owner(path) in scan.chosen}
    assert {entry.path for entry in report.unreadable} == failures
    least, most = _duplicates(scan, fates)
    assert least <= report.duplicates <= most


def _duplicates(scan: Scan, fates: Fates) -> tuple[int, int]:
    """How many added photos had a content that was known when they were read, least and most."""
    least = most = 0
    by_digest: defaultdict[str, list[Path]] = defaultdict(list)
    for path, file in scan.sightings.items():
        by_digest[file.digest].append(path)
    for digest, paths in by_digest.items():
        added = len(set(paths) & set(fates.added.values()))
        known = digest in scan.known
        # Of a content that was not known, the first file that is read is no copy.
        first_is_added = added == len(paths)
        least += added if known else max(0, added - 1)
        most += added if known or digest in scan.unsure or not first_is_added else added - 1
    return least, most
