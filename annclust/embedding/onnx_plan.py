"""ONNX plan: how a network is used, decided from its shapes and its card. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias, cast, get_args

import numpy as np
import xxhash
from numpy.typing import NDArray

from annclust.arrays import Vectors
from annclust.embedding.onnx_card import OnnxCard, Pooling
from annclust.embedding.onnx_slot import Slot
from annclust.embedding.preprocessing import PIXELS_AS_THEY_ARE, Dtype, Layout, Preprocessing
from annclust.input_geometry import InputGeometry

_USUAL_SIDE = 224
"""Of the input where any side will do: what most networks were trained with."""

_KNOWN_OUTPUTS = ("image_embeds", "image_embeddings", "pooler_output", "embeddings", "embedding")
"""Outputs that are taken where there are several, the first of these that there is."""

Features: TypeAlias = NDArray[Any]
"""What a network gives: (n, d), (n, places, d) or (n, d, rows, columns)."""


@dataclass(frozen=True, slots=True)
class OnnxPlan:
    """How a network is used: all that changes its numbers, besides its weights.

    Parameters
    ----------
    geometry : InputGeometry
    preprocessing : Preprocessing
    output : str
        Name of the output that is taken.
    pooling : {"none", "mean", "cls"}
    at_once : int or None
        Images that the network takes at a time, if it takes no other number.
    """

    geometry: InputGeometry
    preprocessing: Preprocessing
    output: str
    pooling: Pooling
    at_once: int | None = None

    @property
    def fingerprint(self) -> str:
        """Tells plans apart: 12 digits."""
        said = {name: v for name, v in asdict(self).items() if name != "at_once"}
        return xxhash.xxh3_64_hexdigest(repr(said).encode())[:12]


def pooled(features: Features, pooling: Pooling, layout: Layout = "NCHW") -> Vectors:
    """One row for each image, shape (n, d).

    Parameters
    ----------
    features : ndarray of shape (n, d), (n, places, d) or (n, d, rows, columns)
        The last with d behind where `layout` has the channels there.
    pooling : {"none", "mean", "cls"}

    Raises
    ------
    ValueError
        If the two do not fit.
    """
    if features.ndim == 4:
        if layout == "NCHW":
            features = features.transpose(0, 2, 3, 1)
        features = features.reshape(len(features), -1, features.shape[-1])
    match features.ndim, pooling:
        case 3, "mean":
            features = features.mean(axis=1, dtype=np.float32)
        case 3, "cls":
            features = features[:, 0]
        case 3, "none" if features.shape[1] == 1:
            features = features[:, 0]
        case 2, _:
            pass
        case _:
            raise ValueError(f"its output of shape {features.shape} is no row for each image")
    rows: Vectors = features.astype(np.float32, copy=False)
    return rows


def plan_for(inputs: Sequence[Slot], outputs: Sequence[Slot], card: OnnxCard) -> OnnxPlan:
    """Decide how a network is used.

    Parameters
    ----------
    inputs, outputs : sequence of Slot
        Of the network.
    card : OnnxCard
        What is said about it.

    Raises
    ------
    ValueError
        If that cannot be told, or does not fit together; says why.
    """
    pixels = _image_input(inputs)
    layout = _layout(pixels, card)
    output = _feature_output(outputs, card)
    return OnnxPlan(
        _geometry(pixels, layout, card),
        _preprocessing(pixels, layout, card),
        output.name,
        card.pooling or _usual_pooling(output),
        pixels.shape[0],
    )


def _image_input(inputs: Sequence[Slot]) -> Slot:
    if len(inputs) != 1:
        names = ", ".join(slot.name for slot in inputs)
        raise ValueError(f"it has {len(inputs)} inputs ({names}) instead of one for images")
    (pixels,) = inputs
    if len(pixels.shape) != 4 or pixels.dtype not in get_args(Dtype):
        raise ValueError(f"its input {pixels.name!r} of {_described(pixels)} takes no images")
    return pixels


def _described(slot: Slot) -> str:
    shape = " x ".join("?" if length is None else str(length) for length in slot.shape)
    return f"{slot.dtype} {shape}"


def _layout(pixels: Slot, card: OnnxCard) -> Layout:
    _, first, _, last = pixels.shape
    layout: Layout
    if card.layout is not None:
        layout = card.layout
    elif last == 3 and first != 3:
        layout = "NHWC"
    elif first == 3 or (first is None and last is None):
        layout = "NCHW"
    else:
        raise ValueError(f"its input {pixels.name!r} of {_described(pixels)} has not 3 channels")
    if (first if layout == "NCHW" else last) not in (3, None):
        raise ValueError(f"its input {pixels.name!r} of {_described(pixels)} is not {layout}")
    return layout


def _geometry(pixels: Slot, layout: Layout, card: OnnxCard) -> InputGeometry:
    height, width = pixels.shape[2:] if layout == "NCHW" else pixels.shape[1:3]
    side = height or width or card.crop or _USUAL_SIDE
    geometry = card.geometry(side)
    for length in (height, width):
        if length not in (None, geometry.crop):
            raise ValueError(
                f"its input {pixels.name!r} of {_described(pixels)} does not take squares of"
                f" {geometry.crop} pixels"
            )
    return geometry


def _preprocessing(pixels: Slot, layout: Layout, card: OnnxCard) -> Preprocessing:
    said: dict[str, Any] = {
        name: value
        for name in ("scale", "mean", "std", "colors")
        if (value := getattr(card, name)) is not None
    }
    if pixels.dtype != "uint8":
        return Preprocessing(layout=layout, dtype=cast("Dtype", pixels.dtype), **said)
    if said.keys() - {"colors"}:
        raise ValueError("its input takes whole numbers, but its JSON has a scale, mean or std")
    return replace(PIXELS_AS_THEY_ARE, layout=layout, **said)


def _feature_output(outputs: Sequence[Slot], card: OnnxCard) -> Slot:
    by_name = {slot.name: slot for slot in outputs}
    names = ", ".join(by_name)
    if card.output is not None:
        if card.output not in by_name:
            raise ValueError(f"no output is called {card.output!r}; there are: {names}")
        return by_name[card.output]
    known = [by_name[name] for name in _KNOWN_OUTPUTS if name in by_name]
    rows = [slot for slot in outputs if len(slot.shape) == 2]
    choice = known[:1] or (rows if len(rows) == 1 else list(outputs))
    if len(choice) != 1:
        raise ValueError(f'which of its outputs has the features? Say "output"; there are: {names}')
    return choice[0]


def _usual_pooling(output: Slot) -> Pooling:
    """Networks of patches put what they know of the whole first; others are averaged."""
    usual: dict[int, Pooling] = {3: "cls", 4: "mean"}
    return usual.get(len(output.shape), "none")
