"""Frames: what travels between this process and a worker of its own, whatever it works on.

A frame is two lengths (u32 each, little-endian), a JSON object, and a body of raw bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import TypeAlias

_LENGTHS = struct.Struct("<II")
_MAX_HEAD_BYTES = 1 << 16

Head: TypeAlias = dict[str, int | float | str | bool | None]
"""The JSON object of a frame."""

ReadExactly: TypeAlias = Callable[[int], bytes | bytearray]
"""Gives so many bytes of a stream, or raises EOFError."""


def read_exactly(count: int, read_some: Callable[[memoryview], int]) -> bytearray:
    """Read so many bytes.

    Parameters
    ----------
    count : int
    read_some : callable
        Fills a part of a buffer, from its start; gives how many bytes, 0 at the end of the stream.

    Raises
    ------
    EOFError
        If the stream ends before.
    """
    # Filled in place: another copy of each picture would cost more than all of the way here.
    received = bytearray(count)
    rest = memoryview(received)
    while rest:
        got = read_some(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return received


class ProtocolError(Exception):
    """The other side sent what cannot be meant."""


def pack(head: Head, body: bytes | bytearray = b"") -> bytes:
    """Write a frame."""
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def receive(read: ReadExactly, *, max_body: int) -> tuple[Head, bytes | bytearray]:
    """Read a frame: its head and its body.

    Parameters
    ----------
    read : ReadExactly
    max_body : int
        Longest body in bytes that is believed.

    Raises
    ------
    EOFError
        If the stream ends.
    ProtocolError
        If this is no frame, or one that is too long.
    """
    head_length, body_length = _LENGTHS.unpack(read(_LENGTHS.size))
    if head_length > _MAX_HEAD_BYTES or body_length > max_body:
        raise ProtocolError("a frame that is too long")
    try:
        head = json.loads(read(head_length))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a frame without a head") from error
    if not isinstance(head, dict):
        raise ProtocolError("a head that is no object")
    return head, read(body_length) if body_length else b""
