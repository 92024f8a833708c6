"""Collection: a directory NAME.annclust as Python programmers use it.

A thin face over the pipeline: it opens the store for reading or for writing as each call needs it,
and keeps what is expensive to open (the index, the model) from one call to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, BinaryIO, get_args

from annclust.choices import PathLike, path_of, paths_of, refuse_unknown, whole_number
from annclust.errors import AnnclustError, UsageError
from annclust.neighbor_graph import NeighborGraph
from annclust.pipeline.reports import IndexReport, Match, Status
from annclust.purging_collection import PurgingCollection
from annclust.settings import Level, ShownLevel

# Each call loads what it needs itself: a query must not wait for what only indexing needs.
if TYPE_CHECKING:
    from annclust.arrays import Nodes
    from annclust.pipeline.checking import CheckReport
    from annclust.pipeline.compacting import CompactReport
    from annclust.pipeline.edges import SimilarityGraph
    from annclust.pipeline.exporting import Table
    from annclust.pipeline.maps import PhotoMap
    from annclust.pipeline.querying import CurrentSearcher


class Collection(PurgingCollection):
    """A collection of photos: index, search, cluster. Use as a context manager, or close it.

    Parameters
    ----------
    path : path-like
        The directory, by custom NAME.annclust.
    create : bool
        Whether to make it if there is none.
    embedder : str or None
        Name of the embedder of a new collection, or of one whose vectors it has; the one in use
        if None.
    add : bool
        Whether to begin vectors of `embedder` beside the others if it has none of it.
    settings : IndexingSettings or None
        Choices for scanning, decoding, embedding and search.
    engine : {"local", "ray"} or None
        Where neighbor graphs are built: in this process, or on a Ray cluster, that at
        ``RAY_ADDRESS`` or one that is started here. As ``ANNCLUST_ENGINE`` says if None; else
        local.
    progress : Progress
        Told how far each stage is; silent by default.

    Raises
    ------
    CollectionError
        If there is no collection at `path` and `create` is false, or it cannot be used.
    """

    def index(
        self,
        folders: PathLike | Iterable[PathLike] = (),
        *,
        exclude: Iterable[str] | None = None,
        forget_missing: bool = False,
    ) -> IndexReport:
        """Bring the collection up to date with folders of photos.

        Parameters
        ----------
        folders : path-like or iterable of path-like
            Folders to add or rescan; all known ones if empty.
        exclude : iterable of str, or None
            Glob patterns of names or paths to leave out; those of the last time if None.
        forget_missing : bool
            Drop photos that are gone even if so many are that their folder seems to be offline.

        Returns
        -------
        IndexReport
            What is new, changed, moved, gone, and which files could not be read.

        Raises
        ------
        InputError
            If a folder is not there, or there is nothing to scan.
        CollectionLockedError
            If another process writes to the collection.
        StorageError
            If the system refuses to write; what was committed before stays.
        """
        from annclust.pipeline.indexing import index_photos

        scan = self.settings.scan
        if exclude is not None:
            scan = replace(scan, exclude=tuple(exclude))
        settings = replace(self.settings, scan=scan, forget_missing=forget_missing)
        places = paths_of(folders)
        with self._writer() as store:
            store.rename_embedder(self._embedders.name(self.embedder))
            loader = self.embedder_loader
            report = index_photos(store, places, loader, settings, self.progress)
            if self._was_named and not report.waiting:
                store.make_active()
            return report

    def similar(
        self, image: PathLike | None = None, k: int = 10, *, text: str | None = None
    ) -> list[Match]:
        """Find the photos that look most like an image, or show what a text says.

        Parameters
        ----------
        image, text : path-like or None, str or None
            Any image file, of the collection or not; or a text, where the embedder knows both.
        k : int
            How many; a photo of the collection is its own first match.

        Returns
        -------
        list of Match
            Nearest first; fewer than `k` if the collection is smaller.

        Raises
        ------
        UnreadableImageError
            If `image` cannot be read as an image.
        """
        from annclust.pipeline.querying import query_vector, text_vector

        if whole_number("k", k) < 1:
            raise UsageError(f"k must be 1 or more, not {k}.")
        store = self._store
        searcher = partial(self._searcher.over, store, self.settings.search)
        if image is None and text is not None:
            asked = text_vector(text, self.embedder_loader())
            return store.at_one_moment(lambda: searcher().similar_to_text(asked, k))
        if image is None or text is not None:
            raise UsageError("Look for an image or for a text, one of the two.")
        path, decode = path_of(image), self.settings.decode
        query, own = query_vector(store, path, self.embedder_loader, decode), path.resolve()
        return store.at_one_moment(lambda: searcher().similar(query, k, first=own))

    @cached_property
    def _searcher(self) -> CurrentSearcher:
        from annclust.pipeline.querying import CurrentSearcher

        return CurrentSearcher()

    def photo_table(self, level: Level | None = None) -> Table:
        """Every photo with its place in the last clustering, by id."""
        from annclust.pipeline.clusters import export_rows
        from annclust.pipeline.exporting import photo_table

        refuse_unknown("level", level, get_args(Level))
        return photo_table(export_rows(self._store, level))

    def edge_table(self) -> Table:
        """Every edge of the neighbor graph over all photos."""
        from annclust.pipeline.exporting import edge_table

        return edge_table(*self._photo_graph())

    def tree_table(self, level: Level | None = None) -> Table:
        """Every branch and photo of the tree that groups were cut from, if it is not out of date.

        Raises NothingClusteredError.
        """
        from annclust.pipeline.tree_export import photo_tree, tree_table

        refuse_unknown("level", level, get_args(Level))
        return tree_table(photo_tree(self._store, level))

    def tree_svg(self, level: Level | None = None) -> str:
        """A picture of the density tree, groups in color; raises as `tree_table` does."""
        from annclust.pipeline.tree_export import photo_tree, svg_of

        refuse_unknown("level", level, get_args(Level))
        return svg_of(photo_tree(self._store, level))

    def photo_map(self) -> PhotoMap:
        """All photos in two dimensions: alike ones lie together. Drawn if it is out of date.

        Returns
        -------
        PhotoMap
            ``ids`` of the photos, ascending, and their ``places``, shape (m, 2), from 0 to 1.
            Photos that were on the map before stay about where they were.
        """
        from annclust.pipeline.maps import refresh_map, stored_map

        stored = stored_map(self._store)
        if stored is not None and not stored.stale:
            return stored
        with self._writer() as store:
            return refresh_map(store, self.settings.search, self.progress)

    def map_table(self, level: Level | None = None) -> Table:
        """Every photo with its place on the map and its group in the last clustering, by id."""
        from annclust.pipeline.clusters import export_rows
        from annclust.pipeline.exporting import map_table

        refuse_unknown("level", level, get_args(Level))
        drawn = self.photo_map()
        return map_table(drawn.ids, drawn.places, export_rows(self._store, level))

    def write_html(self, file: BinaryIO, level: ShownLevel | None = None) -> None:
        """Write the groups as one HTML page with small pictures that needs no other file.

        Its size grows with the photos in groups, by about 6 kB each; memory does not. A photo that
        cannot be read any more is named, with the reason.

        Parameters
        ----------
        file : binary file
            Open for writing.
        level : {"copies", "shots", "scenes", "themes", "density"} or None
            Whose groups; None means the level that was clustered last.

        Raises
        ------
        NothingClusteredError
            If it was never clustered; nothing is written.
        """
        from annclust.pipeline.html_export import write_html

        refuse_unknown("level", level, get_args(ShownLevel))
        write_html(self._store, file, self.settings.decode, level, progress=self.progress)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Check every invariant of docs/format.md.

        Parameters
        ----------
        repair : bool
            Whether to make damaged derived files again, and damaged vectors from their photos; the
            only copy of anything is never touched.
        """
        from annclust.pipeline.checking import check, check_and_repair

        if not repair:
            return check(self._store)
        with self._writer(salvage=True) as store:
            return check_and_repair(store, self.embedder_loader, self.settings, self.progress)

    def compact(self, *, forget: str | None = None) -> CompactReport:
        """Drop what is left of removed photos; should one come back, it gets a new id.

        Parameters
        ----------
        forget : str or None
            Name of an embedder that is not in use: its vectors and groups are dropped as well, if
            there are any.

        Raises
        ------
        InputError
            If `forget` is in use.
        CollectionLockedError
            If another process writes to the collection.
        StorageError
            If the system refuses to write; then nothing has changed.
        """
        from annclust.pipeline.compacting import compact

        dropped = None
        if forget is not None:
            with suppress(AnnclustError):  # dropped before, maybe: this may be the second time
                dropped = self._store_of(forget).catalog.set_number
        with self._writer() as store:
            return compact(store, self.settings.search, self.progress, dropped=dropped)

    def neighbor_graph(self) -> NeighborGraph:
        """The k nearest neighbors of every photo, exact copies included.

        Returns
        -------
        NeighborGraph
            Positions count the photos by ascending id, as `photo_ids` gives them.
        """
        return self._photo_graph()[0]

    def similarity_graph(
        self, k: int | None = None, radius: float | None = None
    ) -> SimilarityGraph:
        """Which photos are near which, as edges; what Turi Create calls a similarity graph.

        Parameters
        ----------
        k, radius
            Neighbors of each photo, and largest distance (0 to 2); all that are stored if None.
        """
        from annclust.pipeline.edges import similarity_graph

        return similarity_graph(*self._photo_graph(), k=k, radius=radius)

    def _photo_graph(self) -> tuple[NeighborGraph, Nodes]:
        """The graph and the ids of its photos; only a graph that is out of date is made anew."""
        from annclust.pipeline.stored import stored_photo_graph

        stored = stored_photo_graph(self._store, self.settings.search)
        if stored is not None:
            return stored
        from annclust.pipeline.derived import refreshed_photo_graph

        with self._writer() as store:
            return refreshed_photo_graph(store, self.settings.search, self.progress)

    def photo_ids(self) -> list[int]:
        """Ids of all photos, ascending."""
        return [int(image) for image in self._store.catalog.live()[0]]

    def status(self) -> Status:
        """What is in the collection."""
        from annclust.pipeline.describing import describe

        return describe(self._store)
