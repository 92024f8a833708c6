"""Scale, simulation: when the tasks of one stage end on a cluster. Pure.

Tasks are handed out in their order, as `RayEngine.map` does it, so many more than there are
processors at a time, and results are taken in order. Those of pairs of shards go to where the shard
lies; if nobody is free there until the shard itself is elsewhere, where somebody is, it goes.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields

AHEAD = 2
"""Tasks under way for each processor."""

STORE = 0.3
"""Share of a node's memory that Ray's object store takes."""

SIMULATED = 100_000
"""Tasks, about; of more, the first are simulated, and the rest takes as long."""


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
        """Bytes of the object stores of all."""
        return STORE * self.memory * self.nodes

    def missing(self, held: float) -> float:
        """Share of what is held that has no room in the stores, and lies on disks."""
        return max(0.0, 1 - self.store / held) if held else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stage went.

    Parameters
    ----------
    seconds : float
    cores, links, disks, driver : float
        Seconds that the processors, the busiest node's link, the disk of each, and the process that
        was started (with its link) had to do.
    travelled : float
        Bytes over the network.
    """

    seconds: float = 0.0
    cores: float = 0.0
    links: float = 0.0
    disks: float = 0.0
    driver: float = 0.0
    travelled: float = 0.0

    @property
    def bound(self) -> str:
        """What has most to do."""
        return max("cores", "links", "disks", "driver", key=lambda name: float(getattr(self, name)))

    def times(self, more: float) -> Outcome:
        """As much work, so many times."""
        return Outcome(*(more * float(getattr(self, each.name)) for each in fields(self)))

    @classmethod
    def after(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Stages one after the other."""
        names = [each.name for each in fields(cls)]
        return cls(*(sum(float(getattr(it, name)) for it in outcomes) for name in names))


@dataclass(frozen=True, slots=True)
class Tasks:
    """Like tasks of one stage.

    Parameters
    ----------
    count : int
    seconds : float
        Of one processor, each.
    submitting : float
        Seconds of the process that was started, each.
    sent, returned : float
        Bytes that come from it, and to it, each.
    fetched : float
        Bytes that come over the link of its node to each, from elsewhere.
    held : float
        Bytes that each node fetches once.
    """

    count: int
    seconds: float
    submitting: float = 0.0
    sent: float = 0.0
    returned: float = 0.0
    fetched: float = 0.0
    held: float = 0.0

    def run(self, cluster: Cluster) -> Outcome:
        """Work through them."""
        some, each = min(self.count, SIMULATED), cluster.network
        first = self.held / each if cluster.nodes > 1 else 0.0
        links, sent, last, driver = [first] * cluster.nodes, 0.0, 0.0, 0.0
        free = [(0.0, node) for _ in range(cluster.cores) for node in range(cluster.nodes)]
        done: deque[float] = deque()
        for _ in range(some):
            if len(done) >= AHEAD * cluster.processors:
                driver = max(driver, done.popleft())
            driver += self.submitting
            start, node = heapq.heappop(free)
            sent = max(sent, driver) + self.sent / each
            links[node] = max(links[node], driver) + (self.sent + self.fetched) / each
            last = max(last, start + self.seconds, max(links[node], sent) + self.seconds)
            heapq.heappush(free, (max(start, links[node], sent) + self.seconds, node))
            done.append(last)
        whole = self.count / max(some, 1)
        own = self.count * max(self.submitting, self.sent / each, self.returned / each)
        moved = self.count * (self.sent + self.fetched)
        return Outcome(
            max(last * whole, own),
            self.count * self.seconds / cluster.processors,
            first + moved / each / cluster.nodes,
            0.0,
            own,
            moved + self.count * self.returned + cluster.nodes * self.held,
        )


@dataclass(frozen=True, slots=True)
class Pairs:
    """What blocks of queries, one of each shard, are compared with: all shards.

    Parameters
    ----------
    shards : int
    seconds : float
        Of one processor, of a block.
    own, next : float
        Share of them in its own shard, and in the one of the others that most is asked of.
    picking : float
        Seconds of what picks the queries for a pair, where the block lies.
    sent, back : float
        Bytes that go from a block to the others, and come back.
    held : float
        Bytes of a shard.
    missing : float
        Share of these that is read from a disk each time.
    submitting : float
        Seconds of the process that was started, for a pair.
    """

    shards: int
    seconds: float
    own: float
    next: float
    picking: float
    sent: float
    back: float
    held: float
    missing: float
    submitting: float

    def share(self, block: int, shard: int) -> float:
        """What a block does in a shard, of what it does in all others."""
        if block == shard or self.shards < 3:
            return 1.0
        most = self.next / (1 - self.own)
        near = shard == (block + 1) % self.shards
        return most if near else (1 - most) / (self.shards - 2)

    def run(self, cluster: Cluster) -> Outcome:
        """Work through them, block by block."""
        some = min(self.shards, max(SIMULATED // self.shards, 1))
        going = _Going(self, cluster)
        for block in range(some):
            for shard in range(self.shards):
                going.hand_out(block, shard)
        whole = self.shards / some
        count = self.shards**2
        return Outcome(
            going.last * whole,
            (self.shards * self.seconds + count * self.picking) / cluster.processors,
            max(*going.out, *going.into) * whole,
            max(going.read) * whole,
            count * self.submitting,
            going.travelled * whole,
        )


class _Going:
    """Pairs that are under way, and what each node has done and will do."""

    def __init__(self, pairs: Pairs, cluster: Cluster) -> None:
        self._pairs, self._cluster = pairs, cluster
        self._free = [[0.0] * cluster.cores for _ in range(cluster.nodes)]
        self._until = {name: [0.0] * cluster.nodes for name in ("out", "into", "disk")}
        self.out, self.into, self.read, self._picked = ([0.0] * cluster.nodes for _ in range(4))
        self._done: deque[float] = deque()
        self._driver = self.last = self.travelled = 0.0

    def hand_out(self, block: int, shard: int) -> None:
        """Let one pair be worked on."""
        pairs, nodes, own = self._pairs, self._cluster.nodes, block == shard
        if len(self._done) >= 2 * AHEAD * self._cluster.processors:
            self._driver = max(self._driver, self._done.popleft())
        self._driver += pairs.submitting
        home, asking, share = shard % nodes, block % nodes, pairs.share(block, shard)
        picked = max(self._picked[asking], self._driver) + pairs.picking / self._cluster.cores
        self._picked[asking] = picked
        ready = max(picked, self._driver + pairs.picking)
        node, held = home, pairs.missing * pairs.held
        moving = pairs.held / self._cluster.network
        if self._free[home][0] > ready + moving:
            idle = min(range(nodes), key=lambda each: self._free[each][0])
            node = idle if self._free[idle][0] <= ready else home
        came = self._read(home, held, ready) if held else ready
        if node != home:
            came = max(came, self._moved(home, node, pairs.held, came))
        if node != asking:
            came = max(came, self._moved(asking, node, share * pairs.sent, ready))
            self.into[asking] += share * pairs.back / self._cluster.network
            self._until["into"][asking] += share * pairs.back / self._cluster.network
            self.travelled += share * pairs.back
        seconds = pairs.seconds * (pairs.own if own else (1 - pairs.own) * share)
        end = max(self._free[node][0], came) + seconds
        heapq.heapreplace(self._free[node], end)
        self.last = max(self.last, end)
        self._done.append(self.last)

    def _read(self, node: int, size: float, now: float) -> float:
        taking = size / self._cluster.disk
        self.read[node] += taking
        self._until["disk"][node] = max(self._until["disk"][node], now) + taking
        return self._until["disk"][node]

    def _moved(self, giver: int, taker: int, size: float, now: float) -> float:
        taking, out, into = size / self._cluster.network, self._until["out"], self._until["into"]
        out[giver] = max(out[giver], now) + taking
        into[taker] = max(into[taker], now) + taking
        self.out[giver] += taking
        self.into[taker] += taking
        self.travelled += size
        return max(out[giver], into[taker])
