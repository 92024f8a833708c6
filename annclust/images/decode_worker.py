"""Decode worker: the process in which files are read and decoded, one at a time.

It is meant to die: a file that makes a decoder crash, hang or swallow memory takes this process
with it and nothing else. Started by :mod:`worker_process`; talks over the socket that it finds as
its standard input, and ends when that closes.
"""

from __future__ import annotations

import os
import resource
import signal
from mmap import mmap

# Most photos are JPEGs: their decoder shall be there when the first one comes.
from PIL import JpegImagePlugin as JpegImagePlugin

from annclust.images.content import UnreadableFileError, read_content
from annclust.images.decoding import UndecodableError, decode_square
from annclust.images.worker_protocol import (
    READY,
    Answer,
    Request,
    WorkerOrders,
    read_exactly,
)

_CHANNEL = 0  # standard input
_LEAST_MEMORY = 32 << 20  # bytes


def serve() -> None:
    """Answer requests until the other side closes the channel."""
    channel = _take_channel()
    try:
        orders = WorkerOrders.receive(channel.read_exactly)
        _obey(orders)
        channel.write(READY.pack())
        while True:
            request = Request.receive(channel.read_exactly)
            channel.write(_watched_answer(request, orders).pack())
    except (EOFError, ConnectionError):
        return  # nobody is there any more


class _Channel:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read_exactly(self, count: int) -> bytearray:
        return read_exactly(count, lambda into: os.readv(self._descriptor, [into]))

    def write(self, frame: bytes) -> None:
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


def _watched_answer(request: Request, orders: WorkerOrders) -> Answer:
    """Answer, or die of SIGPROF for the time it takes, even if the parent is gone.

    The clock is the processor's: it tells a slow file from a slow disk or a busy machine, and a
    terminal's Ctrl-Z or a laptop's lid do not run it.
    """
    signal.setitimer(signal.ITIMER_PROF, orders.cpu_seconds)
    try:
        return answer(request, orders)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def answer(request: Request, orders: WorkerOrders) -> Answer:
    """Read a file and decode what is not known.

    Parameters
    ----------
    request : Request
    orders : WorkerOrders
        Its limits of memory and time are not enforced here.
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
        return Answer(reason="reading it takes more memory than is allowed")
    seen = digest, len(content.data), content.modified_ns
    if digest in request.known:
        return Answer(*seen)
    try:
        square = decode_square(content.data, orders.geometry, max_pixels=orders.max_pixels)
    except UndecodableError as error:
        return Answer(*seen, reason=error.reason)
    return Answer(*seen, square)
