"""Torch checkpoints without torch: named weights, read by an unpickler that trusts nothing.

torch pickles a dict of tensors and keeps their numbers outside of the pickle, in one of two
wrappings:

- the legacy stream: five pickles (magic number, protocol, machine, tensors, storage keys), then the
  storages, each behind its length (``torch/serialization.py``, ``_legacy_save``);
- a zip: ``data.pkl`` holds the tensors, ``data/KEY`` each storage (``_save``).

A pickle is a program. The file's SHA-256 is checked before any of it runs, and what runs may name
four things only: a dict, a tensor, and two kinds of numbers.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from annclust.errors import ModelFileError

Tensor: TypeAlias = NDArray[np.generic]
"""One named array of a checkpoint: float32 or int64, any shape, read-only."""

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_LEGACY_COUNT = struct.Struct("<q")
_ZIP_MAGIC = b"PK\x03\x04"
_DTYPES: dict[str, np.dtype[np.generic]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}

_DAMAGE = (
    # what unpickling and unzipping raise on bytes that are not what they should be
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
)


def read_checkpoint(path: Path, *, sha256: str, remedy: str) -> dict[str, Tensor]:
    """Read the weights of a torch checkpoint.

    Parameters
    ----------
    path : Path
        A file that ``torch.save`` wrote from a dict of float32 and int64 tensors; no empty ones.
    sha256 : str
        Hexadecimal digest that the file must have.
    remedy : str
        What the user can do about a wrong file, for the error message.

    Returns
    -------
    dict of str to ndarray
        Equal to what ``torch.load`` gives; read-only views of one buffer.

    Raises
    ------
    ModelFileError
        If the file is missing, has another digest, is damaged, or asks for anything that weights
        do not need.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(path, reason=error.strerror or str(error), remedy=remedy) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        reason = "this is not the expected model file, or it is damaged (its SHA-256 differs)"
        raise ModelFileError(path, reason=reason, remedy=remedy)
    try:
        return _parse(content)
    except _DAMAGE as error:
        reason = f"not a torch checkpoint that can be trusted: {str(error) or 'cut short'}"
        raise ModelFileError(path, reason=reason, remedy=remedy) from error


class _Storage(NamedTuple):
    """A run of numbers somewhere in the file."""

    type_name: str
    key: str
    length: int


class _TensorClaim(NamedTuple):
    """What the pickle says about a tensor: an unchecked part of a storage."""

    storage: object
    offset: object
    shape: object
    strides: object


class _WeightsUnpickler(pickle.Unpickler):
    """Knows a dict, a tensor and two kinds of numbers; refuses everything else.

    The values it hands to the pickle cannot be altered by it: strings, tuples, a C type, a bound
    method.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module_name: str, global_name: str, /) -> object:
        """Resolve a global name of the pickle."""
        asked = f"{module_name}.{global_name}"
        allowed: dict[str, object] = {
            "collections.OrderedDict": OrderedDict,
            "torch._utils._rebuild_tensor_v2": self._claim,
            **{f"torch.{name}": name for name in _DTYPES},
        }
        if asked not in allowed:
            raise pickle.UnpicklingError(f"it asks for {asked}, which weights do not need")
        return allowed[asked]

    def persistent_load(self, pid: object, /) -> _Storage:
        """Note a storage; its numbers come later."""
        match pid:
            case ("storage", str(type_name), str(key), str(), int(length), *view) if (
                type_name in _DTYPES and length >= 0 and view in ([], [None])
            ):
                storage = _Storage(type_name, key, length)
            case _:
                raise pickle.UnpicklingError(f"it has a storage of an unknown kind: {pid!r:.99}")
        if self.storages.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError(f"storage {key} is described twice, and differently")
        return storage

    def _claim(
        self, storage: object, offset: object, shape: object, strides: object, *_: object
    ) -> _TensorClaim:
        return _TensorClaim(storage, offset, shape, strides)


def _parse(content: bytes) -> dict[str, Tensor]:
    """Weights of a checkpoint in either wrapping; any of `_DAMAGE` if it is damaged."""
    parse = _parse_zip if content.startswith(_ZIP_MAGIC) else _parse_legacy
    return parse(content)


def _parse_legacy(content: bytes) -> dict[str, Tensor]:
    stream = io.BytesIO(content)
    if _unpickled(stream) != _LEGACY_MAGIC or _unpickled(stream) != _LEGACY_PROTOCOL:
        raise ValueError("it does not begin as one")
    machine = _unpickled(stream)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("its numbers are not little-endian")
    unpickler = _WeightsUnpickler(stream)
    claims = unpickler.load()
    keys = _unpickled(stream)
    if not isinstance(keys, list) or set(keys) != unpickler.storages.keys():
        raise ValueError("the storages it lists are not the ones its tensors need")
    numbers = dict(_legacy_storages(stream, [unpickler.storages[key] for key in keys]))
    return _tensors(claims, numbers)


def _legacy_storages(stream: io.BytesIO, storages: list[_Storage]) -> Iterator[tuple[str, Tensor]]:
    for storage in storages:
        (length,) = _LEGACY_COUNT.unpack(stream.read(_LEGACY_COUNT.size))
        if length != storage.length:
            raise ValueError(f"storage {storage.key} has an unexpected length")
        content = stream.read(length * _DTYPES[storage.type_name].itemsize)
        yield storage.key, _numbers(storage, content)


def _parse_zip(content: bytes) -> dict[str, Tensor]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        root = pickled.removesuffix("data.pkl")
        order = f"{root}byteorder"  # old files lack it
        if order in archive.namelist() and _stored(archive, order) != b"little":
            raise ValueError("its numbers are not little-endian")
        unpickler = _WeightsUnpickler(io.BytesIO(_stored(archive, pickled)))
        claims = unpickler.load()
        numbers = {
            key: _numbers(storage, _stored(archive, f"{root}data/{key}"))
            for key, storage in unpickler.storages.items()
        }
    return _tensors(claims, numbers)


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    # torch never compresses; a compressed member could be a bomb
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    return archive.read(name)


def _unpickled(stream: io.BytesIO) -> object:
    value: object = _WeightsUnpickler(stream).load()
    return value


def _numbers(storage: _Storage, content: bytes) -> Tensor:
    dtype = _DTYPES[storage.type_name]
    if len(content) != storage.length * dtype.itemsize:
        raise ValueError(f"storage {storage.key} is cut short")
    return np.frombuffer(content, dtype)


def _tensors(claims: object, numbers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if not isinstance(claims, dict) or not all(isinstance(name, str) for name in claims):
        raise ValueError("it holds no dict of named tensors")
    return {name: _tensor(claim, numbers) for name, claim in claims.items()}


def _tensor(claim: object, numbers: Mapping[str, Tensor]) -> Tensor:
    match claim:
        case _TensorClaim(_Storage(key=key), int(offset), tuple(shape), tuple(strides)):
            values = numbers[key]
        case _:
            raise ValueError("it holds something that is not a tensor")
    if not all(isinstance(number, int) and number >= 0 for number in (offset, *shape, *strides)):
        raise ValueError("a tensor has no proper shape")
    steps = zip(shape, strides, strict=True)
    last = offset + sum((length - 1) * stride for length, stride in steps)
    if 0 in shape or last >= len(values) or math.prod(shape) > len(values):
        raise ValueError("a tensor reaches outside its storage")
    apart = [stride * values.itemsize for stride in strides]
    return as_strided(values[offset:], shape, apart, writeable=False)
