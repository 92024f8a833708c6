"""annclust: groups of nearly alike photos without a radius, and look-alikes of any image.

>>> import annclust
>>> photos = annclust.open("trip.annclust")   # a Collection; made if it is not there
>>> photos.index(["~/Photos"])                # embeds what is new
>>> photos.similar("beach.heic", k=10)        # list of Match
>>> photos.cluster()                          # Clustering: labels, probabilities, tree, ids

`annclust.AnnHDBSCAN` is the same clustering as a scikit-learn estimator over vectors. The map of
the package stands in docs/architecture.md. Importing annclust is cheap: what is heavy is loaded
where it is used first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annclust.clustering.hdbscan import Clustering
    from annclust.collection import Collection
    from annclust.collection import Collection as open
    from annclust.errors import AnnclustError, CollectionError, EmbeddingError, InputError
    from annclust.estimator import AnnHDBSCAN
    from annclust.neighbor_graph import NeighborGraph
    from annclust.pipeline.reports import (
        Cluster,
        Decided,
        Decision,
        Explanation,
        IndexReport,
        Match,
    )
    from annclust.pipeline.turicreate_import import import_turicreate

_HOMES = {
    "AnnHDBSCAN": ("annclust.estimator", "AnnHDBSCAN"),
    "AnnclustError": ("annclust.errors", "AnnclustError"),
    "Cluster": ("annclust.pipeline.reports", "Cluster"),
    "Clustering": ("annclust.clustering.hdbscan", "Clustering"),
    "Collection": ("annclust.collection", "Collection"),
    "CollectionError": ("annclust.errors", "CollectionError"),
    "Decided": ("annclust.pipeline.reports", "Decided"),
    "Decision": ("annclust.pipeline.reports", "Decision"),
    "EmbeddingError": ("annclust.errors", "EmbeddingError"),
    "Explanation": ("annclust.pipeline.reports", "Explanation"),
    "IndexReport": ("annclust.pipeline.reports", "IndexReport"),
    "InputError": ("annclust.errors", "InputError"),
    "Match": ("annclust.pipeline.reports", "Match"),
    "NeighborGraph": ("annclust.neighbor_graph", "NeighborGraph"),
    "import_turicreate": ("annclust.pipeline.turicreate_import", "import_turicreate"),
    "open": ("annclust.collection", "Collection"),
}

__all__ = [
    "AnnHDBSCAN",
    "AnnclustError",
    "Cluster",
    "Clustering",
    "Collection",
    "CollectionError",
    "Decided",
    "Decision",
    "EmbeddingError",
    "Explanation",
    "IndexReport",
    "InputError",
    "Match",
    "NeighborGraph",
    "import_turicreate",
    "open",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'annclust' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
