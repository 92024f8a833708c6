"""Worker protocol: the frames that travel between this process and a decoding worker.

Nothing is pickled (:mod:`annclust.frames`), and of an answer only the form is believed: a worker
that a hostile file took over cannot run code here, claim memory, or bring control characters to the
terminal.

That is all that is guarded. A worker is no sandbox: it may do whatever the user may. And what an
answer claims cannot be checked without decoding: a worker that was taken over may give wrong
pixels, sizes and reasons for any file that it is asked for, or the digest of another content.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from annclust.frames import Head, ProtocolError, ReadExactly, pack, receive
from annclust.images.capture import FIELDS, Capture
from annclust.images.decoded_image import View
from annclust.images.formats import DECODABLE
from annclust.images.picture import Picture, PictureWish
from annclust.images.wish import EXAMINATION, VIEW, Wish, WishKind
from annclust.input_geometry import InputGeometry

# Few workers examine, and all start faster without it.
if TYPE_CHECKING:
    from annclust.images.examination import Examination

_DIGEST_BYTES = 32
_MOST_BITS = 63  # of a number; more would not fit into the catalog
_LONGEST_REASON = 200  # characters
_EXAMINATION_BYTES = 32 * 32 + 12 * 12  # of its maps

MOST_KNOWN: Final = 256
"""Digests that a request carries at most. Uncompressed series have any number of contents of one
size; to send all with every file takes time that grows with the square of the series, 65 ms a file
at 100,000. A copy that is decoded for want of its digest is still recognized by who asked."""

_SIDES = ("columns", "rows", "width", "height")
_GEOMETRY = tuple(each.name for each in fields(InputGeometry))


@dataclass(frozen=True, slots=True)
class WorkerOrders:
    """The first frame to a worker: how to work, and how much it may use.

    Parameters
    ----------
    geometry : InputGeometry
        What an embedder wants to see.
    max_pixels : int
        Larger pictures are refused.
    memory : int
        Bytes of address space, for the largest of files.
    largest : int
        Bytes that decoding one picture may take at all.
    unasked : int
        Bytes that decoding may take without a `GRANT`.
    cpu_seconds : float
        Time of the processor that one file may take before the worker ends itself.
    follow_symlinks : bool
        Whether a path may be a symbolic link.
    """

    geometry: InputGeometry
    max_pixels: int
    memory: int
    largest: int
    unasked: int
    cpu_seconds: float
    follow_symlinks: bool

    def pack(self) -> bytes:
        """Write the frame."""
        head = asdict(self)
        return pack(head | head.pop("geometry"))

    @classmethod
    def receive(cls, read: ReadExactly) -> WorkerOrders:
        """Read the frame."""
        head, _ = receive(read, max_body=0)  # written by `pack`, in the same version
        geometry: Any = {name: head.pop(name) for name in _GEOMETRY}
        others: Any = head
        return cls(InputGeometry(**geometry), **others)


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read, and what to make of it; the same fields as :class:`read_jobs.ReadJob` has."""

    path: bytes
    known: frozenset[bytes] = frozenset()
    wish: Wish = VIEW
    only: bytes | None = None

    def pack(self) -> bytes:
        """Write the frame; of the known contents, it takes `MOST_KNOWN` along."""
        known = b"".join(islice(self.known, MOST_KNOWN))
        head: Head = {"path": len(self.path), "only": self.only.hex() if self.only else None}
        if isinstance(self.wish, PictureWish):
            head |= asdict(self.wish)
        else:
            head["wish"] = self.wish.value
        return pack(head, self.path + known)

    @classmethod
    def receive(cls, read: ReadExactly) -> Request:
        """Read the frame; EOFError if no more will come."""
        received, rest = receive(read, max_body=(1 << 32) - 1)
        head: dict[str, Any] = received  # written by `pack`, in the same version
        body = bytes(rest)
        end = head.pop("path")
        only = head.pop("only")
        starts = range(end, len(body), _DIGEST_BYTES)
        known = frozenset(body[start : start + _DIGEST_BYTES] for start in starts)
        wish = WishKind(head["wish"]) if "wish" in head else PictureWish(**head)
        return cls(body[:end], known, wish, bytes.fromhex(only) if only else None)


GRANT = Request(b"")
"""Sent instead of a request: the worker may have the memory that its answer claims."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker found; `made` is what was wished, the rest as :class:`read_jobs.ReadResult`.

    Or a claim, and nothing else: the bytes of memory without which the worker does not go on with
    its file. It waits for a `GRANT` then.
    """

    digest: bytes | None = None
    size: int = 0
    modified_ns: int = 0
    made: View | Picture | Examination | None = None
    reason: str | None = None
    retry: bool = False
    claim: int = 0
    capture: Capture | None = None

    def pack(self) -> bytes:
        """Write the frame."""
        head: Head = {
            "digest": None if self.digest is None else self.digest.hex(),
            "size": self.size,
            "modified_ns": self.modified_ns,
            "reason": self.reason,
            "retry": self.retry,
            "claim": self.claim,
            "captured": self.capture is not None,
        }
        head |= {name: getattr(self.capture, name, None) for name in FIELDS}
        made = self.made
        if made is None:
            return pack(head)
        if not isinstance(made, View | Picture):
            head.update(made.measures)
            return pack(head, made.maps)
        head |= {name: getattr(made, name) for name in _SIDES} | {"format": made.format}
        return pack(head, made.rgb if isinstance(made, View) else made.encoded)

    @classmethod
    def receive(cls, read: ReadExactly, geometry: InputGeometry, wish: Wish = VIEW) -> Answer:
        """Read the frame, believing nothing of its form; a long reason is cut.

        Parameters
        ----------
        read : ReadExactly
        geometry : InputGeometry
            Of a view.
        wish : Wish
            What was asked for: nothing else can come.

        Raises
        ------
        EOFError
            If the worker is gone.
        ProtocolError
            If this is no answer.
        """
        head, body = receive(read, max_body=_most_bytes(geometry, wish))
        try:
            return cls._from_frame(head, _made(head, body, geometry, wish) if body else None)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError("an answer without what belongs to it") from error

    @classmethod
    def _from_frame(cls, head: Head, made: View | Picture | Examination | None) -> Answer:
        digest, reason = head["digest"], head["reason"]
        return cls(
            None if digest is None else _digest(digest),
            _number(head["size"], least=0),
            _number(head["modified_ns"]),  # negative before 1970
            made,
            None if reason is None else _reason(reason),
            _choice(head["retry"]),
            _number(head["claim"], least=0),
            _capture(head) if _choice(head["captured"]) else None,
        )


READY = Answer()
"""What a worker says when it has started."""


def _most_bytes(geometry: InputGeometry, wish: Wish) -> int:
    """How many an answer's body may have."""
    if isinstance(wish, PictureWish):
        return wish.most_bytes
    return _EXAMINATION_BYTES if wish is EXAMINATION else 3 * geometry.most_pixels


def _made(
    head: Head, body: bytes | bytearray, geometry: InputGeometry, wish: Wish
) -> View | Picture | Examination:
    """What an answer holds, if it is what was wished."""
    if wish is EXAMINATION:
        from annclust.images.examination import Examination

        return Examination.from_measures(head, bytes(body))
    columns, rows, width, height = (_number(head[side], least=1) for side in _SIDES)
    if isinstance(wish, PictureWish):
        if not wish.fits(body, (columns, rows)):
            raise ProtocolError("a picture that was not wished")
        return Picture(body, columns, rows, width, height, _format(head["format"]))
    if not geometry.allows((columns, rows)) or len(body) != columns * rows * 3:
        raise ProtocolError("a view of the wrong size")
    return View(body, columns, rows, width, height, _format(head["format"]))


def _number(value: object, *, least: int = -1 << _MOST_BITS) -> int:
    if type(value) is not int or not least <= value < 1 << _MOST_BITS:
        raise ValueError
    return value


def _capture(head: Head) -> Capture:
    values: dict[str, Any] = {name: head[name] for name in FIELDS}
    return Capture(**values)  # looks at each


def _choice(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _format(value: object) -> str:
    if not isinstance(value, str) or value not in DECODABLE:
        raise ValueError
    return value


def _reason(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError
    return value if len(value) <= _LONGEST_REASON else f"{value[:_LONGEST_REASON]}…"


def _digest(value: object) -> bytes:
    digest = bytes.fromhex(str(value))
    if len(digest) != _DIGEST_BYTES:
        raise ValueError
    return digest
