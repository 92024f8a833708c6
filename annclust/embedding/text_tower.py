"""Text tower: a network that puts text among the vectors of pictures, as CLIP and SigLIP do.

It lies beside the network for pictures, with its tokenizer. The only import of tokenizers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Vectors, unit_rows
from annclust.embedding.onnx_card import TOKENIZER, OnnxCard, text_model_beside
from annclust.embedding.onnx_session import OnnxSession
from annclust.errors import EmbeddingError, ModelFileError, NoTextError

_KNOWN_OUTPUTS = ("text_embeds", "pooler_output", "embeddings", "embedding")
_LONGEST = 77
"""Tokens that are read where the network takes any number: CLIP's."""

_IDS, _MASK = "input_ids", "attention_mask"
_REMEDY = "docs/embedders.md says what belongs beside a network for pictures."


class TextTower:
    """Unit rows of texts.

    Parameters
    ----------
    model : Path
        The network for pictures, beside which that for text lies.
    card : OnnxCard
        What is said about it.
    dimension : int
        Of the vectors of pictures.
    threads : int

    Raises
    ------
    NoTextError
        If there is no network for text.
    ModelFileError
        If it, or its tokenizer, cannot be used.
    EmbeddingError
        If tokenizers is not installed.
    """

    def __init__(self, model: Path, card: OnnxCard, dimension: int, *, threads: int) -> None:
        path = text_model_beside(model, card)
        if not path.is_file():
            raise NoTextError(str(model))
        try:
            self._session = OnnxSession(path, threads=threads)
            self._output = self._usable_output()
            self._tokens = _Tokens(model, self._length(card), card.text_pad)
            found = self.embed(["a photo"]).shape[1]
        except ValueError as error:
            raise ModelFileError(path, reason=str(error), remedy=_REMEDY) from error
        if found != dimension:
            reason = f"it gives {found} numbers, but pictures have {dimension}"
            raise ModelFileError(path, reason=reason, remedy=_REMEDY)

    def _usable_output(self) -> str:
        names = [slot.name for slot in self._session.inputs]
        unknown = set(names) - {_IDS, _MASK}
        if _IDS not in names or unknown:
            raise ValueError(f"its inputs are {', '.join(names)}, not {_IDS} and {_MASK}")
        rows = [slot.name for slot in self._session.outputs if len(slot.shape) == 2]
        known = [name for name in _KNOWN_OUTPUTS if name in rows] or rows
        if not known:
            raise ValueError("none of its outputs has a row for each text")
        return known[0]

    def _length(self, card: OnnxCard) -> tuple[int, bool]:
        """Tokens that it reads, and whether shorter texts are filled up to that."""
        (shape,) = (slot.shape for slot in self._session.inputs if slot.name == _IDS)
        fixed = card.text_length or (shape[1] if len(shape) == 2 else None)
        return (_LONGEST, False) if fixed is None else (fixed, True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts into unit rows (n, d)."""
        ids, mask = self._tokens.of(texts)
        feeds = {_IDS: ids, _MASK: mask}
        inputs = [feeds[slot.name] for slot in self._session.inputs]
        return unit_rows(self._session.run(*inputs, output=self._output))


class _Tokens:
    """The tokenizer of a network."""

    def __init__(self, model: Path, length: tuple[int, bool], pad: int | None) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise EmbeddingError(
                "asking by text needs tokenizers: pip install 'annclust[hub]'."
            ) from error
        folders = model.parent, model.parent.parent
        path = next((f / TOKENIZER for f in folders if (f / TOKENIZER).is_file()), None)
        if path is None:
            raise ModelFileError(
                model.parent / TOKENIZER, reason="this tokenizer is missing", remedy=_REMEDY
            )
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # it raises nothing more exact
            raise ModelFileError(path, reason="no tokenizer, or damaged", remedy=_REMEDY) from error
        most, filled = length
        self._tokenizer.enable_truncation(most)
        padding = self._tokenizer.padding or {}
        number = padding.get("pad_id", 0) if pad is None else pad
        usual = {"pad_id": number, "pad_token": padding.get("pad_token", "[PAD]")}
        self._tokenizer.enable_padding(length=most if filled else None, **usual)

    def of(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of tokens and which of them are meant: two (n, length)."""
        found = self._tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in found], dtype=np.int64)
        return ids, np.array([each.attention_mask for each in found], dtype=np.int64)
