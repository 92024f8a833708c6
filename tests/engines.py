"""An engine as far away as a process of its own: nothing comes or goes but as bytes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from annclust.engine import Arguments, Held
from annclust.pipeline import reading_elsewhere

Value = TypeVar("Value")
Result = TypeVar("Result")
Item = TypeVar("Item", bound=np.generic)


class Elsewhere:
    """Computes each part from what it would find on another machine.

    Parameters
    ----------
    twice : bool
        Whether each part is computed twice, as where a worker dies before it can tell.
    """

    is_here = False

    def __init__(self, *, twice: bool = False) -> None:
        self._times = 2 if twice else 1
        # Another process has nothing of an earlier test's; decode workers keep its environment.
        reading_elsewhere._tools.cache_clear()
        self.parts: list[str] = []
        """Names of the functions that were called."""

    def hold(self, value: Value, /, *, apart: bool = False) -> Held[Value]:
        return Held(pickle.dumps(value, protocol=5))

    def map(
        self,
        function: Callable[..., Result],
        parts: Iterable[Arguments],
        /,
        *,
        threads: int,
        light: bool = False,
    ) -> Generator[Held[Result]]:
        called = pickle.dumps(function)
        for part in parts:
            for _ in range(self._times):
                result = pickle.loads(called)(*map(self._opened, part))
            self.parts.append(function.__name__)
            yield self.hold(result)

    def together(
        self, parts: Iterable[Held[NDArray[Item]]], shape: tuple[int, int], /
    ) -> Held[NDArray[Item]]:
        whole = np.vstack([*map(self.value, parts)])
        assert whole.shape == shape
        return self.hold(whole)

    def value(self, held: Held[Value], /) -> Value:
        found: Value = self._opened(held)  # type: ignore[assignment]
        return found

    def _opened(self, argument: object) -> object:
        if isinstance(argument, Held):
            assert isinstance(argument.reference, bytes)
            return pickle.loads(argument.reference)
        return pickle.loads(pickle.dumps(argument, protocol=5))
