"""Color: whatever a decoder gives becomes 8 bits a channel, RGB or gray, opaque over white.

ICC profiles are not applied: embedders were trained without, and what they see hardly changes.
Only LAB needs one to be understood at all.
"""

from __future__ import annotations

from PIL import Image

from annclust.images.deep_gray import is_deep_gray, to_eight_bits


def is_flat(picture: Image.Image) -> bool:
    """Whether a loaded picture is of mode "RGB" or "L" and opaque, as `flatten` makes it."""
    return picture.mode in ("RGB", "L") and not picture.has_transparency_data


def flatten(picture: Image.Image) -> Image.Image:
    """Turn a loaded picture of any mode into one of mode "RGB" or "L".

    Transparent parts show white. For gray of more than 8 bits, see
    :func:`deep_gray.to_eight_bits`.

    Raises
    ------
    ValueError
        If Pillow cannot convert this mode.
    """
    if is_deep_gray(picture):
        return to_eight_bits(picture)
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.has_transparency_data:
        return _over_white(picture)
    return picture if is_flat(picture) else picture.convert("RGB")


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
