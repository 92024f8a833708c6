"""Worse copies of a photo, made on the spot, as programs and people make them. For keep_best."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

pillow_heif.register_heif_opener()

_SCREEN: Final = (1080, 2340)
"""Pixels of a telephone."""


def encoded(picture: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def _at(picture: Image.Image, quality: int) -> bytes:
    return encoded(picture, quality=quality)


def _again(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(_at(picture, quality)))


def _scaled(picture: Image.Image, factor: float) -> Image.Image:
    size = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((next(size), next(size)), Image.Resampling.LANCZOS)


def _sharpened(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.UnsharpMask(2, 150, 0))


def _with_grain(picture: Image.Image, deviation: float) -> Image.Image:
    pixels = np.asarray(picture).astype(np.float64)
    noisy = pixels + np.random.default_rng(0).normal(0, deviation, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _on(size: tuple[int, int], picture: Image.Image, color: str) -> Image.Image:
    """The picture as large as fits, between bars."""
    whole = Image.new("RGB", size, color)
    shown = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    whole.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return whole


def _letterboxed(picture: Image.Image) -> Image.Image:
    width = picture.width
    return _on((width, width * _SCREEN[1] // _SCREEN[0]), picture, "black")


def _squared(picture: Image.Image) -> Image.Image:
    return _on((max(picture.size),) * 2, picture, "white")


def _screenshot(picture: Image.Image) -> Image.Image:
    """The picture on a telephone, below a clock and a battery, above three buttons."""
    screen = _on(_SCREEN, picture, "black")
    draw = ImageDraw.Draw(screen)
    for left, text in ((40, "12:45"), (850, "LTE 87%")):
        draw.text((left, 30), text, fill="white", font_size=40)
    for left in (200, 500, 800):
        draw.ellipse((left, 2200, left + 60, 2260), outline="white", width=4)
    return screen


COPIES: Final[dict[str, Callable[[Image.Image], bytes]]] = {
    "quality 10": lambda picture: _at(picture, 10),
    "quality 20": lambda picture: _at(picture, 20),
    "quality 30": lambda picture: _at(picture, 30),
    "quality 40, then 95": lambda picture: _at(_again(picture, 40), 95),
    "HEIF of quality 30": lambda picture: encoded(picture, "HEIF", quality=30),
    "WebP of quality 10": lambda picture: encoded(picture, "WEBP", quality=10),
    "PNG": lambda picture: encoded(picture, "PNG"),
    "PNG of 256 colors": lambda picture: encoded(picture.quantize(256), "PNG"),
    "GIF": lambda picture: encoded(picture.quantize(256), "GIF"),
    "enlarged": lambda picture: _at(_scaled(picture, 2), 92),
    "enlarged and sharpened": lambda picture: _at(_sharpened(_scaled(picture, 2)), 92),
    "smaller": lambda picture: _at(_scaled(picture, 0.5), 90),
    "smaller and sharpened": lambda picture: _at(_sharpened(_scaled(picture, 0.6)), 85),
    "letterbox": lambda picture: _at(_letterboxed(picture), 95),
    "made square": lambda picture: _at(_squared(picture), 95),
    "screenshot, PNG": lambda picture: encoded(_screenshot(picture), "PNG"),
    "screenshot, JPEG": lambda picture: _at(_screenshot(picture), 90),
    "turned by 5°": lambda picture: _at(picture.rotate(5, expand=True), 95),
    "gray": lambda picture: _at(picture.convert("L"), 95),
    "brighter, at 95": lambda picture: _at(ImageEnhance.Brightness(picture).enhance(1.2), 95),
    "grain, at 95": lambda picture: _at(_with_grain(picture, 10), 95),
    "blurred and noisy": lambda picture: _at(
        _with_grain(picture.filter(ImageFilter.GaussianBlur(2.5)), 6), 92
    ),
}
"""What each one is, and how its file is made of the upright original."""

OF_A_LATER_MOMENT: Final = frozenset({"blurred and noisy"})
"""Those that stand for a frame of a burst, if a camera wrote about them."""
