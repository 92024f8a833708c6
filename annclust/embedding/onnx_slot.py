"""ONNX slot: an input or an output of a network, as its file describes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or an output of a network.

    Parameters
    ----------
    name : str
    dtype : str
        As ONNX names it, such as "float", "float16" or "uint8".
    shape : tuple of int or None
        None where any length will do.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
