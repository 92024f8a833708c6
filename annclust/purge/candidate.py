"""Candidate: all that is known of one photo of a group when the best is looked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from annclust.images.capture import Capture
from annclust.images.examination import Examination


@dataclass(frozen=True, slots=True)
class Candidate:
    """One photo of a group.

    Parameters
    ----------
    examination : Examination
    size : int
        Bytes of its file.
    format : str
        As `images.formats` names it: JPEG, HEIF, PNG.
    capture : Capture
        What the camera wrote; nothing if it wrote nothing, or somebody took it out.
    """

    examination: Examination
    size: int
    format: str
    capture: Capture = field(default_factory=Capture)
