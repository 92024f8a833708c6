"""Memory that decoding takes, by format, beside what annclust thinks it takes.

    python scripts/bench/decoding_memory.py [--side 5000]

Each picture is decoded in a process of its own; bytes a pixel are those of its peak, less what the
process had before and the file. The last column is the largest picture that may be decoded out of a
small file.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from pillow_heif import register_heif_opener

from annclust.images.decode_worker import FOR_ANY_PICTURE

_DECODE = """
import sys
from PIL import JpegImagePlugin
from annclust.images.decoding import decode_view
from annclust.input_geometry import InputGeometry
def peak():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return 1024 * int(line.split()[1])
geometry, claims = InputGeometry(256, 224), []
small, data = (open(name, "rb").read() for name in sys.argv[1:])
decode_view(small, geometry, max_pixels=10**9)
before = peak()
decode_view(data, geometry, max_pixels=10**9, claim=lambda n: claims.append(n) or True)
print(peak() - before, *claims)
"""

_KINDS: dict[str, tuple[str, str, dict[str, object]]] = {
    "JPEG": ("RGB", "JPEG", {}),
    "JPEG, progressive 4:2:0": ("RGB", "JPEG", {"progressive": True}),
    "JPEG, progressive 4:4:4": ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    "PNG": ("RGB", "PNG", {"compress_level": 1}),
    "GIF": ("L", "GIF", {}),
    "BMP": ("RGB", "BMP", {}),
    "TIFF, LZW": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "TIFF, LZW, one strip": ("RGB", "TIFF", {"compression": "tiff_lzw", "strip_size": 1 << 30}),
    "WebP": ("RGB", "WEBP", {"method": 0}),
    "JPEG 2000": ("RGB", "JPEG2000", {"quality_mode": "rates", "quality_layers": [20]}),
    "AVIF 4:2:0": ("RGB", "AVIF", {"speed": 10}),
    "AVIF 4:4:4": ("RGB", "AVIF", {"speed": 10, "subsampling": "4:4:4"}),
    "AVIF, transparent": ("RGBA", "AVIF", {"speed": 10}),
    "HEIF 4:2:0": ("RGB", "HEIF", {"quality": 50}),
    "HEIF 4:4:4": ("RGB", "HEIF", {"quality": 50, "chroma": "444"}),
}


def picture(mode: str, side: int) -> Image.Image:
    """Something that shrinks well in any format, but not to nothing."""
    grain = Image.effect_noise((side // 8, side // 8), 60)
    band = grain.resize((side, side), Image.Resampling.BILINEAR)
    return band if mode == "L" else Image.merge(mode, [band] * len(mode))


def encoded(image: Image.Image, kind: str, options: dict[str, object]) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def measure(name: str, side: int, folder: Path) -> str:
    """A row of the table."""
    mode, kind, options = _KINDS[name]
    paths = folder / "small", folder / "large"
    for path, length in zip(paths, (side // 10, side), strict=True):
        path.write_bytes(encoded(picture(mode, length), kind, options))
    # Through a shell, as a peak begins with that of the process that was forked.
    command = [sys.executable, "-c", _DECODE, *map(str, paths)]
    done = subprocess.run(["sh", "-c", '"$@"', "sh", *command], capture_output=True, check=True)
    peak, claim = map(int, done.stdout.split())
    taken = (peak - paths[1].stat().st_size) / side**2
    thought = claim / side**2
    most = f"{FOR_ANY_PICTURE / thought / 1e6:.0f}" if thought > 1 else "any"
    return f"| {name} | {max(0.0, taken):.1f} | {thought:.1f} | {most} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", type=int, default=5000, help="pixels")
    side = parser.parse_args().side
    register_heif_opener()
    print(
        "| format | bytes a pixel | claimed | million pixels at most |\n| --- | --: | --: | --: |"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in _KINDS:
            print(measure(name, side, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
