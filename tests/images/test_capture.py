from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from annclust.images.capture import PHOTO_TAGS, POSITION_TAGS, Capture, Tags, capture_of
from annclust.images.decoding import read_capture
from annclust.images.exif import capture_from
from annclust.images.formats import PREFIX_BYTES
from scripts.faults.hostile.raw_photos import dng
from tests.images.samples import ENOUGH_PIXELS, encode, landscape

ORIGINAL, DIGITIZED = ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized
FRACTION, OFFSET = ExifTags.Base.SubsecTimeOriginal, ExifTags.Base.OffsetTimeOriginal
NOON = "2024:05:06 12:00:00"
NOON_NS = 1_714_996_800 * 10**9
SECOND = 10**9
HOUR = 3600 * SECOND


def taken(*, fraction: object = None, offset: object = None, at: object = NOON) -> int | None:
    return capture_of({ORIGINAL: at, FRACTION: fraction, OFFSET: offset}, {}).taken_ns


def test_the_clock_on_the_wall_counts_as_if_it_were_that_of_greenwich() -> None:
    assert taken() == NOON_NS == datetime(2024, 5, 6, 12, tzinfo=UTC).timestamp() * SECOND


@pytest.mark.parametrize(
    ("offset", "ahead"),
    [("+02:00", 2), ("-05:00", -5), ("+0000", 0), ("+14:00", 14), ("-09:30", -9.5)],
)
def test_a_clock_that_tells_its_offset_tells_the_moment(offset: str, ahead: float) -> None:
    assert taken(offset=offset) == NOON_NS - ahead * HOUR


@pytest.mark.parametrize(
    "offset", ["", "   :  ", "+99:00", "+15:30", "+02:75", "Z", b"+02:00", 2, "+02\x0000"]
)
def test_an_offset_that_is_none_does_not_count(offset: object) -> None:
    assert taken(offset=offset) == NOON_NS


@pytest.mark.parametrize(
    ("fraction", "nanoseconds"),
    [("5", 500_000_000), ("04", 40_000_000), ("123456", 123_456_000), ("987\0\0", 987_000_000),
     ("1234567891", 123_456_789), ("", 0), ("-5", 0), ("½", 0), (5, 0), (b"5", 0)],
)  # fmt: skip
def test_digits_behind_the_point_of_the_second_count(fraction: object, nanoseconds: int) -> None:
    assert taken(fraction=fraction) == NOON_NS + nanoseconds


def test_fractions_and_offsets_hold_before_1970_too() -> None:
    when = taken(at="1965:01:01 00:00:00", fraction="25", offset="+01:00")
    before = datetime(1964, 12, 31, 23, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    assert when == before // timedelta(seconds=1) * SECOND + SECOND // 4


@pytest.mark.parametrize(
    "text",
    ["2024-05-06 12:00:00", "2024:05:06T12:00:00", NOON + "\0\0", NOON + " ",
     "2024:05: 6 12: 0: 0", "2024:5:6 12:0:0", "2024.05.06 12:00:00", "2024:05:06 11:59:60",
     NOON + "Z", "2024:05:06 14:00:00+02:00", "2024:05:06 04:30:00 -0730", NOON + ".000"],
)  # fmt: skip
def test_moments_are_written_in_several_ways(text: str) -> None:
    assert taken(at=text) == NOON_NS


def test_what_a_moment_says_within_comes_before_what_other_tags_say() -> None:
    within = taken(at="2024:05:06 12:00:00.50+02:00", fraction="9", offset="-05:00")
    assert within == NOON_NS - 2 * HOUR + SECOND // 2
    assert taken(at="2024:05:06 12:00:00,5", offset="+02:00") == within


def test_an_offset_within_that_is_none_does_not_count_either() -> None:
    assert taken(at=NOON + "+02:75") == NOON_NS


@pytest.mark.parametrize(
    "nothing",
    ["0000:00:00 00:00:00", "    :  :     :  :  ", "2024:02:30 12:00:00", "2024:05:06 25:00:00", "",
     "2024:05:06 12:00", "2024:05\x0006 12:00:00", "٢٠٢٤:05:06 12:00:00", "9999:12:31 23:59:59",
     "0001:01:01 00:00:00", "2024:05:06 12:00:61", "2024:05:06 12:60:00", "2024:05:  6 12:00:00",
     "2024:05:06 12:00:00.", "2024:05:06 12:00:00 PM", "9999:12:31 23:59:60",
     NOON.encode(), 20240506, 0.5, None, (), [], ("x", NOON)],
)  # fmt: skip
def test_a_moment_that_cannot_be_is_none(nothing: object) -> None:
    assert taken(at=nothing) is None


def test_scans_say_when_they_were_made() -> None:
    tags = {DIGITIZED: NOON, ExifTags.Base.SubsecTimeDigitized: "5", FRACTION: "9"}
    assert capture_of(tags, {}).taken_ns == NOON_NS + SECOND // 2
    assert capture_of(tags | {ORIGINAL: "0000:00:00 00:00:00"}, {}).taken_ns is not None
    assert capture_of(tags | {ORIGINAL: "2024:05:06 11:00:00"}, {}).taken_ns == (
        NOON_NS - HOUR + 9 * SECOND // 10
    )


def test_the_time_of_the_last_edit_does_not_count() -> None:
    assert capture_of({ExifTags.Base.DateTime: NOON}, {}) == Capture()


MUNICH: Tags = {1: "N", 2: (48.0, 8.0, 15.0), 3: "E", 4: (11, Fraction(69, 2), 0)}


def place(**changed: object) -> tuple[float | None, float | None]:
    """What is read of a place, some of whose tags are others."""
    names = {"north": 1, "latitude": 2, "east": 3, "longitude": 4}
    found = capture_of({}, {**MUNICH, **{names[name]: value for name, value in changed.items()}})
    return found.latitude, found.longitude


def test_a_place_is_in_degrees() -> None:
    assert place() == pytest.approx((48.1375, 11.575))
    assert place(latitude=(48.1375,)) == pytest.approx((48.1375, 11.575))
    assert place(latitude=[48, 8.25]) == pytest.approx((48.1375, 11.575))


def test_south_and_west_are_below_zero() -> None:
    assert place(north="S", east="w\0") == pytest.approx((-48.1375, -11.575))


@pytest.mark.parametrize(
    "wrong",
    [{"north": None}, {"north": "E"}, {"north": "NS"}, {"east": b"E"}, {"east": ""},
     {"latitude": (90, 0, 1)}, {"longitude": (181,)}, {"latitude": (float("nan"), 0, 0)},
     {"latitude": (48, IFDRational(1, 0), 0)}, {"latitude": ()}, {"latitude": 48.1},
     {"latitude": (48, 61, 0)}, {"latitude": (48, 0, 60.5)}, {"latitude": (-48, 8, 15)},
     {"latitude": b"\x30\x08\x0f"}, {"longitude": b"\x0b"}, {"longitude": range(3)},
     {"longitude": "11"}, {"longitude": (-11, 0, 0)}, {"longitude": (10**400, 0, 0)},
     {"latitude": (0, 0, 0), "longitude": (0, 0, 0)}],
)  # fmt: skip
def test_a_place_that_cannot_be_is_none(wrong: Mapping[str, object]) -> None:
    assert place(**wrong) == (None, None)


def test_minutes_and_seconds_that_were_rounded_up_to_60_are_the_next_one() -> None:
    assert place(latitude=(48, 59, 60))[0] == place(latitude=(48, 60, 0))[0] == 49


def test_the_equator_and_greenwich_are_places() -> None:
    assert place(latitude=(0, 0, 0))[0] == 0
    assert place(longitude=(0, 0, 0))[1] == 0


EXPOSURE = {
    ExifTags.Base.ExposureBiasValue: IFDRational(-2, 3),
    ExifTags.Base.ExposureTime: IFDRational(1, 250),
    ExifTags.Base.FNumber: (IFDRational(28, 10),),
    ExifTags.Base.ISOSpeedRatings: 200,
}


def exposure(tags: Tags) -> tuple[float | None, ...]:
    found = capture_of(tags, {})
    return found.exposure_bias, found.exposure_seconds, found.f_number, found.iso


def test_an_exposure_is_in_plain_numbers() -> None:
    assert exposure(EXPOSURE) == (-2 / 3, 0.004, 2.8, 200)


@pytest.mark.parametrize(
    "nothing",
    [IFDRational(1, 0), IFDRational(0, 0), float("nan"), float("inf"), 10**400, -(10**9), "1/250",
     b"\x01", None, (), True, object(), 1 + 2j],
)  # fmt: skip
def test_an_exposure_that_cannot_be_is_none(nothing: object) -> None:
    assert exposure(dict.fromkeys(EXPOSURE, nothing)) == (None,) * 4


def test_no_time_and_no_opening_are_unknown_ones_but_no_bias_is_one() -> None:
    assert exposure(dict.fromkeys(EXPOSURE, 0)) == (0, None, None, None)


def test_sensitivities_beyond_16_bits_are_in_another_tag() -> None:
    tags = {ExifTags.Base.ISOSpeedRatings: 65535, ExifTags.Base.RecommendedExposureIndex: 102400}
    assert exposure(tags)[3] == 102400
    assert exposure({ExifTags.Base.ISOSpeedRatings: (400, 0)})[3] == 400
    assert exposure({ExifTags.Base.ISOSpeedRatings: (0, 400)})[3] == 400
    assert exposure({ExifTags.Base.ISOSpeedRatings: [65535, 0, 102400]})[3] == 102400


rationals = st.builds(IFDRational, st.integers(), st.integers())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | rationals
    | st.sampled_from([NOON, "N", "S", "E", "W", "+02:00", 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=5,
)  # fmt: skip


@given(
    photo=st.dictionaries(st.sampled_from(sorted(PHOTO_TAGS)), values),
    position=st.dictionaries(st.sampled_from(sorted(POSITION_TAGS)), values),
)
def test_whatever_tags_hold_it_gives_a_capture(photo: Tags, position: Tags) -> None:
    assert isinstance(capture_of(photo, position), Capture)


@given(
    moment=st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_is_what_it_was_in_its_own_time_zone(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    at, fraction = moment.strftime("%Y:%m:%d %H:%M:%S"), f"{moment.microsecond:06}"
    since = moment.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)
    assert (
        taken(at=at, fraction=fraction, offset=offset) == since // timedelta(microseconds=1) * 1000
    )


@pytest.mark.parametrize(
    "wrong",
    [{"taken_ns": 1 << 63}, {"taken_ns": 1.0}, {"iso": True}, {"latitude": 1.0}, {"f_number": 3},
     {"latitude": 91.0, "longitude": 0.0}, {"exposure_seconds": float("nan")}, {"iso": "100"}],
)  # fmt: skip
def test_there_is_no_capture_that_the_catalog_could_not_hold(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|latitude and longitude"):
        Capture(**wrong)  # type: ignore[arg-type]


# Files

WHOLE = Capture(NOON_NS + SECOND // 4 - 2 * HOUR, 48.1375, 11.575, -2 / 3, 0.004, 2.8, 200)


def exif() -> Image.Exif:
    """What a camera writes."""
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "annclust"
    photo, position = tags.get_ifd(ExifTags.IFD.Exif), tags.get_ifd(ExifTags.IFD.GPSInfo)
    photo.update({**EXPOSURE, ORIGINAL: NOON, FRACTION: "25", OFFSET: "+02:00"})
    photo[ExifTags.Base.FNumber] = IFDRational(28, 10)
    position.update({1: "N", 2: (48.0, 8.0, 15.0), 3: "E", 4: (11.0, 34.0, 30.0)})
    return tags


def read(data: bytes) -> Capture:
    return read_capture(data, max_pixels=ENOUGH_PIXELS)


@pytest.mark.parametrize("extension", ["jpg", "png", "tif", "webp", "avif", "heic"])
def test_every_format_that_can_tells_how_a_photo_was_taken(extension: str) -> None:
    assert read(encode(landscape(), extension, exif=exif().tobytes())) == WHOLE


@pytest.mark.parametrize("extension", ["jpg", "png", "tif", "webp", "avif", "heic", "gif", "bmp"])
def test_a_picture_without_exif_says_nothing(extension: str) -> None:
    assert read(encode(landscape(), extension)) == Capture()


def test_exif_behind_the_pixels_of_a_png_counts() -> None:
    data = encode(landscape(), "png", exif=exif())
    start = data.index(b"eXIf") - 4
    (length,) = struct.unpack(">I", data[start : start + 4])
    chunk, end = data[start : start + 12 + length], data.index(b"IEND") - 4
    moved = data[:start] + data[start + 12 + length : end] + chunk + data[end:]
    assert read(moved) == WHOLE


def test_nobody_looks_for_exif_behind_any_number_of_chunks() -> None:
    data = encode(landscape(), "png", exif=exif())
    place = data.index(b"eXIf") - 4
    empty = struct.pack(">I4sI", 0, b"noNe", 0)
    assert read(data[:place] + 1000 * empty + data[place:]) == WHOLE
    assert read(data[:place] + 200_000 * empty + data[place:]) == Capture()


def big_tiff(pointer: int, tags: int = 1) -> bytes:
    """A BigTIFF whose only tag, of that type, leads to a directory with a moment."""

    def directory(count: int, *entry: int) -> bytes:
        return struct.pack("<QHHQQQ", count, *entry, 0)

    head = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16)
    main = directory(1, ExifTags.IFD.Exif, pointer, 1, 16 + 36)
    moment = NOON.encode() + b"\0"
    photo = directory(tags, ORIGINAL, 2, len(moment), 16 + 2 * 36)
    return head + main + photo + moment


@pytest.mark.parametrize("pointer", [4, 13, 16, 18])
def test_big_tiffs_tell_it_too(pointer: int) -> None:
    assert read(big_tiff(pointer)) == Capture(NOON_NS)


def test_big_tiffs_have_no_more_tags_than_others() -> None:
    assert read(big_tiff(16, tags=1 << 40)) == Capture()


def test_raw_photos_that_are_tiffs_tell_it_themselves() -> None:
    whole = exif().tobytes().removeprefix(b"Exif\0\0")
    assert read(whole) == WHOLE
    assert read(dng(landscape())) == Capture()


def test_what_comes_before_damage_counts() -> None:
    data = exif()
    data.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(1000)
    jpeg = encode(landscape(), "jpg", exif=data)
    entry = struct.pack(">HHI", ExifTags.Base.MakerNote, 1, 1000)
    place = jpeg.index(entry) + len(entry)
    found = read(jpeg[:place] + b"\0\xff\xff\xff" + jpeg[place + 4 :])
    assert (found.f_number, found.exposure_bias) == (WHOLE.f_number, WHOLE.exposure_bias)
    assert (found.taken_ns, found.latitude) == (NOON_NS - 2 * HOUR, WHOLE.latitude)


@pytest.mark.parametrize("name", [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"])
def test_exif_goes_by_its_name_or_not(name: bytes) -> None:
    assert capture_from(name + exif().tobytes().removeprefix(b"Exif\0\0")) == WHOLE


def test_of_a_damaged_directory_the_other_one_still_counts() -> None:
    data = encode(landscape(), "jpg", exif=exif())
    entry = struct.pack(">HHI", ExifTags.IFD.GPSInfo, 4, 1)
    place = data.index(entry) + len(entry)
    broken = data[:place] + b"\xff\xff\xff\xff" + data[place + 4 :]
    found = read(broken)
    assert (found.taken_ns, found.latitude) == (WHOLE.taken_ns, None)


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"RIFF\0\0\0\0WEBP", b""]
)
@given(noise=st.binary(max_size=2 * PREFIX_BYTES))
def test_noise_says_nothing(head: bytes, noise: bytes) -> None:
    assert read(head + noise) == Capture()


@given(place=st.integers(0, 400), value=st.integers(0, 255))
def test_damaged_exif_never_raises(place: int, value: int) -> None:
    data = bytearray(exif().tobytes())
    data[place % len(data)] = value
    assert isinstance(read(encode(landscape(16, 16), "jpg", exif=bytes(data))), Capture)
