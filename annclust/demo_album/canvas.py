"""Canvas: the few brushes that every scene of the demo album is painted with.

A picture is an array (height, width, 3) of numbers from 0 (dark) to 1. Positions are fractions of
the height: y runs from 0 (top) to 1, x from 0 to `ASPECT`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HEIGHT, WIDTH = 704, 1056
ASPECT = WIDTH / HEIGHT

Rng: TypeAlias = np.random.Generator
Plane: TypeAlias = NDArray[np.floating]
"""One number a pixel, or one that broadcasts to that: (height, width), (height, 1) or (width,)."""

Picture: TypeAlias = NDArray[np.floating]
Color: TypeAlias = tuple[int, int, int]
Painter: TypeAlias = Callable[[ImageDraw.ImageDraw, int], None]
"""Draws on a surface of the given height in pixels."""

X: Plane = (np.arange(WIDTH, dtype=np.float32) + 0.5) / np.float32(HEIGHT)
Y: Plane = ((np.arange(HEIGHT, dtype=np.float32) + 0.5) / np.float32(HEIGHT))[:, np.newaxis]


def rgb(color: Color) -> NDArray[np.float32]:
    """Turn a color of 0 to 255 into one of 0 to 1."""
    return np.array(color, dtype=np.float32) / np.float32(255)


WHITE = rgb((255, 253, 250))
"""Sunlit clouds, snow and surf."""


def gradient(along: Plane, stops: Sequence[tuple[float, Color]]) -> Picture:
    """Color every place by its value `along` a row of (value, color) stops."""
    at = [stop for stop, _ in stops]
    channels = [np.interp(along, at, [color[c] / 255 for _, color in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def sky(stops: Sequence[tuple[float, Color]]) -> Picture:
    """Fill a picture with a gradient from top to bottom."""
    return np.repeat(gradient(Y, stops), WIDTH, axis=1)


def soft_step(value: Plane, edge: float | Plane, width: float) -> Plane:
    """0 below `edge`, 1 above `edge + width`, smooth between."""
    t = np.clip((value - edge) / np.float32(width), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def glow(x: float, y: float, radius: float) -> Plane:
    """Light that falls off around a point: 1 there, 1/e at `radius`."""
    return np.exp(-((X - np.float32(x)) ** 2 + (Y - np.float32(y)) ** 2) / np.float32(radius**2))


def disc(x: float, y: float, radius: float, softness: float = 0.004) -> Plane:
    """A filled circle with a soft rim: 1 inside, 0 outside."""
    distance = np.hypot(X - np.float32(x), Y - np.float32(y))
    return 1 - soft_step(distance, radius - softness, softness)


def blend(under: Picture, over: Picture | NDArray[np.float32], opacity: Plane) -> Picture:
    """Lay `over` on `under`; `opacity` is 0 where nothing of it shows."""
    return under + (over - under) * opacity[..., np.newaxis]


def lighten(under: Picture, color: Color, amount: Plane) -> Picture:
    """Add light, as lamps and suns do."""
    return 1 - (1 - under) * (1 - rgb(color) * np.clip(amount, 0, 1)[..., np.newaxis])


def shaded(picture: Picture, light: Plane) -> Picture:
    """Darken where `light` is below 1, brighten where it is above; what is too bright is white."""
    bright: Picture = np.clip(picture * light[..., np.newaxis], 0, 1)
    return bright


def fractal_noise(
    rng: Rng, *, cells: tuple[int, int], octaves: int = 5, persistence: float = 0.5
) -> Plane:
    """Value noise summed over octaves, scaled to 0 to 1.

    Parameters
    ----------
    rng : Generator
    cells : (int, int)
        Lumps of the coarsest octave down and across the picture; unequal numbers stretch them.
    octaves : int
        Each one has twice the lumps of the one before.
    persistence : float
        Height of each octave, relative to the one before.

    Returns
    -------
    ndarray of shape (HEIGHT, WIDTH), float32
    """
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for octave in range(octaves):
        down, across = (
            min(c << octave, limit) for c, limit in zip(cells, total.shape, strict=True)
        )
        lattice = Image.fromarray(rng.random((down + 1, across + 1), dtype=np.float32))
        scaled = lattice.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        total += np.asarray(scaled) * np.float32(persistence**octave)
    return _from_0_to_1(total)


def _from_0_to_1(plane: Plane) -> Plane:
    low, high = float(plane.min()), float(plane.max())
    return (plane - low) / (high - low)


def ridge_line(rng: Rng, *, top: float, depth: float, peaks: int, roughness: float = 0.5) -> Plane:
    """Heights of a ridge seen from afar: (width,), from `top` to `top + depth`."""
    line = np.zeros(WIDTH)
    for octave in range(7):
        knots = rng.random(min(peaks << octave, WIDTH) + 2)
        whole, rest = np.divmod(X / np.float32(ASPECT) * (len(knots) - 1), 1)
        left = whole.astype(np.int64)
        line += (knots[left] + np.diff(knots)[left] * soft_step(rest, 0, 1)) * roughness**octave
    return (top + depth * _from_0_to_1(line)).astype(np.float32)


def clouds(rng: Rng, *, cover: float, cells: tuple[int, int] = (3, 4)) -> Plane:
    """Opacity of clouds that cover about that share of the sky."""
    noise = fractal_noise(rng, cells=cells, octaves=7, persistence=0.52)
    return soft_step(noise, 1 - cover, 0.3)


def stars(rng: Rng, count: int) -> Plane:
    """Brightness of points strewn over the whole picture, few bright and many faint."""
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    down, across = rng.integers(1, HEIGHT - 1, count), rng.integers(1, WIDTH - 1, count)
    bright = rng.random(count, dtype=np.float32) ** 4
    plane[down, across] = 0.25 + 0.75 * bright
    for step in (-1, 1):
        plane[down + step, across] += 0.4 * bright
        plane[down, across + step] += 0.4 * bright
    return np.clip(plane, 0, 1)


def reflected(picture: Picture, waterline: float, ripple: Plane) -> Picture:
    """What the water below `waterline` (a fraction of the height) mirrors of the picture.

    `ripple` (height, width) says by how many heights the mirrored place is off.
    """
    rows = np.arange(HEIGHT)[:, np.newaxis] / HEIGHT
    source = 2 * waterline - rows + ripple
    down = np.clip(source * HEIGHT, 0, int(waterline * HEIGHT) - 1).astype(np.int64)
    return picture[down, np.arange(WIDTH)[np.newaxis, :]]


def painted(picture: Picture, paint: Painter) -> Picture:
    """Draw shapes over a picture, without jagged edges.

    The painter sees a transparent surface as wide and high as the picture, twice as fine.
    """
    height, width = picture.shape[:2]
    surface = Image.new("RGBA", (2 * width, 2 * height))
    paint(ImageDraw.Draw(surface), surface.height)
    layer = np.asarray(surface.convert("RGBa").reduce(2), dtype=np.float32) / np.float32(255)
    return layer[..., :3] + picture * (1 - layer[..., 3:])


def around(x: float, y: float, reach: float) -> tuple[slice, slice]:
    """Rows and columns of the part of a picture that lies within `reach` of a point."""
    rows = slice(max(int((y - reach) * HEIGHT), 0), max(int((y + reach) * HEIGHT), 0))
    columns = slice(max(int((x - reach) * HEIGHT), 0), max(int((x + reach) * HEIGHT), 0))
    return rows, columns
