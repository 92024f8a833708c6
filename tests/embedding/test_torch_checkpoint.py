from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from annclust.embedding.torch_checkpoint import Tensor, read_checkpoint
from annclust.errors import ModelFileError

LEGACY_MAGIC, LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
LITTLE = {"protocol_version": LEGACY_PROTOCOL, "little_endian": True, "type_sizes": {}}
KINDS = {"f": "FloatStorage", "i": "LongStorage"}
DICT = b"ccollections\nOrderedDict\n)R"


# Checkpoints by hand: what torch.save writes, opcode by opcode, and what it never would.


def opcodes(value: object) -> bytes:
    """Opcodes that put `value` on the pickle's stack."""
    return pickle.dumps(value, 2)[2:-1]


def program(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


@dataclass(frozen=True)
class Weight:
    """One tensor as the pickle describes it, and the numbers behind it."""

    numbers: NDArray[Any]
    shape: object
    strides: object
    key: str = "0"
    offset: object = 0
    claimed_length: int | None = None
    kind: str | None = None

    @property
    def length(self) -> int:
        return self.numbers.size if self.claimed_length is None else self.claimed_length

    def opcodes(self, *view: object) -> bytes:
        kind = self.kind or KINDS[self.numbers.dtype.kind]
        described = (self.key, "cpu", self.length, *view)
        storage = b"(" + opcodes("storage") + f"ctorch\n{kind}\n".encode()
        storage += b"".join(map(opcodes, described)) + b"tQ"
        place = b"".join(map(opcodes, (self.offset, self.shape, self.strides, False)))
        return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + place + DICT + b"tR"


def weight(values: NDArray[Any], key: str = "0") -> Weight:
    """A tensor with a storage of its own, in the memory order that `values` has."""
    strides = tuple(stride // values.itemsize for stride in values.strides)
    return Weight(values.ravel(order="K"), values.shape, strides, key=key)


def named(weights: dict[str, Weight], *view: object) -> bytes:
    pairs = b"".join(opcodes(name) + w.opcodes(*view) for name, w in weights.items())
    return DICT + b"(" + pairs + b"u"


def storages(weights: dict[str, Weight]) -> dict[str, Weight]:
    return {w.key: w for w in weights.values()}


def legacy(
    weights: dict[str, Weight],
    *,
    magic: object = LEGACY_MAGIC,
    machine: object = LITTLE,
    tensors: bytes | None = None,
    keys: object = None,
) -> bytes:
    kept = storages(weights)
    listed = list(kept) if keys is None else keys
    head = b"".join(pickle.dumps(part, 2) for part in (magic, LEGACY_PROTOCOL, machine))
    claims = tensors or program(named(weights, None))
    numbers = (struct.pack("<q", w.numbers.size) + w.numbers.tobytes() for w in kept.values())
    return head + claims + pickle.dumps(listed, 2) + b"".join(numbers)


def zipped(
    weights: dict[str, Weight],
    *,
    tensors: bytes | None = None,
    byteorder: bytes = b"little",
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        archive.writestr("net/data.pkl", tensors or program(named(weights)))
        archive.writestr("net/byteorder", byteorder)
        for key, w in storages(weights).items():
            archive.writestr(f"net/data/{key}", w.numbers.tobytes())
    return content.getvalue()


def read(content: bytes, folder: Path) -> dict[str, Tensor]:
    path = folder / "weights.pth"
    path.write_bytes(content)
    return read_checkpoint(path, sha256=hashlib.sha256(content).hexdigest(), remedy="Fetch it.")


Wrap = Callable[[dict[str, Weight]], bytes]
both_wrappings = pytest.mark.parametrize("wrap", [legacy, zipped])
rewriting_the_file = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example writes it anew
    deadline=None,  # a busy machine is no failure
)

MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)
LINE = Weight(np.arange(6, dtype=np.float32), (6,), (1,))


@both_wrappings
def test_tensors_come_back_by_name(wrap: Wrap, tmp_path: Path) -> None:
    counts = np.array(7, dtype=np.int64)
    found = read(wrap({"matrix": weight(MATRIX), "counts": weight(counts, key="1")}), tmp_path)
    assert list(found) == ["matrix", "counts"]
    assert found["matrix"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["counts"].tolist() == 7
    assert [found[name].dtype.str for name in found] == ["<f4", "<i8"]


@both_wrappings
def test_a_transposed_tensor_comes_back_transposed(wrap: Wrap, tmp_path: Path) -> None:
    assert read(wrap({"w": weight(MATRIX.T)}), tmp_path)["w"].tolist() == MATRIX.T.tolist()


@both_wrappings
def test_two_tensors_may_share_a_storage(wrap: Wrap, tmp_path: Path) -> None:
    head, tail = replace(LINE, shape=(2,)), replace(LINE, shape=(2,), offset=4)
    found = read(wrap({"head": head, "tail": tail}), tmp_path)
    assert (found["head"].tolist(), found["tail"].tolist()) == ([0, 1], [4, 5])


@both_wrappings
@rewriting_the_file
@given(
    values=st.one_of(
        arrays(np.float32, array_shapes(max_dims=4, max_side=4)),
        arrays(np.int64, array_shapes(max_dims=4, max_side=4)),
    ),
    axes=st.randoms(use_true_random=False),
)
def test_any_tensor_in_any_order_of_axes_comes_back(
    wrap: Wrap, values: NDArray[Any], axes: Any, tmp_path: Path
) -> None:
    order = list(range(values.ndim))
    axes.shuffle(order)
    given_values = values.transpose(order)
    found = read(wrap({"w": weight(given_values)}), tmp_path)["w"]
    np.testing.assert_array_equal(found, given_values)


@both_wrappings
def test_every_shorter_file_is_refused(wrap: Wrap, tmp_path: Path) -> None:
    whole = wrap({"matrix": weight(MATRIX), "line": replace(LINE, key="1")})
    for length in range(len(whole)):
        with pytest.raises(ModelFileError, match="not a torch checkpoint"):
            read(whole[:length], tmp_path)


class Intruder:
    """Unpickled without care, makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("part", ["magic", "machine", "tensors", "keys"])
def test_no_pickle_of_the_legacy_stream_may_run_code(part: str, tmp_path: Path) -> None:
    folder = tmp_path / "made by an intruder"
    intruder: Any = pickle.dumps(Intruder(folder), 2) if part == "tensors" else Intruder(folder)
    content = legacy({"w": LINE}, **{part: intruder})
    with pytest.raises(ModelFileError, match="which weights do not need"):
        read(content, tmp_path)
    assert not folder.exists()


def test_the_pickle_of_the_zip_may_not_run_code(tmp_path: Path) -> None:
    folder = tmp_path / "made by an intruder"
    content = zipped({"w": LINE}, tensors=pickle.dumps(Intruder(folder), 2))
    with pytest.raises(ModelFileError, match="which weights do not need"):
        read(content, tmp_path)
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    [
        "os\nsystem",
        "builtins\neval",
        "builtins\n__import__",
        "builtins\ngetattr",
        "collections\nCounter",
        "collections\nOrderedDict.fromkeys",
        "torch\nload",
        "torch\nDoubleStorage",
        "torch._utils\n_rebuild_parameter",
        "torch.nn.modules.linear\nLinear",
        "annclust.embedding.torch_checkpoint\nos",
    ],
)
@both_wrappings
def test_only_four_names_are_known(wrap: Callable[..., bytes], name: str, tmp_path: Path) -> None:
    content = wrap({"w": LINE}, tensors=program(f"c{name}\n".encode()))
    with pytest.raises(ModelFileError, match=r"asks for .*, which weights do not need"):
        read(content, tmp_path)


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"shape": (7,)}, id="longer than its storage"),
        pytest.param({"offset": 1}, id="beginning too late"),
        pytest.param({"offset": -1}, id="beginning before its storage"),
        pytest.param({"strides": (2,)}, id="stepping out of its storage"),
        pytest.param({"strides": (-1,)}, id="stepping backward"),
        pytest.param({"shape": (-6,)}, id="of negative length"),
        pytest.param({"shape": (10**9,), "strides": (0,)}, id="one number seen a billion times"),
        pytest.param({"shape": (5, 5), "strides": (0, 1)}, id="more numbers than its storage"),
        pytest.param({"shape": (10**30,)}, id="of astronomic length"),
        pytest.param({"shape": (0,)}, id="empty"),
        pytest.param({"shape": (2, 3)}, id="fewer strides than axes"),
        pytest.param({"shape": (6.0,)}, id="of fractional length"),
        pytest.param({"shape": "6"}, id="whose shape is text"),
        pytest.param({"shape": None}, id="without a shape"),
        pytest.param({"offset": None}, id="without a beginning"),
        pytest.param({"strides": ("1",)}, id="whose strides are text"),
        pytest.param({"claimed_length": 7}, id="whose storage is longer than the file says"),
        pytest.param({"claimed_length": 5}, id="whose storage is shorter than the file says"),
        pytest.param({"claimed_length": -1}, id="whose storage has negative length"),
        pytest.param({"kind": "LongStorage"}, id="whose storage holds other numbers"),
    ],
)
@both_wrappings
def test_a_lie_about_a_tensor_is_refused(wrap: Wrap, lie: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="not a torch checkpoint that can be trusted"):
        read(wrap({"w": replace(LINE, **lie)}), tmp_path)


@both_wrappings
def test_a_storage_described_in_two_ways_is_refused(wrap: Wrap, tmp_path: Path) -> None:
    weights = {"a": LINE, "b": replace(LINE, claimed_length=3, shape=(3,))}
    with pytest.raises(ModelFileError, match="described twice"):
        read(wrap(weights), tmp_path)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(opcodes([1, 2]), id="a list"),
        pytest.param(opcodes(None), id="nothing"),
        pytest.param(opcodes({"w": 3}), id="a number for a tensor"),
        pytest.param(opcodes({3: "w"}), id="a number for a name"),
        pytest.param(b"ccollections\nOrderedDict\n", id="a type"),
        pytest.param(opcodes("w") + b"Q", id="a storage that is text"),
        pytest.param(opcodes(("module", "w")) + b"Q", id="a storage that is a module"),
    ],
)
@both_wrappings
def test_anything_but_a_dict_of_tensors_is_refused(
    wrap: Callable[..., bytes], claims: bytes, tmp_path: Path
) -> None:
    with pytest.raises(ModelFileError, match="not a torch checkpoint"):
        read(wrap({}, tensors=program(claims)), tmp_path)


@both_wrappings
def test_a_pickle_cannot_alter_what_the_next_file_is_read_with(
    wrap: Callable[..., bytes], tmp_path: Path
) -> None:
    changes = opcodes((None, {"__doc__": "altered", "__defaults__": (1,), "fromkeys": None})) + b"b"
    for target in (b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n"):
        with pytest.raises(ModelFileError, match="not a torch checkpoint"):
            read(wrap({}, tensors=program(target, changes)), tmp_path)
    assert read(wrap({"w": LINE}), tmp_path)["w"].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "oddity",
    [
        pytest.param({"magic": 1}, id="another magic number"),
        pytest.param({"machine": {"little_endian": False}}, id="big-endian numbers"),
        pytest.param({"machine": None}, id="no machine"),
        pytest.param({"keys": []}, id="no storages listed"),
        pytest.param({"keys": ["0", "1"]}, id="a storage too many"),
        pytest.param({"keys": "0"}, id="text for the list of storages"),
    ],
)
def test_an_odd_legacy_stream_is_refused(oddity: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="not a torch checkpoint"):
        read(legacy({"w": LINE}, **oddity), tmp_path)


@pytest.mark.parametrize(
    "oddity",
    [
        pytest.param({"byteorder": b"big"}, id="big-endian numbers"),
        pytest.param({"compression": zipfile.ZIP_DEFLATED}, id="compressed members"),
    ],
)
def test_an_odd_zip_is_refused(oddity: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"little-endian|is compressed"):
        read(zipped({"w": LINE}, **oddity), tmp_path)


@pytest.mark.parametrize("members", [[], ["net/readme"], ["a/data.pkl", "b/data.pkl"]])
def test_a_zip_without_its_one_pickle_is_refused(members: list[str], tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member in members:
            archive.writestr(member, program(named({})))
    with pytest.raises(ModelFileError, match="not a torch checkpoint"):
        read(content.getvalue(), tmp_path)


def test_a_file_with_another_digest_is_not_even_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Intruder(tmp_path / "made by an intruder")))
    with pytest.raises(ModelFileError, match=r"SHA-256 differs\)\. Fetch it\.") as caught:
        read_checkpoint(path, sha256="0" * 64, remedy="Fetch it.")
    assert (caught.value.path, caught.value.remedy) == (path, "Fetch it.")
    assert not (tmp_path / "made by an intruder").exists()


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="No such file or directory"):
        read_checkpoint(tmp_path / "none.pth", sha256="", remedy="Fetch it.")


def test_tensors_cannot_be_written_to(tmp_path: Path) -> None:
    assert not read(legacy({"w": LINE}), tmp_path)["w"].flags.writeable
