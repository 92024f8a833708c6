"""Read jobs: what is asked of the decoding workers, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from annclust.images.capture import Capture
from annclust.images.decoded_image import DecodedImage


@dataclass(frozen=True, slots=True)
class ReadJob:
    """One file to read.

    Parameters
    ----------
    key : int
        Comes back with the result, as results come in any order.
    path : bytes
        Absolute path.
    known : frozenset of bytes
        Digests (BLAKE3) of contents that need not be decoded.
    """

    key: int
    path: bytes
    known: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class ReadResult:
    """What became of a job.

    Parameters
    ----------
    key : int
        That of the job.
    digest : bytes or None
        BLAKE3 of the content; None if it could not be read, or cost its worker the life.
    size, modified_ns : int
        Of the file that was read, in bytes and nanoseconds; 0 without a digest.
    image : DecodedImage or None
        None if the content is known, or there is a reason.
    reason : str or None
        Why there is no image though there should be one: a few words without a full stop.
    retry : bool
        Whether that reason lies outside the content: permission, an I/O error, a file that vanished
        or changed meanwhile, a worker killed from outside. The same bytes may do another time.
    capture : Capture or None
        How the photo was taken; None if the content could not be read, or not be decoded.
    """

    key: int
    digest: bytes | None = None
    size: int = 0
    modified_ns: int = 0
    image: DecodedImage | None = None
    reason: str | None = None
    retry: bool = False
    capture: Capture | None = None
