"""Scale, simulation: when the tasks of one stage end on a cluster. Pure.

Tasks are handed out in their order, as `RayEngine.map` does it: twice as many are under way as
there are processors, and results are taken in order. Each task goes to the processor that is free
first; what it is given and its node lacks is fetched before, over the node's link and that of a
node that has it. A node keeps what it fetched until it needs the room: the longest unused goes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

AHEAD = 2
"""Tasks under way for each processor."""

STORE = 0.3
"""Share of a node's memory that Ray's object store takes."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that are alike; the process that was started runs on the first of them.

    Parameters
    ----------
    nodes, cores : int
        Machines, and processors of each.
    memory : float
        Bytes of each.
    network, disk : float
        Bytes a second of the link of each, in either direction, and of its own disk (assumed).
    """

    nodes: int
    cores: int
    memory: float
    network: float
    disk: float = 1e9

    @property
    def processors(self) -> int:
        """Of all."""
        return self.nodes * self.cores

    @property
    def store(self) -> float:
        """Bytes of the object store of each."""
        return STORE * self.memory


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is held on a cluster and given to tasks.

    Parameters
    ----------
    sizes : ndarray of shape (o,), float64
        Bytes.
    holders : ndarray of shape (o,), int64
        Node of each; what a node has no room for lies on its disk.
    needed : callable
        Which of them a task is given, by its number: (o,), bool.
    """

    sizes: NDArray[np.float64]
    holders: NDArray[np.int64]
    needed: Callable[[int], NDArray[np.bool_]]


NOTHING = Objects(np.zeros(0), np.zeros(0, np.int64), lambda _task: np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Like tasks of one stage.

    Parameters
    ----------
    count : int
    seconds : float
        Of one processor, each.
    submitting : float
        Seconds of the process that was started, each.
    returned : float
        Bytes that come to it, each.
    fetched : float
        Bytes that come over the network to each, whatever its node has.
    objects : Objects
    """

    count: int
    seconds: float
    submitting: float = 0.0
    returned: float = 0.0
    fetched: float = 0.0
    objects: Objects = NOTHING


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stage went.

    Parameters
    ----------
    seconds : float
    cores, network, holder, driver : float
        Seconds that the processors, the busiest node's link, the busiest giver of what is held, and
        the process that was started (with its link) had to do.
    fetched : float
        Bytes over the network.
    most : float
        Bytes that one task is given, at most: more than the store of a node do not fit.
    """

    seconds: float = 0.0
    cores: float = 0.0
    network: float = 0.0
    holder: float = 0.0
    driver: float = 0.0
    fetched: float = 0.0
    most: float = 0.0

    @property
    def bound(self) -> str:
        """What has most to do."""
        return max("cores", "network", "holder", "driver", key=lambda name: getattr(self, name))

    @property
    def formula(self) -> float:
        """Seconds as if all that has to be done were done side by side."""
        return float(getattr(self, self.bound))

    def times(self, more: float) -> Outcome:
        """As much work, so many times."""
        values = {each.name: more * getattr(self, each.name) for each in fields(self)}
        return Outcome(**values | {"most": self.most})

    @classmethod
    def after(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Stages one after the other."""
        names = [each.name for each in fields(cls)]
        sums = {name: sum(getattr(each, name) for each in outcomes) for name in names}
        return cls(**sums | {"most": max(each.most for each in outcomes)})


class _Links:
    """What each node has of the objects, and until when its link is busy."""

    def __init__(self, objects: Objects, cluster: Cluster) -> None:
        self._sizes, self._cluster = objects.sizes, cluster
        nodes = np.arange(cluster.nodes)
        self._own = objects.holders == nodes[:, np.newaxis]
        self._has = self._own.copy()
        self._used = np.zeros(self._own.shape)
        aside = 1 - cluster.store / np.maximum(self._own @ objects.sizes, 1)
        self._from_disk = np.maximum(1 / cluster.network, aside / cluster.disk)
        self._from_memory, self._draws = 1 / cluster.network, np.random.default_rng(0)
        self._into, self._out = np.zeros((2, cluster.nodes))
        self.busy = np.zeros((2, cluster.nodes))
        """Seconds of each link, inward and outward."""
        self.fetched = 0.0

    def came(self, node: int, needed: NDArray[np.bool_], more: float, now: float) -> float:
        """When a node has what a task needs that is handed to it now."""
        lacking = np.flatnonzero(needed & ~self._has[node])
        given = self._given(lacking, now) if len(lacking) else now
        size = float(self._sizes[lacking].sum()) + more
        if size:
            taking = size / self._cluster.network
            self._into[node] = max(self._into[node], now) + taking
            self.busy[0, node] += taking
            self.fetched += size
        self._keep(node, needed, now)
        return max(given, self._into[node] if size else now)

    def _given(self, lacking: NDArray[np.intp], now: float) -> float:
        """When the last of some objects is given, each by the first that has it from some node on.

        Ray asks one at random.
        """
        nodes, first = self._cluster.nodes, int(self._draws.integers(self._cluster.nodes))
        has = self._has[:, lacking]
        giver = (np.vstack([has[first:], has[:first]]).argmax(axis=0) + first) % nodes
        cost = np.where(self._own[giver, lacking], self._from_disk[giver], self._from_memory)
        taking = np.bincount(giver, self._sizes[lacking] * cost, minlength=nodes)
        gives = taking > 0
        self._out[gives] = np.maximum(self._out[gives], now) + taking[gives]
        self.busy[1] += taking
        return float(self._out[gives].max())

    def _keep(self, node: int, needed: NDArray[np.bool_], now: float) -> None:
        self._used[node, needed] = now
        self._has[node] |= needed
        kept = self._has[node] & ~self._own[node]
        over = float(self._sizes @ kept) - self._cluster.store
        if over > 0:
            eldest = np.argsort(np.where(kept, self._used[node], np.inf), kind="stable")
            gone = int(np.searchsorted(np.cumsum(self._sizes[eldest]), over)) + 1
            self._has[node, eldest[: min(gone, int(kept.sum()))]] = False


def run(tasks: Tasks, cluster: Cluster) -> Outcome:
    """Work through the tasks of a stage."""
    links, objects = _Links(tasks.objects, cluster), tasks.objects
    free = [(0.0, node) for _ in range(cluster.cores) for node in range(cluster.nodes)]
    done = np.zeros(tasks.count)
    driver = most = last = 0.0
    for task in range(tasks.count):
        taken = task - AHEAD * cluster.processors
        driver = max(driver, done[taken] if taken >= 0 else 0.0) + tasks.submitting
        start, node = heapq.heappop(free)
        came = driver
        if len(objects.sizes) or tasks.fetched:
            needed = objects.needed(task)
            most = max(most, float(objects.sizes @ needed))
            came = links.came(node, needed, tasks.fetched, driver)
        end = max(start, came) + tasks.seconds
        heapq.heappush(free, (end, node))
        last = done[task] = max(last, end)
    returning = tasks.count * tasks.returned / cluster.network
    return Outcome(
        max(last, returning),
        tasks.count * tasks.seconds / cluster.processors,
        float(links.busy[0].max()),
        float(links.busy[1].max()),
        max(tasks.count * tasks.submitting, returning),
        links.fetched + tasks.count * tasks.returned,
        most,
    )
