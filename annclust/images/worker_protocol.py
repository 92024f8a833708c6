"""Worker protocol: the frames that travel between this process and a decoding worker.

A frame is two lengths (u32 each, little-endian), a JSON object, and a body of raw bytes. Nothing is
pickled: a worker that a hostile file took over must not get any further than wrong pixels.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

from annclust.images.decoded_image import Square
from annclust.input_geometry import InputGeometry

_DIGEST_BYTES = 32
_LENGTHS = struct.Struct("<II")
_MAX_HEAD_BYTES = 1 << 16
_MOST_BITS = 63  # of a number; more would not fit into the catalog

ReadExactly: TypeAlias = Callable[[int], bytes | bytearray]
"""Gives so many bytes of a stream, or raises EOFError."""

_Head: TypeAlias = dict[str, int | float | str | bool | None]


class ProtocolError(Exception):
    """The other side sent what cannot be meant."""


@dataclass(frozen=True, slots=True)
class WorkerOrders:
    """The first frame to a worker: how to work, and how much it may use.

    Parameters
    ----------
    short_side, crop : int
        The `InputGeometry`.
    max_pixels : int
        Larger pictures are refused.
    memory : int
        Bytes of address space.
    cpu_seconds : float
        Time of the processor that one file may take before the worker ends itself. Only counts when
        nobody watches any more: the parent has less patience.
    follow_symlinks : bool
        Whether a path may be a symbolic link.
    """

    short_side: int
    crop: int
    max_pixels: int
    memory: int
    cpu_seconds: float
    follow_symlinks: bool

    @property
    def geometry(self) -> InputGeometry:
        """What an embedder wants to see."""
        return InputGeometry(self.short_side, self.crop)

    def pack(self) -> bytes:
        """Write the frame."""
        return _pack(asdict(self))

    @classmethod
    def receive(cls, read: ReadExactly) -> WorkerOrders:
        """Read the frame."""
        head, _ = _receive(read, max_body=0)
        return cls(**head)  # type: ignore[arg-type] # written by `pack`, in the same version


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read, and digests of contents that need not be decoded."""

    path: bytes
    known: frozenset[bytes] = frozenset()

    def pack(self) -> bytes:
        """Write the frame."""
        return _pack({"path": len(self.path)}, self.path + b"".join(self.known))

    @classmethod
    def receive(cls, read: ReadExactly) -> Request:
        """Read the frame; EOFError if no more will come."""
        head, received = _receive(read, max_body=(1 << 32) - 1)
        body = bytes(received)
        end = int(head["path"] or 0)
        starts = range(end, len(body), _DIGEST_BYTES)
        return cls(body[:end], frozenset(body[start : start + _DIGEST_BYTES] for start in starts))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker found; the same fields as :class:`read_jobs.ReadResult` has."""

    digest: bytes | None = None
    size: int = 0
    modified_ns: int = 0
    square: Square | None = None
    reason: str | None = None
    retry: bool = False

    def pack(self) -> bytes:
        """Write the frame."""
        head: _Head = {
            "digest": None if self.digest is None else self.digest.hex(),
            "size": self.size,
            "modified_ns": self.modified_ns,
            "reason": self.reason,
            "retry": self.retry,
        }
        square = self.square
        if square is None:
            return _pack(head)
        head |= {"width": square.width, "height": square.height, "format": square.format}
        return _pack(head, square.rgb)

    @classmethod
    def receive(cls, read: ReadExactly, geometry: InputGeometry) -> Answer:
        """Read the frame, believing nothing.

        Raises
        ------
        EOFError
            If the worker is gone.
        ProtocolError
            If this is no answer.
        """
        expected = geometry.crop**2 * 3
        head, body = _receive(read, max_body=expected)
        if body and len(body) != expected:
            raise ProtocolError("a picture of the wrong size")
        try:
            return cls._from_frame(head, body)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError("an answer without what belongs to it") from error

    @classmethod
    def _from_frame(cls, head: _Head, body: bytes | bytearray) -> Answer:
        square = None
        if body:
            width, height = _number(head["width"]), _number(head["height"])
            square = Square(body, width, height, str(head["format"]))
        digest, reason = head["digest"], head["reason"]
        return cls(
            None if digest is None else _digest(str(digest)),
            _number(head["size"]),
            _number(head["modified_ns"]),
            square,
            None if reason is None else str(reason),
            bool(head["retry"]),
        )


READY = Answer()
"""What a worker says when it has started."""


def _number(value: object) -> int:
    if not isinstance(value, int) or value.bit_length() > _MOST_BITS:
        raise TypeError
    return value


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != _DIGEST_BYTES:
        raise ValueError
    return digest


def _pack(head: _Head, body: bytes | bytearray = b"") -> bytes:
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def _receive(read: ReadExactly, *, max_body: int) -> tuple[_Head, bytes | bytearray]:
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
