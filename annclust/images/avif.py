"""AVIF: the one module that tunes Pillow's AVIF decoder."""

from __future__ import annotations

from PIL import AvifImagePlugin

from annclust.images.late_pixels import LatePixels

# One picture a process at a time: more threads would only cost memory.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class AvifImageFile(LatePixels, AvifImagePlugin.AvifImageFile):
    """An AVIF file, decoded late."""

    def decode(self) -> tuple[bytes, int]:
        """See `LatePixels.decode`."""
        data, *_ = self._decoder.get_frame(self.tell())
        self._decoder = None  # and the planes that it keeps
        return data, len(data) // self.height
