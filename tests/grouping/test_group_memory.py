"""What grouping takes, told before."""

from __future__ import annotations

from annclust.grouping.group_memory import group_memory
from annclust.memory_plan import MEBIBYTE


def test_it_grows_with_photos_their_lists_and_up_to_a_point_their_vectors() -> None:
    few, many = (group_memory(n, 16, 1600) for n in (1_000, 1_000_000))
    assert few < 420 * MEBIBYTE
    assert 2000 * MEBIBYTE < many < 2500 * MEBIBYTE
    assert group_memory(1_000_000, 32, 1600) > 1.3 * many
    assert group_memory(1_000_000, 16, 3200) == many  # few axes are compared, pages let go of
    assert group_memory(1_000_000, 16, 64) < many
