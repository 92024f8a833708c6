"""Cluster: joins a Ray cluster, or starts one on this machine, and leaves it again.

Nothing is reported to anybody, and no page is served: Ray's usage statistics and its dashboard are
off. A cluster that the calling program joined by itself is used as it is, and stays.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

from annclust.errors import EngineError

ADDRESS: Final = "RAY_ADDRESS"
"""Environment variable: ``host:port`` of a cluster; without it one is started on this machine."""

_PATIENCE: Final = 5.0
"""Seconds for a cluster's first answer: Ray itself waits for minutes."""

_SAME: Final = ("annclust", "numpy", "faiss-cpu")
"""What has to be of one version everywhere, for the same numbers to come out."""


def library() -> ModuleType:
    """Ray itself.

    Raises
    ------
    EngineError
        If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise EngineError("Ray is not installed: pip install 'annclust[ray]'") from error
    return ray


@contextmanager
def cluster(cpus: int | None = None) -> Iterator[ModuleType]:
    """Be part of a cluster; gives Ray.

    Parameters
    ----------
    cpus : int or None
        How many a cluster on this machine has, if one is started; all if None.

    Raises
    ------
    EngineError
        If Ray is not installed, nobody answers at the address, or other versions are at work there.
    """
    ray = library()
    if ray.is_initialized():
        yield ray
        return
    address = os.environ.get(ADDRESS) or None
    _join(ray, address, cpus)
    try:
        if address is not None:
            _require_same_versions(ray)
        if ray.cluster_resources().get("CPU", 0) < 1:
            raise EngineError(f"the Ray cluster at {address} has no processors to work on")
        yield ray
    finally:
        ray.shutdown()


def _join(ray: ModuleType, address: str | None, cpus: int | None) -> None:
    if address is not None:
        _require_answer(address)
    own: dict[str, Any] = {} if address else {"num_cpus": cpus, "include_dashboard": False}
    ends = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="error", **own)
    except Exception as error:  # Ray has no class for what may be wrong with an address
        where = "on this machine" if address is None else f"at {address}"
        raise EngineError(f"no Ray cluster {where}: {_first_line(error)}") from error
    finally:
        if threading.current_thread() is threading.main_thread() and ends is not None:
            signal.signal(signal.SIGTERM, ends)  # Ray has an idea of its own


def _require_answer(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise EngineError(f"{ADDRESS} is {address!r}, not host:port like 10.0.0.1:6379")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error)
        raise EngineError(f"no Ray cluster answers at {address}: {why.lower()}") from error


def _require_same_versions(ray: ModuleType) -> None:
    """See that each node has the annclust, and the libraries, that this process has."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

    ours = _versions()
    ask = ray.remote(num_cpus=0, max_retries=0)(_versions)
    for node in (node for node in ray.nodes() if node["Alive"]):
        there = node["NodeManagerAddress"]
        try:
            theirs = ray.get(
                ask.options(scheduling_strategy=On(node["NodeID"], soft=False)).remote()
            )
        except ray.exceptions.RayError as error:
            raise EngineError(f"node {there} has no annclust: {_first_line(error)}") from error
        for name in _SAME:
            if theirs[name] != ours[name]:
                raise EngineError(
                    f"node {there} has {name} {theirs[name]}, this machine {ours[name]}:"
                    " they have to be the same"
                )


def _versions() -> dict[str, str]:
    return {name: version(name) for name in _SAME}


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


@contextmanager
def told(ray: ModuleType) -> Iterator[None]:
    """Turn what went wrong on a cluster into what it means: our own errors come as they were."""
    reasons = {
        ray.exceptions.ObjectStoreFullError: "its object store is too small for this work",
        ray.exceptions.OutOfDiskError: "a node has no room left to put objects aside",
        ray.exceptions.OutOfMemoryError: "a node has too little memory for this work",
        ray.exceptions.WorkerCrashedError: "a worker died again and again",
        ray.exceptions.NodeDiedError: "nodes died again and again",
        ray.exceptions.ObjectLostError: "what was held on a node is lost with it",
        ray.exceptions.LocalRayletDiedError: "Ray ended on this machine",
    }
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = error.cause if isinstance(error, ray.exceptions.RayTaskError) else error
        if isinstance(cause, Exception) and not isinstance(cause, ray.exceptions.RayError):
            raise cause from None
        why = next((why for kind, why in reasons.items() if isinstance(cause, kind)), "")
        why = why or _first_line(cause)
        raise EngineError(
            f"the Ray cluster gave up: {why}. What was stored before is safe; the same command"
            " goes on from there."
        ) from error


def forget(ray: ModuleType, reference: object) -> None:
    """Let nobody work on what is not wanted any more."""
    with suppress(Exception):
        if ray.is_initialized():  # else this would start another cluster
            ray.cancel(reference)
