"""Operations: everything that changes a collection, each as a command that can be broken off.

An operation starts from a collection and a folder of photos that `prepare` makes anew, so that one
and the same run can be broken at every point.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

from annclust.collection import Collection
from annclust.embedding.embedder import EmbedderSpec
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings, SearchSettings
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

SETTINGS = IndexingSettings(decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1))
AS_MANY = replace(SETTINGS, search=SearchSettings(exact_up_to=0, threads=1))
COLLECTION, PHOTOS, EYES = "c.annclust", "photos", "eyes.onnx"
OTHER = EmbedderSpec("other", "other", 2)
_MANY = 60
_FORMATS = Path(__file__).parents[2] / "tests" / "storage" / "formats"


@dataclass(frozen=True, slots=True)
class Operation:
    """One way to change a collection.

    Parameters
    ----------
    name : str
    arguments : tuple of str
        Of `annclust`, run in the prepared folder.
    prepare : callable
        Makes the folder's state before the operation.
    few_are_many : bool
        Whether these few photos are searched and joined as many are, through inverted lists.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    few_are_many: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of `annclust`, to be run in the prepared folder."""
        return (*self.arguments, "-c", COLLECTION, "-q")


def picture(path: Path, seed: int, *, light: int = 0) -> None:
    """Save a picture of its own for each seed; small, so that reading takes no time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.random.default_rng(seed).integers(0, 200, (6, 8, 3), dtype=np.uint8) + light
    Image.fromarray(cells.astype(np.uint8)).resize((96, 72)).save(path, "PNG")


def album(folder: Path, photos: int = 6, *, first: int = 0) -> None:
    """Add photos to the album; two after each other are nearly alike."""
    for number in range(first, first + photos):
        path = folder / PHOTOS / f"{number % 2}" / f"{number}.png"
        picture(path, number // 2, light=5 * (number % 2))


def indexed(folder: Path, photos: int = 6, settings: IndexingSettings = SETTINGS) -> None:
    """An album and a collection that knows it."""
    album(folder, photos)
    with Collection(folder / COLLECTION, embedder="color-histogram", settings=settings) as made:
        made.index([folder / PHOTOS])


def clustered(folder: Path) -> None:
    """The same, with groups."""
    indexed(folder)
    with Collection(folder / COLLECTION, settings=SETTINGS) as made:
        made.cluster()


def grown(folder: Path) -> None:
    """Photos came."""
    clustered(folder)
    album(folder, 4, first=6)


def mixed(folder: Path) -> None:
    """Photos came, changed, moved, were copied and went."""
    grown(folder)
    photos = folder / PHOTOS
    picture(photos / "0" / "0.png", 100)
    (photos / "1" / "1.png").rename(photos / "0" / "moved.png")
    shutil.copy(photos / "0" / "2.png", photos / "1" / "copy.png")
    (photos / "1" / "3.png").unlink()


def damaged(folder: Path) -> None:
    """Derived files do not hold what was written."""
    clustered(folder)
    for path in (folder / COLLECTION).glob("*-0*.npy"):
        path.write_bytes(path.read_bytes()[:-1])


def cut_off(folder: Path) -> None:
    """Half of the vectors are missing."""
    clustered(folder)
    (path,) = (folder / COLLECTION).glob("vectors-*")
    os.truncate(path, path.stat().st_size // 2)


def older(folder: Path) -> None:
    """A collection in the first format."""
    with tarfile.open(_FORMATS / "format-1.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    (folder / "photos.annclust").rename(folder / COLLECTION)


def thinned(folder: Path) -> None:
    """Photos went, and the collection knows it."""
    clustered(folder)
    _thin_out(folder)


def _thin_out(folder: Path) -> None:
    for number in (0, 3):
        (folder / PHOTOS / f"{number % 2}" / f"{number}.png").unlink()
    with Collection(folder / COLLECTION, settings=SETTINGS) as made:
        made.index(forget_missing=True)


def seen_twice(folder: Path) -> None:
    """Photos went, and another embedder had seen them as well."""
    clustered(folder)
    with Collection(folder / COLLECTION, settings=SETTINGS) as made:
        digests = [bytes.fromhex(str(row["digest"])) for row in made.photo_table().records]
    with StoreWriter.create(folder / COLLECTION, OTHER, add=True) as store:
        angles = np.linspace(0, 1, len(digests))
        vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        store.append(
            [
                EmbeddedContent(digest, 1, 96, 72, "PNG", vector)
                for digest, vector in zip(digests, vectors, strict=True)
            ]
        )
    with Collection(folder / COLLECTION, embedder=OTHER.name, settings=SETTINGS) as made:
        made.cluster()
    _thin_out(folder)


def with_eyes(folder: Path) -> None:
    """A network of three numbers, which has seen none of the photos yet."""
    mixed(folder)
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 8, 8])
    color = helper.make_tensor_value_info("color", TensorProto.FLOAT, ["n", 3])
    mean = helper.make_node("ReduceMean", ["pixels"], ["color"], axes=[2, 3], keepdims=0)
    graph = helper.make_graph([mean], "eyes", [pixels], [color])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), folder / EYES)


def large_album(folder: Path) -> None:
    """Enough photos for a few inverted lists."""
    album(folder, _MANY)


def large_indexed(folder: Path) -> None:
    """The same, known to a collection that has lists."""
    indexed(folder, _MANY, AS_MANY)


def large_grown(folder: Path) -> None:
    """Grouped, and a few photos came."""
    large_indexed(folder)
    with Collection(folder / COLLECTION, settings=AS_MANY) as made:
        made.cluster()
    album(folder, 4, first=_MANY)


def large_regrown(folder: Path) -> None:
    """The same, and index and graph have been extended by them."""
    large_grown(folder)
    with Collection(folder / COLLECTION, settings=AS_MANY) as made:
        made.index()


INDEX = ("index", PHOTOS, "--threads", "1")

OPERATIONS = (
    Operation("first index", (*INDEX, "--embedder", "color-histogram"), album),
    Operation("index what is new", INDEX, grown),
    Operation("index every change", (*INDEX, "--forget-missing"), mixed),
    Operation("cluster", ("cluster",), indexed),
    Operation("cluster again", ("cluster",), grown),
    Operation("compact", ("compact",), thinned),
    Operation("compact what two embedders saw", ("compact",), seen_twice),
    Operation("compact and forget an embedder", ("compact", "--forget", OTHER.name), seen_twice),
    Operation("use another embedder", ("use", OTHER.name), seen_twice),
    Operation("add an embedder", (*INDEX, "--embedder", f"onnx:{EYES}", "--add"), with_eyes),
    Operation("repair", ("check", "--repair"), damaged),
    Operation("heal", ("check", "--repair"), cut_off),
    Operation("migrate", ("check", "--repair"), older),
    Operation(
        "first index of many",
        (*INDEX, "--embedder", "color-histogram"),
        large_album,
        few_are_many=True,
    ),
    Operation("cluster many", ("cluster",), large_indexed, few_are_many=True),
    Operation("extend many", INDEX, large_grown, few_are_many=True),
    Operation("cluster many again", ("cluster",), large_regrown, few_are_many=True),
)
