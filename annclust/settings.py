"""Settings: one frozen dataclass of choices per stage; each knob has its one default here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, Self, get_args

from annclust.choices import refuse_unknown, whole_number
from annclust.engine import LOCAL, Engine
from annclust.errors import InputError, UsageError
from annclust.memory_plan import plan_memory

GIBIBYTE = 1 << 30


def usable_cores() -> int:
    """Processor cores this process may run on."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class _Overridable:
    @classmethod
    def with_overrides(cls, **choices: Any) -> Self:
        """Take the defaults, but for the `choices` that are not None."""
        return replace(cls(), **{name: v for name, v in choices.items() if v is not None})

    def _with_whole_numbers(self, *names: str) -> None:
        """See to it that choices, but for those that are None, are plain whole numbers."""
        for name in names:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole_number(name, getattr(self, name)))

    def as_dict(self) -> dict[str, Any]:
        """Every choice by its name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class ScanSettings(_Overridable):
    """Which files of a folder count as photos.

    Parameters
    ----------
    exclude : tuple of str, or None
        Glob patterns; a file or folder whose name or root-relative path matches is left out. None
        means those of the last scan.
    follow_symlinks : bool or None
        Whether links to files and folders are followed. None means as in the last scan.
    """

    exclude: tuple[str, ...] | None = None
    follow_symlinks: bool | None = None


@dataclass(frozen=True, slots=True)
class DecodeSettings(_Overridable):
    """How images are turned into pixels, and what one image may cost.

    Parameters
    ----------
    workers : int
        Decoding processes.
    timeout : float
        Seconds of processor time that one file may take, before it counts as undecodable. What does
        not come back in three times as long by the clock is left for another run: then a disk
        stalls, or the machine has other things to do.
    memory : int
        Bytes of address space one worker may use for the largest of files; for one of few bytes it
        is 1.2 GiB at most.
    pictures : int or None
        Bytes that large pictures may take at a time, over all workers, and so one of them at all;
        if None, as many as serve the number of workers, and one picture may take `memory`.
    max_pixels : int
        Images with more pixels are refused by their header, before decoding.
    """

    workers: int = field(default_factory=usable_cores)
    timeout: float = 30.0
    memory: int = 2 * GIBIBYTE
    pictures: int | None = None
    max_pixels: int = 300_000_000


PROVIDERS = ("cpu", "cuda", "openvino", "coreml")
"""Where networks may run; onnxruntime has more, which nobody has tried."""


def _providers_asked_for() -> tuple[str, ...]:
    names = os.environ.get("ANNCLUST_PROVIDERS", "cpu").lower().split(",")
    return tuple(name.strip() for name in names if name.strip())


@dataclass(frozen=True, slots=True)
class EmbedSettings(_Overridable):
    """How pixels are turned into vectors.

    Parameters
    ----------
    threads : int
        Threads of the embedder.
    batch : int
        Images embedded at a time.
    commit_every : int
        Images after which vectors are made durable and acknowledged.
    providers : tuple of {"cpu", "cuda", "openvino", "coreml"}
        Where networks run: on the first of these that is there, else on the processor. From
        ``ANNCLUST_PROVIDERS``, if that is set.
    """

    threads: int = field(default_factory=usable_cores)
    batch: int = 8
    commit_every: int = 256
    providers: tuple[str, ...] = field(default_factory=_providers_asked_for)

    def __post_init__(self) -> None:
        for name in self.providers:
            if name not in PROVIDERS:
                raise InputError(
                    f"no provider is called {name!r}; there are: {', '.join(PROVIDERS)}."
                )


@dataclass(frozen=True, slots=True)
class SearchSettings(_Overridable):
    """How the index and the neighbor graph are built.

    Parameters
    ----------
    neighbors : int or None
        Neighbors kept of each vector in the graph; if None, what serves its size.
    exact_up_to : int
        Collections of at most so many vectors are searched and joined exactly
        (docs/benchmarks.md has the measurement).
    threads : int
        Threads of the search library.
    seed : int
        Seed of everything random: the same vectors give the same index and graph.
    recall : float
        Share of the true neighbors, where vectors are dense, below which a graph is refined once
        more.
    memory : int or None
        Bytes that this process may take to build a graph; no limit if None.
    engine : Engine
        Where that is done; makes no difference to the result.
    shard : int or None
        Vectors that are held together, about, while a graph is built; if None, all up to 16 GiB, as
        many as fit into 2 GiB of more.
    """

    neighbors: int | None = None
    exact_up_to: int = 20_000
    threads: int = field(default_factory=usable_cores)
    seed: int = 0
    recall: float = 0.99
    memory: int | None = None
    engine: Engine = field(default=LOCAL, compare=False, repr=False)
    shard: int | None = None


@dataclass(frozen=True, slots=True)
class IndexingSettings(_Overridable):
    """The choices of one `index` run, by stage.

    Parameters
    ----------
    scan, decode, embed, search : settings of the stages
    places : bool or None
        Whether it is kept where photos were taken; if not, what is stored of that is forgotten.
        None means as before, and yes at first.
    forget_missing : bool
        Whether photos are dropped although so many are gone that their folder rather seems to be
        offline.
    """

    scan: ScanSettings = field(default_factory=ScanSettings)
    decode: DecodeSettings = field(default_factory=DecodeSettings)
    embed: EmbedSettings = field(default_factory=EmbedSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    places: bool | None = None
    forget_missing: bool = False

    @classmethod
    def within(
        cls,
        *,
        threads: int | None = None,
        memory: int | None = None,
        follow_symlinks: bool | None = None,
        places: bool | None = None,
    ) -> Self:
        """Take the defaults, but use so many processor cores and bytes (all if None).

        Raises
        ------
        InputError
            If the memory is too small to work with at all.
        """
        decode = DecodeSettings.with_overrides(workers=threads)
        if memory is not None:
            plan = plan_memory(memory, decode.workers)
            decode = replace(decode, workers=plan.workers, pictures=plan.pictures)
        return cls(
            scan=ScanSettings(follow_symlinks=follow_symlinks),
            decode=decode,
            embed=EmbedSettings.with_overrides(threads=threads),
            search=SearchSettings.with_overrides(threads=threads, memory=memory),
            places=places,
        )

    def on(self, engine: Engine) -> Self:
        """The same choices, for work on an engine."""
        return replace(self, search=replace(self.search, engine=engine))


EngineName = Literal["local", "ray"]
"""Where work is done: in this process, or on a Ray cluster."""

Method = Literal["eom", "leaf"]
"""How clusters are selected from the condensed tree: excess of mass, or its leaves."""

Level = Literal["shots", "scenes", "themes", "density"]
"""shots: the same moment; scenes: what belongs together; themes: what is alike at all; density:
HDBSCAN's clusters, whatever they are."""

GRANULARITY: Final[dict[Level, float]] = {"shots": 1.0, "scenes": 2.0, "themes": 3.0}
"""How coarse a look shows each level."""

ShownLevel = Literal["copies", "shots", "scenes", "themes", "density"]
"""Below the levels that are clustered there is one that is known at any time: exact copies."""


@dataclass(frozen=True, slots=True)
class ClusterSettings(_Overridable):
    """HDBSCAN's choices; there is no radius among them.

    Parameters
    ----------
    min_cluster_size : int
        Fewest vectors that make a cluster.
    min_samples : int or None
        Neighbors, the vector itself not counted (as `hdbscan.HDBSCAN` counts), that make a place
        dense; `min_cluster_size` if None.
    method : {"eom", "leaf"}
        How clusters are selected from the condensed tree.
    max_cluster_size : int or None
        Most vectors that make a cluster, for the method "eom"; None is no limit.
    """

    min_cluster_size: int = 5
    min_samples: int | None = None
    method: Method = "eom"
    max_cluster_size: int | None = None

    def __post_init__(self) -> None:
        self._with_whole_numbers("min_cluster_size", "min_samples", "max_cluster_size")
        refuse_unknown("method", self.method, get_args(Method))

    @property
    def effective_min_samples(self) -> int:
        """`min_samples`, or what stands in for it."""
        return self.min_cluster_size if self.min_samples is None else self.min_samples


@dataclass(frozen=True, slots=True)
class LinkSettings(_Overridable):
    """What makes a link between two photos; docs/grouping.md has the reason for each number.

    Ratios are distances over the local scales of both photos.

    Parameters
    ----------
    rank : int
        The local scale is the distance to the neighbor of that rank.
    strong : float
        Largest ratio that unrelated photos do not have: such a link makes a shot.
    weak : float
        Largest ratio of a link within a shot that has a strong one.
    near : float
        Largest distance of photos that differ by no more than a small crop, if their layouts
        agree: such a link is strong in any crowd.
    near_share : float
        The same as a share of the usual scale, for embedders that keep no layout.
    agreeing : float
        Least correlation of layouts that agree.
    agreeing_pages : float
        The same for pages and screens, without which these are not linked.
    turned : float
        Least correlation of layouts, of which one is turned or mirrored, for the same picture.
    turned_margin : float
        By how much that must exceed their correlation as they are.
    moment : float
        Seconds within which photos were taken at one moment.
    closer : float
        How much closer that brings them: a factor of their ratio.
    """

    rank: int = 45
    strong: float = 0.63
    weak: float = 0.78
    near: float = 0.35
    near_share: float = 0.3
    agreeing: float = 0.9
    agreeing_pages: float = 0.99
    turned: float = 0.97
    turned_margin: float = 0.05
    moment: float = 10.0
    closer: float = 0.95


@dataclass(frozen=True, slots=True)
class GroupSettings(_Overridable):
    """The choices of groups of photos: shots, scenes and themes.

    Parameters
    ----------
    min_cluster_size : int
        Fewest photos that make a group.
    min_samples : int
        Neighbors, the photo itself not counted, that make a place dense.
    method : {"eom", "leaf"}
        How shots are selected from the tree.
    links : LinkSettings
    scene : float
        Average ratio up to which shots make a scene.
    outing : float
        Seconds within which a photo follows another one of its scene, as a rule.
    outing_closer : float
        How much closer that brings scenes: a factor of their average ratio.
    times : bool
        Whether times and places in the files count.
    """

    min_cluster_size: int = 2
    min_samples: int = 1
    method: Method = "eom"
    links: LinkSettings = field(default_factory=LinkSettings)
    scene: float = 0.88
    outing: float = 600.0
    outing_closer: float = 0.975
    times: bool = True

    def __post_init__(self) -> None:
        self._with_whole_numbers("min_cluster_size", "min_samples")
        refuse_unknown("method", self.method, get_args(Method))
        if not isinstance(self.times, bool):
            raise UsageError(f"times must be True or False, not {self.times!r}.")
