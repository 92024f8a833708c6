"""Makes stand-ins for Turi Create's model files, for Python 3.8 with TensorFlow.

    python turicreate_standin.py FOLDER

The networks have the layers and sizes of the real ones, and seeded random weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

layers = keras.layers


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tf.random.set_seed(0)
    resnet().save(folder / "resnet-50-TuriCreate-6.0.h5")
    squeezenet().save(folder / "squeezenet_v1.1-TuriCreate-6.0.h5")


def resnet():
    """ResNet-50 with pooled features, and batch norms that do something."""
    base = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(224, 224, 3), pooling=None
    )
    pooled = layers.AveragePooling2D(7, name="pool1")(base.output)
    network = keras.Model(base.input, layers.Flatten(name="flatten0")(pooled))
    rng = np.random.RandomState(0)
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            channels = layer.get_weights()[0].shape[0]
            bounds = ((0.5, 1.2), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))
            layer.set_weights([rng.uniform(low, high, channels) for low, high in bounds])
    return network


def squeezenet():
    """SqueezeNet 1.1 with its thousand features."""
    pixels = layers.Input((227, 227, 3))
    maps = layers.Conv2D(64, 3, strides=2, activation="relu")(pixels)
    maps = layers.MaxPooling2D(3, 2)(maps)
    for number, (squeezed, expanded) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)],
        start=2,
    ):
        maps = fire(maps, squeezed, expanded, f"fire{number}")
        if number in (3, 5):
            maps = layers.MaxPooling2D(3, 2)(maps)
    maps = layers.Conv2D(1000, 1, activation="relu")(layers.Dropout(0.5)(maps))
    return keras.Model(pixels, layers.GlobalAveragePooling2D()(maps))


def fire(maps, squeezed, expanded, name):
    """SqueezeNet's building block."""
    maps = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}/squeeze1x1")(maps)
    small = layers.Conv2D(expanded, 1, activation="relu", name=f"{name}/expand1x1")(maps)
    large = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"{name}/expand3x3")(
        maps
    )
    return layers.Concatenate(name=f"{name}/concat")([small, large])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
