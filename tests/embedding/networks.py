"""Small networks in ONNX files, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Side = int | str | None


def save_network(
    path: Path,
    *,
    side: Side = 4,
    layout: str = "NCHW",
    dtype: int = TensorProto.FLOAT,
    outputs: Sequence[str] = ("rows",),
    external: bool = False,
    gain: float = 1.0,
    shift: float = 0.0,
    at_once: int | str = "n",
) -> Path:
    """Write a network whose outputs are simple sums over its pixels.

    Parameters
    ----------
    path : Path
    side : int, str or None
        Of its input; a text where any will do.
    layout : str
        "NCHW" or "NHWC".
    dtype : int
        Of its input.
    outputs : sequence of str
        From "rows" (n, 3), the mean of each channel; "map" (n, 3, side, side), the pixels; "places"
        (n, side, 3 * side), the rows of the picture, channels first.
    external : bool
        Whether its one weight lies in a file beside.
    gain : float
        That weight, which all pixels are multiplied with.
    shift : float
        Added to all of them.
    at_once : int or str
        Images that it takes; a text where any number will do.
    """
    shape = [at_once, 3, side, side] if layout == "NCHW" else [at_once, side, side, 3]
    weight = numpy_helper.from_array(np.array([gain], dtype=np.float32), "gain")
    nodes = [helper.make_node("Cast", ["pixels"], ["cast"], to=TensorProto.FLOAT)]
    if layout == "NHWC":
        nodes.append(helper.make_node("Transpose", ["cast"], ["first"], perm=[0, 3, 1, 2]))
    else:
        nodes.append(helper.make_node("Identity", ["cast"], ["first"]))
    nodes.append(helper.make_node("Mul", ["first", "gain"], ["times"]))
    added = numpy_helper.from_array(np.array([shift], dtype=np.float32))
    nodes.append(helper.make_node("Constant", [], ["shift"], value=added))
    nodes.append(helper.make_node("Add", ["times", "shift"], ["map"]))
    nodes.append(helper.make_node("ReduceMean", ["map"], ["rows"], axes=[2, 3], keepdims=0))
    nodes.append(helper.make_node("Transpose", ["map"], ["turned"], perm=[0, 2, 1, 3]))
    shape_of_places = numpy_helper.from_array(np.array([0, 0, -1]))
    nodes.append(helper.make_node("Constant", [], ["shape"], value=shape_of_places))
    nodes.append(helper.make_node("Reshape", ["turned", "shape"], ["places"]))
    nodes.append(helper.make_node("Transpose", ["map"], ["map_last"], perm=[0, 2, 3, 1]))
    lengths = {"rows": 2, "map": 4, "map_last": 4, "places": 3}
    described = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * lengths[name])
        for name in outputs
    ]
    pixels = helper.make_tensor_value_info("pixels", dtype, shape)
    graph = helper.make_graph(nodes, "small", [pixels], described, [weight])
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.save(model, path, save_as_external_data=external, location="weights.bin", size_threshold=0)
    return path


def say(model: Path, **card: object) -> None:
    """Write a card beside a network."""
    model.with_name(f"{model.name}.json").write_text(json.dumps(card))


def checkered(side: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture of random pixels."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (side, side, 3), dtype=np.uint8)


WORDS = {"[UNK]": (0, 0, 0), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


def save_text_network(
    folder: Path,
    *,
    mask: bool = True,
    length: int | str = "tokens",
    rows: bool = True,
    wide: int = 0,
    extra_input: bool = False,
) -> Path:
    """Write a network that knows the words for three colors, and its tokenizer.

    Parameters
    ----------
    folder : Path
    mask : bool
        Whether it takes an attention mask.
    length : int or str
        Of its input; a text where any will do.
    rows : bool
        Whether it gives a row for each text.
    wide : int
        Zeros behind the three numbers of a row.
    extra_input : bool
        Whether it takes something that annclust does not know.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.array([(*color, *[0] * wide) for color in WORDS.values()], dtype=np.float32)
    names = ["input_ids", *(["attention_mask"] if mask else []), *(["more"] if extra_input else [])]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", length]) for n in names]
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["words"])]
    if mask:
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["share"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["share", "last"], ["shares"]),
            helper.make_node("Mul", ["words", "shares"], ["meant"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["words"], ["meant"]))
    nodes.append(helper.make_node("ReduceSum", ["meant", "one"], ["text_embeds"], keepdims=0))
    output, rank = ("text_embeds", 2) if rows else ("meant", 3)
    described = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None] * rank)]
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([2]), "last"),
        numpy_helper.from_array(np.array([1]), "one"),
    ]
    graph = helper.make_graph(nodes, "text", inputs, described, constants)
    opset = helper.make_opsetid("", 17)
    path = folder / "text_model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path
