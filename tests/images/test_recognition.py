from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from annclust.images.recognition import Resolution, resolve
from tests.images.scans import photo, seen


def test_a_renamed_file_is_the_same_photo() -> None:
    known, sighting = photo(1, "a", "A"), seen("b", "A")
    assert resolve([known], [sighting]) == nothing_but(moved=((known, sighting),))


def test_a_file_moved_to_another_root_is_the_same_photo() -> None:
    known, sighting = photo(1, "a", "A"), seen("x/a", "A", root=2)
    assert resolve([known], [sighting]) == nothing_but(moved=((known, sighting),))


def test_a_touched_file_stays_what_it_is() -> None:
    known, sighting = photo(1, "a", "A"), seen("a", "A")
    assert resolve([known], [sighting]) == nothing_but(touched=((known, sighting),))


def test_other_content_in_the_same_place_is_a_changed_photo() -> None:
    known, sighting = photo(1, "a", "A"), seen("a", "B")
    assert resolve([known], [sighting]) == nothing_but(changed=((known, sighting),))


def test_two_photos_that_swap_names_follow_their_contents() -> None:
    first, second = photo(1, "a", "A"), photo(2, "b", "B")
    now_a, now_b = seen("a", "B"), seen("b", "A")
    found = resolve([first, second], [now_a, now_b])
    assert set(found.moved) == {(first, now_b), (second, now_a)}


def test_content_comes_before_place() -> None:
    """The photo in `a` moved to `b`, and a new one took its place."""
    known, new, moved = photo(1, "a", "A"), seen("a", "B"), seen("b", "A")
    assert resolve([known], [new, moved]) == nothing_but(moved=((known, moved),), added=(new,))


def test_a_second_copy_is_a_photo_of_its_own() -> None:
    known, first, second = photo(1, "a", "A"), seen("b", "A"), seen("c", "A")
    found = resolve([known], [first, second])
    assert (found.moved, found.added) == (((known, first),), (second,))


def test_a_moved_photo_is_rather_in_a_new_place_than_in_that_of_a_changed_one() -> None:
    changed, moved = photo(1, "a", "A"), photo(2, "b", "B")
    in_place, elsewhere = seen("a", "B"), seen("c", "B")
    assert resolve([changed, moved], [in_place, elsewhere]) == nothing_but(
        moved=((moved, elsewhere),), changed=((changed, in_place),)
    )


def test_a_photo_whose_place_another_one_took_is_replaced() -> None:
    lost, moved, now = photo(1, "a", "A"), photo(2, "b", "B"), seen("a", "B")
    assert resolve([lost, moved], [now]) == nothing_but(moved=((moved, now),), replaced=(lost,))


def test_a_photo_found_nowhere_is_left() -> None:
    known = photo(1, "a", "A")
    assert resolve([known], []) == nothing_but(left=(known,))


def test_a_lost_folder_is_recognised_where_it_was_moved_to() -> None:
    known = replace(photo(1, "2024/a", "A"), lost_root=True)
    sighting = seen("old/2024/a", "A", root=2)
    assert resolve([known], [sighting]) == nothing_but(moved=((known, sighting),))


def test_a_copy_under_another_name_does_not_take_over_a_photo_of_a_lost_folder() -> None:
    known = replace(photo(1, "2024/a", "A"), lost_root=True)
    sighting = seen("b", "A", root=2)
    assert resolve([known], [sighting]) == nothing_but(added=(sighting,), left=(known,))


def test_a_copy_of_few_photos_of_a_lost_folder_does_not_take_them_over() -> None:
    known = [replace(photo(i, f"2024/{i}", str(i)), lost_root=True) for i in range(5)]
    copies = tuple(seen(f"old/2024/{i}", str(i), root=2) for i in range(2))
    assert resolve(known, copies) == nothing_but(added=copies, left=tuple(known))


def test_copies_in_a_lost_folder_are_recognised_by_their_places_in_it() -> None:
    first = replace(photo(1, "Trip/a", "A"), lost_root=True)
    second = replace(photo(2, "Archive/Trip/a", "A"), lost_root=True)
    now = {path: seen(f"new/{path}", "A", root=2) for path in ("Archive/Trip/a", "Trip/a")}
    found = resolve([first, second], now.values())
    assert set(found.moved) == {(first, now["Trip/a"]), (second, now["Archive/Trip/a"])}
    assert (found.added, found.left) == ((), ())


def test_copies_that_move_are_told_apart_by_the_ends_of_their_paths() -> None:
    first, second = photo(1, "x/a", "A"), photo(2, "x/b", "A")
    now_b, now_a = seen("y/b", "A"), seen("y/a", "A")
    assert set(resolve([first, second], [now_b, now_a]).moved) == {(first, now_a), (second, now_b)}


def test_very_many_copies_are_paired_in_time() -> None:
    loose = [photo(i, f"x/{i}", "A") for i in range(3_000)]
    sightings = [seen(f"y/{i}", "A") for i in range(3_000)]
    assert len(resolve(loose, sightings).moved) == 3_000


def nothing_but(**found: object) -> Resolution:
    return replace(Resolution((), (), (), (), (), ()), **found)  # type: ignore[arg-type]


contents = st.sampled_from(["A", "B", "C"])
names = st.sampled_from(["a", "b", "c", "d"])


@given(
    known=st.dictionaries(names, contents),
    found=st.dictionaries(names, contents),
)
def test_every_photo_and_every_sighting_has_exactly_one_fate(
    known: dict[str, str], found: dict[str, str]
) -> None:
    loose = [photo(i, path, content) for i, (path, content) in enumerate(known.items())]
    sightings = [seen(path, content) for path, content in found.items()]
    fate = resolve(loose, sightings)
    pairs = (*fate.touched, *fate.moved, *fate.changed)
    assert sorted(p.id for p in (*(p for p, _ in pairs), *fate.replaced, *fate.left)) == [
        p.id for p in loose
    ]
    assert {s.file.place for s in (*(s for _, s in pairs), *fate.added)} == {
        s.file.place for s in sightings
    }
    assert len(pairs) + len(fate.added) == len(sightings)
    assert all(p.digest == s.digest for p, s in (*fate.touched, *fate.moved))
    assert all(p.file.place == s.file.place for p, s in (*fate.touched, *fate.changed))
