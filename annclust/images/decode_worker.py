"""Decode worker: the process in which files are read and decoded, one at a time.

It is meant to die: a file that makes a decoder crash, hang or swallow memory takes this process
with it and nothing else. Started by :mod:`worker_process`; talks over the socket that it finds as
its standard input, and ends when that closes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections import deque
from functools import partial
from mmap import mmap
from typing import TYPE_CHECKING, Protocol

# Most photos are JPEGs: their decoder shall be there when the first one comes.
from PIL import JpegImagePlugin as JpegImagePlugin

from annclust.frames import read_exactly
from annclust.images.content import UnreadableFileError, read_content
from annclust.images.decoded_image import UndecodableError, View
from annclust.images.decoding import decode_as, read_capture
from annclust.images.look import Look
from annclust.images.picture import Picture, PictureWish
from annclust.images.view_look import ViewLook
from annclust.images.wish import EXAMINATION, Wish
from annclust.images.worker_protocol import (
    GRANT,
    READY,
    Answer,
    Request,
    WorkerOrders,
)
from annclust.input_geometry import InputGeometry

if TYPE_CHECKING:
    from annclust.images.examination import Examination

_CHANNEL = 0  # standard input
_LEAST_MEMORY = 32 << 20  # bytes

FOR_ANY_PICTURE = 1 << 30
_FOR_EACH_BYTE = 4
"""The largest picture may take 1 GiB, and more if its file is large as well: whoever promises
giants in a few bytes is not believed, a scan of a gigabyte is."""

_FOR_THIS_PROCESS = 192 << 20  # of address space: interpreter and libraries
_FOR_NUMPY = 128 << 20  # as much again, for workers that examine
_FOR_SERVERS = 320 << 20  # and for those that read behind URLs: libraries, and a thread to wait in
_FOR_LIBRARIES = {"numpy": _FOR_NUMPY, "fsspec": _FOR_SERVERS}


class Claim(Protocol):
    """Asks for memory before a picture is decoded."""

    def __call__(self, amount: int, file_size: int) -> bool:
        """See `answer`."""


def serve() -> None:
    """Answer requests until the other side closes the channel."""
    channel = _take_channel()
    try:
        orders = WorkerOrders.receive(channel.read_exactly)
        _obey(orders)
        channel.answer(READY)
        claim = _claim_within(orders, channel)
        while True:
            channel.answer(_watched_answer(channel.next_request(), orders, claim))
    except (EOFError, ConnectionError):
        return  # nobody is there any more


class _Channel:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[Request] = deque()

    def next_request(self) -> Request:
        """Wait for something to do."""
        return self._waiting.popleft() if self._waiting else Request.receive(self.read_exactly)

    def answer(self, answer: Answer) -> None:
        """Say what became of a request."""
        self._write(answer.pack())

    def claim(self, amount: int) -> None:
        """Ask for memory and wait for it; requests that came before are for later."""
        self.answer(Answer(claim=amount))
        while (request := Request.receive(self.read_exactly)) != GRANT:
            self._waiting.append(request)

    def read_exactly(self, count: int) -> bytearray:
        return read_exactly(count, lambda into: os.readv(self._descriptor, [into]))

    def _write(self, frame: bytes) -> None:
        rest = memoryview(frame)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _take_channel() -> _Channel:
    """Move the channel away from the standard streams, where a decoder might write."""
    channel = os.dup(_CHANNEL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return _Channel(channel)


def _obey(orders: WorkerOrders) -> None:
    # Ctrl-C reaches all processes of a terminal; what then happens is decided in one of them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    memory = orders.memory if most == resource.RLIM_INFINITY else min(orders.memory, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # With less than this, better not to start than to call every file too large.
    mmap(-1, _LEAST_MEMORY).close()


def _claim_within(orders: WorkerOrders, channel: _Channel) -> Claim:
    def claim(amount: int, file_size: int) -> bool:
        allowed = FOR_ANY_PICTURE + _FOR_EACH_BYTE * file_size
        if amount > min(allowed, orders.memory, orders.largest):
            return False
        if amount > orders.unasked:
            channel.claim(amount)
        libraries = _FOR_THIS_PROCESS + sum(
            more for name, more in _FOR_LIBRARIES.items() if name in sys.modules
        )
        _limit_memory(min(orders.memory, allowed + libraries))
        return True

    return claim


def _limit_memory(soft: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (min(soft, hard), hard))


def _watched_answer(request: Request, orders: WorkerOrders, claim: Claim) -> Answer:
    """Answer, or die of SIGPROF for the time it takes, even if the parent is gone.

    The clock is the processor's: it tells a slow file from a slow disk or a busy machine, and a
    terminal's Ctrl-Z or a laptop's lid do not run it.
    """
    signal.setitimer(signal.ITIMER_PROF, orders.cpu_seconds)
    try:
        return answer(request, orders, claim)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _limit_memory(orders.memory)


def answer(request: Request, orders: WorkerOrders, claim: Claim) -> Answer:
    """Read a file and decode what is not known.

    Parameters
    ----------
    request : Request
    orders : WorkerOrders
        Its limits of memory and time are not enforced here.
    claim : callable
        Called with the bytes that decoding takes and those that the file has; False if that is too
        much.
    """
    try:
        # Reading may take half of the memory: decoding needs the other half.
        content = read_content(
            request.path, max_bytes=orders.memory // 2, follow_symlinks=orders.follow_symlinks
        )
        digest = content.digest()
    except UnreadableFileError as error:
        return Answer(reason=error.reason, retry=error.retry)
    except MemoryError:
        return Answer(reason="there was too little memory to read it", retry=True)
    seen = digest, len(content.data), content.modified_ns
    if request.only not in (None, digest):
        return Answer(*seen)
    if digest in request.known:
        return Answer(*seen, capture=read_capture(content.data, max_pixels=orders.max_pixels))
    try:
        made = decode_as(
            look_for(request.wish, orders.geometry),
            content.data,
            max_pixels=orders.max_pixels,
            claim=partial(claim, file_size=len(content.data)),
        )
    except UndecodableError as error:
        return Answer(*seen, reason=error.reason, retry=error.retry)
    if isinstance(made, Picture):  # who asks for it wants to see, not to know
        return Answer(*seen, made)
    return Answer(*seen, made, capture=read_capture(content.data, max_pixels=orders.max_pixels))


def look_for(wish: Wish, geometry: InputGeometry) -> Look[View | Picture | Examination]:
    """What makes what is wished; loaded when it is: most workers give views and nothing else."""
    if isinstance(wish, PictureWish):
        from annclust.images.picture_look import PictureLook

        return PictureLook(wish)
    if wish is EXAMINATION:
        from annclust.images.examination_look import ExaminationLook

        return ExaminationLook()
    return ViewLook(geometry)
