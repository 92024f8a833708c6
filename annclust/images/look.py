"""Look: what is to be made of a picture that was loaded; decoding is the same for all.

The seam of :mod:`decoding`. A view for an embedder (:mod:`view_look`), a picture for a person
(:mod:`picture_look`) and an examination (:mod:`examination_look`) are made by three of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from PIL import Image

from annclust.images.late_pixels import Box
from annclust.images.orientation import Orientation
from annclust.input_geometry import Size

Made_co = TypeVar("Made_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture:
    """A picture whose pixels are there, as it is stored.

    Parameters
    ----------
    pixels : Image
        Of any mode.
    format : str
        Name of the file format.
    extent : tuple of float
        Width and height of the picture in these pixels, of which the last ones may be covered only
        in part.
    orientation : Orientation
        How it is stored.
    upright : tuple of int
        Width and height of all of the picture, upright, before it was shrunk while loading.
    whole : tuple of int
        Width and height that the file holds, upright: `upright`, but for raw photos, of which a
        preview may be seen.
    """

    pixels: Image.Image
    format: str
    extent: tuple[float, float]
    orientation: Orientation
    upright: Size
    whole: Size

    @property
    def box(self) -> Box:
        """All of it."""
        return 0, 0, *self.extent


class Look(Protocol[Made_co]):
    """Makes something of loaded pictures."""

    def fewest_pixels(self, stored: Size, /) -> Size | None:
        """Width and height to which a stored picture may be shrunk while loading; None if not."""
        ...

    def does_with(self, preview: Size, whole: Size, /) -> bool:
        """Whether the preview of a raw photo, which has `whole` pixels, is large enough."""
        ...

    def memory_beside(self, loaded: Size, /) -> int:
        """Bytes that it takes beside a picture that has that size when it is loaded."""
        ...

    def see(self, loaded: LoadedPicture, /) -> Made_co:
        """Make it."""
        ...
