from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.images.formats import (
    DECODABLE,
    IMAGE_EXTENSIONS,
    PREFIX_BYTES,
    RAW,
    is_cut_short,
    is_photo,
    sniff,
)
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
        (b'\xef\xbb\xbf  <?xml version="1.0"?>\n<svg>', "SVG"),
        (b"<?xml version='1.0'?>" + b"<!-- drawn by hand -->" * 20 + b"<SVG", "SVG"),
        (b"<?xml version='1.0'?><gpx>", None),
        (b"<svg" + bytes(3000), "SVG"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "BMP"),
        (b"BM" + bytes(12) + b"\x0c\0\0\0", "BMP"),
        (b"BMW drives on, says the paper", None),
        (b"BM", None),
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


@pytest.mark.parametrize("extension", ENCODINGS)
def test_whatever_can_be_decoded_is_a_photo(extension: str) -> None:
    assert is_photo(encode(landscape(), extension)[:PREFIX_BYTES])


def test_formats_with_a_decoder_are_those_that_are_encoded_here_and_two_more() -> None:
    encoded = {sniff(encode(landscape(), name)) for name in ENCODINGS}
    assert encoded | {"PSD", RAW} == DECODABLE


@pytest.mark.parametrize("prefix", [b"II*\0\x10\0\0\0CR\x02\0", b"FUJIFILMCCD-RAW 0201"])
def test_raw_photos_are_photos(prefix: bytes) -> None:
    assert is_photo(prefix)


@pytest.mark.parametrize(
    "prefix", [b"", b"%PDF-1.7", b"%!PS-Adobe-3.0", b"<svg>", b"<?xml?>", b"BMW drives on", b"text"]
)
def test_documents_drawings_and_texts_are_no_photos(prefix: bytes) -> None:
    assert not is_photo(prefix)


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


def test_the_size_of_a_box_may_take_eight_bytes_or_mean_the_rest_of_the_file() -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 24) + bytes(8)
    assert not is_cut_short(large)
    assert is_cut_short(large[:-1])
    assert not is_cut_short(struct.pack(">I4s", 0, b"mdat") + b"any number of bytes")


def test_extensions_are_lower_case_without_a_dot() -> None:
    assert {b"jpg", b"heic", b"cr2"} <= IMAGE_EXTENSIONS
    assert all(name == name.lower() and b"." not in name for name in IMAGE_EXTENSIONS)
