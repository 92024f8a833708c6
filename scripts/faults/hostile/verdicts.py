"""Verdicts: what must be true of whatever comes back for a broken image file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from blake3 import blake3
from hostile.mutations import Mutant
from PIL import Image

from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.images.decode_workers import ReadResult
from annclust.images.decoded_image import DecodedImage
from annclust.images.examination import Examination
from annclust.images.formats import DECODABLE
from annclust.images.picture import FULL, THUMBNAIL, Picture, PictureWish
from annclust.images.wish import EXAMINATION, VIEW, Wish
from annclust.settings import DecodeSettings

GEOMETRY = find_embedder(DEFAULT_EMBEDDER).geometry
LIMITS = DecodeSettings(workers=1)
MOST_SECONDS = 10.0
_WISHES = VIEW, THUMBNAIL, FULL, EXAMINATION


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for a mutant, and what it took.

    Parameters
    ----------
    result : ReadResult
    clock, processor : float
        Seconds until it came, and seconds that its worker worked.
    died : bool
        Whether a worker was lost with it.
    """

    result: ReadResult
    clock: float
    processor: float
    died: bool


def wish_of(mutant: Mutant) -> Wish:
    """What is asked for: of each kind a fourth."""
    return _WISHES[mutant.number % len(_WISHES)]


def made(result: ReadResult) -> DecodedImage | Picture | Examination | None:
    """What came back."""
    return result.image or result.picture or result.examination


def violations(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    """Every rule that was broken."""
    result = outcome.result
    if result.key != mutant.number:
        yield f"it got the result of {result.key}"
    if outcome.processor > MOST_SECONDS:
        yield f"it took {outcome.processor:.1f} s"
    if (made(result) is None) == (result.reason is None):
        yield f"there should be what was wished or a reason, which is {result.reason!r}"
    if result.digest is not None and result.digest != blake3(mutant.data).digest():
        yield "its digest is that of something else"
    if result.reason is not None:
        yield from _wrong_with_reason(mutant, result, result.reason)
    yield from _wrong_with_made(result, wish_of(mutant))


def _wrong_with_made(result: ReadResult, wish: Wish) -> Iterator[str]:
    if result.image is not None:
        yield from _wrong_with_image(result.image)
    if result.picture is not None:
        yield from _wrong_with_picture(result.picture, wish)
    if result.examination is not None:
        yield from _wrong_with_size(result.examination)


def _wrong_with_reason(mutant: Mutant, result: ReadResult, reason: str) -> Iterator[str]:
    words = len(reason.split()) > 1 and reason.isprintable() and not reason.endswith(".")
    if not words or any(word in reason for word in ("Traceback", "Error", "Exception")):
        yield f"its reason is no few words: {reason!r}"
    if result.retry and not reason.startswith("there was too little memory"):
        yield f"something outside the file is blamed: {reason}"
    if not mutant.recipe:
        yield f"it is sound, and refused: {reason}"
    if result.digest is None and not (is_timeout(result) or is_death(result)):
        yield f"it was not read: {reason}"


def _wrong_with_image(image: DecodedImage) -> Iterator[str]:
    rows, columns, bands = image.pixels.shape
    fits = GEOMETRY.allows((columns, rows)) and bands == 3
    if not fits or image.pixels.dtype != "uint8":
        yield f"its pixels have shape {image.pixels.shape} and type {image.pixels.dtype}"
    yield from _wrong_with_size(image)
    if image.format not in DECODABLE:
        yield f"its format is {image.format}"


def _wrong_with_picture(picture: Picture, wish: Wish) -> Iterator[str]:
    yield from _wrong_with_size(picture)
    with Image.open(io.BytesIO(picture.encoded)) as opened:
        opened.load()
    is_wished = isinstance(wish, PictureWish) and opened.format == wish.form.upper()
    if not is_wished or opened.size != (picture.columns, picture.rows):
        yield f"it is a {opened.format} of {opened.size}"


def _wrong_with_size(seen: DecodedImage | Picture | Examination) -> Iterator[str]:
    if not 0 < seen.width * seen.height <= LIMITS.max_pixels:
        yield f"it has {seen.width} x {seen.height} pixels"


def is_timeout(result: ReadResult) -> bool:
    """Whether decoding was given up as it took too long."""
    return (result.reason or "").startswith(("it takes longer than", "nothing came back"))


def is_death(result: ReadResult) -> bool:
    """Whether a file killed every worker that got it."""
    return (result.reason or "").startswith(("its decoder was killed", "its decoder crashed"))


@dataclass(slots=True)
class Most:
    """The largest amount of something, and which mutants it came with."""

    amount: float = 0.0
    mutants: tuple[int, ...] = ()

    def take(self, amount: float, *mutants: int) -> None:
        """Note an amount if it is larger than all before."""
        if amount > self.amount:
            self.amount, self.mutants = amount, mutants

    def join(self, other: Most) -> None:
        """Take over what is larger."""
        self.take(other.amount, *other.mutants)


@dataclass(slots=True)
class Tally:
    """What became of the mutants of one format; memory is that of the worker alone."""

    mutants: int = 0
    decoded: int = 0
    timeouts: int = 0
    deaths: int = 0
    clock: float = 0.0
    slowest: Most = field(default_factory=Most)
    memory: Most = field(default_factory=Most)

    def take(self, number: int, outcome: Outcome) -> None:
        """Count one."""
        self.mutants += 1
        self.decoded += made(outcome.result) is not None
        self.timeouts += is_timeout(outcome.result)
        self.deaths += outcome.died and not is_timeout(outcome.result)
        self.clock += outcome.clock
        self.slowest.take(outcome.processor, number)

    def add(self, other: Tally) -> Self:
        """Count those of another format as well."""
        self.mutants += other.mutants
        self.decoded += other.decoded
        self.timeouts += other.timeouts
        self.deaths += other.deaths
        self.clock += other.clock
        self.slowest.join(other.slowest)
        self.memory.join(other.memory)
        return self

    def line(self, name: str) -> str:
        """A row of the table that `HEADING` begins."""
        counts = self.mutants, self.decoded, self.mutants - self.decoded, self.timeouts, self.deaths
        numbers = "".join(f"{count:9,}" for count in counts)
        milliseconds = 1000 * self.clock / max(1, self.mutants)
        return (
            f"{name:<10}{numbers}{milliseconds:9.1f}"
            f"{_shown(self.slowest, 1, '.2f'):>19}{_shown(self.memory, 1 << 20, '.0f'):>19}"
        )


HEADING = (
    f"{'format':<10}{'mutants':>9}{'decoded':>9}{'refused':>9}{'timeouts':>9}{'deaths':>9}"
    f"{'ms each':>9}{'slowest s (which)':>19}{'most MiB (which)':>19}"
)


def _shown(most: Most, unit: float, precision: str) -> str:
    which = " ".join(map(str, most.mutants))
    return f"{most.amount / unit:{precision}} ({which})" if which else "-"
