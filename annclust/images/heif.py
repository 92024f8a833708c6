"""HEIF: the one module that knows pillow-heif, which decodes the photos of many phones."""

from __future__ import annotations

from pillow_heif import HeifImageFile, options

# One picture a process at a time: more threads would only cost memory.
options.DECODE_THREADS = 1
options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False

__all__ = ["HeifImageFile"]
