"""Preprocessing: from 8-bit pixels to the numbers that a network was trained with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.embedder import PixelStack

Layout = Literal["NCHW", "NHWC"]
"""Order of axes: images, channels, rows, columns; or channels last."""

Colors = Literal["RGB", "BGR"]
"""Order of channels."""

Dtype = Literal["float", "float16", "uint8"]
"""Of numbers, as ONNX names them."""

_NUMPY_TYPES = {"float": np.float32, "float16": np.float16, "uint8": np.uint8}

Triple: TypeAlias = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
"""Of the photos of ImageNet, between 0 and 1: what networks were trained with unless they say
otherwise (torchvision's documentation of its models)."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """``(pixel * scale - mean) / std`` for each channel, and the order of axes and channels.

    Parameters
    ----------
    scale : float
    mean, std : tuple of three floats
        In the order of `colors`.
    layout : {"NCHW", "NHWC"}
    colors : {"RGB", "BGR"}
    dtype : {"float", "float16", "uint8"}
        Of what the network takes; for "uint8" there is nothing to compute.
    """

    scale: float = 1 / 255
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    layout: Layout = "NCHW"
    colors: Colors = "RGB"
    dtype: Dtype = "float"

    def apply(self, images: PixelStack) -> NDArray[Any]:
        """Prepare images of shape (n, height, width, 3), as `layout` and `dtype` say."""
        channels = images if self.colors == "RGB" else images[..., ::-1]
        numbers = channels if self.dtype == "uint8" else self._scaled(channels)
        arranged = numbers if self.layout == "NHWC" else numbers.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(arranged, dtype=_NUMPY_TYPES[self.dtype])

    def _scaled(self, channels: PixelStack) -> NDArray[np.float32]:
        std = np.array(self.std, dtype=np.float32)
        numbers = channels.astype(np.float32)
        numbers *= np.float32(self.scale) / std
        numbers -= np.array(self.mean, dtype=np.float32) / std
        return numbers


PIXELS_AS_THEY_ARE = Preprocessing(
    scale=1, mean=(0, 0, 0), std=(1, 1, 1), layout="NHWC", dtype="uint8"
)
"""For networks that do the rest themselves."""
