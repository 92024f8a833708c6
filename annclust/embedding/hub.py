"""Hub: ``hub:REPO``, a network from Hugging Face; the only import of huggingface_hub.

Looked for on this disk first: a revision that was downloaded once never asks the network again. The
name that a collection remembers, with a commit and a file, never does: who opens a collection has
not asked for its network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from annclust.embedding.embedder import EmbedderLoader
from annclust.embedding.onnx_card import CONFIGURATION, TEXT_MODEL, TOKENIZER
from annclust.errors import EmbeddingError, InputError
from annclust.settings import EmbedSettings

FAMILY = "hub"
SUMMARY = "a network in ONNX from Hugging Face; downloaded once, its revision is remembered"

_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

_USUAL_FILES = (
    *("onnx/vision_model.onnx", "vision_model.onnx"),
    *("onnx/model.onnx", "model.onnx"),
)
"""Where repositories keep their network; the first that there is. Models of pictures and text come
in two files, of which that for pictures is wanted."""


@dataclass(frozen=True, slots=True)
class HubName:
    """What a name says.

    Parameters
    ----------
    repo : str
    revision : str or None
        A commit, tag or branch; the main one if None.
    file : str or None
        The network within the repository; one of the usual places if None.
    """

    repo: str
    revision: str | None
    file: str | None

    @classmethod
    def parse(cls, choice: str) -> HubName:
        """Take a name apart: ``owner/name[@revision][/folder/file.onnx]``.

        Raises
        ------
        InputError
            If it is none.
        """
        parts = _NAME.fullmatch(choice)
        if parts is None or ".." in PurePosixPath(parts["file"] or "").parts:
            raise InputError(
                f"{FAMILY}:{choice} is no name of a model. It looks like hub:owner/name, with a"
                " revision hub:owner/name@main, with a file hub:owner/name/onnx/model.onnx."
            )
        return cls(parts["repo"], parts["revision"], parts["file"])

    @property
    def files(self) -> Sequence[str]:
        """Where the network may be."""
        return [self.file] if self.file else _USUAL_FILES

    @property
    def is_settled(self) -> bool:
        """Whether it names one commit and one file: what can never change."""
        return bool(self.file and _COMMIT.fullmatch(self.revision or ""))


_LACKING = "needs huggingface-hub: pip install 'annclust[hub]'"


def readiness() -> tuple[bool, str]:
    """Whether models can be had, and what is lacking."""
    there = find_spec("huggingface_hub") is not None
    return there, "" if there else _LACKING


def settled(choice: str) -> str:
    """The name as it is, if it is one."""
    HubName.parse(choice)
    return choice


def find(choice: str, settings: EmbedSettings, _cache: Path) -> EmbedderLoader:
    """Load a network, downloading it first if it is not here.

    Raises
    ------
    EmbeddingError
        If it is neither here nor to be had.
    ModelFileError
        If it cannot be used.
    """
    from annclust.embedding.onnx_model import open_onnx_model

    name = HubName.parse(choice)
    _load_library()
    kept = _here(name)
    if kept is None and name.is_settled:
        raise EmbeddingError(
            f"{FAMILY}:{choice} is not on this disk. A model that a collection remembers is fetched"
            f" only if you name it: annclust index --embedder {FAMILY}:{name.repo}@{name.revision}"
        )
    snapshot, file = kept or _downloaded(name)
    found = f"{FAMILY}:{name.repo}@{snapshot.name}/{file}"
    model = open_onnx_model(found, snapshot / file, settings)
    return EmbedderLoader(model.spec, model.geometry, lambda: model, reads_text=model.reads_text)


def _here(name: HubName) -> tuple[Path, str] | None:
    """The folder of a revision on this disk, and the network in it; None if it may not be whole.

    What another program left may lack the configuration; what a collection remembers was whole.
    """
    for file in name.files:
        network = _kept(name, file)
        if network is not None and (name.is_settled or _kept(name, CONFIGURATION)):
            return network.parents[len(PurePosixPath(file).parts) - 1], file
    return None


def _kept(name: HubName, file: str) -> Path | None:
    """A file of a repository on this disk."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(name.repo, file, revision=name.revision)
    except ValueError as error:  # which names there may be, it knows best
        raise InputError(f"{FAMILY}:{name.repo} is no name of a model: {error}.") from error
    return Path(found) if isinstance(found, str) else None


def _load_library() -> None:
    """Import huggingface_hub, which shall neither report its use nor draw on the terminal.

    Raises
    ------
    EmbeddingError
        If it is not installed.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    try:
        import huggingface_hub  # noqa: F401 - to see whether it is there
    except ImportError as error:
        raise EmbeddingError(f"{FAMILY}: {_LACKING}.") from error


def _downloaded(name: HubName) -> tuple[Path, str]:
    try:
        file = _choice(name)
        return _snapshot(name, file), file
    except EmbeddingError:
        raise
    except Exception as error:  # of its HTTP library, of its own, of the system
        said = " ".join(str(error).split("\n\n")[0].split()) or type(error).__name__
        raise EmbeddingError(f"{FAMILY}:{name.repo} cannot be downloaded: {said}") from error


def _choice(name: HubName) -> str:
    """Which of the repository's files is the network."""
    from huggingface_hub import HfApi

    there = HfApi().list_repo_files(name.repo, revision=name.revision)
    for file in name.files:
        if file in there:
            return file
    networks = [file for file in there if file.endswith(".onnx")]
    raise EmbeddingError(
        f"{FAMILY}:{name.repo} has no {' or '.join(name.files)}."
        f" Say which file: {', '.join(networks) or 'there is no network in ONNX'}."
    )


def _snapshot(name: HubName, file: str) -> Path:
    from huggingface_hub import snapshot_download

    networks = file, str(PurePosixPath(file).with_name(TEXT_MODEL))
    wanted = [
        *networks,
        *(f"{each}_data*" for each in networks),
        f"{file}.json",
        CONFIGURATION,
        TOKENIZER,
    ]
    return Path(snapshot_download(name.repo, revision=name.revision, allow_patterns=wanted))
