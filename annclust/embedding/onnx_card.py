"""ONNX card: the small JSON beside a network that says which pixels it was trained with.

Either annclust's own (``model.onnx.json`` or ``model.json``), or what Hugging Face keeps beside
its models (``preprocessor_config.json``, in the same folder or the one above). docs/embedders.md
lists the keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from annclust.embedding.preprocessing import Colors, Layout, Triple
from annclust.errors import ModelFileError
from annclust.input_geometry import Fit, InputGeometry, Resample

Pooling = Literal["none", "mean", "cls"]
"""How features of many places become one row: they are one already, their mean, or the first."""

_USUAL_RATIO = 256 / 224
"""Of short side and crop where only the crop is known, as networks for ImageNet are used."""

_LARGEST_SIDE = 4_096

CONFIGURATION = "preprocessor_config.json"
TEXT_MODEL = "text_model.onnx"
TOKENIZER = "tokenizer.json"
"""What Hugging Face calls the files that belong to a network."""


@dataclass(frozen=True, slots=True)
class OnnxCard:
    """What is said about a network; None where nothing is.

    Parameters
    ----------
    path : Path or None
        Where it was read.
    resize : {"cover", "squash"} or None
    short_side, crop : int or None
    filter : str or None
        Of `InputGeometry.resample`.
    scale : float or None
    mean, std : tuple of three floats, or None
    layout : {"NCHW", "NHWC"} or None
    colors : {"RGB", "BGR"} or None
    output : str or None
        Name of the output that has the features.
    pooling : {"none", "mean", "cls"} or None
    text : str or None
        Name of the network for text, beside that for pictures.
    text_length : int or None
        Tokens that it always gets.
    text_pad : int or None
        Number of the token that fills up shorter texts.
    """

    path: Path | None = None
    resize: Fit | None = None
    short_side: int | None = None
    crop: int | None = None
    filter: Resample | None = None
    scale: float | None = None
    mean: Triple | None = None
    std: Triple | None = None
    layout: Layout | None = None
    colors: Colors | None = None
    output: str | None = None
    pooling: Pooling | None = None
    text: str | None = None
    text_length: int | None = None
    text_pad: int | None = None

    def geometry(self, side: int) -> InputGeometry:
        """Which pixels the network wants to see, if its input is `side` pixels wide.

        Raises
        ------
        ValueError
            If that does not fit together.
        """
        crop, resample = self.crop or side, self.filter or "bicubic"
        if self.resize == "squash":
            if self.short_side not in (None, crop):
                raise ValueError('a squashed picture is seen whole: leave "short_side" out')
            return InputGeometry.squash(crop, resample)
        short_side = self.short_side or round(crop * _USUAL_RATIO)
        return InputGeometry(short_side, crop, resample=resample)


def read_card(model: Path) -> OnnxCard:
    """Read what is said about the network in the file `model`; an empty card if nothing is.

    Raises
    ------
    ModelFileError
        If a card cannot be read, or says what cannot be meant.
    """
    own = (model.with_name(f"{model.name}.json"), model.with_suffix(".json"))
    known = next((path for path in own if path.is_file()), None)
    if known is not None:
        return _read(known, _own_card)
    folders = model.parent, model.parent.parent
    known = next((path for f in folders if (path := f / CONFIGURATION).is_file()), None)
    return OnnxCard() if known is None else _read(known, _hugging_face_card)


def text_model_beside(model: Path, card: OnnxCard) -> Path:
    """Where the network for text lies that belongs to one for pictures, if there is one."""
    return model.with_name(card.text or TEXT_MODEL)


def _read(path: Path, understand: Callable[[Path, Mapping[str, Any]], OnnxCard]) -> OnnxCard:
    remedy = "docs/embedders.md lists what may stand there."
    try:
        said = json.loads(path.read_bytes())
        if not isinstance(said, dict):
            raise ValueError("it is no JSON object")
        return understand(path, said)
    except OSError as error:
        raise ModelFileError(path, reason=error.strerror or "unreadable", remedy=remedy) from error
    except (ValueError, TypeError, RecursionError) as error:
        reason = "no JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
        raise ModelFileError(path, reason=reason, remedy=remedy) from error


Value = TypeVar("Value")


def _choice(options: Any) -> Callable[[object], Any]:
    """A check for one of the values of a Literal."""

    def check(value: object) -> object:
        if value not in get_args(options):
            raise ValueError(f"not one of {', '.join(get_args(options))}")
        return value

    return check


def _side(value: object) -> int:
    if type(value) is not int or not 0 < value <= _LARGEST_SIDE:
        raise ValueError(f"not a whole number from 1 to {_LARGEST_SIDE}")
    return value


def _token(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a whole number from 0")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return float(value)


def _positive(value: object) -> float:
    number = _number(value)
    if not number > 0:
        raise ValueError("not above 0")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _triple(of_each: Callable[[object], float]) -> Callable[[object], Triple]:
    """A check for three numbers, or one that counts for all channels."""

    def check(value: object) -> Triple:
        numbers = value if isinstance(value, list) else [value] * 3
        if len(numbers) != 3:
            raise ValueError("not three numbers")
        first, second, third = map(of_each, numbers)
        return first, second, third

    return check


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "resize": _choice(Fit),
    "short_side": _side,
    "crop": _side,
    "filter": _choice(Resample),
    "scale": _positive,
    "mean": _triple(_number),
    "std": _triple(_positive),
    "layout": _choice(Layout),
    "colors": _choice(Colors),
    "output": _text,
    "pooling": _choice(Pooling),
    "text": _text,
    "text_length": _side,
    "text_pad": _token,
}


def _own_card(path: Path, said: Mapping[str, Any]) -> OnnxCard:
    unknown = sorted(said.keys() - _CHECKS.keys())
    if unknown:
        raise ValueError(f"no key is called {unknown[0]!r}; there are: {', '.join(_CHECKS)}")
    return OnnxCard(path, **{key: _checked(key, _CHECKS[key], said[key]) for key in said})


def _checked(key: str, check: Callable[[object], Value], value: object) -> Value:
    try:
        return check(value)
    except (ValueError, TypeError) as error:  # TypeError: a list is in no set of choices
        raise ValueError(f"{key!r} is {json.dumps(value)}, {error}") from error


_PILLOW_FILTERS: Mapping[object, Resample] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""By the numbers that Pillow gives them."""


def _hugging_face_card(path: Path, said: Mapping[str, Any]) -> OnnxCard:
    """Understand the keys of Hugging Face's image processors; others are left alone."""

    def find(key: str, check: Callable[[object], Value], usual: object = None) -> Value | None:
        value = said.get(key, usual)
        return None if value is None else _checked(key, check, value)

    size, crop = find("size", _hugging_face_side), find("crop_size", _hugging_face_side)
    cropped = said.get("do_center_crop", crop is not None)
    if not cropped:
        crop = size
    named = said.get("size")
    if named is None or isinstance(named, int):  # an int: as it was meant before sides had names
        keeps_ratio = named is None or bool(cropped)
    else:
        keeps_ratio = "shortest_edge" in named
    if not keeps_ratio and crop != size:
        raise ValueError(
            "'crop_size' is smaller than a 'size' of two sides, which annclust has not"
        )
    if not said.get("do_resize", True) or "crop_pct" in said:
        raise ValueError(
            "'do_resize' or 'crop_pct' says what annclust has not; a JSON of annclust's own can"
        )
    card = OnnxCard(
        path,
        resize="cover" if keeps_ratio else "squash",
        short_side=size,
        crop=crop,
        filter=find("resample", _pillow_filter),
        scale=find("rescale_factor", _positive) if said.get("do_rescale", True) else 1.0,
    )
    if not said.get("do_normalize", True):
        return replace(card, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    mean, std = find("image_mean", _triple(_number)), find("image_std", _triple(_positive))
    return replace(card, mean=mean, std=std)


def _hugging_face_side(size: object) -> int:
    """A side as Hugging Face writes it: one number, or by name."""
    match size:
        case {"shortest_edge": side}:
            return _side(side)
        case {"height": height, "width": width} if height == width:
            return _side(height)
        case _:
            return _side(size)


def _pillow_filter(number: object) -> Resample:
    if number not in _PILLOW_FILTERS:
        raise ValueError("a filter that annclust has not")
    return _PILLOW_FILTERS[number]
