"""Session: a collection that is looked through, as all requests see it.

What is shown comes from a `View`, which is of one moment and never changes; a change, by this
server or another process, gives another one. So a request sees one state, and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, RLock, Thread
from time import monotonic
from typing import Final, get_args

import numpy as np

from annclust.arrays import ImageId, Nodes
from annclust.closing import Closing
from annclust.errors import AnnclustError, CollectionLockedError
from annclust.settings import ShownLevel
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.web.album import Album
from annclust.web.album_reading import read_album, with_decisions_of_now
from annclust.web.notes import GroupState, Notes
from annclust.web.readers import Readers
from annclust.web.shown import shown_error

_LOOK_EVERY: Final = 0.5
"""Seconds between two looks whether another process has written."""

_REST: Final = 5
"""Between two readings, so many times as long as one takes: an indexing commits all the time."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A collection and what a person said of it, at one moment.

    Parameters
    ----------
    album : Album
    notes : Notes
    revision : int
        Grows with every change.
    groups : int
        Grows when groups change, and not with notes.
    """

    album: Album
    notes: Notes
    revision: int
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """A group that a person is done with: ids of its photos, and of those that are marked."""

    photos: Nodes
    keep: Sequence[int]
    reject: Sequence[int]


class NotReadYetError(Exception):
    """The collection is still being read, or cannot be."""


class GroupChangedError(Exception):
    """A group is not the one that a person saw."""


class UnknownIdError(Exception):
    """No photo, group or job has an id that was asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what} (any more).")


class Session(Closing):
    """A collection that is looked through.

    Parameters
    ----------
    path : Path
        Of the collection.
    vector_set : int
        The vectors through which it is seen.
    """

    def __init__(self, path: Path, vector_set: int) -> None:
        self.path, self.vector_set = path, vector_set
        self.readers = Readers(lambda: Store(path, vector_set))
        self._watching = Store(path, vector_set)
        self._seen_version = -1
        self._view: View | None = None
        self._problem: str | None = None
        self._mishaps: dict[str, str] = {}
        self._changing = RLock()
        """Held by whoever puts another view in the place of the one there is, and by writers."""
        self.is_at_work = False
        """Whether a long job of ours writes."""
        self._closing = Event()
        self._watch = Thread(target=self._keep_up, name="annclust watch", daemon=True)
        self._watch.start()

    def close(self) -> None:
        """Stop watching, and let go of the files."""
        self._closing.set()
        self._watch.join()
        self._watching.close()
        self.readers.close()

    @property
    def view(self) -> View:
        """What there is to see.

        Raises
        ------
        NotReadYetError
        """
        view = self._view
        if view is None:
            raise NotReadYetError(self._problem or "The collection is still being read.")
        return view

    @property
    def problem(self) -> str | None:
        """Why the collection could not be read (again), or what else went wrong last."""
        return self._problem or next(iter([*self._mishaps.values()]), None)

    @contextmanager
    def telling_mishaps(self, doing: str) -> Iterator[None]:
        """Do something behind a person's back: let them know that it fails, until it succeeds."""
        try:
            yield
        except CollectionLockedError:  # which is none: somebody else writes, and that ends
            raise
        except AnnclustError as error:
            self._mishaps[doing] = shown_error(error)
            raise
        self._mishaps.pop(doing, None)

    # What others write

    def _keep_up(self) -> None:
        wait = 0.0
        while not self._closing.wait(wait):
            started = monotonic()
            try:
                self.refresh()
                self._problem = None
            except AnnclustError as error:
                self._problem = shown_error(error)
            wait = max(_LOOK_EVERY, _REST * (monotonic() - started))

    def refresh(self) -> None:
        """See what another process, or a long job of ours, has written."""
        with self._changing:
            version = self._watching.catalog.version()
            if version == self._seen_version:
                return
            self._show(self._watching)
            self._seen_version = version

    def _show(self, store: Store) -> None:
        last = self._view
        with store.catalog.snapshot():
            album = read_album(store, None if last is None else last.album)
            notes = _notes(store, album)
        if last is None:
            self._view = View(album, notes, 1, 1)
        elif album is not last.album:
            self._view = View(album, notes, last.revision + 1, last.groups + 1)
        elif not notes.equals(last.notes):
            self._view = replace(last, notes=notes, revision=last.revision + 1)

    # What this server writes

    @contextmanager
    def writing(self) -> Iterator[StoreWriter]:
        """The collection, open for a change that takes no time.

        Raises
        ------
        CollectionLockedError
            If another process writes, or a long job of ours.
        """
        with self._changing, StoreWriter(self.path, self.vector_set) as store:
            # Nobody else can have written since: what comes next is all ours.
            self._look_behind()
            yield store
            # Taking the log in looks like a change; as long as nobody else may write, it is ours.
            store.catalog.close()
            self._seen_version = self._watching.catalog.version()

    @contextmanager
    def working(self) -> Iterator[StoreWriter]:
        """The collection, open for long work of ours; what came of it is seen, however it ends.

        Raises
        ------
        CollectionLockedError
            If another process writes.
        """
        with ExitStack() as opened:
            with self._changing:  # not in the middle of a mark
                store = opened.enter_context(StoreWriter(self.path, self.vector_set))
            self.is_at_work = True
            try:
                yield store
            finally:
                self.is_at_work = False
                self.refresh()

    def _look_behind(self) -> None:
        """See what others wrote just before, which would go unnoticed behind our own change."""
        if self._view is not None:
            self.refresh()

    def mark(self, photos: Sequence[int], *, keep: bool | None) -> View:
        """Mark photos; those that are gone are left out."""
        with self.writing() as store:
            view = self.view
            places = _places(view, photos)
            with store.catalog.transaction():
                store.catalog.mark(_images(view, places), keep=keep)
            return self._noted(view.notes.marked(places, keep=keep))

    def review(self, group_in: Callable[[View], Nodes], state: GroupState) -> View:
        """Say what became of a group: places of its photos, as they are when that is written."""
        with self.writing() as store:
            view = self.view
            places = group_in(view)
            with store.catalog.transaction():
                store.catalog.review(_images(view, places), None if state == "open" else state)
            return self._noted(view.notes.reviewed(places, state, _lead(view, places)))

    def accept(self, groups_in: Callable[[View], Sequence[Accepted]]) -> View:
        """Mark photos of groups, and be done with these; all of them or, if that fails, none.

        They are chosen once nobody can say anything any more: what was said meanwhile counts.
        """
        with self.writing() as store:
            view = self.view
            groups = groups_in(view)
            with store.catalog.transaction():
                for group in groups:
                    for photos, keep in ((group.keep, True), (group.reject, False)):
                        store.catalog.mark(_images(view, _places(view, photos)), keep=keep)
                    store.catalog.review(_images(view, _places(view, group.photos)), "resolved")
            return self._noted(_notes(store, view.album))

    def _noted(self, notes: Notes) -> View:
        view = self.view
        self._view = replace(view, notes=notes, revision=view.revision + 1)
        return self._view

    def decide(self, write: Callable[[StoreWriter], None]) -> View:
        """Write decisions, and see groups in which they hold."""
        with self.writing() as store:
            view = self.view  # before anything is written, or the answer would tell of a failure
            write(store)
            album = with_decisions_of_now(store, view.album)
            self._view = replace(
                view, album=album, revision=view.revision + 1, groups=view.groups + 1
            )
            return self._view


def _notes(store: Store, album: Album) -> Notes:
    catalog, levels = store.catalog, get_args(ShownLevel)
    return Notes.of(album.photos, catalog.marks(), catalog.reviews(), catalog.keepers(levels))


def _places(view: View, photos: Sequence[int] | Nodes) -> Nodes:
    return view.album.photos.places_of(np.asarray(photos, dtype=np.int64))


def _images(view: View, places: Nodes) -> list[ImageId]:
    return [ImageId(each) for each in view.album.photos.ids[places].tolist()]


def _lead(view: View, places: Nodes) -> int:
    return min(_images(view, places), default=-1)
