"""Embed the background: unrelated photos, and drawn pages and screens.

    python scripts/background_vectors.py PHOTOS

Writes annclust/grouping/efficientnet_lite0_background.npz: vectors of the default embedder in
float16, which of them are drawn, and a name that changes with them. PHOTOS is a folder of ordinary
photos, each by itself; the file that is in the repository was made from 280 photos of many
subjects. The photos themselves are nowhere in it.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import xxhash
from activation_ranges import photos
from drawn_pages import pages_and_screens

from annclust.embedding.efficientnet_lite0 import GEOMETRY, NAME
from annclust.embedding.registry import find_embedder
from annclust.grouping.background import BACKGROUND_FILE
from annclust.images.decoding import decode
from annclust.settings import EmbedSettings

DRAWN, SEED, QUALITY = 120, 1, 88


def drawn() -> list[np.ndarray]:
    """Pixels of drawn pages and screens, as a camera or a phone would store them."""
    found = []
    for picture in pages_and_screens(DRAWN, SEED):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=QUALITY)
        found.append(decode(file.getvalue(), GEOMETRY, max_pixels=10**9).pixels)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    embedder = find_embedder(NAME, EmbedSettings(threads=2)).load()
    ordinary, pages = [*photos(parser.parse_args().photos)], drawn()
    vectors = embedder.embed([*ordinary, *pages]).astype(np.float16)
    is_drawn = np.arange(len(vectors)) >= len(ordinary)
    name = xxhash.xxh3_64_hexdigest(vectors.tobytes() + is_drawn.tobytes())
    np.savez(BACKGROUND_FILE, vectors=vectors, drawn=is_drawn, name=name)
    print(f"{len(ordinary)} photos, {len(pages)} drawn: {BACKGROUND_FILE} ({name})")


if __name__ == "__main__":
    main()
