from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from blake3 import blake3
from PIL import ExifTags, Image

from annclust.images.capture import Capture
from annclust.images.decode_worker import answer
from annclust.images.decoded_image import View
from annclust.images.worker_protocol import Answer, Request, WorkerOrders
from annclust.settings import GIBIBYTE
from tests.images.samples import GEOMETRY, encode, landscape, seen

ORDERS = WorkerOrders(
    geometry=GEOMETRY,
    max_pixels=10**6,
    memory=GIBIBYTE,
    largest=GIBIBYTE,
    unasked=GIBIBYTE,
    cpu_seconds=60,
    follow_symlinks=False,
)
DATA = encode(landscape(), "png")


def save(folder: Path, data: bytes = DATA) -> Path:
    path = folder / "photo.png"
    path.write_bytes(data)
    return path


def ask(path: Path, orders: WorkerOrders = ORDERS, *known: bytes) -> Answer:
    return answer(Request(os.fsencode(path), frozenset(known)), orders, nothing_is_too_large)


def nothing_is_too_large(amount: int, file_size: int) -> bool:
    """Grant any memory."""
    return True


def test_a_picture_comes_with_its_content_s_identity(tmp_path: Path) -> None:
    path = save(tmp_path)
    view = View(seen(DATA).pixels.tobytes(), 28, 28, 96, 64, "PNG")
    seen_before = blake3(DATA).digest(), len(DATA), path.stat().st_mtime_ns
    assert ask(path) == Answer(*seen_before, view, capture=Capture())


def test_a_known_content_comes_without_a_picture(tmp_path: Path) -> None:
    answered = ask(save(tmp_path), ORDERS, blake3(DATA).digest())
    assert answered.digest == blake3(DATA).digest()
    assert (answered.made, answered.reason) == (None, None)


def test_how_a_photo_was_taken_comes_along_whether_it_is_known_or_not(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 800
    data = encode(landscape(), "jpg", exif=exif)
    path = save(tmp_path, data)
    assert ask(path).capture == Capture(iso=800)
    assert ask(path, ORDERS, blake3(data).digest()).capture == Capture(iso=800)
    assert ask(save(tmp_path, data[: len(data) // 2])).capture is None


def test_a_broken_content_keeps_its_identity(tmp_path: Path) -> None:
    half = DATA[: len(DATA) // 2]
    answered = ask(save(tmp_path, half))
    assert answered.digest == blake3(half).digest()
    assert (answered.reason, answered.retry) == ("truncated PNG", False)


def test_limits_come_from_the_orders(tmp_path: Path) -> None:
    too_many = ask(save(tmp_path), replace(ORDERS, max_pixels=100))
    assert too_many.reason == "96 × 64 pixels are more than the limit of 100"  # noqa: RUF001
    too_large = ask(save(tmp_path), replace(ORDERS, memory=len(DATA)))
    assert (too_large.digest, too_large.retry) == (None, False)


def test_links_are_followed_on_orders_only(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / "link.png").symlink_to("photo.png")
    assert ask(tmp_path / "link.png").reason == "it is a symbolic link"
    assert ask(tmp_path / "link.png", replace(ORDERS, follow_symlinks=True)).reason is None
