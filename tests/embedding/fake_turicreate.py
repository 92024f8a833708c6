"""Stands in for Turi Create's process, and fails as it may fail.

A picture whose first pixel is one of these does what it says; all others get rows of colors.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np

from annclust.frames import pack, read_exactly, receive

DIES, IS_KILLED, IS_REFUSED, HANGS, GIVES_NONSENSE, DIES_ONCE = range(6)

DIMENSIONS = {224: 2048, 227: 1000}


def main() -> None:
    orders, _ = receive(read, max_body=0)
    start = os.environ.get("FAKE_START", "ready")
    if start == "dies":
        sys.stderr.write("Traceback ...\nImportError: no module named turicreate\n")
        sys.exit(1)
    write(
        pack({"refused": "RuntimeError: no such model"} if start == "refuses" else {"ready": True})
    )
    with open(os.environ["FAKE_LOG"], "a") as log:  # noqa: PTH123 - one line for each start
        log.write(f"{orders['model']} {orders['cache']} {orders['threads']} {os.getpid()}\n")
    while True:
        try:
            head, body = receive(read, max_body=1 << 30)
        except EOFError:
            return
        write(answer(int(head["images"] or 0), int(head["side"] or 0), body))


def answer(images: int, side: int, body: bytes | bytearray) -> bytes:
    pixels = np.frombuffer(body, np.uint8).reshape(images, side, side, 3)
    firsts = {tuple(each) for each in pixels[:, 0, 0].tolist()}
    asked = {first for first, second, third in firsts if (second, third) == (0, 255)}
    if DIES in asked:
        os.write(2, b"Illegal instruction\n")
        os._exit(7)
    if IS_KILLED in asked:
        os.kill(os.getpid(), signal.SIGKILL)
    if DIES_ONCE in asked and starts() < 2:
        os._exit(1)
    if HANGS in asked:
        time.sleep(600)
    if IS_REFUSED in asked:
        return pack({"refused": "ValueError: too colorful"})
    rows = np.resize(pixels.mean(axis=(1, 2)), (images, 3)).astype(np.float32)
    wide = np.tile(rows, (1, DIMENSIONS[side] // 3 + 1))[:, : DIMENSIONS[side]]
    if GIVES_NONSENSE in asked:
        wide = wide[:, 1:]
    return pack({"images": images}, np.ascontiguousarray(wide).tobytes())


def starts() -> int:
    with open(os.environ["FAKE_LOG"]) as log:  # noqa: PTH123 - as above
        return len(log.readlines())


def read(count: int) -> bytearray:
    return read_exactly(count, lambda into: os.readv(0, [into]))


def write(frame: bytes) -> None:
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
