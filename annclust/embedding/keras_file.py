"""Keras file: the layers and weights of a network as Keras keeps them in HDF5. No TensorFlow.

What Turi Create calls a model on Linux and Windows is such a file. Nothing in it is run: layers are
described in JSON, weights are plain arrays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annclust.arrays import Vectors
from annclust.errors import EmbeddingError, ModelFileError

if TYPE_CHECKING:
    import h5py

_REMEDY = "Get the file anew; a download that was cut short leaves such files."


@dataclass(frozen=True, slots=True, eq=False)
class KerasLayer:
    """One step of a network.

    Parameters
    ----------
    name : str
    kind : str
        The name of its Keras class.
    config : mapping
        As Keras writes it.
    inputs : sequence of str
        Names of the layers whose results it takes.
    weights : mapping of str to ndarray
        By their last names, such as "kernel".
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: Sequence[str]
    weights: Mapping[str, Vectors]


@dataclass(frozen=True, slots=True, eq=False)
class KerasNetwork:
    """Layers, each after those that it takes something from.

    Parameters
    ----------
    layers : sequence of KerasLayer
    output : str
        Name of the layer that gives the result.
    """

    layers: Sequence[KerasLayer]
    output: str


def read_keras(path: Path) -> KerasNetwork:
    """Read a network that Keras saved in HDF5.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, or something else.
    EmbeddingError
        If h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise EmbeddingError(
            "Turi Create's model files need h5py: pip install 'annclust[turicreate]'."
        ) from error
    try:
        with h5py.File(path, "r") as file:
            return _network(file)
    except FileNotFoundError as error:
        raise ModelFileError(path, reason="this model file is missing", remedy=_REMEDY) from error
    except OSError as error:  # h5py says in many words that this is no HDF5, or is cut short
        raise ModelFileError(path, reason="no HDF5 file, or damaged", remedy=_REMEDY) from error
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelFileError(
            path, reason="no network of Keras, or damaged", remedy=_REMEDY
        ) from error


def _network(file: h5py.File) -> KerasNetwork:
    model = json.loads(file.attrs["model_config"])["config"]
    kept = file["model_weights"]
    layers: list[KerasLayer] = []
    for each in model["layers"]:
        config = each["config"]
        name = each.get("name") or config["name"]
        inputs = _inputs(each, layers)
        layers.append(KerasLayer(name, each["class_name"], config, inputs, _weights(kept, name)))
    outputs = model.get("output_layers") or [[layers[-1].name]]
    return KerasNetwork(layers, _first_name(outputs))


def _inputs(layer: Mapping[str, Any], before: Sequence[KerasLayer]) -> list[str]:
    """Of a sequential network, which names none, the layer before."""
    if "inbound_nodes" in layer:
        nodes = layer["inbound_nodes"]
        return [str(source[0]) for source in nodes[0]] if nodes else []
    return [before[-1].name] if before else []


def _first_name(nested: Any) -> str:
    """Keras writes one output as ``["name", 0, 0]``, alone or in a list."""
    while isinstance(nested, list):
        nested = nested[0]
    return str(nested)


def _weights(kept: h5py.Group, layer: str) -> dict[str, Vectors]:
    if layer not in kept:
        return {}
    group = kept[layer]
    names = [
        name.decode() if isinstance(name, bytes) else str(name)
        for name in group.attrs["weight_names"]
    ]
    return {
        name.rpartition("/")[2].partition(":")[0]: np.asarray(group[name], dtype=np.float32)
        for name in names
    }
