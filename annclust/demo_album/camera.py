"""Camera: from a scene to a photo, and from a photo to the copies people make of it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from annclust.demo_album.album_plan import Look, Treatment
from annclust.demo_album.canvas import Picture

PHOTO_SIZE = (960, 640)
GRAIN = 2.2
"""Standard deviation of the sensor's noise, in steps of 255."""


def photograph(scene: Picture, look: Look) -> Image.Image:
    """Take a photo: frame, expose, darken the corners, add grain.

    Parameters
    ----------
    scene : ndarray of shape (height, width, 3), float32
        From 0 to 1.
    look : Look

    Returns
    -------
    Image
        RGB, of `PHOTO_SIZE`.
    """
    framed = np.array(_framed(scene, look), dtype=np.float32)
    width, height = PHOTO_SIZE
    across = np.linspace(-1, 1, width, dtype=np.float32)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis]
    lens = np.float32(look.exposure) * (1 - np.float32(0.07) * (across**2 + down**2))
    noise = np.random.default_rng(look.grain).standard_normal((height, width), dtype=np.float32)
    framed *= lens[..., np.newaxis]
    framed += (noise * np.float32(GRAIN))[..., np.newaxis]
    return Image.fromarray(np.clip(framed, 0, 255, out=framed).astype(np.uint8))


def _framed(scene: Picture, look: Look) -> Image.Image:
    whole = Image.fromarray((np.clip(scene, 0, 1) * 255).astype(np.uint8))
    width, height = whole.width * look.zoom, whole.height * look.zoom
    left = np.clip((whole.width - width) / 2 + look.shift[0], 0, whole.width - width)
    top = np.clip((whole.height - height) / 2 + look.shift[1], 0, whole.height - height)
    box = (float(left), float(top), float(left + width), float(top + height))
    return whole.resize(PHOTO_SIZE, Image.Resampling.BILINEAR, box=box)


def treated(photo: Image.Image, treatment: Treatment) -> Image.Image:
    """The pixels of a copy that was made of `photo`."""
    width, height = photo.size
    match treatment:
        case "crop":
            return photo.crop(
                (width // 16, height // 14, width - width // 14, height - height // 20)
            )
        case "half size":
            return photo.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
        case "messenger":
            return photo.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.BILINEAR)
        case "turned":
            return photo.transpose(Image.Transpose.ROTATE_90)
        case _:
            return photo
