"""Scenes at the water: lake, beach, sunset.

Each one paints its backdrop with the brushes of :mod:`annclust.demo_album.canvas`; equal random
numbers give equal pictures.
"""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from annclust.demo_album.canvas import (
    WHITE,
    Color,
    Picture,
    Rng,
    X,
    Y,
    blend,
    clouds,
    disc,
    fractal_noise,
    glow,
    gradient,
    lighten,
    painted,
    reflected,
    rgb,
    ridge_line,
    sky,
    soft_step,
)

SILHOUETTE: Color = (24, 12, 26)


def lake(rng: Rng) -> Picture:
    """Snowy peaks and wooded hills, mirrored in a mountain lake."""
    air = sky([(0, (58, 118, 196)), (0.35, (138, 190, 232)), (0.6, (222, 236, 244))])
    air = blend(air, WHITE, clouds(rng, cover=0.42, cells=(4, 3)) * soft_step(0.5 - Y, 0, 0.5))
    scene = _snowy_peaks(rng, air)
    for top, color in ((0.4, (62, 98, 92)), (0.46, (44, 84, 58)), (0.53, (26, 60, 34))):
        edge = ridge_line(rng, top=top, depth=0.07, peaks=5, roughness=0.62)
        grain = fractal_noise(rng, cells=(60, 90), octaves=4, persistence=0.7)
        hill = rgb(color) * (0.55 + 0.8 * grain[..., np.newaxis])
        scene = blend(scene, hill, soft_step(Y, edge, 0.004))
    return _lake_water(rng, scene)


def _snowy_peaks(rng: Rng, air: Picture) -> Picture:
    edge = ridge_line(rng, top=0.13, depth=0.25, peaks=3, roughness=0.5)
    relief = 1 - np.abs(2 * fractal_noise(rng, cells=(3, 5), octaves=7, persistence=0.45) - 1)
    slope = np.gradient(relief, axis=1) * 28
    lit = np.clip(0.62 + slope, 0.15, 1)[..., np.newaxis]
    rubble = fractal_noise(rng, cells=(9, 12), octaves=6, persistence=0.6)
    rock = gradient(rubble, [(0, (62, 74, 98)), (1, (150, 152, 164))]) * (0.5 + 0.6 * lit)
    snow = WHITE * (0.62 + 0.4 * lit) + rgb((0, 6, 20)) * (1 - lit)
    snowline = soft_step(0.5 - rubble + slope * 0.7 - (Y - edge - 0.1) * 2.2, -0.06, 0.12)
    peaks = blend(rock, snow, snowline)
    peaks = blend(peaks, rgb((160, 188, 212)), soft_step(Y, 0.2, 0.4) * 0.6)
    return blend(air, peaks, soft_step(Y, edge, 0.004))


def _lake_water(rng: Rng, scene: Picture) -> Picture:
    shore = 0.6
    waves = fractal_noise(rng, cells=(70, 5), octaves=3) - 0.5
    mirror = reflected(scene, shore, waves * 0.16 * np.clip(Y - shore + 0.02, 0, 1))
    deep = gradient(Y, [(shore, (40, 104, 128)), (1, (6, 44, 68))])
    water = mirror * 0.66 + deep * 0.34 + (waves * soft_step(Y, shore, 0.3) * 0.12)[..., np.newaxis]
    return np.clip(blend(scene, water, soft_step(Y, shore, 0.003)), 0, 1)


def beach(rng: Rng) -> Picture:
    """A beach from straight above: sand, surf, shallow and deep water, parasols."""
    swell = fractal_noise(rng, cells=(3, 3), octaves=6, persistence=0.48)
    offshore = X * 0.8 + Y * 0.35 - 0.62 + (swell - 0.5) * 0.3
    sea = gradient(
        offshore,
        [(0, (158, 222, 206)), (0.14, (70, 196, 198)), (0.4, (10, 134, 166)), (0.8, (4, 78, 128))],
    )
    caustics = fractal_noise(rng, cells=(26, 34), octaves=4, persistence=0.65)
    sea = sea * (0.84 + 0.32 * caustics[..., np.newaxis])
    grain = fractal_noise(rng, cells=(90, 130), octaves=3, persistence=0.9)
    sand = gradient(
        offshore, [(-0.7, (240, 218, 178)), (-0.07, (232, 204, 158)), (0, (188, 156, 112))]
    )
    scene = blend(
        sand * (0.86 + 0.24 * grain[..., np.newaxis]), sea, soft_step(offshore, -0.005, 0.03)
    )
    for line, width in ((0.0, 0.016), (0.06, 0.012), (0.13, 0.012)):
        crest = np.abs(offshore - line - (caustics - 0.5) * 0.05)
        scene = blend(scene, WHITE, (1 - soft_step(crest, 0, width * 2)) * (0.25 + 0.75 * caustics))
    spots = [(x, y) for y in np.arange(0.06, 1.1, 0.16) for x in np.arange(0.05, 0.5, 0.13)]
    places = [(x + rng.normal(0, 0.02), y + rng.normal(0, 0.03)) for x, y in spots]
    colors = rng.integers(0, 4, len(places))
    free = [
        (x, y, c) for (x, y), c in zip(places, colors, strict=True) if x * 0.8 + y * 0.35 < 0.42
    ]
    return painted(np.clip(scene, 0, 1), lambda draw, size: _parasols(draw, size, free))


def _parasols(draw: ImageDraw.ImageDraw, size: int, places: list[tuple[float, float, int]]) -> None:
    cloth: list[Color] = [(214, 52, 52), (28, 110, 178), (248, 186, 44), (242, 110, 74)]
    for x, y, color in places:
        left, top, r = x * size, y * size, 0.03 * size
        draw.rectangle((left + r, top + r, left + 1.5 * r, top + 2.3 * r), cloth[color - 1])
        draw.ellipse(
            (left - 0.5 * r, top - 0.2 * r, left + 1.5 * r, top + 1.8 * r), (70, 50, 30, 110)
        )
        for wedge in range(8):
            fill = cloth[color] if wedge % 2 else (250, 246, 238)
            draw.pieslice((left - r, top - r, left + r, top + r), wedge * 45, wedge * 45 + 45, fill)


def sunset(rng: Rng) -> Picture:
    """The sun going down into the sea, seen from under palms."""
    horizon = 0.62
    scene = sky(
        [
            (0, (62, 34, 92)),
            (0.3, (190, 66, 92)),
            (0.52, (250, 138, 66)),
            (horizon, (255, 214, 120)),
        ]
    )
    veil = clouds(rng, cover=0.55, cells=(9, 2))
    scene = blend(scene, rgb((255, 120, 96)), veil * 0.6)
    scene = lighten(scene, (255, 226, 150), glow(0.95, 0.56, 0.22) * 0.8 + disc(0.95, 0.56, 0.062))
    waves = fractal_noise(rng, cells=(90, 8), octaves=3, persistence=0.7) - 0.5
    sea = reflected(scene, horizon, waves * 0.7 * np.clip(Y - horizon + 0.03, 0, 1)) * rgb(
        (190, 150, 170)
    )
    path = np.exp(-(((X - 0.95) / (0.05 + 0.35 * np.clip(Y - horizon, 0, 1))) ** 2))
    sea = lighten(sea, (255, 200, 110), path * soft_step(waves, 0.02, 0.2) * 0.9)
    scene = blend(scene, sea, soft_step(Y, horizon, 0.003))
    sway = rng.uniform(-0.12, 0.12, (2, 9)).tolist()

    def palms(draw: ImageDraw.ImageDraw, size: int) -> None:
        _palm(draw, size, (0.22, 0.24, 0.25), sway[0])
        _palm(draw, size, (0.44, 0.42, 0.17), sway[1])

    return painted(scene, palms)


def _palm(
    draw: ImageDraw.ImageDraw, size: int, palm: tuple[float, float, float], sway: list[float]
) -> None:
    x, y, reach = palm
    bend = np.linspace(0, 1, 40)
    trunk = [((x - 0.1 * u**2) * size, (y + u * (1.05 - y)) * size) for u in bend]
    draw.line(trunk, fill=SILHOUETTE, width=int(0.02 * size), joint="curve")
    for frond, lean in enumerate(sway):
        angle = np.pi * (frond / (len(sway) - 1) * 1.35 - 0.175) + lean
        _frond(draw, size, (x, y), (reach * float(np.cos(angle)), reach * float(np.sin(angle))))


def _frond(
    draw: ImageDraw.ImageDraw, size: int, root: tuple[float, float], tip: tuple[float, float]
) -> None:
    length = float(np.hypot(*tip))
    for u in np.linspace(0, 1, 200):
        x = (root[0] + tip[0] * u) * size
        y = (root[1] - tip[1] * u * (1.2 - 0.2 * u) + 0.5 * length * u**2.2) * size
        leaf = 0.2 * length * size * float(np.sin(np.pi * (0.1 + 0.88 * u)))
        slant = 0.5 * leaf * (1 if tip[0] > 0 else -1)
        draw.line((x, y, x + slant, y + leaf), fill=SILHOUETTE, width=3)
        draw.line((x, y, x + slant, y - 0.35 * leaf), fill=SILHOUETTE, width=3)
