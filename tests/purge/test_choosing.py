from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from annclust.purge.candidate import Candidate
from annclust.purge.choosing import (
    LAST,
    LIKE_THE_FIRST,
    MARKED,
    OTHER_KEPT,
    PROTECTED,
    REJECTED,
    STANDS,
    Choice,
    Said,
    choose,
)
from tests.purge.candidates import candidates, photo, shot

BEST = photo(jpeg_quality=92.0)
SMALL = photo(1600, 1200, 400_000)
WORSE = photo(jpeg_quality=60.0)


def verdicts(choice: Choice) -> dict[int, str]:
    return {each.place: each.verdict for each in choice.photos}


def reasons(choice: Choice) -> dict[int, tuple[str, ...]]:
    return {each.place: each.reasons for each in choice.photos}


def test_the_best_stays_and_each_other_one_says_why_it_goes() -> None:
    choice = choose([SMALL, BEST, WORSE])
    assert verdicts(choice) == {0: "reject", 1: "keep", 2: "reject"}
    assert choice.photos[0].place == 1
    assert "larger" in reasons(choice)[0][0]
    assert "less compressed" in reasons(choice)[2][0]
    assert choice.compared_as == "copies"


def test_one_photo_alone_stays() -> None:
    choice = choose([SMALL])
    assert verdicts(choice) == {0: "keep"}
    assert choice.compared_as is None


def test_of_two_that_nothing_tells_apart_the_one_in_a_protected_folder_stays() -> None:
    choice = choose([BEST, BEST], [None, "protected"])
    assert verdicts(choice) == {0: "reject", 1: "keep"}
    assert reasons(choice) == {0: (LIKE_THE_FIRST,), 1: (PROTECTED,)}


def test_what_is_protected_stays_beside_a_better_one() -> None:
    choice = choose([BEST, SMALL, WORSE], [None, "protected", None])
    assert verdicts(choice) == {0: "keep", 1: "keep", 2: "reject"}
    assert reasons(choice)[1][0] == PROTECTED


def test_what_a_person_keeps_takes_the_place_of_the_best() -> None:
    choice = choose([BEST, SMALL, WORSE], [None, "keep", None])
    assert verdicts(choice) == {0: "reject", 1: "keep", 2: "reject"}
    assert reasons(choice)[0] == (OTHER_KEPT,)
    assert reasons(choice)[1][0] == MARKED


def test_what_is_said_as_it_is_suggested_has_the_reasons_of_the_suggestion() -> None:
    plain = choose([SMALL, BEST, WORSE])
    accepted = choose([SMALL, BEST, WORSE], ["reject", "keep", "reject"])
    assert reasons(accepted) == reasons(plain)
    assert verdicts(accepted) == verdicts(plain)


def test_what_stands_for_purged_photos_stays_unless_it_is_rejected() -> None:
    choice = choose([BEST, SMALL, WORSE], [None, "stands", None])
    assert verdicts(choice) == {0: "keep", 1: "keep", 2: "reject"}
    assert reasons(choice)[1][0] == STANDS
    choice = choose([BEST, SMALL, WORSE], ["keep", "stands", None])
    assert verdicts(choice) == {0: "keep", 1: "keep", 2: "reject"}


def test_the_best_of_those_that_are_not_rejected_stays() -> None:
    choice = choose([BEST, SMALL, WORSE], ["reject", None, None])
    assert verdicts(choice) == {0: "reject", 1: "reject", 2: "keep"}
    assert reasons(choice)[0] == (REJECTED,)
    assert "larger" in reasons(choice)[1][0]


def test_one_stays_of_a_group_in_which_all_are_rejected() -> None:
    choice = choose([SMALL, BEST], ["reject", "reject"])
    assert verdicts(choice) == {0: "reject", 1: "keep"}
    assert reasons(choice) == {0: (REJECTED,), 1: (LAST,)}


def bracket() -> list[Candidate]:
    return [shot(0.3 * at, exposure_bias=bias) for at, bias in enumerate((-2.0, 0.0, 2.0))]


def test_parts_of_a_whole_are_left_alone_and_stand_for_nobody() -> None:
    frames = bracket()
    choice = choose([*frames, SMALL])
    assert {verdicts(choice)[place] for place in range(len(frames))} == {"leave"}
    assert verdicts(choice)[len(frames)] == "keep"
    assert choice.compared_as is None


def test_a_rejected_part_of_a_whole_is_left_alone_and_a_marked_one_is_kept() -> None:
    frames = bracket()
    said: list[Said | None] = ["reject", "keep", *[None] * (len(frames) - 2)]
    choice = choose(frames, said)
    assert verdicts(choice) == {0: "leave", 1: "keep"} | dict.fromkeys(
        range(2, len(frames)), "leave"
    )
    assert choice.compared_as is None


SAID = st.sampled_from(["keep", "reject", "protected", "stands", None])


@given(st.data())
def test_of_every_group_something_stays_and_what_somebody_keeps_never_goes(
    data: st.DataObject,
) -> None:
    photos = data.draw(st.lists(candidates(), min_size=1, max_size=6))
    said = data.draw(st.lists(SAID, min_size=len(photos), max_size=len(photos)))
    choice = choose(photos, said)
    assert sorted(each.place for each in choice.photos) == list(range(len(photos)))
    assert choice.of("keep") or choice.of("leave")
    assert all(each.reasons for each in choice.photos if each.verdict != "keep")
    going = {each.place for each in choice.of("reject")}
    assert not any(said[place] in ("keep", "protected", "stands") for place in going)
    if going:
        assert choice.of("keep")


@given(st.data())
def test_what_stays_does_not_depend_on_the_order_unless_nothing_tells_photos_apart(
    data: st.DataObject,
) -> None:
    photos = data.draw(st.lists(candidates(), min_size=2, max_size=5))
    order = list(range(len(photos)))
    Random(data.draw(st.integers(0, 99))).shuffle(order)
    kept = [photos[each.place] for each in choose(photos).of("keep")]
    shuffled = [photos[at] for at in order]
    again = [shuffled[each.place] for each in choose(shuffled).of("keep")]
    assert len(kept) == len(again) <= 1
