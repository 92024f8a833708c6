"""Close-ups: a sunflower, autumn leaves. Painted like the scenes at the water."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import ImageDraw

from annclust.demo_album.canvas import (
    ASPECT,
    Color,
    Picture,
    Rng,
    X,
    Y,
    blend,
    fractal_noise,
    gradient,
    painted,
    rgb,
    shaded,
    soft_step,
)

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
AUTUMN: list[Color] = [
    (196, 62, 24),
    (226, 110, 28),
    (240, 168, 48),
    (160, 34, 26),
    (120, 70, 34),
    (214, 140, 60),
    (150, 130, 44),
]


def sunflower(rng: Rng) -> Picture:
    """A sunflower; its florets sit at the golden angle (Vogel 1979)."""
    blur = fractal_noise(rng, cells=(3, 4), octaves=3)
    scene = gradient(blur, [(0, (20, 48, 22)), (0.5, (70, 118, 50)), (1, (176, 204, 130))])
    turns = rng.normal(0, 0.05, 60).tolist()
    scene = painted(scene, partial(_petals, turns=turns))
    heart = 1 - soft_step(np.hypot(X - 0.78, Y - 0.5), 0.2, 0.06)
    scene = blend(scene, rgb((44, 26, 14)), heart)
    scene = painted(scene, _florets)
    return shaded(scene, 1.08 - 0.3 * np.hypot(X - 0.65, Y - 0.4))


def _petals(draw: ImageDraw.ImageDraw, size: int, turns: list[float]) -> None:
    for petal, turn in enumerate(turns):
        angle = petal * GOLDEN_ANGLE + turn
        outer = 0.5 - 0.09 * petal / len(turns)
        shade = (petal * 37) % 60
        for width, color in (
            (1.0, (206 + shade // 2, 124 + shade, 8)),
            (0.72, (246, 176 + shade, 24)),
        ):
            draw.polygon(_leaf((0.78, 0.5), angle, (0.12, outer), 0.062 * width, size), fill=color)


def _leaf(
    center: tuple[float, float], angle: float, reach: tuple[float, float], half: float, size: int
) -> list[tuple[float, float]]:
    along = np.linspace(0, 1, 14)
    swell = half * np.sin(np.pi * along**0.8) ** 0.8
    out = reach[0] + (reach[1] - reach[0]) * along
    cos, sin = np.cos(angle), np.sin(angle)
    sides = []
    for sign, order in ((1, slice(None)), (-1, slice(None, None, -1))):
        x = center[0] + out * cos - sign * swell * sin
        y = center[1] + out * sin + sign * swell * cos
        sides += list(zip((x * size)[order].tolist(), (y * size)[order].tolist(), strict=True))
    return sides


def _florets(draw: ImageDraw.ImageDraw, size: int) -> None:
    count = 620
    for floret in range(count, 0, -1):
        share = floret / count
        radius, angle = 0.24 * share**0.5, floret * GOLDEN_ANGLE
        x, y = (0.78 + radius * np.cos(angle)) * size, (0.5 + radius * np.sin(angle)) * size
        dot = (0.004 + 0.004 * share) * size
        warm = int(70 * share)
        draw.ellipse((x - dot, y - dot, x + 1.6 * dot, y + 1.6 * dot), fill=(30, 16, 10))
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=(78 + warm, 48 + warm // 2, 20))


def leaves(rng: Rng) -> Picture:
    """Fallen leaves on the ground, layer upon layer."""
    soil = fractal_noise(rng, cells=(30, 45), octaves=4, persistence=0.7)
    scene = gradient(soil, [(0, (24, 16, 12)), (1, (84, 58, 38))])
    for layer in range(3):
        fallen = rng.random((170, 4)).tolist()
        scene = painted(scene, partial(_litter, fallen=fallen, bright=0.45 + 0.27 * layer))
    return shaded(scene, 0.8 + 0.3 * fractal_noise(rng, cells=(3, 4), octaves=4))


def _litter(draw: ImageDraw.ImageDraw, size: int, fallen: list[list[float]], bright: float) -> None:
    for across, down, turn, kind in fallen:
        x, y, angle = across * ASPECT, down, turn * 2 * np.pi
        length = 0.05 + 0.055 * ((kind * 13) % 1)
        red, green, blue = (int(channel * bright) for channel in AUTUMN[int(kind * 7)])
        for dx, fill in ((0.008, (10, 6, 4, 130)), (0, (red, green, blue, 255))):
            for lobe, part in ((0, 1.0), (-0.9, 0.75), (0.9, 0.75), (-1.9, 0.5), (1.9, 0.5)):
                outline = _leaf(
                    (x + dx, y + dx), angle + lobe, (0, length * part), length * 0.2, size
                )
                draw.polygon(outline, fill=fill)
        tip = (x + length * 0.9 * np.cos(angle), y + length * 0.9 * np.sin(angle))
        vein = (red * 3 // 5, green * 3 // 5, blue * 3 // 5)
        draw.line((x * size, y * size, tip[0] * size, tip[1] * size), fill=vein, width=3)
