"""Candidate: all that is known of one photo of a group when the best is looked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from annclust.images.capture import Capture
from annclust.images.examination import Examination
from annclust.images.formats import RAW


class Known(IntEnum):
    """An answer that may be missing, the surer the higher."""

    NO = 0
    UNREAD = 1
    YES = 2


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
    capture_read : bool
        False if nobody could read what the camera wrote, if it did: that speaks against no photo.
    """

    examination: Examination
    size: int
    format: str
    capture: Capture = field(default_factory=Capture)
    capture_read: bool = True

    @property
    def has_camera(self) -> Known:
        """Whether a camera wrote how it took this photo; a time alone is written by scanners."""
        written = self.capture.exposure_seconds, self.capture.f_number, self.capture.iso
        if self.format == RAW or any(each is not None for each in written):
            return Known.YES
        return Known.NO if self.capture_read else Known.UNREAD
