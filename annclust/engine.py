"""Engine: where work is done that consists of many like parts.

A part is a pure function of what the engine holds and of a few numbers: it makes no difference who
computes it, or how often. The default works in threads of this process (:mod:`parallel`);
:mod:`annclust.ray_engine` works on a cluster, and where something dies there, its parts are
computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value")
Result = TypeVar("Result")
Item = TypeVar("Item", bound="np.generic[Any]")

Arguments: TypeAlias = tuple[object, ...]
"""Of one part; what is held (`Held`) comes to the function as its value."""


@dataclass(frozen=True, slots=True, eq=False)
class Held(Generic[Value]):
    """A value that an engine holds, wherever that is; it lets go of it with this.

    Parameters
    ----------
    reference : object
        What the engine finds it by.
    """

    reference: object


class Engine(Protocol):
    """Does work. Any class of this shape will do."""

    @property
    def is_here(self) -> bool:
        """Whether all is done in this process: then nothing is won by cutting work for others."""
        ...

    def hold(self, value: Value, /, *, apart: bool = False) -> Held[Value]:
        """Let all who work have a value: a large one travels once, not with each part.

        Parameters
        ----------
        value : object
        apart : bool
            Whether it is one of many that no machine has room for together: each machine that works
            holds some of them.

        Raises
        ------
        EngineError
            If there is no room for it.
        """
        ...

    def map(
        self,
        function: Callable[..., Result],
        parts: Iterable[Arguments],
        /,
        *,
        threads: int,
        light: bool = False,
    ) -> Generator[Held[Result]]:
        """Results of a pure function, in the order of the parts, few of which are under way.

        Who does not want them all any more closes it.

        Parameters
        ----------
        function : callable
            Of a module, so that it can be found elsewhere; changes nothing that it is given.
        parts : iterable of tuple
        threads : int
            Of this process, if the work is done here.
        light : bool
            Whether little is computed, but some of something large is picked: that is done where it
            is held.

        Raises
        ------
        EngineError
            If the engine does not work (any more).
        Exception
            What `function` raises.
        """
        ...

    def together(
        self, parts: Iterable[Held[NDArray[Item]]], shape: tuple[int, int], /
    ) -> Held[NDArray[Item]]:
        """Rows that come in parts, in their order, as one array.

        Parameters
        ----------
        parts : iterable of Held
            Arrays of shape (m, width).
        shape : tuple of (int, int)
            Of all: rows, width.
        """
        ...

    def value(self, held: Held[Value], /) -> Value:
        """What is held; arrays may be read, not changed. Raises as `map` does."""
        ...


class LocalEngine:
    """Works in threads of this process."""

    is_here = True

    def hold(self, value: Value, /, *, apart: bool = False) -> Held[Value]:
        """Hold it by itself."""
        return Held(value)

    def map(
        self,
        function: Callable[..., Result],
        parts: Iterable[Arguments],
        /,
        *,
        threads: int,
        light: bool = False,
    ) -> Generator[Held[Result]]:
        """As of `Engine`."""

        def compute(part: Arguments) -> Held[Result]:
            return Held(function(*map(_opened, part)))

        from annclust.parallel import map_parts  # whoever looks something up needs none of it

        yield from map_parts(compute, parts, threads)

    def together(
        self, parts: Iterable[Held[NDArray[Item]]], shape: tuple[int, int], /
    ) -> Held[NDArray[Item]]:
        """As of `Engine`: each part goes as soon as it has come."""
        import numpy as np

        whole: NDArray[Item] | None = None
        end = 0
        for rows in map(self.value, parts):
            whole = np.empty(shape, dtype=rows.dtype) if whole is None else whole
            whole[end : end + len(rows)] = rows
            end += len(rows)
        return Held(whole)

    def value(self, held: Held[Value], /) -> Value:
        """As of `Engine`."""
        found: Value = held.reference  # type: ignore[assignment]
        return found


def _opened(argument: object) -> object:
    return argument.reference if isinstance(argument, Held) else argument


LOCAL: Final[Engine] = LocalEngine()
