"""Losses: criteria that a photo fails by how its file was made from another one. Pure.

Serves :mod:`criteria`. Compressing, sending and saving again change no picture that one sees at a
glance; what nobody could read puts no photo behind.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.purge.candidate import Candidate, Known
from annclust.purge.levels import Levels, Photos, step_below, steps_below
from annclust.purge.measures import (
    EQUAL_PIXELS,
    GOOD,
    OF_CAMERAS,
    SAME_PIXELS,
    SAME_QUALITY,
    SAVED_AGAIN,
    framed_pixels,
    has_few_colors,
    held_pixels,
    jpeg_bytes,
    quality,
    shown_pixels,
    size_of,
    was_saved_again,
)
from annclust.purge.views import SAME, correlations, view_of

_CAMERA_QUALITY: Final = 60
"""Below, no camera saves: so much was lost since, and what the camera wrote is worth less. An
edited copy that lost it may be saved at any number, of what the camera's photo holds."""

_DETAIL_IS_TOLD: Final = 40
"""Quality from which detail is that of the picture. Below, edges of blocks count as detail, in soft
photos several times as much as there is."""

_LOST_COLORS: Final = 100
"""Level of pictures whose colors were lost, which is below any quality."""

_ALL_PIXELS: Final = 0.9
"""Share of the most pixels: of photos that were kept equally well, more are more picture.
Cutting to whole blocks of JPEG takes less, and so much is cut off more or less in frames of a
burst."""

_EXPORT_SHARPNESS: Final = 1.1
"""Decoding and compressing again change sharpness by less; a HEIF that a JPEG exceeds by more was
made from it, or from something else."""

_SAME_BYTES: Final = 1.5
"""Frames of a burst differ by a few percent; a copy of less than two thirds was made smaller."""


def compressions(photos: Photos) -> Levels:
    """Was compressed about as little as any other that shows the same, and is as large.

    Making a photo smaller, or cropping it, wipes out how it was compressed before; whoever saves it
    then chooses the number. So a number speaks only against a photo of the same view that is no
    larger, nor much smaller.
    """
    known = [quality(photo) for photo in photos]
    read = np.array([math.nan if each is None else each for each in known])
    steps = (np.minimum(read[:, np.newaxis], GOOD) - read) // SAME_QUALITY
    alike, few = _alike(photos), np.array([has_few_colors(photo) for photo in photos])
    told = alike & _may_outdo(photos, read, few) & (steps > 0)
    below = np.where(told, steps, 0).max(axis=0)
    lost = _lost_colors(photos, alike, few)
    return [float(each) for each in np.where(lost, _LOST_COLORS, below)]


def _lost_colors(
    photos: Photos, alike: NDArray[np.bool_], few: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which photos hold few colors, where another one shows the same, about as large, with all."""
    pixels = np.array([photo.examination.pixels for photo in photos])
    as_large = pixels[:, np.newaxis] >= SAME_PIXELS * pixels
    return np.asarray(few & (alike & as_large & ~few[:, np.newaxis]).any(axis=0))


def _may_outdo(
    photos: Photos, read: NDArray[np.float64], few: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which photos speak by their quality against which others, shape (n, n).

    None that has less from a camera, if the other one is as good as cameras save; none whose colors
    were lost; and none that holds less: blurred photos can be saved at any quality.
    """
    pixels = np.array([photo.examination.pixels for photo in photos])
    as_large = (pixels[:, np.newaxis] >= pixels) & (SAME_PIXELS * pixels[:, np.newaxis] <= pixels)
    cameras = np.array([photo.has_camera for photo in photos])
    held = np.array([held_pixels(photo) for photo in photos])
    as_sure = (cameras[:, np.newaxis] >= cameras) | (read < _CAMERA_QUALITY)
    holds = (held[:, np.newaxis] >= SAME_PIXELS * held) | (read < _DETAIL_IS_TOLD)
    return np.asarray(as_large & as_sure & holds & (~few[:, np.newaxis] | few))


def _same_picture(photos: Photos) -> NDArray[np.bool_]:
    """Which photos are of one size and show the same, shape (n, n); each is like itself."""
    sizes = np.array([size_of(photo) for photo in photos])
    return np.asarray(_alike(photos) & (sizes[:, np.newaxis] == sizes).all(axis=2))


def _alike(photos: Photos) -> NDArray[np.bool_]:
    """Which photos show the same, shape (n, n); each is like itself."""
    views = np.stack([view_of(photo.examination.thumbnail) for photo in photos])
    itself = np.eye(len(photos), dtype=bool)
    return np.asarray(itself | (correlations(views, views) >= SAME))


def cameras(photos: Photos) -> Levels:
    """Still has what the camera wrote: sending and copying from a screen take it away."""
    return [photo.has_camera is Known.NO for photo in photos]


def exports(photos: Photos) -> Levels:
    """Is the HEIF that a camera wrote, and no JPEG of the same moment and size made from it."""
    sources: defaultdict[object, list[Candidate]] = defaultdict(list)
    for photo in photos:
        if _is_source(photo):
            sources[_moment(photo)].append(photo)
    return [
        photo.format == "JPEG"
        and any(_may_be_made_from(photo, source) for source in sources[_moment(photo)])
        for photo in photos
    ]


def _may_be_made_from(photo: Candidate, source: Candidate) -> bool:
    """Whether a JPEG holds no more than a HEIF; else that one was made from it, or from another."""
    as_sharp = photo.examination.sharpness <= _EXPORT_SHARPNESS * source.examination.sharpness
    return as_sharp and jpeg_bytes(photo) <= _SAME_BYTES * jpeg_bytes(source)


def _is_source(photo: Candidate) -> bool:
    return (
        photo.format == "HEIF"
        and photo.has_camera is Known.YES
        and photo.capture.taken_ns is not None
        and photo.examination.worn_quality is None
    )


def _moment(photo: Candidate) -> tuple[object, ...]:
    """What a photo shares with what was made from it."""
    taken = photo.capture
    exposure = taken.exposure_seconds, taken.f_number, taken.iso, taken.exposure_bias
    return taken.taken_ns, *exposure, size_of(photo)


def savings(photos: Photos) -> Levels:
    """Was not saved again from another one: that adds bytes, no pixels.

    Only beside that very one. Few JPEGs above quality 85 leave a trace, so that having none shows
    nothing: a camera's photo that was saved again has it, and a copy that was edited has not.
    """
    again = np.array([was_saved_again(photo) for photo in photos])
    worn = np.array([photo.examination.worn_quality or math.nan for photo in photos])
    own = np.array([photo.examination.jpeg_quality or math.nan for photo in photos])
    parents = np.abs(own[:, np.newaxis] - worn) <= SAVED_AGAIN
    made = _same_picture(photos) & parents & ~again[:, np.newaxis]
    return [bool(each) for each in again & made.any(axis=0)]


def all_pixels(photos: Photos) -> Levels:
    """Shows as much, in bright places and dark ones or in all others."""
    return _pixels_below(photos, _ALL_PIXELS)


def _pixels_below(photos: Photos, share: float) -> list[float]:
    """How far photos are below such a share of the most pixels.

    Pixels that are cut off show nothing, and may be a bright sky, or corners that nobody saw: a
    photo must have less with them and without them to stand behind.
    """
    measured = ([measure(photo) for photo in photos] for measure in (framed_pixels, shown_pixels))
    with_them, without = (steps_below(values, 1 / share) for values in measured)
    return [min(pair) for pair in zip(with_them, without, strict=True)]


def kept_bytes(photos: Photos) -> Levels:
    """Is of the format and size that kept most, and has about as many bytes as others of these.

    A size keeps more by its pixels, a format by its bytes. Frames of several moments are no copies
    of each other, and noise takes bytes: they are left to looks.
    """
    heaviest: defaultdict[object, float] = defaultdict(float)
    for photo in photos:
        for those in (frame_kind(photo), _of_one_moment(photo)):
            heaviest[those] = max(heaviest[those], jpeg_bytes(photo))
    kinds = _kinds(photos, heaviest)
    steps = [
        (
            kinds[frame_kind(photo)],
            step_below(jpeg_bytes(photo), heaviest[_of_one_moment(photo)], _SAME_BYTES),
        )
        for photo in photos
    ]
    ordered = sorted(set(steps))
    return [ordered.index(step) for step in steps]


_Kind: TypeAlias = tuple[str, int, int]


def _kinds(photos: Photos, heaviest: Mapping[object, float]) -> dict[_Kind, int]:
    """Place of each format and size: by pixels, then bytes, then whether cameras write it."""
    fewer: dict[_Kind, float] = {}
    for photo, below in zip(photos, _pixels_below(photos, EQUAL_PIXELS), strict=True):
        kind = frame_kind(photo)
        fewer[kind] = min(fewer.get(kind, below), below)
    most = max(heaviest[kind] for kind in fewer)

    def place(kind: _Kind) -> tuple[object, ...]:
        less = step_below(heaviest[kind], most, _SAME_BYTES)
        return fewer[kind], less, kind[0] not in OF_CAMERAS, -heaviest[kind], kind

    return {kind: at for at, kind in enumerate(sorted(fewer, key=place))}


def _of_one_moment(photo: Candidate) -> tuple[object, ...]:
    """Format and size, and the moment if a camera wrote it."""
    moment = _moment(photo) if photo.has_camera is Known.YES else ()
    return *frame_kind(photo), moment


def frame_kind(photo: Candidate) -> _Kind:
    """What frames of a burst have in common: format and size."""
    return photo.format, *size_of(photo)
