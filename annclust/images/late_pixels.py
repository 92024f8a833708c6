"""Late pixels: pictures whose pixels stay where the decoder wrote them, until a part is asked for.

Pillow copies what a decoder gives into a picture of its own, at four bytes a pixel. For 200 million
pixels, both together take 1.4 GB with HEIF and 1.8 GB with AVIF; the decoder's part alone takes 1.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_PLAIN_MODES = ("L", "RGB", "RGBA")
"""In which bytes of the decoder are rows of pixels as Pillow's raw decoder understands them."""


class LatePixels(ImageFile.ImageFile):
    """An image file that is decoded by `load`, and gives copies of its parts by `crop`.

    Everything else that looks at pixels must be asked of such a part.
    """

    _decoded: tuple[bytes | memoryview, int] | None = None

    @abstractmethod
    def decode(self) -> tuple[bytes | memoryview, int]:
        """Decode the first picture: all rows, and how many bytes each takes; may set the size."""

    def load(self) -> PixelAccess | None:
        """Decode; pictures of rare modes are Pillow's at once."""
        if self._decoded is None and self.mode in _PLAIN_MODES:
            self._decoded = self.decode()
        return super().load() if self._decoded is None else None

    @property
    def is_late(self) -> bool:
        """Whether there is nothing but `crop` to get at pixels."""
        return self._decoded is not None

    def crop(self, box: Box | None = None) -> Image.Image:
        """Copy a part, which lies within the picture."""
        if self._decoded is None or box is None:
            return super().crop(box)
        data, stride = self._decoded
        left, top, right, bottom = map(int, box)
        rows = bytes(data[top * stride : bottom * stride])
        size = self.width, bottom - top
        strip = Image.frombuffer(self.mode, size, rows, "raw", self.mode, stride, 1)
        return strip.crop((left, 0, right, bottom - top))
