from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.images.formats import IMAGE_EXTENSIONS, PREFIX_BYTES, RAW, is_cut_short, sniff
from tests.images.samples import ENCODINGS, encode, landscape

NAMES = {"JPEG2000": "JPEG 2000", "WEBP": "WebP"}


@pytest.mark.parametrize("extension", ENCODINGS)
def test_each_format_is_known_by_its_first_bytes(extension: str) -> None:
    expected = ENCODINGS[extension][0]
    data = encode(landscape(), extension)
    assert sniff(data) == sniff(data[:PREFIX_BYTES]) == NAMES.get(expected, expected)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        (b"<svg xmlns=", "SVG"),
        (b'\xef\xbb\xbf  <?xml version="1.0"?>', "SVG"),
        (b"II*\0\x10\0\0\0CR\x02\0", RAW),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", RAW),
        (b"FUJIFILMCCD-RAW 0201", RAW),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"%!PS-Adobe-3.0 EPSF", "PostScript"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", None),
        (b"this is not an image", None),
        (b"", None),
    ],
)
def test_other_formats_are_called_by_their_names(prefix: bytes, name: str | None) -> None:
    assert sniff(prefix) == name


@given(st.binary(max_size=80))
def test_sniffing_never_fails(prefix: bytes) -> None:
    assert sniff(prefix) is None or sniff(prefix) != ""


@pytest.mark.parametrize("extension", ["heic", "avif"])
def test_a_file_of_boxes_is_cut_short_if_any_byte_of_its_pictures_is_missing(
    extension: str,
) -> None:
    data = encode(landscape(), extension)
    assert not is_cut_short(data)
    assert not is_cut_short(data + b"anything after it")
    assert is_cut_short(data[:-1])
    assert is_cut_short(data[: len(data) // 2])


def test_extensions_are_lower_case_without_a_dot() -> None:
    assert {b"jpg", b"heic", b"cr2"} <= IMAGE_EXTENSIONS
    assert all(name == name.lower() and b"." not in name for name in IMAGE_EXTENSIONS)
