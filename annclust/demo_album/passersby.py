"""Passers-by: what moves through a scene while its photos are taken.

Each one is drawn into a picture in place; `moment` runs from 0 (first photo) to 1 (last).
"""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from annclust.demo_album.canvas import Color, Painter, Picture, around, painted
from annclust.demo_album.countryside import hang_balloon
from annclust.demo_album.night import blurred_lamp


def _stamp(picture: Picture, at: tuple[float, float], reach: float, paint: Painter) -> None:
    rows, columns = around(*at, reach)
    picture[rows, columns] = painted(picture[rows, columns], paint)


def _shape(
    draw: ImageDraw.ImageDraw,
    size: int,
    corners: list[tuple[float, float]],
    fill: Color | tuple[int, int, int, int],
) -> None:
    draw.polygon([(x * size, y * size) for x, y in corners], fill=fill)


def canoe(picture: Picture, moment: float) -> None:
    """A red canoe crosses the lake."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        _shape(
            draw, size, [(0.08, 0.63), (0.92, 0.63), (0.78, 0.74), (0.22, 0.74)], (4, 30, 40, 150)
        )
        _shape(draw, size, [(0.05, 0.54), (0.95, 0.54), (0.8, 0.63), (0.2, 0.63)], (196, 48, 30))
        _shape(draw, size, [(0.42, 0.36), (0.56, 0.36), (0.6, 0.55), (0.4, 0.55)], (238, 190, 60))
        draw.ellipse((0.44 * size, 0.24 * size, 0.55 * size, 0.36 * size), fill=(60, 40, 30))
        draw.line((0.34 * size, 0.66 * size, 0.66 * size, 0.34 * size), (120, 84, 50), size // 30)

    _stamp(picture, (0.4 + 0.6 * moment, 0.72), 0.062, paint)


def ferry(picture: Picture, moment: float) -> None:
    """A ferry with lit windows goes down the river."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        _shape(draw, size, [(0.02, 0.56), (0.98, 0.56), (0.9, 0.7), (0.1, 0.7)], (24, 22, 40))
        _shape(draw, size, [(0.2, 0.4), (0.8, 0.4), (0.84, 0.56), (0.16, 0.56)], (70, 66, 96))
        for lamp in np.arange(0.22, 0.78, 0.09):
            spot = (lamp * size, 0.44 * size, (lamp + 0.05) * size, 0.51 * size)
            draw.rectangle(spot, fill=(255, 224, 150))
            draw.rectangle((spot[0], 0.74 * size, spot[2], 0.95 * size), fill=(255, 214, 140, 80))

    _stamp(picture, (0.35 + 0.7 * moment, 0.76), 0.075, paint)


def windmill(picture: Picture, moment: float) -> None:
    """A windmill turns its sails on the horizon."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        _shape(draw, size, [(0.42, 0.45), (0.58, 0.45), (0.66, 0.97), (0.34, 0.97)], (112, 70, 52))
        _shape(draw, size, [(0.4, 0.46), (0.5, 0.34), (0.6, 0.46)], (52, 40, 40))
        for sail in range(4):
            angle = np.pi * (sail / 2 + 0.12 + 0.4 * moment)
            cos, sin = float(np.cos(angle)), float(np.sin(angle))
            corners = [(0.06, 0.0), (0.44, 0.0), (0.44, 0.075), (0.1, 0.075)]
            turned = [(0.5 + u * cos - v * sin, 0.45 + u * sin + v * cos) for u, v in corners]
            _shape(draw, size, turned, (206, 190, 168))

    _stamp(picture, (1.12, 0.335), 0.11, paint)


def motorboat(picture: Picture, moment: float) -> None:
    """A motorboat draws its wake along the beach."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        for width, opacity in ((0.2, 60), (0.13, 110), (0.06, 190)):
            wake = [(0.5, 0.26), (0.5 + width, 1.0), (0.5 - width, 1.0)]
            _shape(draw, size, wake, (255, 255, 255, opacity))
        hull = [(0.5, 0.06), (0.57, 0.18), (0.56, 0.38), (0.44, 0.38), (0.43, 0.18)]
        _shape(draw, size, hull, (250, 250, 246))
        _shape(draw, size, [(0.46, 0.2), (0.54, 0.2), (0.53, 0.32), (0.47, 0.32)], (40, 70, 110))

    _stamp(picture, (1.08, 0.66 - 0.36 * moment), 0.12, paint)


def drifting_lamp(picture: Picture, moment: float) -> None:
    """A tail light drives by, out of focus like the rest."""
    blurred_lamp(picture, (0.3 + 0.9 * moment, 0.62), 0.07, (255, 60, 60), 0.8)


def shooting_star(picture: Picture, moment: float) -> None:
    """A shooting star falls."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        for step in np.linspace(0, 1, 60):
            x, y, dot = (0.1 + 0.75 * step) * size, (0.2 + 0.4 * step) * size, 0.007 * step * size
            draw.ellipse(
                (x - dot, y - dot, x + dot, y + dot), fill=(255, 255, 250, int(255 * step))
            )

    _stamp(picture, (0.45 + 0.6 * moment, 0.18 + 0.08 * moment), 0.11, paint)


def hiker(picture: Picture, moment: float) -> None:
    """A hiker in a red jacket walks between the trunks."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        stride = 0.07 * float(np.sin(9 * moment + 1))
        for foot in (-stride, stride):
            leg = (0.5 * size, 0.58 * size, (0.5 + foot) * size, 0.96 * size)
            draw.line(leg, fill=(40, 44, 64), width=size // 14)
        draw.rounded_rectangle(
            (0.41 * size, 0.28 * size, 0.59 * size, 0.62 * size), size // 16, fill=(206, 44, 36)
        )
        draw.rounded_rectangle(
            (0.34 * size, 0.3 * size, 0.44 * size, 0.52 * size), size // 20, fill=(46, 82, 70)
        )
        draw.ellipse((0.44 * size, 0.13 * size, 0.56 * size, 0.27 * size), fill=(92, 62, 44))

    _stamp(picture, (0.45 + 0.5 * moment, 0.64), 0.08, paint)


def caravan(picture: Picture, moment: float) -> None:
    """Three camels walk along the foot of a dune."""

    def paint(draw: ImageDraw.ImageDraw, size: int) -> None:
        dark = (58, 34, 26)
        for left in (0.02, 0.36, 0.7):
            x = left * size
            draw.ellipse((x + 0.04 * size, 0.46 * size, x + 0.2 * size, 0.56 * size), fill=dark)
            draw.ellipse((x + 0.08 * size, 0.4 * size, x + 0.15 * size, 0.54 * size), fill=dark)
            neck = (x + 0.19 * size, 0.51 * size, x + 0.24 * size, 0.41 * size)
            draw.line(neck, fill=dark, width=size // 45)
            draw.line((neck[2], neck[3], neck[2] + 0.035 * size, neck[3]), dark, size // 45)
            for leg in (0.06, 0.09, 0.15, 0.18):
                draw.line(
                    (x + leg * size, 0.54 * size, x + leg * size, 0.66 * size), dark, size // 70
                )

    _stamp(picture, (0.5 + 0.3 * moment, 0.62), 0.13, paint)


def rising_balloon(picture: Picture, moment: float) -> None:
    """One more balloon takes off."""
    hang_balloon(picture, 0.66 + 0.05 * moment, 0.76 - 0.24 * moment, 2)
