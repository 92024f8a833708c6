"""Measures: numbers that criteria compare and reasons state, of one photo each. Pure."""

from __future__ import annotations

from typing import Final

from annclust.images.formats import RAW
from annclust.purge.candidate import Candidate, Known

LOSSLESS: Final = frozenset({"PNG", "TIFF", "BMP", "DIB", "PSD"})
_OF_FEW_COLORS: Final = frozenset({"GIF", "ICO"})

_FEW_COLORS: Final = 256
"""What these formats hold, and PNG or any other keeps of it; photos have tens of thousands."""

_ENOUGH_TO_COUNT: Final = 65_536
"""Pixels in which colors are counted. Small pictures may have few for being small."""

SAME_PIXELS: Final = 0.8
"""Share of the most pixels that still counts as all of them: cropping a margin, or straightening
the horizon, is an improvement as often as a loss."""

GRAY: Final = 2.0
COLORED: Final = 8.0
"""Of 255, mean differences of a pixel's channels. JPEG turns gray into grays that differ by 1; what
lies between is fog or snow, whose copies may fall to either side."""

_WORTH: Final = {"HEIF": 2.0, "AVIF": 2.0, "WebP": 1.3, "JPEG 2000": 1.3}
"""What a byte is worth against one of JPEG: these formats were made to take a half, and three
quarters, of JPEG's bytes for the same picture."""

_LOSSLESS_WORTH: Final = 0.1
"""Lossless formats take five to ten times JPEG's bytes for a photo, whether it was a JPEG or
not."""

_DRAWN_WORTH: Final = 10.0
_DRAWN: Final = 0.8
"""Bytes a pixel. What a lossless format packs into less was drawn or taken from a screen, and never
was a JPEG, whose noise does not pack."""

SAVED_AGAIN: Final = 5
"""By how much the quality of a file is above that of its pixels if it was saved twice; reading it
from rounded steps errs by 3."""

_BARELY_EXPOSED: Final = 0.42
"""How far from the middle half of the pixels of a photo may be, from 0 to .5: beyond, it is nearly
all black, or white."""

_NO_LOSS: Final = 100.0
"""Quality, as libjpeg counts, of a file that leaves pixels as they are."""

GOOD: Final = 85
"""libjpeg's quality above which nobody sees a difference. More is no merit: cameras save at 85 to
97, and programs that save again at any number."""

SAME_QUALITY: Final = 10
"""Steps of libjpeg's quality that are seen only side by side; cameras vary it as much."""

EQUAL_PIXELS: Final = 0.98
"""Share of the most pixels, before bytes count, which whoever saves a crop chooses: bars, corners
and what is cut off are measured to within a hundredth of the frame."""

_FINEST: Final = 1.0
"""By how much the finest steps, which are 1, fall short of no loss."""

_BYTES_OF_FINENESS: Final = 1 / 3
"""Power with which bytes grow as steps get finer, above quality 85: half more at 95, 2.5 times as
many at 100, for photos of all kinds within a tenth."""

_LEAST: Final = 1e-9
"""Share of a frame that is nothing."""

OF_CAMERAS: Final = frozenset({RAW, "HEIF", "JPEG"})
"""Formats that cameras write; others come from programs."""


def held_pixels(photo: Candidate) -> float:
    """Pixels that a photo was made with; of a camera's file all, even if it is not sharp."""
    detail = photo.examination.detail if photo.has_camera is Known.NO else 1.0
    return framed_pixels(photo) * detail


def framed_pixels(photo: Candidate) -> float:
    """Pixels that are neither in bars nor in empty corners."""
    seen = photo.examination
    return seen.pixels * (1 - seen.bars.share) * (1 - (seen.wedge or 0.0))


def effective_pixels(photo: Candidate) -> float:
    """Pixels that a photo without anything empty or blown up would need for as much."""
    return framed_pixels(photo) * photo.examination.detail


def shown_pixels(photo: Candidate) -> float:
    """Pixels that are neither empty nor cut off to black or white, as empty ones mostly are."""
    seen = photo.examination
    return seen.pixels * (1 - max(seen.bars.share, seen.wedge or 0.0, seen.dark + seen.light))


def quality(photo: Candidate) -> float | None:
    """Lowest quality that a photo is known to have gone through; None if its format keeps quiet."""
    seen = photo.examination
    known = [each for each in (seen.jpeg_quality, seen.worn_quality) if each is not None]
    if not known and photo.format in LOSSLESS:
        return _NO_LOSS
    return min(known, default=None)


def has_few_colors(photo: Candidate) -> bool:
    """Whether a photo holds as many colors as a GIF; gray ones of any format have no more."""
    seen = photo.examination
    counted = seen.pixels >= _ENOUGH_TO_COUNT and seen.color >= GRAY
    return photo.format in _OF_FEW_COLORS or (counted and seen.colors <= _FEW_COLORS)


def was_saved_again(photo: Candidate) -> bool:
    """Whether pixels come from a JPEG that is coarser than their file."""
    worn = photo.examination.worn_quality
    return worn is not None and own_quality(photo) > worn + SAVED_AGAIN


def own_quality(photo: Candidate) -> float:
    """Quality of the file itself."""
    own = photo.examination.jpeg_quality
    return _NO_LOSS if own is None else own


def size_of(photo: Candidate) -> tuple[int, int]:
    """Short and long side, however the camera was held."""
    short, long = sorted((photo.examination.width, photo.examination.height))
    return short, long


def jpeg_bytes(photo: Candidate) -> float:
    """Bytes that a JPEG would take for as much, at a quality above which nobody sees a difference.

    More bytes of a JPEG of higher quality show only that somebody chose it.
    """
    own = photo.examination.jpeg_quality
    if own is not None:
        fineness = (_NO_LOSS - GOOD) / max(_FINEST, _NO_LOSS - own)
        return float(photo.size / max(1.0, fineness) ** _BYTES_OF_FINENESS)
    if photo.format in LOSSLESS:
        return photo.size * (_DRAWN_WORTH if is_drawn(photo) else _LOSSLESS_WORTH)
    return photo.size * _WORTH.get(photo.format, 1.0)


def is_drawn(photo: Candidate) -> bool:
    """Whether a lossless file is too small for a photo, and not because colors were lost."""
    small = photo.size <= _DRAWN * framed_pixels(photo)
    return photo.format in LOSSLESS and small and not has_few_colors(photo)


def clipped(photo: Candidate) -> float:
    """Share of a photo that is cut off to black or white, beside bars, which mostly are."""
    seen = photo.examination
    return max(0.0, seen.dark + seen.light - seen.bars.share) / max(1 - seen.bars.share, _LEAST)


def is_barely_exposed(photo: Candidate) -> bool:
    """Whether a photo is nearly all black, or white."""
    return abs(photo.examination.middle - 0.5) > _BARELY_EXPOSED
