"""Descriptor: what the default embedder keeps of a picture, in three parts.

Meaning, texture and layout, each a unit vector times its weight, one behind the other:

- meaning (1280): the last feature maps, each pooled to one number, GeM with p = 3 (Radenović,
  Tolias, Chum 2019, Fine-tuning CNN image retrieval). What a picture is of; two photos of dogs are
  alike.
- texture (224): mean and standard deviation of the feature maps of block 10, the 11th of 16, where
  two photos of dogs differ.
- layout (96): the picture itself, 8 x 8 pixels of light and 4 x 4 of color.

Together they tell the same scene, seen again, from another one like it, better than any of them
(docs/benchmarks.md). Texture and layout are measured in standard deviations of ordinary pictures.
"""

from __future__ import annotations

from typing import Final

MEANING_LENGTH, TEXTURE_LENGTH, LAYOUT_LENGTH = 1280, 224, 96
DESCRIPTOR_LENGTH: Final = MEANING_LENGTH + TEXTURE_LENGTH + LAYOUT_LENGTH

MEANING_WEIGHT, TEXTURE_WEIGHT, LAYOUT_WEIGHT = 1.0, 1 / 2, 1 / 3

LIGHT_CELLS, COLOR_CELLS = 8, 4
"""Pixels to a side of the layout."""

LIGHT: Final = slice(
    MEANING_LENGTH + TEXTURE_LENGTH, MEANING_LENGTH + TEXTURE_LENGTH + LIGHT_CELLS**2
)
"""Where the cells of light stand in a descriptor, row by row; up to a factor and a shift that are
common to all cells of a photo."""
