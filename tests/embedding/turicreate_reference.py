"""What Turi Create itself says, for Python 3.8 with Turi Create.

    python turicreate_reference.py MODEL CACHE WHAT OUT

WHAT is an array of pixels (n, side, side, 3) in a .npy file, or a folder of pictures that Turi
Create opens and scales by itself, in the order of their names. Writes deep features to OUT.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import turicreate as tc

RAW = 2  # Turi Create's number for plain pixels


def main(model: str, cache: str, what: Path, out: str) -> None:
    tc.config.set_runtime_config("TURI_CACHE_FILE_LOCATIONS", cache)
    if what.is_dir():
        images = [tc.Image(str(path)) for path in sorted(what.iterdir())]
    else:
        images = [raw(pixels) for pixels in np.load(what)]
    features = tc.image_analysis.get_deep_features(tc.SArray(images), model, verbose=False)
    np.save(out, np.array([np.asarray(row, "f4") for row in features]))


def raw(pixels):
    """A picture of these pixels."""
    height, width, channels = pixels.shape
    data = pixels.tobytes()
    return tc.Image(
        _image_data=data,
        _width=width,
        _height=height,
        _channels=channels,
        _format_enum=RAW,
        _image_data_size=len(data),
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
