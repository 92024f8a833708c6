"""Embedders of a collection: found by name when first needed, and checked to be the same."""

from __future__ import annotations

from annclust.embedding.embedder import EmbedderLoader, EmbedderSpec
from annclust.errors import EmbedderMismatchError
from annclust.settings import EmbedSettings

# The registry is imported where it is used: most calls of a collection embed nothing.


class CollectionEmbedder:
    """Finds the embedder of one collection, once.

    Parameters
    ----------
    settings : EmbedSettings
    """

    def __init__(self, settings: EmbedSettings) -> None:
        self._settings = settings
        self._found: EmbedderLoader | None = None

    def choose(self, name: str | None) -> EmbedderSpec:
        """Find the embedder of a new collection; the default one if None."""
        from annclust.embedding.registry import DEFAULT_EMBEDDER

        return self._find(name or DEFAULT_EMBEDDER).spec

    def check(self, name: str | None, stored: EmbedderSpec) -> None:
        """Whether a name, if one is given, means the stored embedder, by whatever name.

        Raises
        ------
        EmbedderMismatchError
            If it is another one.
        """
        if name is None:
            return
        from annclust.embedding.registry import settled_name

        if settled_name(name) != stored.name and not self._find(name).spec.matches(stored):
            raise EmbedderMismatchError(stored=stored.name, given=name)

    def loader(self, stored: EmbedderSpec) -> EmbedderLoader:
        """The stored embedder, as long as this version of annclust still has it.

        Raises
        ------
        EmbedderMismatchError
            If what goes by its name has changed.
        """
        found = self._found or self._find(stored.name)
        if not found.spec.matches(stored):
            raise EmbedderMismatchError(
                stored=f"{stored.name} {stored.revision}",
                given=f"{found.spec.name} {found.spec.revision}",
            )
        return found

    def name(self, stored: EmbedderSpec) -> str:
        """What the stored embedder is called by now."""
        return stored.name if self._found is None else self._found.spec.name

    def close(self) -> None:
        """End what the embedder started."""
        if self._found is not None:
            self._found.close()

    def _find(self, name: str) -> EmbedderLoader:
        from annclust.embedding.registry import find_embedder

        self._found = find_embedder(name, self._settings)
        return self._found
