"""Album plan: which photos the demo album holds. Pure; :mod:`annclust.demo_album.album` draws them.

Nine places are visited. At each one a burst of four photos is taken, and over the years copies
were made of them: cropped, scaled down, sent by messenger, saved in another format, turned, or
stored twice. Some photos have no twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from annclust.demo_album.canvas import Rng

Treatment = Literal[
    "original", "crop", "half size", "messenger", "low quality", "turned", "duplicate"
]
"""How a file came to be: straight from the camera, or as a copy of what the camera made.

messenger: scaled down, recompressed, without EXIF. turned: the pixels lie on their side and EXIF
says so. duplicate: the same bytes under another name.
"""

BURST = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How a scene was photographed.

    Parameters
    ----------
    moment : float
        When in the burst, from 0 to 1.
    shift : (float, float)
        How far the camera points off the middle, in pixels right and down.
    zoom : float
        Share of the scene's width that is in the photo.
    exposure : float
        Brightness, relative to a correct exposure.
    grain : int
        Seed of the sensor's noise.
    """

    moment: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.91
    exposure: float = 1.0
    grain: int = 0


@dataclass(frozen=True, slots=True)
class PlannedPhoto:
    """One file of the album.

    Parameters
    ----------
    path : str
        Inside the album; its suffix is the format.
    scene : str
        A name in `annclust.demo_album.scenes.SCENES`.
    look : Look
    taken : datetime
    treatment : Treatment
    """

    path: str
    scene: str
    look: Look
    taken: datetime
    treatment: Treatment = "original"


@dataclass(frozen=True, slots=True)
class _Outing:
    folder: str
    scene: str
    number: int
    start: datetime


_OUTINGS = (
    _Outing("2024-03 City lights", "skyline", 1984, datetime(2024, 3, 16, 19, 41, 7)),
    _Outing("2024-03 City lights", "bokeh", 1991, datetime(2024, 3, 16, 20, 15, 52)),
    _Outing("2024-04 Tulips", "tulips", 2036, datetime(2024, 4, 21, 11, 8, 30)),
    _Outing("2024-07 Lakes", "lake", 2203, datetime(2024, 7, 6, 10, 22, 14)),
    _Outing("2024-07 Lakes/Forest walk", "forest", 2241, datetime(2024, 7, 7, 9, 3, 41)),
    _Outing("2024-08 Seaside", "beach", 2310, datetime(2024, 8, 17, 14, 30, 5)),
    _Outing("2024-10 Desert", "dunes", 2458, datetime(2024, 10, 12, 17, 2, 26)),
    _Outing("2024-10 Desert/Balloons", "balloons", 2477, datetime(2024, 10, 13, 6, 48, 19)),
    _Outing("2025-01 North", "aurora", 2590, datetime(2025, 1, 25, 22, 57, 33)),
)

_SINGLES = (
    ("2024-07 Lakes/IMG_2266.jpg", "sunflower", datetime(2024, 7, 8, 15, 44, 2)),
    ("2024-08 Seaside/IMG_2339.jpg", "sunset", datetime(2024, 8, 18, 20, 36, 48)),
    ("IMG_2501.jpg", "leaves", datetime(2024, 11, 3, 13, 20, 11)),
    ("IMG_2604.jpg", "moon", datetime(2025, 2, 12, 23, 9, 57)),
)

_COPIES: tuple[tuple[str, int, Treatment, str], ...] = (
    ("skyline", 1, "crop", "2024-03 City lights/IMG_1985 (cropped).jpg"),
    ("skyline", 2, "messenger", "From Anna/IMG-20240317-WA0004.jpg"),
    ("bokeh", 0, "half size", "2024-03 City lights/IMG_1991 small.png"),
    ("bokeh", 2, "low quality", "Backup/lights.jpg"),
    ("tulips", 0, "turned", "Backup/DSC_0412.jpg"),
    ("tulips", 3, "messenger", "From Anna/IMG-20240422-WA0011.jpg"),
    ("lake", 2, "original", "Backup/IMG_2205.webp"),
    ("lake", 0, "crop", "Wallpapers/mountain lake.png"),
    ("lake", 3, "duplicate", "Backup/IMG_2206 (1).jpg"),
    ("forest", 1, "low quality", "From Anna/IMG-20240708-WA0002.jpg"),
    ("forest", 3, "crop", "Wallpapers/forest.webp"),
    ("beach", 0, "messenger", "From Anna/IMG-20240819-WA0007.jpg"),
    ("beach", 2, "crop", "2024-08 Seaside/IMG_2312 edited.jpg"),
    ("dunes", 3, "half size", "Backup/dunes.jpg"),
    ("dunes", 1, "crop", "Wallpapers/dunes.jpg"),
    ("balloons", 2, "turned", "Backup/DSC_0533.jpg"),
    ("balloons", 0, "messenger", "From Anna/IMG-20241013-WA0001.jpg"),
    ("aurora", 1, "half size", "Wallpapers/aurora.webp"),
    ("aurora", 3, "low quality", "From Anna/IMG-20250126-WA0003.jpg"),
)

_HEIC = "2024-07 Lakes/IMG_2204.HEIC"


def plan_album(seed: int) -> list[PlannedPhoto]:
    """Every file of the album, scene by scene, an original before its copies.

    Parameters
    ----------
    seed : int
        Decides how the camera shook; names and dates stay the same.
    """
    rng = np.random.default_rng(seed)
    planned: list[PlannedPhoto] = []
    for outing in _OUTINGS:
        burst = list(_burst(outing, rng))
        planned += burst
        planned += _copies(outing.scene, burst)
    singles = (PlannedPhoto(path, scene, Look(), taken) for path, scene, taken in _SINGLES)
    return [*planned, *singles]


def _burst(outing: _Outing, rng: Rng) -> Iterator[PlannedPhoto]:
    taken = outing.start
    for shot in range(BURST):
        path = f"{outing.folder}/IMG_{outing.number + shot}.jpg"
        if path == _HEIC.replace(".HEIC", ".jpg"):
            path = _HEIC
        yield PlannedPhoto(path, outing.scene, _look(shot, rng), taken)
        taken += timedelta(seconds=int(rng.integers(1, 5)))


def _look(shot: int, rng: Rng) -> Look:
    right, down = rng.normal(0, 7, 2)
    return Look(
        moment=shot / (BURST - 1),
        shift=(float(right), float(down)),
        zoom=float(rng.uniform(0.89, 0.92)),
        exposure=float(rng.uniform(0.93, 1.07)),
        grain=shot,
    )


def _copies(scene: str, burst: list[PlannedPhoto]) -> Iterator[PlannedPhoto]:
    for of_scene, shot, treatment, path in _COPIES:
        if of_scene == scene:
            yield replace(burst[shot], path=path, treatment=treatment)
