"""Photos of a group, as the purge sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from annclust.images.capture import Capture
from annclust.images.examination import Bars, Examination
from annclust.purge.candidate import Candidate
from tests.images.scenery import examined, scenery

SECOND = 10**9
BARS = Bars(top=0.2, bottom=0.2)
CAMERA = Capture(taken_ns=SECOND, f_number=8.0, iso=100)
"""What a camera wrote."""

VIEW = scenery(96, 66)
WIDE = examined(VIEW).thumbnail
"""What all these photos show, unless they say otherwise."""


def on_screen() -> Image.Image:
    """The view between black bars."""
    screen = Image.new("RGB", (96, 110))
    screen.paste(VIEW, (0, 22))
    return screen


BARRED = examined(on_screen()).thumbnail
OTHER = examined(scenery(96, 66, seed=1)).thumbnail
"""Of another view."""


def photo(
    width: int = 4000, height: int = 3000, size: int = 4_000_000, kind: str = "JPEG", **facts: Any
) -> Candidate:
    """A sharp photo from nowhere, but for what is said."""
    capture = facts.pop("capture", Capture(taken_ns=facts.pop("taken_ns", None)))
    facts_read = facts.pop("capture_read", True)
    seen = Examination(width, height, **{"sharpness": 0.3, "thumbnail": WIDE, **facts})
    return Candidate(seen, size, kind, capture, facts_read)


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
    bars = draw(st.booleans())
    height = round(height / BARS.down) if bars else height
    seen = Examination(
        width=width,
        height=height,
        wedge=draw(st.sampled_from([0.0, 0.0, 0.1, None])),
        bars=BARS if bars else Bars(),
        detail=draw(st.sampled_from([1.0, 0.7, 0.2])),
        sharpness=draw(st.sampled_from([0.0, 0.2, 0.22, 0.4])),
        dark=draw(st.sampled_from([0.0, 0.04, 0.3])),
        middle=draw(st.sampled_from([0.5, 0.01])),
        jpeg_quality=draw(quality),
        worn_quality=draw(quality),
        color=draw(st.sampled_from([1.0, 4.0, 40.0])),
        colors=draw(st.sampled_from([65_536, 65_536, 200])),
        thumbnail=BARRED if bars else draw(st.sampled_from([WIDE, WIDE, OTHER])),
    )
    size = draw(st.sampled_from([200_000, 3_000_000, 4_000_000]))
    kind = draw(st.sampled_from(["JPEG", "JPEG", "PNG", "HEIF", "WebP", "GIF", "camera RAW"]))
    taken = draw(st.sampled_from([Capture(), Capture(taken_ns=5 * SECOND), CAMERA]))
    return Candidate(seen, size, kind, taken, draw(st.booleans()))
