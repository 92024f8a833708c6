"""Describing: what is in a collection, without touching it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from annclust.pipeline.reports import EmbedderStatus, RootStatus, Status
from annclust.storage.layout import GenerationKind
from annclust.storage.records import Root
from annclust.storage.store import Store


def describe(store: Store) -> Status:
    """Sum up a collection: sizes, embedder, generations, the last clustering, its roots."""
    with store.catalog.snapshot():
        counts, spec = store.catalog.counts(), store.embedder
        return Status(
            path=store.path,
            images=counts["images"],
            vectors=counts["vectors"],
            embedder=spec.name,
            revision=spec.revision,
            dimension=spec.dimension,
            index=_generation(store, "index"),
            graph=_generation(store, "graph"),
            clustering=_clustering(store),
            bytes=store.bytes_on_disk(),
            companions=counts["companions"],
            removed=counts["removed"],
            unreadable=counts["unreadable"],
            roots=_roots(store),
            embedders=_embedders(store, counts["images"]),
            places=store.catalog.keeps_places(),
        )


def _embedders(store: Store, images: int) -> tuple[EmbedderStatus, ...]:
    found = []
    for stored in store.catalog.vector_sets():
        photos = store.catalog.of_set(stored.number).images_with_vector()
        found.append(
            EmbedderStatus(
                embedder=stored.embedder.name,
                revision=stored.embedder.revision,
                dimension=stored.embedder.dimension,
                photos=photos,
                waiting=images - photos,
                in_use=stored.number == store.catalog.active_set(),
            )
        )
    return tuple(found)


def _generation(store: Store, kind: GenerationKind) -> Mapping[str, object] | None:
    found = store.catalog.generation(kind)
    if found is None:
        return None
    size = sum(file.size for file in found.files)
    return {
        "generation": found.number,
        "rows": found.rows,
        "bytes": size,
        **json.loads(found.spec),
    }


def _clustering(store: Store) -> Mapping[str, object] | None:
    last = store.catalog.clustering()
    return None if last is None else {"level": last.level, **json.loads(last.summary)}


def _roots(store: Store) -> tuple[RootStatus, ...]:
    """The roots, but for those whose folder is gone and all of whose photos are elsewhere."""
    used = store.catalog.used_roots()
    shown = [root for root in store.catalog.roots() if root.id in used or _is_there(root)]
    return tuple(RootStatus(root.folder, root.offline) for root in shown)


def _is_there(root: Root) -> bool:
    return root.is_remote or root.folder.is_dir()  # no server is asked to tell a status
