"""Wish: what a decoding worker is to make of a file.

Goes with each job (:mod:`read_jobs`) to the worker, which finds the :mod:`look` for it, and says
what shape of answer is believed (:mod:`worker_protocol`).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias

from annclust.images.picture import PictureWish


class WishKind(Enum):
    """What needs no more to be said."""

    VIEW = "view"
    EXAMINATION = "examination"


VIEW: Final = WishKind.VIEW
"""What the embedder wants to see."""

EXAMINATION: Final = WishKind.EXAMINATION
"""What its pixels tell of how good a copy it is."""

Wish: TypeAlias = Literal[WishKind.VIEW, WishKind.EXAMINATION] | PictureWish
