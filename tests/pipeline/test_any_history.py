"""Any history of a folder of photos gives the collection that a perfect model predicts."""

from __future__ import annotations

import os
import shutil
import tempfile
from itertools import count
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from annclust.collection import Collection
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from tests.albums import save

CHOICES = IndexingSettings(
    decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1, batch=2, commit_every=3)
)
CONTENTS = st.integers(0, 4)


class AnyHistory(RuleBasedStateMachine):
    """Photos come, go, move, change and are copied; now and then the folder is indexed."""

    places = Bundle("places")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.photos = self.folder / "photos"
        self.photos.mkdir()
        self.path = self.folder / "c.annclust"
        self.present: dict[str, int] = {}
        """Content of each photo, by name: the model of the folder."""
        self.names = (f"IMG_{number:04d}.jpg" for number in count())
        self.ids: dict[str, int] = {}
        """Id of each photo that was not touched since the last scan, by name."""
        self.indexed = True

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _write(self, name: str, content: int) -> None:
        save(self.photos / name, content)
        os.utime(self.photos / name, ns=(1, len(self.present) + 10**9 * content))
        self.present[name] = content
        self._touched(name)

    def _touched(self, name: str) -> None:
        self.ids.pop(name, None)
        self.indexed = False

    @rule(target=places, content=CONTENTS)
    def take_a_photo(self, content: int) -> str:
        name = next(self.names)
        self._write(name, content)
        return name

    @rule(name=places, content=CONTENTS)
    def change_a_photo(self, name: str, content: int) -> None:
        if name in self.present and self.present[name] != content:
            self._write(name, content)

    @rule(target=places, name=consumes(places))
    def move_a_photo(self, name: str) -> str:
        new = next(self.names)
        if name in self.present:
            (self.photos / name).rename(self.photos / new)
            self.present[new] = self.present.pop(name)
            self._touched(name)
        return new

    @rule(name=consumes(places))
    def delete_a_photo(self, name: str) -> None:
        if self.present.pop(name, None) is not None:
            (self.photos / name).unlink()
            self._touched(name)

    @rule()
    def index(self) -> None:
        with Collection(self.path, embedder="color-histogram", settings=CHOICES) as collection:
            report = collection.index([self.photos], forget_missing=True)
            assert report.images == len(self.present)
            assert report.unreadable == ()
            listed = {Path(str(r["path"])).name: r for r in collection.photo_table().records}
            assert listed.keys() == self.present.keys()
            ids = {name: int(str(record["id"])) for name, record in listed.items()}
            assert self.ids.items() <= ids.items()
            self.ids = ids
            digests = {name: record["digest"] for name, record in listed.items()}
            for name, digest in digests.items():
                for other, its_digest in digests.items():
                    same = self.present[name] == self.present[other]
                    assert (digest == its_digest) == same
            assert collection.check().ok
            again = collection.index()
            assert (again.added, again.changed, again.moved, again.removed) == (0, 0, 0, 0)
        self.indexed = True

    @rule()
    def compact(self) -> None:
        if self.path.exists():
            with Collection(self.path, create=False, settings=CHOICES) as collection:
                before = list(collection.photo_table().records)
                collection.compact()
                assert list(collection.photo_table().records) == before
                assert collection.check().ok
                assert collection.status().removed == 0

    @invariant()
    def ids_are_distinct(self) -> None:
        assert len(set(self.ids.values())) == len(self.ids)

    @invariant()
    def every_photo_finds_itself(self) -> None:
        if self.indexed and self.present:
            name = min(self.present)
            with Collection(self.path, create=False) as collection:
                match, *_ = collection.similar(self.photos / name, k=len(self.present))
            assert self.present[match.path.name] == self.present[name]
            assert match.distance < 1e-6


AnyHistory.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, phases=[Phase.generate]
)
TestAnyHistory = AnyHistory.TestCase
