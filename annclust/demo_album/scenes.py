"""Scenes: what the demo album shows, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annclust.demo_album import closeups, countryside, night, passersby, waterside
from annclust.demo_album.canvas import Picture, Rng


def _nobody(picture: Picture, moment: float) -> None:
    """Nothing moves."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A place that photos are taken of.

    Parameters
    ----------
    backdrop : callable
        Paints what stands still.
    passerby : callable
        Draws what moves into a picture, in place, for a moment from 0 to 1.
    """

    backdrop: Callable[[Rng], Picture]
    passerby: Callable[[Picture, float], None] = _nobody

    def paint_backdrop(self, seed: int) -> Picture:
        """Paint what stands still; equal seeds give equal pictures."""
        return self.backdrop(np.random.default_rng(seed))


SCENES: dict[str, Scene] = {
    "aurora": Scene(night.aurora, passersby.shooting_star),
    "balloons": Scene(countryside.balloons, passersby.rising_balloon),
    "beach": Scene(waterside.beach, passersby.motorboat),
    "bokeh": Scene(night.bokeh, passersby.drifting_lamp),
    "dunes": Scene(countryside.dunes, passersby.caravan),
    "forest": Scene(countryside.forest, passersby.hiker),
    "lake": Scene(waterside.lake, passersby.canoe),
    "leaves": Scene(closeups.leaves),
    "moon": Scene(night.moon),
    "skyline": Scene(night.skyline, passersby.ferry),
    "sunflower": Scene(closeups.sunflower),
    "sunset": Scene(waterside.sunset),
    "tulips": Scene(countryside.tulips, passersby.windmill),
}
