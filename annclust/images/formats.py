"""Formats: which files may be images, by their names and by their first bytes.

Discovery asks by name, and looks at first bytes where a name tells nothing; decoding believes the
bytes alone. No other format is ever handed to a decoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

PREFIX_BYTES: Final = 64
"""How much of a file `sniff` wants to see; more does no harm."""

RAW: Final = "camera RAW"
"""What `sniff` calls the raw formats of cameras, where they do not begin as any TIFF does."""

RAW_NEEDS_AN_EXTRA: Final = f"unsupported format ({RAW}; pip install 'annclust[raw]')"
"""The reason against a raw photo where rawpy is not installed."""

DECODABLE: Final = frozenset(
    {
        *("JPEG", "PNG", "GIF", "WebP", "TIFF", "BMP", "DIB", "JPEG 2000", "AVIF", "HEIF"),
        *("PSD", "ICO", RAW),
    }
)
"""The formats that have a decoder, as `sniff` calls them."""

_DECODABLE_EXTENSIONS = (
    "jpg jpeg jpe jfif mpo png apng gif webp tif tiff bmp dib"
    " heic heics heif heifs hif avif avifs jp2 j2k j2c jpf jpx jpc psd ico"
)
_RAW_EXTENSIONS = (
    "3fr arw bay cr2 cr3 crw dcr dcs dng drf erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf"
    " ori pef ptx pxn raf raw rw2 rwl rwz sr2 srf srw x3f"
)
_REPORTED_EXTENSIONS = "svg svgz jxl"
RAW_EXTENSIONS: Final = frozenset(_RAW_EXTENSIONS.encode().split())
"""Lower-case extensions of raw photos, without the dot."""


def extension_of(name: bytes) -> bytes | None:
    """What stands behind the last dot of a name, in lower case; None without a dot."""
    _, dot, extension = name.rpartition(b".")
    return extension.lower() if dot else None


VIDEO_EXTENSIONS: Final = frozenset((b"mov", b"mp4"))
"""Lower-case extensions of the videos that phones write beside photos, without the dot."""

IMAGE_EXTENSIONS: Final = RAW_EXTENSIONS.union(
    _DECODABLE_EXTENSIONS.encode().split(), _REPORTED_EXTENSIONS.encode().split()
)
"""Lower-case extensions of images, without the dot. Some cannot be decoded; they are among them to
be reported rather than left out."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"8BPS", "PSD"),
    (b"\0\0\x01\0", "ICO"),
    # Known, not decoded: they deserve to be called by their names.
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIU\0", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"FOVb", RAW),
    (b"\0MRM", RAW),
    (b"II\x1a\0\0\0HEAPCCDR", RAW),
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_DIB_HEADER_SIZES = (40, 52, 56, 64, 108, 124)
_OS2_HEADER_SIZE = 12
_XML_BEGINNINGS = (b"<svg", b"<?xml", b"<!doctype svg", b"<!--")
_SVG_WINDOW = 1024  # bytes; editors write comments before anything else
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
}


def is_photo(prefix: bytes) -> bool:
    """Whether a file that no name tells anything about is a photo, by its first bytes.

    Drawings and documents of whatever kind are not worth a report if nobody called them images.

    Parameters
    ----------
    prefix : bytes
        As for `sniff`.
    """
    return sniff(prefix) in DECODABLE


def is_for_want_of_rawpy(reason: str) -> bool:
    """Whether rawpy could read a file that was refused for some reason."""
    return reason.startswith(f"unsupported format ({RAW}")


def sniff(prefix: bytes) -> str | None:
    """Tell the format of a file by its first bytes.

    Parameters
    ----------
    prefix : bytes
        The first `PREFIX_BYTES` bytes of the file, or more; fewer if it is shorter.

    Returns
    -------
    str or None
        The name of the format, which may be one that cannot be decoded; None if this is no image.
    """
    for magic, name in _MAGIC:
        if prefix.startswith(magic):
            return name
    for recognize in _RECOGNIZERS:
        found = recognize(prefix)
        if found is not None:
            return found
    return None


def _sniff_tiff(prefix: bytes) -> str | None:
    if not prefix.startswith(_TIFF_MAGIC):
        return None
    return RAW if prefix[8:10] == b"CR" else "TIFF"


def _sniff_webp(prefix: bytes) -> str | None:
    return "WebP" if prefix[:4] == b"RIFF" and prefix[8:12] == b"WEBP" else None


def _sniff_iso_media(prefix: bytes) -> str | None:
    if prefix[4:8] != b"ftyp":
        return None
    brands = [prefix[8:12], *_compatible_brands(prefix)]
    if brands[0] == b"crx ":
        return RAW
    # Both families share the brand mif1, so AVIF is asked for first.
    if not _AVIF_BRANDS.isdisjoint(brands) and brands[0] not in _HEIF_BRANDS - {b"mif1", b"msf1"}:
        return "AVIF"
    return None if _HEIF_BRANDS.isdisjoint(brands) else "HEIF"


def _compatible_brands(prefix: bytes) -> Iterator[bytes]:
    end = min(int.from_bytes(prefix[:4], "big"), len(prefix) - 3)
    return (prefix[start : start + 4] for start in range(16, end, 4))


def _sniff_bmp(prefix: bytes) -> str | None:
    """A bitmap has a second header after that of the file; text may begin with "BM", too."""
    size = int.from_bytes(prefix[14:18], "little")
    is_bitmap = prefix.startswith(b"BM") and size in (_OS2_HEADER_SIZE, *_DIB_HEADER_SIZES)
    return "BMP" if is_bitmap else None


def _sniff_dib(prefix: bytes) -> str | None:
    """A bitmap without a file header begins with the size of its header, and has one plane."""
    size, planes = int.from_bytes(prefix[:4], "little"), prefix[12:14]
    return "DIB" if size in _DIB_HEADER_SIZES and planes == b"\x01\0" else None


def _sniff_svg(prefix: bytes) -> str | None:
    """A drawing may begin as any XML does, with a declaration, a document type or a comment."""
    text = prefix[:_SVG_WINDOW].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "SVG" if text.startswith(_XML_BEGINNINGS) and b"<svg" in text else None


_RECOGNIZERS: tuple[Callable[[bytes], str | None], ...] = (
    _sniff_tiff,
    _sniff_webp,
    _sniff_iso_media,
    _sniff_bmp,
    _sniff_dib,
    _sniff_svg,
)


def is_cut_short(data: bytes) -> bool:
    """Whether a HEIF or AVIF file ends before its pictures do; their decoders do not mind.

    Such a file is a chain of boxes (ISO/IEC 14496-12, 4.2): 4 bytes of size, 4 of type, then, if
    the size is 1, 8 of the real size. Bytes after the last box that is known may be anything.
    """
    start = 0
    while data[start + 4 : start + 8] in _BOXES:
        size = int.from_bytes(data[start : start + 4], "big")
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        if size == 0:  # reaches to the end of the file
            return False
        start += max(size, 8)
    return start > len(data)


_BOXES = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"mini"}
