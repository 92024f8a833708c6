"""Memory budget: how much memory large pictures may take at a time, over all workers.

Small ones need not ask. Without it, as many giants as there are workers could come at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Memory that is shared out to whoever asks; nobody overtakes who waits for much.

    Parameters
    ----------
    total : int
        Bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def share(self, amount: int) -> Iterator[None]:
        """Wait until so many bytes are free, and keep them meanwhile.

        Whoever asks for more than there is gets all there is, and so is alone with it.
        """
        amount = min(amount, self._total)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._free >= amount)
            self._free -= amount
        try:
            yield
        finally:
            with self._changed:
                self._free += amount
                self._changed.notify_all()
