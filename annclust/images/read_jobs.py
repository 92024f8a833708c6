"""Read jobs: what is asked of the decoding workers, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from annclust.images.capture import Capture
from annclust.images.decoded_image import DecodedImage
from annclust.images.examination import Examination
from annclust.images.picture import Picture
from annclust.images.wish import VIEW, Wish


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
    wish : Wish
        What is to be made of it. All results that are on their way are held in memory: of large
        pictures, few should be asked for at a time.
    only : bytes or None
        Digest of the one content that is decoded; of any other the digest alone comes back.
    """

    key: int
    path: bytes
    known: frozenset[bytes] = frozenset()
    wish: Wish = VIEW
    only: bytes | None = None


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
        None if the content is known, there is a reason, or something else was wished.
    reason : str or None
        Why there is no image though there should be one: a few words without a full stop.
    retry : bool
        Whether that reason lies outside the content: permission, an I/O error, a file that vanished
        or changed meanwhile, a worker killed from outside. The same bytes may do another time.
    capture : Capture or None
        How the photo was taken; None if the content could not be read, or not be decoded, or a
        picture was wished.
    picture : Picture or None
    examination : Examination or None
        As `image`, of other wishes.
    """

    key: int
    digest: bytes | None = None
    size: int = 0
    modified_ns: int = 0
    image: DecodedImage | None = None
    reason: str | None = None
    retry: bool = False
    capture: Capture | None = None
    picture: Picture | None = None
    examination: Examination | None = None
