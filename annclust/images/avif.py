"""AVIF: the one module that tunes Pillow's AVIF decoder."""

from __future__ import annotations

from PIL import AvifImagePlugin
from PIL.AvifImagePlugin import AvifImageFile

# One picture a process at a time: more threads would only cost memory.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

__all__ = ["AvifImageFile"]
