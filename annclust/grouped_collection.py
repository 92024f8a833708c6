"""Grouped collection: the groups of a collection's photos, why they are so, and what a person says.

One half of :class:`annclust.collection.Collection`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from annclust.choices import PathLike, granularity_of, path_of, refuse_unknown, whole_number
from annclust.opened_collection import OpenedCollection
from annclust.pipeline.reports import Cluster, ClusterReport
from annclust.settings import GRANULARITY, Level, Method, ShownLevel

# Each call loads what it needs itself: a query must not wait for what only grouping needs.
if TYPE_CHECKING:
    from annclust.arrays import Labels, Nodes
    from annclust.clustering.hdbscan import Clustering
    from annclust.errors import Changed
    from annclust.pipeline.deciding import Saying
    from annclust.pipeline.reports import Decided, Decision, Explanation


class GroupedCollection(OpenedCollection):
    """A collection and its groups; the parameters are those of `Collection`."""

    def cluster(
        self,
        level: Level | None = None,
        *,
        granularity: float | None = None,
        min_cluster_size: int | None = None,
        min_samples: int | None = None,
        method: Method | None = None,
        times: bool | None = None,
    ) -> Clustering:
        """Group the photos, without a radius, and remember the groups.

        Parameters
        ----------
        level : {"shots", "scenes", "themes", "density"} or None
            The same moment, what belongs together, what is alike at all; or HDBSCAN's clusters. If
            None, what `granularity` shows, or shots.
        granularity : float or None
            A finer or coarser look than that of the level: shots are at 1, scenes at 2, themes at
            3, each up to halfway to the next, which is still its own. A coarser one never splits a
            group.
        min_cluster_size : int or None
            Fewest photos that make a group: 2 if None, 5 for "density".
        min_samples : int or None
            Neighbors that make a place dense, the photo itself not counted.
        method : {"eom", "leaf"} or None
            How groups are selected from the tree.
        times : bool or None
            Whether times and places in the files count, as far as they are there: yes if None.

        Returns
        -------
        Clustering
            ``labels`` (stable cluster ids; -1 is noise), ``probabilities``, ``tree`` and ``ids``
            (of the photos, in the order of the labels).

        Raises
        ------
        InputError
            If a choice is out of range.
        CollectionLockedError
            If another process writes to the collection.
        """
        from annclust.pipeline.grouping import choose, cluster_photos

        chosen, choices = choose(
            level,
            granularity=granularity,
            times=times,
            min_cluster_size=min_cluster_size,
            min_samples=min_samples,
            method=method,
        )
        with self._writer() as store:
            found, _ = cluster_photos(store, chosen, choices, self.settings.search, self.progress)
        return found

    def last_clustering(self, level: Level | None = None) -> ClusterReport:
        """Sum up the last clustering, of a level or of any.

        Raises
        ------
        NothingClusteredError
            If there was none.
        """
        from annclust.pipeline.clusters import last_report

        refuse_unknown("level", level, get_args(Level))
        return last_report(self._store, level)

    def clusters(self, level: ShownLevel | None = None) -> list[Cluster]:
        """The groups of the last clustering, largest first.

        Parameters
        ----------
        level : {"copies", "shots", "scenes", "themes", "density"} or None
            Whose groups; None means the level that was clustered last. Copies need no clustering.

        Raises
        ------
        NothingClusteredError
            If the collection was never clustered.
        """
        from annclust.pipeline.clusters import clusters

        refuse_unknown("level", level, get_args(ShownLevel))
        return clusters(self._store, level)

    def cluster_of_id(self, cluster: int, level: ShownLevel | None = None) -> Cluster:
        """One group of the last clustering.

        Raises
        ------
        NothingClusteredError
            If the collection was never clustered.
        UnknownClusterError
            If no group has that id.
        """
        from annclust.pipeline.clusters import cluster_of_id

        refuse_unknown("level", level, get_args(ShownLevel))
        return cluster_of_id(self._store, whole_number("cluster", cluster), level)

    def clusters_are_out_of_date(self, level: ShownLevel | None = None) -> bool:
        """Whether something changed since the last clustering; raises as `clusters` does."""
        return self.changed_since_clustering(level) is not None

    def changed_since_clustering(self, level: ShownLevel | None = None) -> Changed | None:
        """What changed since the last clustering: photos, decisions, or None of both.

        Raises
        ------
        NothingClusteredError
            If the collection was never clustered.
        """
        from annclust.pipeline.clusters import last_change

        refuse_unknown("level", level, get_args(ShownLevel))
        return None if level == "copies" else last_change(self._store, level)

    def groups_at(self, granularity: float) -> tuple[Labels, Nodes]:
        """Look at the groups finer or coarser, from what is stored; nothing is remembered.

        It is the tree of the last clustering but "density", whatever that was made with; decisions
        count at once, and every group of two photos or more is one.

        Parameters
        ----------
        granularity : float
            Shots are at 1, scenes at 2, themes at 3; a coarser look never splits a group.

        Returns
        -------
        labels : ndarray of shape (m,), int64
            Group of each photo, from 0; -1 for photos that stand alone. The numbers last for this
            look only.
        ids : ndarray of shape (m,), int64
            Of the photos, ascending.

        Raises
        ------
        NothingClusteredError
            If `cluster` was not run, or photos came or went since.
        """
        from annclust.pipeline.photo_groups import groups_at

        return groups_at(self._store, granularity_of(granularity))

    def explain(
        self, image: PathLike, other: PathLike | None = None, level: Level | None = None
    ) -> Explanation:
        """Say why a photo is in one group with another one, or with any; or why it is not.

        Parameters
        ----------
        image, other : path-like
            Photos of the collection, or files with the same content.
        level : {"shots", "scenes", "themes"} or None
            That of the last clustering if None.

        Raises
        ------
        NothingClusteredError
            If the level was never clustered, or something changed since.
        NoLinksError
            If the last clustering is density.
        UnknownPhotoError
            If one is not in the collection.
        """
        from annclust.pipeline.explaining import explain

        refuse_unknown("level", level, GRANULARITY)
        paths = path_of(image), None if other is None else path_of(other)
        return explain(self._store, self.settings.search, *paths, level)

    def decide(self, saying: Saying, *photos: PathLike) -> Decided:
        """Remember that photos belong together, or are not the same shot.

        It is remembered by their contents: through renames, and when they come back. Groups follow
        when they are cut the next time.

        Parameters
        ----------
        saying : {"together", "apart", "forget"}
        photos : path-like
            What is said is said of the first one and each of the others.

        Returns
        -------
        Decided
            Of which of the others something was said, and what prevails over it.

        Raises
        ------
        UnknownPhotoError
            If one is not in the collection.
        InputError
            If it would have no effect: of exact copies, and of photos to be apart between which the
            embedder sees no difference.
        """
        from annclust.pipeline.deciding import decide

        with self._writer() as store:
            return decide(store, saying, [path_of(photo) for photo in photos])

    def decisions(self) -> list[Decision]:
        """All that was decided about pairs of photos."""
        from annclust.pipeline.deciding import decisions

        return decisions(self._store)
