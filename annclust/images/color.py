"""Color: whatever a decoder gives becomes 8 bits a channel, RGB or gray, opaque over white.

ICC profiles are not applied: embedders were trained without, and what they see hardly changes.
Only LAB needs one to be understood at all.
"""

from __future__ import annotations

from PIL import Image

_EIGHT_BITS = 255


def flatten(picture: Image.Image) -> Image.Image:
    """Turn a loaded picture of any mode into one of mode "RGB" or "L".

    Transparent parts show white. Gray of more than 8 bits is scaled by its nominal range, which
    for whole numbers is that of their type, and for floating-point numbers is 0 to 1, 255 or 65535,
    whichever holds them all.

    Raises
    ------
    ValueError
        If Pillow cannot convert this mode.
    """
    if _is_deep_gray(picture):
        return _scale_to_eight_bits(picture)
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.has_transparency_data:
        return _over_white(picture)
    return picture if picture.mode in ("RGB", "L") else picture.convert("RGB")


def _over_white(picture: Image.Image) -> Image.Image:
    layered = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    opaque = Image.new("RGB", picture.size, "white")
    opaque.paste(layered, mask=layered.getchannel("A"))
    return opaque


def _from_lab(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms  # brings littlecms, which next to nobody needs

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    assert converted is not None  # it is None only when converting in place
    return converted


def _is_deep_gray(picture: Image.Image) -> bool:
    return picture.mode in ("I", "F") or picture.mode.startswith("I;")


def _scale_to_eight_bits(picture: Image.Image) -> Image.Image:
    wide = picture if picture.mode == "F" else picture.convert("I")
    darkest, brightest = _nominal_range(wide)
    factor = _EIGHT_BITS / (brightest - darkest)
    offset = 0.5 - darkest * factor  # Pillow cuts off what follows the point
    return wide.point(lambda value: value * factor + offset).convert("L")


def _nominal_range(picture: Image.Image) -> tuple[float, float]:
    """What stands for black and for white."""
    lowest, highest = picture.getextrema()
    assert isinstance(lowest, (int, float))  # as there is one channel
    assert isinstance(highest, (int, float))
    if lowest >= 0:
        for brightest in (1, 255, 65535) if picture.mode == "F" else (65535,):
            if highest <= brightest:
                return 0, brightest
    return lowest, highest if highest > lowest else lowest + 1
