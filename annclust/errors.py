"""What can go wrong, as one tree.

DamagedFileWarning tells of damage that is mended without anybody's help, StorageWarning of a disk
that refused what can wait, UnverifiedModelWarning of a model that is used because the user said so.
The errors:

- AnnclustError
    - InputError: what was asked for cannot be done
        - UsageError: and could not be in any collection
        - PhotosNotFoundError: no such folder, or not a folder
        - PhotosAwayError: the server of a folder cannot be asked
        - UnreadableImageError: one image cannot be turned into pixels
        - PhotoGoneError: the file of a photo is not where it was
        - UnknownEmbedderError: no embedder goes by that name
        - NoTextError: a text is asked for, but the embedder knows pictures alone
        - UnknownClusterError: no group has that id
        - UnknownPhotoError: no photo of the collection has that content (any more)
        - NoLinksError: groups are to be explained that were not made of links
        - NothingClusteredError: clusters are asked for before `cluster` was run
            - GroupsOutOfDateError: or it was run for what has changed since
        - OutputError: a file that was asked for cannot be written
        - PortTakenError: another program listens where the page is to be
        - PlanFileError: a file holds no purge plan, or one that must not be applied
        - PlanOutOfDateError: files are not as they were when a plan was made
        - UnknownPurgeError: no purge followed that plan, or there was none at all
        - TrashError: what is to be the trash cannot be one
        - FolderBusyError: another purge moves photos of a folder
        - TrashAwayError: what is in a trash, or on its way there, cannot be seen
    - EmbeddingError: an embedder cannot be used
        - ModelFileError: a model file is missing, damaged or not the one expected
    - EngineError: where work was to be done does not work
    - CollectionError: the directory NAME.annclust
        - CollectionNotFoundError: there is none
        - NotACollectionError: there is something else
        - NetworkDiskError: it lies where writing would not be safe
        - NewerFormatError: a later annclust wrote it
        - EmbedderMismatchError: vectors of two embedders would meet
        - CollectionClosedError: it was closed
        - VectorsDroppedError: those it is seen through were dropped meanwhile
        - CollectionLockedError: another process is writing
        - CollectionDamagedError: truth on disk contradicts itself
        - StorageError: the operating system refused to read or write

Each error says what happened, to which file, and what to do; its parts are attributes.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Literal, cast

Changed = Literal["photos", "decisions", "choices", "dropped"]
"""What makes stored groups out of date: other photos are there; something was decided; groups are
made in another way; or what the groups were cut from is not stored any more."""


def _typed(path: Path) -> str:
    """A path as one types it in a shell."""
    return shlex.quote(str(path))


class DamagedFileWarning(UserWarning):
    """A derived file is not as it was written. It is not used, and made again by who may write."""


class UnverifiedModelWarning(UserWarning):
    """A model file is used that is not the one that its makers published."""


class StorageWarning(UserWarning):
    """The operating system refused something that is done again the next time; nothing is lost."""


class AnnclustError(Exception):
    """Anything annclust expects to go wrong; the message is meant for the user."""

    def __reduce__(self) -> tuple[object, ...]:
        """Come from another process as it was, with its parts, whatever it is made of."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[AnnclustError], args: tuple[object, ...], parts: object) -> AnnclustError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(cast(dict[str, object], parts))
    return error


class InputError(AnnclustError, ValueError):
    """What was asked for cannot be done."""


class UsageError(InputError):
    """A choice is none that there is, or does not go with another one."""


class PhotosNotFoundError(InputError):
    """The folder that should hold photos is missing, or is not a folder."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}. Give a folder that holds photos.")


class PhotosAwayError(InputError):
    """The server that holds a folder of photos cannot be asked, or says no."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}. docs/remote.md says what photos behind URLs need.")


class UnreadableImageError(InputError):
    """One image cannot be turned into pixels."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}.")


class PhotoGoneError(InputError):
    """The file of a photo of the collection is not where it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is not there any more. Plug in the disk that it lies on, or run annclust index"
            " again."
        )


class UnknownEmbedderError(InputError):
    """No embedder goes by that name."""

    def __init__(self, name: str, *, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        super().__init__(
            f"no embedder is called {name!r}; there are: {', '.join(known)}."
            " `annclust models` says more."
        )


class NoTextError(InputError):
    """An embedder is asked about a text, but knows pictures alone."""

    def __init__(self, embedder: str) -> None:
        self.embedder = embedder
        super().__init__(
            f"{embedder} knows pictures alone. Asking by text takes a model that knows both, such"
            " as CLIP: docs/embedders.md."
        )


class UnknownClusterError(InputError):
    """No group of a level has that id."""

    def __init__(self, cluster: int, *, level: str) -> None:
        self.cluster, self.level = cluster, level
        super().__init__(
            f"there is no group {cluster} of {level}. `annclust clusters --level {level}` lists"
            " those that there are."
        )


class UnknownPhotoError(InputError):
    """No photo of the collection has the content of that file."""

    def __init__(self, path: Path, *, changed: bool = False, waiting: bool = False) -> None:
        self.path, self.changed, self.waiting = path, changed, waiting
        why = f"{path} is not in this collection. Add it with annclust index."
        if changed:
            why = f"{path} changed since it was indexed. Run annclust index again."
        elif waiting:
            why = f"{path} has no vector of this embedder yet. Run annclust index again."
        super().__init__(why)


class NothingClusteredError(InputError):
    """Clusters are asked for before the collection was clustered."""

    def __init__(self, path: Path, *, level: str | None = None) -> None:
        self.path, self.level = path, level
        asked = f" --level {level}" if level else ""
        super().__init__(
            f"{path} has not been clustered yet{f' into {level}' if level else ''}."
            f" Run `annclust cluster -c {_typed(path)}{asked}` first."
        )


class GroupsOutOfDateError(NothingClusteredError):
    """Groups are asked about that were made of other photos, or with other choices or decisions."""

    def __init__(self, path: Path, *, level: str, changed: Changed) -> None:
        super().__init__(path, level=level)
        self.changed = changed
        told = {
            "photos": "photos came or went",
            "decisions": "something was decided",
            "choices": "how groups are made changed",
            "dropped": "what groups are cut from was dropped",
        }
        self.args = (
            f"{told[changed]} since {path} was clustered into {level}."
            f" Run `annclust cluster -c {_typed(path)} --level {level}` again.",
        )


class NoLinksError(InputError):
    """Groups are to be explained that were not made of links."""

    def __init__(self, level: str) -> None:
        self.level = level
        super().__init__(
            f"groups of {level} are not made of links, so there is nothing to explain them by."
            " Use --level shots, scenes or themes."
        )


class OutputError(InputError):
    """A file that was asked for cannot be written."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be written: {reason}. Give another path.")


class PortTakenError(InputError):
    """Another program listens at the port that the page is to be at, or nobody else may."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"port {port} of this machine is taken. Give another one with --port, or leave it out."
        )


class PlanFileError(InputError):
    """A file holds no purge plan that can be applied."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}. `annclust purge plan -o PLAN` makes a plan.")


class PlanOutOfDateError(InputError):
    """Files that a plan names are not as they were when it was made; nothing was moved."""

    def __init__(self, changed: tuple[tuple[Path, str], ...]) -> None:
        self.changed = changed
        (path, reason), *others = changed
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(
            f"nothing was moved, as {path} is not what the plan says: {reason}{more}. Run"
            " `annclust index`, then `annclust purge plan` again."
        )


class UnknownPurgeError(InputError):
    """There is no purge to be undone."""

    def __init__(self, plan: str | None = None) -> None:
        self.plan = plan
        told = "nothing was purged" if plan is None else "this plan was never applied here"
        super().__init__(
            f"{told}, so there is nothing to undo. `annclust purge list` lists purges."
        )


class TrashError(InputError):
    """Something cannot be the trash."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} cannot be the trash: {reason}. Choose another folder: --trash DIR."
        )


class FolderBusyError(InputError):
    """Another purge, maybe of another collection, moves photos of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"another purge moves photos of {path} at the moment. Wait until it is done."
        )


class TrashAwayError(InputError):
    """What a purge moved, or was moving, lies where nobody can look now."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} cannot be looked into: {reason}. Plug in the disk that it lies on, and give"
            " the same command again."
        )


class EmbeddingError(AnnclustError):
    """An embedder cannot be used."""


class ModelFileError(EmbeddingError):
    """A model file is missing, damaged or not the one expected."""

    def __init__(self, path: Path, *, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"{path}: {reason}. {remedy}")


class EngineError(AnnclustError):
    """The engine that was asked for cannot be used, or does not work any more."""


class CollectionError(AnnclustError):
    """Something about the directory NAME.annclust."""


class CollectionNotFoundError(CollectionError):
    """There is no collection at that path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"there is no collection at {path}."
            f" `annclust index PHOTOS -c {_typed(path)}` makes one."
        )


class NotACollectionError(CollectionError):
    """The path holds something that is not a collection."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} is not an annclust collection: {reason}. Give another path.")


class NetworkDiskError(CollectionError):
    """The collection lies on a disk that other machines may write to."""

    def __init__(self, path: Path, *, kind: str) -> None:
        self.path, self.kind = path, kind
        super().__init__(
            f"{path} lies on a network disk ({kind}), where a collection is not safe. Keep it on a"
            " disk of this machine; the photos may stay where they are."
        )


class NewerFormatError(CollectionError):
    """A later version of annclust wrote the collection."""

    def __init__(self, path: Path, *, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has format {found}, but this annclust knows formats up to {known}."
            " Upgrade annclust; the collection was not touched."
        )


class EmbedderMismatchError(CollectionError):
    """Vectors of two different embedders would be taken for those of one."""

    def __init__(self, *, stored: str, given: str) -> None:
        self.stored, self.given = stored, given
        super().__init__(
            f"this collection has vectors of {stored!r}, which cannot be compared with those of"
            f" {given!r}. It can have both: annclust index --embedder NAME --add."
        )


class VectorsDroppedError(CollectionError):
    """The vectors of the embedder that a collection is seen through were dropped meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"the vectors that {path} was opened with were dropped meanwhile. Open it again."
        )


class CollectionClosedError(CollectionError):
    """Something is asked of a collection after it was closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} was closed. Open it again: annclust.open({str(path)!r}).")


class CollectionLockedError(CollectionError):
    """Another process is writing to the collection."""

    def __init__(self, path: Path, *, holder: str) -> None:
        self.path, self.holder = path, holder
        super().__init__(
            f"{path} is being written by {holder}. Wait until it is done; reading works meanwhile."
        )


class CollectionDamagedError(CollectionError):
    """Truth on disk contradicts itself."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} is damaged: {reason}. `annclust check` names what is affected.")


class StorageError(CollectionError):
    """The operating system refused to read or write."""

    def __init__(self, path: Path, *, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path}: {reason}. What was stored before is safe; the same command goes on from there"
            " once the cause is removed."
        )
