"""Photos of a group, as the purge sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from annclust.images.capture import Capture
from annclust.images.examination import Examination
from annclust.purge.candidate import Candidate
from tests.images.scenery import examined, scenery

SECOND = 10**9
WIDE = examined(scenery(96, 64)).thumbnail
"""What all these photos show, unless they say otherwise."""


def photo(
    width: int = 4000, height: int = 3000, size: int = 4_000_000, kind: str = "JPEG", **facts: Any
) -> Candidate:
    """A sharp photo from nowhere, but for what is said."""
    capture = Capture(taken_ns=facts.pop("taken_ns", None))
    seen = Examination(width, height, **{"sharpness": 0.3, "thumbnail": WIDE, **facts})
    return Candidate(seen, size, kind, capture)


def shot(seconds: float, picture: Image.Image | None = None, **capture: Any) -> Candidate:
    """A photo with what its camera wrote."""
    seen = photo().examination if picture is None else examined(picture)
    written = Capture(taken_ns=round(seconds * SECOND), f_number=8.0, iso=100)
    return Candidate(seen, 4_000_000, "JPEG", replace(written, **capture))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    """Any photo; few values of each, so that photos are often equal in something."""
    width, height = draw(st.sampled_from([(4000, 3000), (3000, 4000), (2000, 1500), (3800, 2900)]))
    quality = st.sampled_from([None, 30.0, 75.0, 92.0])
    seen = Examination(
        width=width,
        height=height,
        wedge=draw(st.sampled_from([0.0, 0.0, 0.1])),
        bars=draw(st.sampled_from([0.0, 0.0, 0.3])),
        detail=draw(st.sampled_from([1.0, 0.7, 0.2])),
        sharpness=draw(st.sampled_from([0.0, 0.2, 0.22, 0.4])),
        dark=draw(st.sampled_from([0.0, 0.04, 0.3])),
        middle=draw(st.sampled_from([0.5, 0.01])),
        jpeg_quality=draw(quality),
        worn_quality=draw(quality),
        color=draw(st.sampled_from([1.0, 4.0, 40.0])),
        thumbnail=WIDE,
    )
    size = draw(st.sampled_from([200_000, 3_000_000, 4_000_000]))
    taken = draw(st.sampled_from([None, 5 * SECOND]))
    kind = draw(st.sampled_from(["JPEG", "PNG", "HEIF"]))
    return Candidate(seen, size, kind, Capture(taken_ns=taken))
