from __future__ import annotations

from annclust.images.scan_plan import KnownFailure, plan_scan
from tests.images.scans import file, photo


def test_a_file_that_looks_as_before_is_not_read() -> None:
    plan = plan_scan([photo(1, "a", "A")], [], [file("a")])
    assert (plan.to_read, plan.unchanged, plan.loose) == ((), 1, ())


def test_a_new_file_is_read() -> None:
    assert plan_scan([], [], [file("a")]).to_read == (file("a"),)


def test_a_file_of_another_size_or_time_is_read_and_its_photo_is_loose() -> None:
    known = photo(1, "a", "A")
    for found in (file("a", size=1), file("a", modified=1)):
        plan = plan_scan([known], [], [found])
        assert (plan.to_read, plan.loose) == ((found,), (known,))


def test_a_photo_whose_file_is_gone_is_loose() -> None:
    known = photo(1, "a", "A")
    assert plan_scan([known], [], []).loose == (known,)


def test_a_failure_is_tried_again_only_if_it_may_come_out_otherwise() -> None:
    for retry, expected in ((True, (file("a"),)), (False, ())):
        plan = plan_scan([], [KnownFailure(file("a"), retry)], [file("a")])
        assert plan.to_read == expected
        assert plan.failing == (() if retry else (file("a"),))


def test_a_failed_file_that_changed_is_tried_again() -> None:
    plan = plan_scan([], [KnownFailure(file("a"), retry=False)], [file("a", size=1)])
    assert plan.to_read == (file("a", size=1),)


def test_one_file_of_each_size_is_read_first() -> None:
    found = [file("a", size=1), file("b", size=1), file("c", size=2)]
    assert plan_scan([], [], found).to_read == (found[0], found[2], found[1])
