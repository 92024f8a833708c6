"""Other programs that draw maps, in an environment of their own.

    python scripts/bench/photo_map_peers.py TASK VECTORS OUTPUT

VECTORS and OUTPUT are arrays in NumPy's format, of shapes (n, d) and (n, 2). Each program finds the
neighbors itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEEDED = ("umap-learn==0.5.12", "openTSNE==1.0.4")


def umap(vectors: NDArray[Any]) -> NDArray[Any]:
    """By default, with a seed, which holds it to one thread."""
    from umap import UMAP

    return np.asarray(UMAP(random_state=0, n_jobs=1).fit_transform(vectors))


def opentsne(vectors: NDArray[Any]) -> NDArray[Any]:
    """By default, on both cores."""
    from openTSNE import TSNE

    return np.asarray(TSNE(n_jobs=2, random_state=0).fit(vectors))


def own_peak() -> int:
    """The most memory of this process, in kB; `getrusage` counts what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


TASKS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    task.__name__: task for task in (umap, opentsne)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    np.save(options.output, TASKS[options.task](np.load(options.vectors)))
    print(own_peak())


if __name__ == "__main__":
    main()
