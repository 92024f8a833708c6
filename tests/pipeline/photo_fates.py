"""Photo fates: who is who after a scan, compared with the rules, which are those of `recognition`.

Identity is content first, path second; what was removed and comes back has its id again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from annclust.pipeline.reports import IndexReport
from tests.pipeline.perfect_model import Photo, Scan, Table
from tests.pipeline.world import Seen


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
    strangers = {} if forget else scan.strangers(fates.changed, left)
    fates.changed = {n: path for n, path in fates.changed.items() if n not in strangers}
    left |= {n: scan.loose[n] for n in strangers}
    lost_track_of |= left
    doubts = scan.doubts(left, forget=forget)
    model, chosen = scan.model, scan.chosen
    kept = {
        n: p
        for n, p in left.items()
        if model.owner(p.path) in doubts or model.owner(p.path) not in chosen
    }
    unchanged = {n: p for n, p in model.photos.items() if n not in scan.loose} | kept
    found = {
        ids[p]: Photo(p, file.state, file.digest)
        for p, file in scan.sightings.items()
        if ids[p] not in strangers
    }
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
