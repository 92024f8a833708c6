"""Model file: what names the weights of a network that the user brings."""

from __future__ import annotations

import mmap
from pathlib import Path

from blake3 import blake3

from annclust.choices import path_of
from annclust.errors import ModelFileError

_DIGITS = 16
_REMEDY = "Say where it is now: annclust index --embedder NAME; the same model may lie anywhere."


def digest_of_model(*files: Path) -> str:
    """Digest of the files of a model, one after the other: 16 digits.

    Raises
    ------
    ModelFileError
        If one of them is missing or cannot be read.
    """
    found = blake3(max_threads=blake3.AUTO)
    for each in files:
        try:
            found.update_mmap(each)
        except OSError as error:
            raise model_file_error(each, error) from error
    return found.hexdigest()[:_DIGITS]


def absolute(choice: str) -> Path:
    """The absolute path of a file; what looks like the home of nobody is taken as it is."""
    return path_of(choice).absolute()


def model_file_error(path: Path, error: OSError) -> ModelFileError:
    """Say that a file of a model cannot be read, and why."""
    missing = isinstance(error, FileNotFoundError)
    reason = "this model file is missing" if missing else (error.strerror or "unreadable")
    return ModelFileError(path, reason=reason, remedy=_REMEDY)


def weights_beside(path: Path) -> list[Path]:
    """The files that a large ONNX network keeps its weights in, as it names them.

    Raises
    ------
    ModelFileError
        If the network's own file is missing, empty or cannot be read.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(b"location") < 0:  # no weights are elsewhere
                return []
    except OSError as error:
        raise model_file_error(path, error) from error
    except ValueError as error:
        raise ModelFileError(
            path, reason="this model file is empty", remedy="Get the file anew."
        ) from error
    from annclust.embedding.onnx_graph import external_files

    return [path.parent / name for name in external_files(path)]
