"""View look: cuts out of a loaded picture what an embedder wants to see, as its geometry says."""

from __future__ import annotations

from annclust.images.decoded_image import View
from annclust.images.late_pixels import Box
from annclust.images.look import LoadedPicture
from annclust.images.orientation import Window, central_window
from annclust.images.scaling import cut_and_scale
from annclust.input_geometry import InputGeometry, Size

_DRAFT_SCALE = 2
"""JPEGs are decoded at no less than so many times the size that is needed: 12 MP take 29 ms instead
of 156, and the vectors have a cosine of .9991 to those of a full decode (docs/benchmarks.md)."""


class ViewLook:
    """Upright, RGB, opaque over white; scaled and cut, smaller pictures too. ICC profiles are not
    applied.

    Parameters
    ----------
    geometry : InputGeometry
    """

    def __init__(self, geometry: InputGeometry) -> None:
        self._geometry = geometry

    def fewest_pixels(self, stored: Size) -> Size | None:
        """See `Look`."""
        if self._geometry.resample == "nearest":
            return None
        across, down = self._needed(stored)
        return _DRAFT_SCALE * across, _DRAFT_SCALE * down

    def _needed(self, stored: Size) -> Size:
        """Width and height that a picture needs so as not to be enlarged, as it is stored."""
        if self._geometry.fit == "frame":
            return self._geometry.size_of(stored)
        return self._geometry.short_side, self._geometry.short_side

    def does_with(self, preview: Size, _whole: Size) -> bool:
        """See `Look`: large enough not to be enlarged."""
        sides = zip(preview, self._needed(preview), strict=True)
        return all(side >= needed for side, needed in sides)

    def memory_beside(self, _loaded: Size) -> int:
        """See `Look`: next to nothing."""
        return 0

    def see(self, loaded: LoadedPicture) -> View:
        """See `Look`."""
        upright, orientation = loaded.upright, loaded.orientation
        window = orientation.stored_window(central_window(upright, self._geometry))
        # Turning changes width and height in one direction as in the other.
        stored = orientation.upright_size(self._geometry.size_of(upright))
        box = _box(window, loaded.extent)
        cut = cut_and_scale(loaded.pixels, box, stored, self._geometry.resample)
        seen = orientation.turn_upright(cut).convert("RGB")
        return View(seen.tobytes(), *seen.size, *loaded.whole, loaded.format)


def _box(window: Window, extent: tuple[float, float]) -> Box:
    """A window of a picture, whose extent may end within its last pixels, in these."""
    left, top, right, bottom = window
    width, height = extent
    return left * width, top * height, right * width, bottom * height
