"""Pictures whose power falls with frequency as photos' does, made on the spot."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from annclust.images.examination import Examination
from annclust.images.examining import examine


def scenery(width: int = 480, height: int = 320, seed: int = 0) -> Image.Image:
    """Noise whose lines hold as much power at every scale as edges do, in color."""
    noise = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width)
    falling = np.maximum(np.hypot(down, across), 1 / max(width, height)) ** -1.5
    channels = []
    shared = np.fft.rfft2(noise.normal(size=(height, width))) * falling
    for _ in range(3):
        own = np.fft.rfft2(noise.normal(size=(height, width))) * falling
        wave = np.fft.irfft2(shared + 0.3 * own, s=(height, width))
        channels.append(128 + 38 * wave / wave.std())
    return Image.fromarray(np.clip(np.stack(channels, axis=-1), 12, 243).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """What a JPEG of it decodes to."""
    return Image.open(io.BytesIO(jpeg_bytes(picture, quality)))


def jpeg_bytes(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def examined(picture: Image.Image) -> Examination:
    """What is found out about a picture."""
    tables = getattr(picture, "quantization", None) or {}
    return examine(np.asarray(picture.convert("RGB")), jpeg_table=tables.get(0))
