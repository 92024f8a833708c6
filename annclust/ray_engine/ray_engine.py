"""Ray engine: parts of work are computed by whoever is free on a cluster.

A part that dies with its worker or node is computed again, and so is what it was made of: results
stay where they were made until somebody asks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from annclust.closing import Closing
from annclust.engine import Arguments, Held
from annclust.parallel import one_thread_in_blas
from annclust.ray_engine.cluster import cluster, forget, told

Value = TypeVar("Value")
Result = TypeVar("Result")
Item = TypeVar("Item", bound=np.generic)

_TRIES: Final = 5
"""Times that a part is computed again whose worker or node died."""

_AHEAD: Final = 2
"""Parts under way for each processor: one that is computed, one that waits for it."""


class RayEngine(Closing):
    """Joins a cluster when there is work, and leaves it when it is closed.

    Parameters
    ----------
    cpus : int or None
        How many a cluster on this machine has, if one is started; all if None.
    """

    is_here = False

    def __init__(self, cpus: int | None = None) -> None:
        self._cpus = cpus
        self._joined = ExitStack()
        self._library: ModuleType | None = None

    @property
    def _ray(self) -> ModuleType:
        if self._library is None:
            self._library = self._joined.enter_context(cluster(self._cpus))
        return self._library

    def close(self) -> None:
        """Leave the cluster; end it, if it was started for this."""
        self._joined.close()
        self._library = None

    def hold(self, value: Value, /, *, apart: bool = False) -> Held[Value]:
        """As of `Engine`; what is held apart stays on this machine as well, in case one is lost."""
        ray = self._ray
        with told(ray):
            here = ray.put(value)
            if not apart or sum(node["Alive"] for node in ray.nodes()) < 2:
                return Held(here)
            spread = {"num_cpus": 0, "max_retries": _TRIES, "scheduling_strategy": "SPREAD"}
            return _Apart(ray.remote(**spread)(_itself).remote(here), here)

    def map(
        self,
        function: Callable[..., Result],
        parts: Iterable[Arguments],
        /,
        *,
        threads: int,
        light: bool = False,
    ) -> Generator[Held[Result]]:
        """As of `Engine`; `threads` are not used, but all processors of the cluster.

        A light part takes no processor, and so never goes elsewhere for want of one: Ray sends it
        to where most of what it is given lies.
        """
        ray = self._ray
        needs = {"num_cpus": 0 if light else 1, "max_retries": _TRIES}
        task = ray.remote(**needs)(_computed).options(name=function.__name__)
        most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting: deque[object] = deque()
        try:
            for part in parts:
                waiting.append(task.remote(function, *map(_referred, part)))
                if len(waiting) > most:
                    yield self._done(waiting.popleft())
            while waiting:
                yield self._done(waiting.popleft())
        finally:
            for reference in waiting:
                forget(ray, reference)

    def _done(self, reference: object) -> Held[Result]:
        with told(self._ray):
            self._ray.wait([reference], fetch_local=False)
        return Held(reference)

    def together(
        self, parts: Iterable[Held[NDArray[Item]]], shape: tuple[int, int], /
    ) -> Held[NDArray[Item]]:
        """As of `Engine`: on the cluster, where the parts are."""
        (whole,) = self.map(_stacked, [tuple(parts)], threads=1)
        return whole

    def value(self, held: Held[Value], /) -> Value:
        """As of `Engine`."""
        with told(self._ray):
            found: Value = self._ray.get(held.reference)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Apart(Held[Value]):
    """Held on some machine; `origin` is what it is made of again if that machine is lost."""

    origin: object


def _itself(value: Value) -> Value:
    return value


def _referred(argument: object) -> object:
    """What Ray replaces by the value before it calls a function."""
    return argument.reference if isinstance(argument, Held) else argument


def _stacked(*parts: NDArray[Item]) -> NDArray[Item]:
    return np.vstack(parts)


def _computed(function: Callable[..., Result], *arguments: object) -> Result:
    with one_thread_in_blas():
        return function(*arguments)
