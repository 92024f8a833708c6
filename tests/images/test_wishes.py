"""What else workers make of files than an embedder's views, and what may come back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from annclust.frames import ProtocolError
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.images.decoded_image import View
from annclust.images.decoding import decode_as
from annclust.images.examination import Examination
from annclust.images.examination_look import ExaminationLook
from annclust.images.look import Look
from annclust.images.picture import FULL, LARGE, THUMBNAIL, Picture, PictureWish
from annclust.images.picture_look import PictureLook
from annclust.images.wish import EXAMINATION, VIEW, Wish
from annclust.images.worker_process import WorkerGoneError, WorkerProcess
from annclust.images.worker_protocol import Answer, Request
from annclust.settings import DecodeSettings
from tests.images.samples import (
    ENOUGH_PIXELS,
    GEOMETRY,
    ONE_WORKER,
    PHOTO,
    encode,
    landscape,
    only,
    png_that_promises,
)
from tests.images.scenery import examined, scenery
from tests.images.test_picture import file_of
from tests.images.test_worker_process import ORDERS
from tests.images.test_worker_protocol import reader
from tests.images.watching import eventually

WISHES = [THUMBNAIL, LARGE, FULL, EXAMINATION]
SMALL = PictureWish(100, "JPEG")
PICTURE = Picture(file_of("JPEG"), 96, 64, 640, 480, "JPEG")
SEEN = examined(scenery(96, 64))


def wished(path: Path, wish: Wish, key: int = 0, expected: bytes | None = None) -> ReadJob:
    return ReadJob(key, os.fsencode(path), wish=wish, only=expected)


# The protocol


@pytest.mark.parametrize("wish", [*WISHES, SMALL, VIEW])
@pytest.mark.parametrize("expected", [None, bytes(range(32))])
def test_a_wish_arrives_as_it_was_sent(wish: Wish, expected: bytes | None) -> None:
    request = Request(b"a.jpg", frozenset([bytes(32)]), wish, expected)
    assert Request.receive(reader(request.pack())) == request


@pytest.mark.parametrize(("wish", "made"), [(SMALL, PICTURE), (EXAMINATION, SEEN)])
def test_what_was_made_arrives_as_it_was_sent(wish: Wish, made: Picture | Examination) -> None:
    answer = Answer(bytes(32), 5, 7, made)
    assert Answer.receive(reader(answer.pack()), GEOMETRY, wish) == answer


LONG = bytes(5000)  # for six pixels
LIES = [
    (SMALL, replace(PICTURE, encoded=file_of("WebP"))),
    (SMALL, replace(PICTURE, encoded=b"<svg onload=alert(1)>")),
    (SMALL, replace(PICTURE, encoded=PICTURE.encoded[:-2])),
    (SMALL, replace(PICTURE, columns=101)),
    (SMALL, replace(PICTURE, rows=0)),
    (SMALL, replace(PICTURE, rows=-1)),
    (
        SMALL,
        replace(PICTURE, columns=3, rows=2, encoded=b"\xff\xd8\xff" + bytes(5000) + b"\xff\xd9"),
    ),
    (SMALL, replace(PICTURE, width=0)),
    (SMALL, replace(PICTURE, format="text/html")),
    (SMALL, replace(PICTURE, encoded=b"\xff\xd8\xff" + bytes(90_000) + b"\xff\xd9")),
    (SMALL, SEEN),
    (SMALL, View(bytes(3 * 28 * 28), 28, 28, 640, 480, "JPEG")),
    (EXAMINATION, PICTURE),
    (EXAMINATION, replace(SEEN, sharpness=float("nan"))),
    (EXAMINATION, replace(SEEN, dark=-0.1)),
    (EXAMINATION, replace(SEEN, colors=0)),
    (EXAMINATION, replace(SEEN, thumbnail=bytes(1023))),
    (EXAMINATION, replace(SEEN, thumbnail=bytes(1025))),
    (EXAMINATION, replace(SEEN, width=1 << 40)),
    (VIEW, PICTURE),
    (VIEW, SEEN),
]


@pytest.mark.parametrize(("wish", "made"), LIES)
def test_an_answer_that_was_not_wished_is_refused(wish: Wish, made: Picture | Examination) -> None:
    frame = Answer(bytes(32), 5, 7, made).pack()
    with pytest.raises(ProtocolError):
        Answer.receive(reader(frame), GEOMETRY, wish)


def test_a_worker_that_lies_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = replace(PICTURE, encoded=b"<script>alert(1)</script>")
    text = "\n".join(
        [
            "import os, signal",
            "os.read(0, 1 << 16)",
            f"os.write(0, {Answer().pack()!r})",
            "os.read(0, 1 << 16)",
            f"os.write(0, {Answer(bytes(32), 5, 7, page).pack()!r})",
            "signal.pause()",
        ]
    )
    program = tmp_path / "impostor"
    program.write_text(f"#!{sys.executable} -S\n{text}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    with closing(WorkerProcess(ORDERS)) as impostor:
        impostor.wait_until_ready()
        impostor.send(Request(b"/photo.jpg", wish=SMALL))
        with pytest.raises(WorkerGoneError) as caught:
            impostor.receive(60, SMALL)
        assert not Path(f"/proc/{impostor.pid}").exists()
    assert caught.value.reason == "its decoder crashed"


def test_a_worker_starts_without_what_only_examining_needs() -> None:
    code = "import sys, annclust.images.decode_worker; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "annclust.images.decoding" in loaded
    for name in ("numpy", "annclust.images.examination", "annclust.images.picture_look"):
        assert name not in loaded


# Workers


def test_a_worker_shows_and_measures_what_this_process_would(
    workers: DecodeWorkers, photo: Path
) -> None:
    shown = only(workers.run([wished(photo, THUMBNAIL)]))
    measured = only(workers.run([wished(photo, EXAMINATION)]))
    pictures, examinations = PictureLook(THUMBNAIL), ExaminationLook()
    assert shown.picture == decode_here(pictures, PHOTO)
    assert measured.examination == decode_here(examinations, PHOTO)
    for result in (shown, measured):
        assert result.digest == blake3(PHOTO).digest()
        assert (result.size, result.image, result.reason) == (len(PHOTO), None, None)
    assert (shown.examination, measured.picture) == (None, None)
    assert measured.capture is not None


def decode_here(look: Look, data: bytes) -> object:
    return decode_as(look, data, max_pixels=ENOUGH_PIXELS)


def test_wishes_may_be_mixed(workers: DecodeWorkers, photo: Path) -> None:
    jobs = [wished(photo, [*WISHES, VIEW][key % 5], key) for key in range(50)]
    results = {result.key: result for result in workers.run(jobs)}
    assert len(results) == 50
    for key, result in results.items():
        found = result.picture, result.examination, result.image
        place = (0, 0, 0, 1, 2)[key % 5]
        assert [each is not None for each in found] == [at == place for at in range(3)]


def test_only_what_is_expected_is_decoded(workers: DecodeWorkers, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jpg"
    changed.write_bytes(b"text")  # which would be a reason, if somebody decoded it
    for wish in (*WISHES, VIEW):
        result = only(workers.run([wished(changed, wish, expected=blake3(PHOTO).digest())]))
        assert (result.digest, result.reason) == (blake3(b"text").digest(), None)
        assert (result.picture, result.examination, result.image) == (None, None, None)
    changed.write_bytes(PHOTO)
    result = only(workers.run([wished(changed, THUMBNAIL, expected=blake3(PHOTO).digest())]))
    assert result.picture is not None


@pytest.fixture
def fresh_worker() -> Iterator[DecodeWorkers]:
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        yield workers


def test_only_workers_that_measure_load_numpy(fresh_worker: DecodeWorkers, photo: Path) -> None:
    def has_numpy() -> bool:
        return "numpy" in Path(f"/proc/{fresh_worker.pids[0]}/maps").read_text()

    for wish in (VIEW, THUMBNAIL, FULL):
        assert only(fresh_worker.run([wished(photo, wish)])).reason is None
        assert not has_numpy()
    assert only(fresh_worker.run([wished(photo, EXAMINATION)])).reason is None
    assert has_numpy()


@pytest.mark.parametrize("wish", WISHES)
def test_a_hostile_file_costs_one_result(
    fresh_worker: DecodeWorkers, tmp_path: Path, photo: Path, wish: Wish
) -> None:
    files = {
        "bomb.png": png_that_promises(17_000, 17_000),
        "vast.png": png_that_promises(100_000, 100_000),
        "half.jpg": PHOTO[: len(PHOTO) // 2],
        "text.jpg": b"text",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [*(tmp_path / name for name in files), photo]
    assert only(fresh_worker.run([wished(photo, wish)])).reason is None
    pids = fresh_worker.pids
    results = list(fresh_worker.run(wished(path, wish, key) for key, path in enumerate(paths)))
    assert [result.reason for result in results] == [
        "decoding this PNG takes more memory than is allowed",
        "100000 × 100000 pixels are more than the limit of 300 million",  # noqa: RUF001
        "truncated JPEG",
        "not an image",
        None,
    ]
    assert fresh_worker.pids == pids


@pytest.mark.parametrize("wish", [FULL, EXAMINATION])
def test_a_picture_that_can_be_seen_but_not_copied_is_refused(tmp_path: Path, wish: Wish) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(encode(landscape(4000, 3000), "jpg"))
    settings = DecodeSettings(workers=1, pictures=100 << 20)
    with DecodeWorkers(GEOMETRY, settings) as workers:
        assert only(workers.run([wished(large, VIEW)])).image is not None
        refused = only(workers.run([wished(large, wish)]))
    assert refused.reason == "decoding this JPEG takes more memory than is allowed"


@pytest.mark.parametrize("wish", [THUMBNAIL, EXAMINATION])
def test_a_file_that_takes_for_ever_is_given_up(
    endless_photo: Path, photo: Path, wish: Wish
) -> None:
    with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, timeout=3)) as workers:
        jobs = [wished(endless_photo, wish, 0), wished(photo, wish, 1)]
        slow, usual = workers.run(jobs)
    # By its processor time or, where that is shared with many, by the clock.
    assert (slow.reason or "").startswith(("it takes longer than 3 s", "nothing came back within"))
    assert usual.reason is None


def test_who_waits_while_another_thread_closes_the_workers_is_told(endless_photo: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        with DecodeWorkers(GEOMETRY, DecodeSettings(workers=1, timeout=600)) as workers:
            waiting = thread.submit(lambda: list(workers.run([wished(endless_photo, THUMBNAIL)])))
            assert eventually(lambda: workers.pids)
        with pytest.raises(RuntimeError, match="closed"):
            waiting.result(60)
