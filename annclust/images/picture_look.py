"""Picture look: makes of a loaded picture what a person is shown, as a small file.

Upright, RGB, opaque over white, never enlarged; without EXIF, places or anything else of the
original. Colors of a wide RGB profile (ICC) become those of sRGB, as browsers show files without a
profile, and cameras of phones write wide ones. Other profiles (CMYK, gray) are not applied, as
decoders give RGB of these; nor is one that is damaged.
"""

from __future__ import annotations

import io

from PIL import Image

from annclust.images.look import LoadedPicture
from annclust.images.picture import Picture, PictureWish
from annclust.images.scaling import cut_and_scale, reducing_factor
from annclust.input_geometry import Size

_BYTES_A_PIXEL = 13
"""Of the picture that is made: while it is turned or its colors are changed it is there twice, at
four bytes each; encoders take their part when it is there once."""

_BYTES_BETWEEN = 4
"""Of the picture before it is scaled, and after it was averaged: it is made plain RGB first."""

_FASTEST = 0
"""WebP's method. What packs a tenth better takes three times as long (docs/benchmarks.md)."""


class PictureLook:
    """Makes pictures as they are wished.

    Parameters
    ----------
    wish : PictureWish
    """

    def __init__(self, wish: PictureWish) -> None:
        self._wish = wish

    def fewest_pixels(self, stored: Size) -> Size | None:
        """See `Look`: no more than are shown, as a person looks for less than an embedder does."""
        return self._wish.size_of(stored)

    def does_with(self, preview: Size, whole: Size) -> bool:
        """See `Look`: as large as wished, or as what developing would give, with half a side."""
        return max(preview) >= min(self._wish.side, max(whole) // 2)

    def memory_beside(self, loaded: Size) -> int:
        """See `Look`."""
        across, down = self._wish.size_of(loaded)
        factor = reducing_factor(loaded[0], across)
        between = _BYTES_BETWEEN * loaded[0] * loaded[1] // factor**2
        return between + _BYTES_A_PIXEL * across * down

    def see(self, loaded: LoadedPicture) -> Picture:
        """See `Look`."""
        size = self._wish.size_of(loaded.upright)
        stored = loaded.orientation.upright_size(size)
        # One name for all, so that none of them stays for longer than it is needed.
        shown = cut_and_scale(loaded.pixels, loaded.box, stored)
        shown = loaded.orientation.turn_upright(shown)
        shown = shown if shown.mode == "RGB" else shown.convert("RGB")
        shown = _in_srgb(shown, _profile_of(loaded.pixels))
        return Picture(self._encoded(shown), *size, *loaded.whole, loaded.format)

    def _encoded(self, shown: Image.Image) -> bytes:
        shown.info = {}  # from which encoders take comments and profiles
        file = io.BytesIO()
        if self._wish.form == "WebP":
            from PIL import WebPImagePlugin as WebPImagePlugin  # else Pillow loads all that it has

            shown.save(file, "WEBP", quality=self._wish.quality, method=_FASTEST)
        else:
            shown.save(file, "JPEG", quality=self._wish.quality)
        return file.getvalue()


_OF_RGB = b"RGB "
_COLOR_SPACE = slice(16, 20)
"""Where a profile says whose numbers it explains (ICC.1:2022, 7.2.8)."""


def _profile_of(picture: Image.Image) -> bytes | None:
    """The profile of a picture whose pixels are RGB."""
    profile = picture.info.get("icc_profile")
    if picture.mode not in ("RGB", "RGBA") or not isinstance(profile, bytes):
        return None
    return profile if profile[_COLOR_SPACE] == _OF_RGB else None


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colors as numbers of sRGB; as they are if the profile is of no use."""
    if profile is None:
        return picture
    from PIL import ImageCms  # brings littlecms

    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(given):
            return picture
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, given, srgb, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return picture
