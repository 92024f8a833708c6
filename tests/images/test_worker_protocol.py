from __future__ import annotations

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.frames import ProtocolError, ReadExactly
from annclust.images.capture import FIELDS, Capture
from annclust.images.decoded_image import View
from annclust.images.worker_protocol import (
    MOST_KNOWN,
    Answer,
    Request,
    WorkerOrders,
)
from annclust.input_geometry import InputGeometry

GEOMETRY = InputGeometry(short_side=4, crop=3)
PIXELS = bytes(range(27))


def reader(frame: bytes) -> ReadExactly:
    stream = io.BytesIO(frame)

    def read(count: int) -> bytes:
        chunk = stream.read(count)
        if len(chunk) < count:
            raise EOFError
        return chunk

    return read


@given(path=st.binary(max_size=50), known=st.frozensets(st.binary(min_size=32, max_size=32)))
def test_a_request_arrives_as_it_was_sent(path: bytes, known: frozenset[bytes]) -> None:
    request = Request(path, known)
    assert Request.receive(reader(request.pack())) == request


def test_orders_arrive_as_they_were_given() -> None:
    geometry = InputGeometry.squash(224, "nearest")
    orders = WorkerOrders(geometry, 10**8, 1 << 31, 1 << 30, 1 << 27, 31.5, follow_symlinks=True)
    assert WorkerOrders.receive(reader(orders.pack())) == orders


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(bytes(32), 5, 7),
        Answer(bytes(32), 5, 7, View(PIXELS, 3, 3, 640, 480, "JPEG")),
        Answer(bytes(32), 5, 7, reason="truncated JPEG"),
        Answer(bytes(32), 5, -7),  # a file from before 1970
        Answer(reason="permission denied — 写", retry=True),
        Answer(bytes(32), 5, 7, capture=Capture()),
        Answer(bytes(32), 5, 7, capture=Capture(-5, -33.9, 18.4, 1 / 3, 0.01, 1.8, 100)),
    ],
)
def test_an_answer_arrives_as_it_was_sent(answer: Answer) -> None:
    assert Answer.receive(reader(answer.pack()), GEOMETRY) == answer


def frame(head: object, body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return struct.pack("<II", len(text), len(body)) + text + body


@pytest.mark.parametrize(
    "nonsense",
    [
        struct.pack("<II", 1 << 31, 0),
        struct.pack("<II", 2, 1 << 31) + b"{}",
        struct.pack("<II", 2, 0) + b"{]",
        frame([1, 2]),
        frame({}),
        frame({"digest": "xyz", "size": 1, "modified_ns": 1, "reason": None, "retry": False}),
        frame({"digest": None, "size": [], "modified_ns": 1, "reason": None, "retry": False}),
        frame({"digest": "00", "size": 1, "modified_ns": 1, "reason": None, "retry": False}),
        frame({"digest": None, "size": 1 << 64, "modified_ns": 1, "reason": None, "retry": False}),
        struct.pack("<II", 60_000, 0) + b"[" * 60_000,
        Answer(bytes(32), 5, 7, View(PIXELS[:-1], 3, 3, 640, 480, "JPEG")).pack(),
        Answer(bytes(32), 5, 7, View(PIXELS, 3, 3, 0, 480, "JPEG")).pack(),
        Answer(bytes(32), 5, 7, View(PIXELS, 3, 3, 640, -7, "JPEG")).pack(),
        Answer(bytes(32), 5, 7, View(PIXELS, 9, 1, 640, 480, "JPEG")).pack(),
        Answer(bytes(32), 5, 7, View(PIXELS, 3, 3, 640, 480, "no format")).pack(),
        Answer(bytes(32), -3, 7).pack(),
        Answer(reason="colors the terminal \x1b[31m").pack(),
        Answer(reason="turns the line \u202e").pack(),
        frame({"digest": None, "size": True, "modified_ns": 1, "reason": None, "retry": False}),
        frame({"digest": None, "size": 1, "modified_ns": 1, "reason": 5, "retry": False}),
        frame({"digest": None, "size": 1, "modified_ns": 1, "reason": None, "retry": "yes"}),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused(nonsense: bytes) -> None:
    with pytest.raises(ProtocolError):
        Answer.receive(reader(nonsense), GEOMETRY)


HEAD = {"digest": "00" * 32, "size": 5, "modified_ns": 7, "reason": None, "retry": False}
SAYS_NOTHING = {**HEAD, "claim": 0, "captured": True, **dict.fromkeys(FIELDS)}


def test_a_capture_may_say_nothing() -> None:
    answer = Answer.receive(reader(frame(SAYS_NOTHING)), GEOMETRY)
    assert answer == Answer(bytes(32), 5, 7, capture=Capture())


@pytest.mark.parametrize(
    "wrong",
    [
        {"captured": 1},
        {"taken_ns": 1 << 63},
        {"taken_ns": 1.5},
        {"taken_ns": True},
        {"taken_ns": "2024"},
        {"latitude": 91.0, "longitude": 0.0},
        {"latitude": 48.1},
        {"latitude": 48, "longitude": 11},
        {"exposure_bias": float("nan")},
        {"exposure_bias": [1.0]},
        {"exposure_seconds": -1.0},
        {"f_number": float("inf")},
        {"iso": 0},
        {"iso": {}},
    ],
)
def test_a_capture_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        Answer.receive(reader(frame({**SAYS_NOTHING, **wrong})), GEOMETRY)


@pytest.mark.parametrize("missing", ["captured", *FIELDS])
def test_a_capture_without_one_of_its_parts_is_refused(missing: str) -> None:
    head = {name: value for name, value in SAYS_NOTHING.items() if name != missing}
    with pytest.raises(ProtocolError):
        Answer.receive(reader(frame(head)), GEOMETRY)


def test_a_long_reason_is_cut() -> None:
    received = Answer.receive(reader(Answer(reason="word " * 1000).pack()), GEOMETRY).reason
    assert received is not None
    assert received.startswith("word word")
    assert len(received) <= 201


def test_a_request_does_not_grow_with_the_number_of_known_contents() -> None:
    known = frozenset(number.to_bytes(32, "big") for number in range(5 * MOST_KNOWN))
    frame = Request(b"a.jpg", known).pack()
    assert len(frame) < 33 * MOST_KNOWN
    received = Request.receive(reader(frame))
    assert received.path == b"a.jpg"
    assert len(received.known) == MOST_KNOWN
    assert received.known < known


@given(noise=st.binary(max_size=200))
def test_noise_is_never_more_than_an_error(noise: bytes) -> None:
    with pytest.raises((ProtocolError, EOFError)):
        Answer.receive(reader(noise), GEOMETRY)


FRAMES = InputGeometry.frame(32)


@pytest.mark.parametrize("size", [(32, 32), (64, 32), (32, 64)])
def test_whole_frames_have_many_sizes(size: tuple[int, int]) -> None:
    pixels = bytes(3 * size[0] * size[1])
    answer = Answer(bytes(32), 5, 7, View(pixels, *size, 640, 480, "JPEG"))
    assert Answer.receive(reader(answer.pack()), FRAMES) == answer


@pytest.mark.parametrize("size", [(16, 32), (33, 32), (2048, 1), (32, 80)])
def test_but_not_any(size: tuple[int, int]) -> None:
    pixels = bytes(3 * size[0] * size[1])
    assert not FRAMES.allows(size)
    with pytest.raises(ProtocolError, match="wrong size"):
        Answer.receive(reader(Answer(made=View(pixels, *size, 640, 480, "JPEG")).pack()), FRAMES)


def test_a_frame_has_as_many_pixels_as_it_says() -> None:
    view = View(bytes(3 * 32 * 32), 64, 32, 640, 480, "JPEG")
    with pytest.raises(ProtocolError, match="wrong size"):
        Answer.receive(reader(Answer(made=view).pack()), FRAMES)


@pytest.mark.parametrize("size", [(64, 64), (96, 32), (0, 32), (32, -32)])
def test_no_frame_is_larger_than_they_become(size: tuple[int, int]) -> None:
    assert not FRAMES.allows(size)
