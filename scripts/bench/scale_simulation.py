"""Scale, simulation: when the tasks of one stage end on a cluster. Pure.

Tasks are handed out in their order, as `RayEngine.map` does it: twice as many are under way as
there are processors, and results are taken in order. Each task goes to the processor that is free
first; what it is given and its node lacks is fetched before, over the node's link and that of
whoever holds it. A node keeps what it fetched until it needs the room: the longest unused goes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
        Bytes a second of the link of each, in either direction, and of its own disk.
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

    def reading(self, cluster: Cluster) -> NDArray[np.float64]:
        """Seconds a byte that each holder takes to give what it holds, shape (nodes,)."""
        held = np.bincount(self.holders, self.sizes, minlength=cluster.nodes)
        aside = np.maximum(1 - cluster.store / np.maximum(held, 1), 0)
        return np.maximum(1 / cluster.network, aside / cluster.disk)


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
        Bytes that come over the network to each whatever its node has.
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
    cores, link, holder, driver : float
        Seconds that the processors, the busiest node's link, the busiest holder and the process
        that was started (with its link) had to do: the largest bounds the stage.
    fetched : float
        Bytes over the network.
    most : float
        Bytes that one task is given, at most: more than the store of a node do not fit.
    """

    seconds: float
    cores: float = 0.0
    link: float = 0.0
    holder: float = 0.0
    driver: float = 0.0
    fetched: float = 0.0
    most: float = 0.0

    @property
    def bound(self) -> str:
        """What has most to do."""
        does = {
            "cores": self.cores,
            "network": self.link,
            "holder": self.holder,
            "driver": self.driver,
        }
        return max(does, key=lambda name: does[name])

    @classmethod
    def after(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Stages one after the other."""
        names = "seconds", "cores", "link", "holder", "driver", "fetched"
        sums = (sum(getattr(each, name) for each in outcomes) for name in names)
        return cls(*sums, max(each.most for each in outcomes))


class _Stores:
    """What each node has of the objects."""

    def __init__(self, objects: Objects, cluster: Cluster) -> None:
        self._objects, self._room = objects, cluster.store
        nodes, count = cluster.nodes, len(objects.sizes)
        self._own = objects.holders == np.arange(nodes)[:, np.newaxis]
        self._there = np.zeros((nodes, count), dtype=np.bool_)
        self._used = np.zeros((nodes, count))

    def lacking(self, node: int, needed: NDArray[np.bool_], now: int) -> NDArray[np.bool_]:
        """What a node must fetch for a task; it is there afterwards."""
        there, own, sizes = self._there[node], self._own[node], self._objects.sizes
        lacking: NDArray[np.bool_] = needed & ~there & ~own
        self._used[node, needed] = now
        there |= lacking
        over = sizes @ there - self._room
        if over > 0:
            eldest = np.argsort(np.where(there, self._used[node], np.inf), kind="stable")
            gone = np.searchsorted(np.cumsum(sizes[eldest]), over) + 1
            there[eldest[:gone]] = False
        return lacking


def run(tasks: Tasks, cluster: Cluster) -> Outcome:
    """Work through the tasks of a stage."""
    objects, stores = tasks.objects, _Stores(tasks.objects, cluster)
    reading, link, holder = (np.zeros(cluster.nodes) for _ in range(3))
    reading[:] = objects.reading(cluster)
    free = [(0.0, node) for _ in range(cluster.cores) for node in range(cluster.nodes)]
    heapq.heapify(free)
    done = np.zeros(tasks.count)
    busy, most, fetched = np.zeros((2, cluster.nodes)), 0.0, 0.0
    driver, last = 0.0, 0.0
    for task in range(tasks.count):
        before = task - AHEAD * cluster.processors
        driver = max(driver, done[before] if before >= 0 else 0.0) + tasks.submitting
        start, node = heapq.heappop(free)
        came = driver
        if len(objects.sizes):
            needed = objects.needed(task)
            most = max(most, float(objects.sizes @ needed))
            lacks = stores.lacking(node, needed, task)
            given = np.bincount(
                objects.holders[lacks], objects.sizes[lacks], minlength=cluster.nodes
            )
            took = given * reading
            holder = np.where(given > 0, np.maximum(holder, driver) + took, holder)
            busy[1] += took
            came = max(came, float(holder[given > 0].max(initial=0.0)))
            over = float(given.sum()) + tasks.fetched
        else:
            over = tasks.fetched
        if over:
            link[node] = max(link[node], driver) + over / cluster.network
            busy[0, node] += over / cluster.network
            came, fetched = max(came, link[node]), fetched + over
        end = max(start, came) + tasks.seconds
        heapq.heappush(free, (end, node))
        last = max(last, end)
        done[task] = last
    returning = tasks.count * tasks.returned / cluster.network
    return Outcome(
        max(last, returning),
        tasks.count * tasks.seconds / cluster.processors,
        float(busy[0].max()),
        float(busy[1].max()),
        max(tasks.count * tasks.submitting, returning),
        fetched + tasks.count * tasks.returned,
        most,
    )
