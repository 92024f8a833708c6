"""Decoding: the bytes of one file become the pixels that an embedder wants to see.

Comes after reading (:mod:`content`) and runs in a process of its own (:mod:`decode_worker`), as no
decoder can be trusted with a file from anywhere. A broken file is an error, never a part of a
picture.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Generic, TypeAlias, TypeVar

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from annclust.images.capture import Capture
from annclust.images.decoded_image import DecodedImage, UndecodableError, View
from annclust.images.exif import capture_from, exif_of, tiff_within
from annclust.images.formats import RAW, is_cut_short, sniff
from annclust.images.look import LoadedPicture, Look
from annclust.images.memory_need import memory_needed
from annclust.images.orientation import UPRIGHT, Orientation, orientation_of
from annclust.images.raw_photo import BYTES_A_PIXEL, Preview, RawPhoto, is_raw
from annclust.images.view_look import ViewLook
from annclust.input_geometry import InputGeometry, Size

_DECODERS = {
    # MPO files, too: their first picture is an ordinary JPEG.
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "DIB": ("PIL.BmpImagePlugin", "DibImageFile"),
    "JPEG 2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "AVIF": ("annclust.images.avif", "AvifImageFile"),
    "HEIF": ("annclust.images.heif", "HeifImageFile"),
    "PSD": ("PIL.PsdImagePlugin", "PsdImageFile"),
    "ICO": ("PIL.IcoImagePlugin", "IcoImageFile"),
}
"""The only decoders that ever run. Named here and imported when needed: a worker starts faster, and
Pillow's own search would also try formats that nobody takes photos in."""


def decode(data: bytes, geometry: InputGeometry, *, max_pixels: int) -> DecodedImage:
    """Decode the first picture of a file and cut out what an embedder wants to see.

    Upright, RGB, opaque over white; scaled and cut as `geometry` says, smaller pictures too. ICC
    profiles are not applied.

    Not to be called from two threads at once: limits of Pillow and Python's warnings are global,
    and are set meanwhile.

    Parameters
    ----------
    data : bytes
        The whole file.
    geometry : InputGeometry
    max_pixels : int
        A picture with more pixels is refused before it is decoded.

    Raises
    ------
    UndecodableError
        If the file is broken, too large, or of a format that is not supported.
    """
    return DecodedImage.from_view(decode_view(data, geometry, max_pixels=max_pixels))


Made = TypeVar("Made")

Claim: TypeAlias = Callable[[int], bool]
"""Asks for so many bytes of memory; False if that is more than may be had."""


def _grant(_amount: int) -> bool:
    """Let anything be decoded."""
    return True


def decode_view(
    data: bytes,
    geometry: InputGeometry,
    *,
    max_pixels: int,
    claim: Claim = _grant,
) -> View:
    """As `decode`, but give plain bytes, without numpy.

    Parameters
    ----------
    data : bytes
    geometry : InputGeometry
    max_pixels : int
    claim : callable
        Called before decoding, with the bytes of memory that it will take at most times. May take
        its time; False if that is more than may be had.
    """
    return decode_as(ViewLook(geometry), data, max_pixels=max_pixels, claim=claim)


def decode_as(look: Look[Made], data: bytes, *, max_pixels: int, claim: Claim = _grant) -> Made:
    """Decode the first picture of a file, and make of it what somebody wants to see.

    Parameters
    ----------
    look : Look
        What is to be made of it.
    data, max_pixels, claim
        As for `decode_view`.

    Raises
    ------
    UndecodableError
        As from `decode`.
    """
    name = _decodable_format(data)
    wish = _Wish(look, max_pixels, claim)
    with _strict_pillow(max_pixels):
        try:
            if name == "TIFF" and is_raw(data):
                name = RAW
            if name == RAW:
                return _decode_raw(data, wish)
            return _see(_open(data, name), name, data, wish)
        except UndecodableError:
            raise
        except Exception as error:
            # Decoders raise whatever they like: OSError, RuntimeError, EOFError, SyntaxError, …
            short = _is_of_memory(error)
            reason = (
                f"there was too little memory to decode this {name}"
                if short
                else _reason(error, name, max_pixels)
            )
            raise UndecodableError(reason, retry=short) from error


def read_capture(data: bytes, *, max_pixels: int) -> Capture:
    """How a photo was taken, as far as its file says; decodes nothing and raises nothing.

    Of raw photos only those say so that are TIFFs, which most are. Not to be called from two
    threads at once, as `decode`.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_pixels : int
        A picture with more pixels need not be opened.
    """
    with _strict_pillow(max_pixels):
        return capture_from(tiff_within(data) or _exif_of_picture(data))


_HOLD_EXIF = ("JPEG", "WebP", "AVIF", "HEIF")
"""Formats whose decoders give EXIF before they decode."""


def _exif_of_picture(data: bytes) -> bytes:
    name = sniff(data)
    if name not in _HOLD_EXIF:
        return b""
    try:
        return exif_of(_open(data, name))
    except Exception:  # decoders raise whatever they like; decoding will have words for it
        return b""


def _decodable_format(data: bytes) -> str:
    if not data:
        raise UndecodableError("empty file")
    name = sniff(data)
    if name is None:
        raise UndecodableError("not an image")
    if name not in _DECODERS and name != RAW:
        raise UndecodableError(f"unsupported format ({name})")
    if name in ("HEIF", "AVIF") and is_cut_short(data):
        raise UndecodableError(f"truncated {name}")
    return name


@contextmanager
def _strict_pillow(max_pixels: int) -> Iterator[None]:
    """Make Pillow's limit ours; its warnings come to nothing, but for that of the limit."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@dataclass(frozen=True, slots=True)
class _Wish(Generic[Made]):
    """What is to be made of a picture, and what that may cost."""

    look: Look[Made]
    max_pixels: int
    claim: Claim


def _decode_raw(data: bytes, wish: _Wish[Made]) -> Made:
    """See the preview of a raw photo; develop it if there is none, or one with too few pixels."""
    wish = replace(wish, claim=_OneClaim(wish.claim))
    with RawPhoto(data) as photo:
        whole = photo.width, photo.height
        preview = photo.preview()
        if preview is None or not wish.look.does_with(preview.picture.size, whole):
            preview = _develop(photo, wish) or preview
        if preview is None:
            raise UndecodableError(f"damaged {RAW}, or of an unsupported kind")
        raw = _Raw(whole, photo.orientation)
        return _see(preview.picture, "JPEG", preview.jpeg, wish, raw)


def _develop(photo: RawPhoto, wish: _Wish[Made]) -> Preview | None:
    _check_size((photo.width, photo.height), wish.max_pixels)
    half = photo.width // 2 + 1, photo.height // 2 + 1
    if not wish.claim(photo.sensor_pixels * BYTES_A_PIXEL + wish.look.memory_beside(half)):
        raise UndecodableError(f"developing this {RAW} takes more memory than is allowed")
    return photo.develop()


class _OneClaim:
    """Claims memory once: what comes later must do with what was granted, as nobody waits twice."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._granted: int | None = None

    def __call__(self, amount: int) -> bool:
        if self._granted is not None:
            return amount <= self._granted
        granted = self._claim(amount)
        self._granted = amount if granted else None
        return granted


def _open(data: bytes, name: str) -> ImageFile.ImageFile:
    module, decoder = _DECODERS[name]
    picture = getattr(import_module(module), decoder)(io.BytesIO(data))
    assert isinstance(picture, ImageFile.ImageFile)
    return picture


@dataclass(frozen=True, slots=True)
class _Raw:
    """What a raw photo says of itself, while its preview is seen."""

    size: Size
    orientation: Orientation


def _see(
    picture: Image.Image, name: str, data: bytes, wish: _Wish[Made], raw: _Raw | None = None
) -> Made:
    """Load a picture, and make of it what is to be seen."""
    size = picture.size
    _check_size(size, wish.max_pixels)
    extent = _shrink_while_loading(picture, wish.look)
    needed = memory_needed(picture, name, size, data) + wish.look.memory_beside(picture.size)
    if not wish.claim(needed):
        raise UndecodableError(f"decoding this {name} takes more memory than is allowed")
    picture.load()
    if extent is None:
        size = extent = picture.size  # TIFFs are turned, HEIFs may be cut while loading
    orientation = orientation_of(picture, raw.orientation if raw else UPRIGHT)
    upright = orientation.upright_size(size)
    kind, whole = (RAW, raw.size) if raw else (name, upright)
    return wish.look.see(LoadedPicture(picture, kind, extent, orientation, upright, whole))


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        excess = f"{width} × {height} pixels are more than"  # noqa: RUF001 - typography, not code
        raise UndecodableError(f"{excess} {_limit(max_pixels)}")


def _limit(max_pixels: int) -> str:
    number = f"{max_pixels / 1e6:g} million" if max_pixels >= 1e6 else str(max_pixels)
    return f"the limit of {number}"


def _shrink_while_loading(picture: Image.Image, look: Look[Made]) -> tuple[float, float] | None:
    """Ask a JPEG decoder for no more pixels than are needed.

    Returns
    -------
    tuple of float, or None
        Width and height of the picture in the pixels that will be loaded; the last ones may be
        covered only in part. None if the picture will not be shrunk.
    """
    if not isinstance(picture, JpegImageFile):
        return None
    needed = look.fewest_pixels(picture.size)
    drafted = None if needed is None else picture.draft(None, needed)
    return None if drafted is None else (drafted[1][2], drafted[1][3])


def _reason(error: Exception, name: str, max_pixels: int) -> str:
    match error:
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return f"it claims more pixels than {_limit(max_pixels)}"
        case EOFError() | struct.error() | IndexError():
            return f"truncated {name}"
        case OSError() if "truncated" in str(error).lower():
            return f"truncated {name}"
    return f"damaged {name}, or of an unsupported kind"


def _is_of_memory(error: Exception) -> bool:
    """Whether a decoder ran out of memory, as far as it says so."""
    said = isinstance(error, OSError | RuntimeError) and _MEMORY.search(str(error))
    return isinstance(error, MemoryError) or bool(said)


_MEMORY = re.compile(
    r"(out of|cannot allocate) memory|memory allocation|allocation failed|allocating \d+",
    re.IGNORECASE,
)
