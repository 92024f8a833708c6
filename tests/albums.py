"""Small albums of drawn pictures for tests that need real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def picture(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A picture of some colored shapes; another seed gives quite another one."""
    rng = np.random.default_rng(seed)
    colors = [tuple(int(c) for c in rng.integers(0, 256, 3)) for _ in range(6)]
    image = Image.new("RGB", size, colors[0])
    draw = ImageDraw.Draw(image)
    for color in colors[1:]:
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        radius = int(rng.integers(8, 30))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return image


def save(path: Path, seed: int, *, shift: int = 0, quality: int = 90) -> Path:
    """Save a picture as JPEG; a small shift makes another shot of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = picture(seed).rotate(0, translate=(shift, shift))
    image.save(path, "JPEG", quality=quality)
    return path


def with_remark(photo: Path, path: Path) -> Path:
    """Another file of a JPEG with the very same picture: a comment more."""
    start, rest = photo.read_bytes()[:2], photo.read_bytes()[2:]
    path.write_bytes(start + b"\xff\xfe\x00\x08remark" + rest)
    return path


def add_comment(photo: Path) -> None:
    """Change what a JPEG says of itself, and nothing of what it shows."""
    start, rest = photo.read_bytes()[:2], photo.read_bytes()[2:]
    photo.write_bytes(start + b"\xff\xfe\x00\x0cby nobody!" + rest)


def album(folder: Path, *, groups: int = 3, shots: int = 4) -> Path:
    """`groups` bursts of `shots` shots each, in a folder each."""
    for group in range(groups):
        for shot in range(shots):
            save(folder / f"burst {group}" / f"IMG_{group}{shot}.jpg", group, shift=shot)
    return folder
