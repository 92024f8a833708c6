"""HEIF: the one module that knows pillow-heif, which decodes the photos of many phones."""

from __future__ import annotations

import pillow_heif

from annclust.images.late_pixels import LatePixels

# One picture a process at a time: more threads would only cost memory.
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False


class HeifImageFile(LatePixels, pillow_heif.HeifImageFile):  # type: ignore[misc] # is not typed
    """A HEIF file, decoded late."""

    def decode(self) -> tuple[memoryview, int]:
        """See `LatePixels.decode`."""
        picture = self._heif_file[self.tell()]
        data = picture.data  # the size may change while decoding
        self._size = picture.size
        return memoryview(data), picture.stride
