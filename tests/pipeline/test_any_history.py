"""Any history of folders of photos gives the collection that a perfect model predicts.

scripts/faults/histories.py runs many more of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from annclust.collection import Collection
from annclust.errors import InputError, PhotosNotFoundError
from annclust.progress import SILENT, Progress, Stage, StoppedError
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings, Level
from tests.pipeline.perfect_model import Model, Scan
from tests.pipeline.photo_fates import check_report, settle, take_over_the_beginning
from tests.pipeline.world import CONTENTS, Change, World

CHOICES = IndexingSettings(
    decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1, batch=2, commit_every=3)
)
BEFORE_SETTLING = ("Looking for photos", "Decoding", "Embedding")
OUT_OF_DATE = {-1}
"""The contents of groups that were out of date when the collection was compacted: they stay so."""

PLACES = ("album", "album/photos", "album/more", "album/photos/inner", "link")

any_number = st.integers(0, 99)
changes = st.lists(
    st.builds(
        Change,
        kind=st.sampled_from(World.kinds),
        which=any_number,
        where=any_number,
        content=st.integers(0, CONTENTS - 1),
        flag=st.booleans(),
    ),
    max_size=5,
)
levels = st.sampled_from(["shots", "scenes", "themes", "density"])
some_folders = st.lists(st.sampled_from(PLACES), min_size=1, max_size=2)
reports = st.integers(0, 4)
"""After how many reports of its progress something is stopped; 0 if it is not."""


class StopsAfter:
    """A listener that stops a run when it has heard of its progress so many times."""

    def __init__(self, reports: int, error: type[BaseException]) -> None:
        self._left, self._error = reports, error
        self._title = ""
        self.stopped: str | None = None
        """The stage that was stopped."""

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        self._title = title
        self.advance()
        yield self

    def advance(self, steps: int = 1, /) -> None:
        self._left -= 1
        if self._left == 0:
            self.stopped = self._title
            raise self._error

    def expect(self, total: int, /) -> None:
        """Nothing to stop for."""


class AnyHistory(RuleBasedStateMachine):
    """Photos come, go, move, change and are copied; disks too; now and then there is a scan."""

    events: ClassVar[Counter[str]] = Counter()
    """What happened in all histories, to see that it is not always the same."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.model = World(), Model()
        self.collection = self._opened()
        self.groups: dict[Level, tuple[dict[int, int | None], set[int]]] = {}
        """Cluster of each content, and which contents there were, of the last clusterings."""

    def _opened(self) -> Collection:
        path = self.world.place / "c.annclust"
        return Collection(path, embedder="color-histogram", settings=CHOICES)

    def teardown(self) -> None:
        self.collection.close()
        self.world.close()

    @initialize(changes=changes, folders=some_folders)
    def begin(self, changes: list[Change], folders: list[str]) -> None:
        self._live(changes)
        self._index(folders, False)

    def _live(self, changes: list[Change]) -> None:
        for change in changes:
            self.world.undergo(change)

    @rule(changes=changes, forget=st.booleans())
    def index_everything(self, changes: list[Change], forget: bool) -> None:
        self._live(changes)
        self._index([], forget)

    @rule(changes=changes, folders=some_folders, forget=st.booleans())
    def index_some_folders(self, changes: list[Change], folders: list[str], forget: bool) -> None:
        self._live(changes)
        self._index(folders, forget)

    @rule(
        changes=changes,
        folders=some_folders,
        forget=st.booleans(),
        stop=st.integers(1, 40),
        error=st.sampled_from([StoppedError, KeyboardInterrupt]),
    )
    def index_and_stop(
        self,
        changes: list[Change],
        folders: list[str],
        forget: bool,
        stop: int,
        error: type[BaseException],
    ) -> None:
        self._live(changes)
        self._index(folders, forget, StopsAfter(stop, error))

    def _index(self, folders: Sequence[str], forget: bool, listener: Progress = SILENT) -> None:
        places = [self.world.place / folder for folder in folders]
        self.collection.progress = listener
        if not all(place.is_dir() for place in places) or not (places or self.model.roots):
            with pytest.raises(PhotosNotFoundError if places else InputError):
                self.collection.index(places)
        else:
            self._scan(places, forget)
        self.collection.progress = SILENT
        self._is_sound()

    def _scan(self, places: Sequence[Path], forget: bool) -> None:
        scan = Scan(self.model, self.model.choose(places), self.world.seen())
        try:
            report = self.collection.index(places, forget_missing=forget)
        except KeyboardInterrupt:
            listener = self.collection.progress
            assert isinstance(listener, StopsAfter)
            if listener.stopped in BEFORE_SETTLING:
                take_over_the_beginning(scan, self._table())
            else:
                settle(scan, self._table(), forget=forget)
            self.events["stopped scans"] += 1
        else:
            settled = settle(scan, self._table(), forget=forget)
            check_report(scan, settled, report)
            self.events.update(settled.events())
            notes = [path for path in self.world.notes() if self.model.owner(path) in scan.chosen]
            assert report.skipped == len(notes)

    @rule(changes=changes, level=levels, size=st.integers(2, 4), stop=reports)
    def cluster(self, changes: list[Change], level: Level, size: int, stop: int) -> None:
        self._live(changes)

        def act() -> None:
            found = self.collection.cluster(level, min_cluster_size=size)
            labels = dict(zip(found.ids.tolist(), found.labels.tolist(), strict=True))
            self._check_groups(level, size, {n: None if c < 0 else c for n, c in labels.items()})

        self._stoppable(act, stop)
        self._is_sound()

    def _stoppable(self, act: Callable[[], object], stop: int) -> str | None:
        """Do something; gives the stage in which it was stopped, if it was."""
        self.collection.progress = listener = StopsAfter(stop, StoppedError)
        try:
            act()
        except StoppedError:
            assert listener.stopped is not None
        self.collection.progress = SILENT
        return listener.stopped

    def _check_groups(self, level: Level, size: int, labels: dict[int, int | None]) -> None:
        """Every photo is listed, copies are together, and groups are as large as was asked."""
        assert labels.keys() == self.model.photos.keys()
        groups: dict[int, int | None] = {}
        for number, photo in self.model.photos.items():
            content = self.model.contents[photo.digest]
            assert groups.setdefault(content, labels[number]) == labels[number]
        sizes = Counter(label for label in labels.values() if label is not None)
        assert all(photos >= size for photos in sizes.values())
        assert {group.id: group.size for group in self.collection.clusters(level)} == sizes
        self.groups[level] = groups, self.model.live()
        self.events.update({"clusterings": 1, "groups": len(sizes)})

    @rule(changes=changes, stop=reports)
    def compact(self, changes: list[Change], stop: int) -> None:
        self._live(changes)
        if self._stoppable(self.collection.compact, stop) != "Compacting":
            now = self.model.live()
            self.model.compact()
            self.groups = {
                level: (
                    {number: label for number, label in groups.items() if number in now},
                    now if live == now else OUT_OF_DATE,
                )
                for level, (groups, live) in self.groups.items()
            }
            self.events["compactions"] += 1
        self._is_sound()

    @rule(changes=changes)
    def open_again(self, changes: list[Change]) -> None:
        self._live(changes)
        self.collection.close()
        self.collection = self._opened()
        self._is_sound()

    @precondition(lambda self: self.model.photos)
    @rule(which=any_number, k=st.integers(1, 12))
    def look_for_similar(self, which: int, k: int) -> None:
        photos = list(self.model.photos.values())
        photo = photos[which % len(photos)]
        seen = self.world.seen().get(photo.path)
        if seen is not None and seen.digest == photo.digest:
            matches = self.collection.similar(photo.path, k)
            assert matches[0].path == photo.path
            assert len(matches) == min(k, len(photos))
            assert all(self.model.photos[match.id].path == match.path for match in matches)
            copies = sum(other.digest == photo.digest for other in photos)
            assert sum(match.distance < 1e-6 for match in matches) == min(k, copies)
            self.events["searches"] += 1

    def _table(self) -> dict[int, tuple[Path, str]]:
        records = self.collection.photo_table().records
        return {int(str(r["id"])): (Path(str(r["path"])), str(r["digest"])) for r in records}

    def _is_sound(self) -> None:
        """Whether the collection keeps its promises and says what the model says."""
        model = self.model
        assert self.collection.check().problems == ()
        assert self._table() == model.table()
        assert self.collection.photo_ids() == sorted(model.photos)
        status = self.collection.status()
        assert (status.images, status.removed) == (len(model.photos), len(model.removed))
        assert status.unreadable == len(model.failures)
        assert len(model.contents) <= status.vectors <= len(model.contents) + len(model.unsure)
        used = {model.owner(photo.path) for photo in model.photos.values()}
        assert {root.path: root.offline is not None for root in status.roots} == {
            root: offline for root, offline in model.roots.items() if root in used or root.is_dir()
        }
        for level in self.groups:
            self._groups_are_sound(level)

    def _groups_are_sound(self, level: Level) -> None:
        groups, live = self.groups[level]
        records = list(self.collection.photo_table(level).records)
        for record in records:
            assert record["cluster"] == groups.get(self.model.contents[str(record["digest"])])
        assert self.collection.clusters_are_out_of_date(level) == (live != self.model.live())
        shown = [record["cluster"] for record in records if record["representative"]]
        assert sorted(shown) == sorted({r["cluster"] for r in records} - {None})


AnyHistory.TestCase.settings = settings(
    max_examples=14, stateful_step_count=20, deadline=None, phases=[Phase.generate]
)
TestAnyHistory = AnyHistory.TestCase
