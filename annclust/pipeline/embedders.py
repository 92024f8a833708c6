"""Embedders of a collection: found by name when first needed, and checked to be the same."""

from __future__ import annotations

from collections.abc import Sequence

from annclust.embedding.embedder import EmbedderLoader, EmbedderSpec
from annclust.errors import EmbedderMismatchError
from annclust.settings import EmbedSettings
from annclust.storage.records import VectorSet

# The registry is imported where it is used: most calls of a collection embed nothing.


def _called(name: str, stored: Sequence[VectorSet]) -> list[VectorSet]:
    return [each for each in stored if each.embedder.name == name]


class CollectionEmbedder:
    """Finds the embedder through which a collection is seen, once.

    Parameters
    ----------
    settings : EmbedSettings
    """

    def __init__(self, settings: EmbedSettings) -> None:
        self._settings = settings
        self._found: EmbedderLoader | None = None

    def choose(self, name: str | None) -> EmbedderSpec:
        """Find the embedder of new vectors; the default one if None."""
        from annclust.embedding.registry import DEFAULT_EMBEDDER

        return self._find(name or DEFAULT_EMBEDDER).spec

    def set_of(self, name: str, stored: Sequence[VectorSet]) -> int:
        """Number of the set of vectors that a name means, whatever it is called there.

        Of several sets of one name, that of its present revision; ``NAME@REVISION`` is any of them.

        Raises
        ------
        EmbedderMismatchError
            If it is the name of another embedder.
        """
        from annclust.embedding.registry import settled_name

        for each in stored:
            if name == each.embedder.full_name:
                return each.number
        named = _called(name, stored) or _called(settled_name(name), stored)
        if len(named) == 1:  # another revision is told when it is to embed something
            return named[0].number
        spec = self._find(name).spec
        for each in stored:
            if spec.matches(each.embedder):
                return each.number
        known = "', '".join(each.embedder.name for each in stored)
        raise EmbedderMismatchError(stored=known, given=name)

    def loader(self, stored: EmbedderSpec) -> EmbedderLoader:
        """The stored embedder, as long as this version of annclust still has it.

        Raises
        ------
        EmbedderMismatchError
            If what goes by its name has changed.
        """
        found = self._found
        if found is None or not found.spec.matches(stored):
            from annclust.embedding.registry import find_stored

            found = self._keep(find_stored(stored, self._settings))
        if not found.spec.matches(stored):
            raise EmbedderMismatchError(
                stored=f"{stored.name} {stored.revision}",
                given=f"{found.spec.name} {found.spec.revision}",
            )
        return found

    def name(self, stored: EmbedderSpec) -> str:
        """What the stored embedder is called by now: a model of the user may have been moved."""
        found = self._found
        if found is None or ":" not in stored.name or not found.spec.matches(stored):
            return stored.name
        return found.spec.name

    def close(self) -> None:
        """End what the embedder started."""
        if self._found is not None:
            self._found.close()

    def _find(self, name: str) -> EmbedderLoader:
        from annclust.embedding.registry import find_embedder

        return self._keep(find_embedder(name, self._settings))

    def _keep(self, found: EmbedderLoader) -> EmbedderLoader:
        self.close()  # it may be another one that was in use
        self._found = found
        return found
