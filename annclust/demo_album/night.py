"""Scenes by night: skyline, bokeh, aurora, moon. Painted like those at the water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from annclust.demo_album.canvas import (
    ASPECT,
    Color,
    Picture,
    Rng,
    X,
    Y,
    around,
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
    stars,
)

WARM: list[Color] = [(255, 214, 140), (255, 196, 110), (255, 236, 196), (206, 226, 255)]
FESTIVE: list[Color] = [
    (255, 176, 84),
    (255, 120, 60),
    (255, 214, 150),
    (250, 70, 80),
    (110, 190, 255),
]


def skyline(rng: Rng) -> Picture:
    """A city at the blue hour, its windows mirrored in the river."""
    quay = 0.7
    scene = sky(
        [(0, (10, 14, 44)), (0.35, (38, 40, 98)), (0.58, (146, 78, 122)), (quay, (250, 156, 96))]
    )
    scene = lighten(scene, (255, 255, 255), stars(rng, 260) * (1 - soft_step(Y, 0.05, 0.4)))
    scene = blend(scene, rgb((120, 70, 120)), clouds(rng, cover=0.45, cells=(8, 2)) * 0.5)
    scene = lighten(scene, (255, 246, 220), disc(1.22, 0.14, 0.04) + 0.35 * glow(1.22, 0.14, 0.12))
    layers: list[tuple[float, Color]] = [
        (0.3, (84, 60, 104)),
        (0.2, (44, 38, 76)),
        (0.12, (18, 20, 42)),
    ]
    for lowest, color in layers:
        scene = _buildings(rng, scene, quay, lowest, color)
    waves = fractal_noise(rng, cells=(110, 9), octaves=3, persistence=0.7) - 0.5
    river = reflected(scene, quay, waves * (0.05 + 0.5 * np.clip(Y - quay, 0, 1)))
    river = river * rgb((170, 180, 220)) * (1.0 + 0.5 * waves[..., np.newaxis])
    return np.clip(blend(scene, river, soft_step(Y, quay, 0.004)), 0, 1)


def _buildings(rng: Rng, scene: Picture, quay: float, lowest: float, wall: Color) -> Picture:
    widths = rng.uniform(0.05, 0.13, 40)
    lefts = np.cumsum(widths * rng.uniform(0.9, 1.5, 40)) - 0.1
    heights = rng.gamma(2.2, 0.075, 40) * (1.15 - lowest) + lowest * 0.75
    grain = rng.random((40, 48, 12))

    def towers(draw: ImageDraw.ImageDraw, size: int) -> None:
        for x, width, height, lamps in zip(lefts, widths, heights, grain, strict=True):
            roof = max(quay - height, 0.06)
            draw.rectangle((x * size, roof * size, (x + width) * size, quay * size), fill=wall)
            if height > 0.36:
                mast = (x + width / 2) * size
                draw.line((mast, (roof - 0.06) * size, mast, roof * size), fill=wall, width=4)
            _windows(draw, (x * size, roof * size, width * size, (quay - roof) * size), lamps)

    return painted(scene, towers)


def _windows(
    draw: ImageDraw.ImageDraw, tower: tuple[float, float, float, float], lamps: np.ndarray
) -> None:
    left, top, width, height = tower
    step_x, step_y = 13, 20
    lit_share = 0.25 + 0.5 * lamps[0, 0]
    for down in range(int(height / step_y) - 1):
        for across in range(int(width / step_x) - 1):
            lamp = float(lamps[down % 48, across % 12])
            if lamp < lit_share:
                x, y = left + 9 + across * step_x, top + 10 + down * step_y
                draw.rectangle((x, y, x + 7, y + 11), fill=WARM[int(lamp * 97) % 4])


def bokeh(rng: Rng) -> Picture:
    """Festive lights far out of focus."""
    scene = sky([(0, (16, 10, 30)), (0.5, (58, 22, 38)), (1, (14, 8, 20))])
    haze = fractal_noise(rng, cells=(2, 3), octaves=3)
    scene = lighten(scene, (120, 50, 30), haze * 0.5)
    for lamp in range(64):
        radius = float(rng.uniform(0.02, 0.045) if lamp < 34 else rng.uniform(0.05, 0.105))
        x, y = float(rng.uniform(0, ASPECT)), float(np.clip(rng.normal(0.5, 0.22), 0, 1))
        color = FESTIVE[int(rng.choice(5, p=(0.36, 0.2, 0.24, 0.1, 0.1)))]
        blurred_lamp(scene, (x, y), radius, color, float(rng.uniform(0.3, 0.85)))
    return scene


def blurred_lamp(
    scene: Picture, at: tuple[float, float], radius: float, color: Color, strength: float
) -> None:
    """Add one light out of focus to the picture, in place."""
    x, y = at
    rows, columns = around(x, y, 1.1 * radius)
    reach = np.hypot(X[columns] - x, Y[rows] - y) / radius
    rim = np.exp(-(((reach - 0.93) / 0.06) ** 2)) * 0.3
    inside = (1 - soft_step(reach.astype(np.float32), 0.95, 0.05)) * (0.55 + 0.2 * reach**2)
    scene[rows, columns] = lighten(scene[rows, columns], color, (inside + rim) * strength)


def aurora(rng: Rng) -> Picture:
    """Northern lights above snow and firs."""
    scene = sky([(0, (4, 8, 28)), (0.6, (8, 36, 62)), (0.78, (22, 76, 92))])
    scene = lighten(scene, (235, 242, 255), stars(rng, 1500))
    for band, height in enumerate((0.36, 0.5, 0.6)):
        scene = _curtain(rng, scene, height, 0.95 - 0.2 * band)
    far = ridge_line(rng, top=0.66, depth=0.1, peaks=4, roughness=0.5)
    scene = blend(scene, rgb((14, 34, 54)), soft_step(Y, far, 0.004))
    snow_edge = ridge_line(rng, top=0.8, depth=0.06, peaks=2, roughness=0.25)
    drift = fractal_noise(rng, cells=(7, 5), octaves=5)
    snow = gradient(
        drift + (Y - 0.8), [(0, (34, 84, 100)), (0.6, (96, 176, 170)), (1.2, (150, 206, 206))]
    )
    firs = rng.random((64, 2)).tolist()
    scene = painted(scene, lambda draw, size: _firs(draw, size, firs))
    return np.clip(blend(scene, snow * 0.8, soft_step(Y, snow_edge, 0.01)), 0, 1)


def _curtain(rng: Rng, scene: Picture, height: float, strength: float) -> Picture:
    hem = ridge_line(rng, top=height - 0.08, depth=0.16, peaks=4, roughness=0.25)
    folds = ridge_line(rng, top=0.15, depth=0.85, peaks=26, roughness=0.75)
    above = hem - Y
    veil = np.exp(-np.clip(above, 0, 2) / (0.08 + 0.16 * folds)) * soft_step(above, -0.02, 0.03)
    hues = gradient(
        above,
        [
            (0, (110, 255, 170)),
            (0.12, (40, 220, 150)),
            (0.3, (120, 70, 200)),
            (0.5, (190, 50, 140)),
        ],
    )
    light = np.clip(veil * folds * strength, 0, 1)[..., np.newaxis]
    return 1 - (1 - scene) * (1 - hues * light)


def _firs(draw: ImageDraw.ImageDraw, size: int, firs: list[list[float]]) -> None:
    for place, (jitter, growth) in enumerate(firs):
        x = (place + jitter) / len(firs) * ASPECT
        middle = abs(x / ASPECT - 0.5) * 2
        height = (0.05 + 0.1 * growth) * (0.6 + 1.3 * middle**1.5)
        _fir(draw, size, (x, 0.86), height)


def _fir(draw: ImageDraw.ImageDraw, size: int, foot: tuple[float, float], height: float) -> None:
    x, y = foot
    for tier in range(9):
        top = y - height * (1 - tier / 10)
        half = height * (0.03 + 0.02 * tier)
        low = top + height * 0.2
        points = ((x, top), (x - half, low), (x, low - height * 0.04), (x + half, low))
        draw.polygon([(px * size, py * size) for px, py in points], fill=(6, 18, 26))


def moon(rng: Rng) -> Picture:
    """The full moon through a long lens."""
    x, y, radius = 0.78, 0.5, 0.36
    seas = fractal_noise(rng, cells=(5, 6), octaves=6, persistence=0.55)
    ground = gradient(
        seas, [(0.25, (112, 110, 108)), (0.5, (188, 184, 176)), (0.8, (246, 242, 230))]
    )
    for _ in range(90):
        _dent(ground, rng.uniform((0.45, 0.17), (1.1, 0.83)), float(rng.uniform(0.006, 0.03)))
    limb = np.sqrt(np.clip(1 - ((X - x) ** 2 + (Y - y) ** 2) / radius**2, 0, 1))
    shade = (0.35 + 0.65 * limb)[..., np.newaxis]
    night = sky([(0, (8, 10, 20)), (1, (14, 18, 34))])
    night = lighten(night, (190, 200, 230), 0.25 * glow(x, y, radius * 1.35))
    return np.clip(blend(night, ground * shade, disc(x, y, radius, 0.006)), 0, 1)


def _dent(ground: Picture, at: NDArray[np.float64], radius: float) -> None:
    rows, columns = around(float(at[0]), float(at[1]), 1.5 * radius)
    across, down = (X[columns] - at[0]) / radius, (Y[rows] - at[1]) / radius
    bowl = np.exp(-(across**2 + down**2) * 1.6)
    ground[rows, columns] *= (1 + 0.25 * (across + down) * bowl)[..., np.newaxis]
