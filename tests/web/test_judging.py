"""What is suggested is what a purge would choose, also beside what a person marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import ImageId
from annclust.images.examination import Examination
from annclust.purge.candidate import Candidate
from annclust.purge.choosing import MARKED, OTHER_KEPT, REJECTED, Said, choose
from annclust.web.documents import Mark
from annclust.web.judging import BETTER_REJECTED, Judged, Judgement, with_marks

PLAIN = Candidate(Examination(4000, 3000), 3_000_000, "JPEG")


def group(*sizes: int) -> list[Candidate]:
    """Photos that only the number of their pixels tells apart."""
    return [
        replace(PLAIN, examination=Examination(400 + 100 * size, 300 + 75 * size)) for size in sizes
    ]


def judgement_of(candidates: list[Candidate], said: Sequence[Said | None] = ()) -> Judgement:
    """As it is without marks."""
    return Judgement(
        tuple(
            Judged(ImageId(each.place), each.verdict, each.reasons)
            for each in choose(candidates, said).photos
        )
    )


MARKS = st.sampled_from([None, "keep", "reject"])


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=6, unique=True).flatmap(
        lambda sizes: st.tuples(st.just(sizes), st.lists(MARKS, min_size=6, max_size=6))
    )
)
def test_suggestions_beside_marks_are_those_of_a_purge(
    told: tuple[list[int], list[Mark | None]],
) -> None:
    sizes, marks = told
    candidates = group(*sizes)
    said = marks[: len(candidates)]
    marked = {ImageId(place): mark for place, mark in enumerate(said) if mark is not None}
    found = with_marks(judgement_of(candidates), marked)
    expected = {each.place: each.verdict for each in choose(candidates, said).photos}
    assert {each.photo: each.suggestion for each in found.photos} == expected


def test_marks_leave_everybody_in_their_place() -> None:
    plain = judgement_of(group(3, 1, 2))
    marked = with_marks(plain, {ImageId(1): "keep"})
    assert [each.photo for each in marked.photos] == [each.photo for each in plain.photos]
    told = {each.photo: each.reasons for each in marked.photos}
    assert told == {each.photo: each.reasons for each in plain.photos} | {
        ImageId(0): (OTHER_KEPT,),
        ImageId(1): (MARKED,),
    }


def test_what_is_rejected_makes_room_for_the_next_one_and_says_so() -> None:
    first, second, _ = with_marks(judgement_of(group(3, 2, 1)), {ImageId(0): "reject"}).photos
    assert (first.suggestion, first.reasons) == ("reject", (REJECTED,))
    assert (second.suggestion, second.reasons) == ("keep", (BETTER_REJECTED,))


def test_what_stands_for_purged_photos_stays_beside_what_is_kept() -> None:
    plain = judgement_of(group(3, 1, 2), ["stands" if place == 1 else None for place in range(3)])
    assert plain.of("keep") == [0, 1]
    assert with_marks(plain, {}).of("keep") == [0, 1]
    assert with_marks(plain, {ImageId(2): "keep"}).of("keep") == [2, 1]
    assert with_marks(plain, {ImageId(1): "reject"}).of("keep") == [0]


def test_one_stays_although_all_were_rejected() -> None:
    marked = with_marks(judgement_of(group(3, 1)), {ImageId(0): "reject", ImageId(1): "reject"})
    assert marked.of("keep") == [0]


def test_what_is_left_alone_is_kept_only_if_somebody_says_so() -> None:
    alone = Judgement((Judged(ImageId(1), "keep"), Judged(ImageId(2), alone="a panorama")))
    for mark, suggestion in (("keep", "keep"), ("reject", "leave"), (None, "leave")):
        marks: dict[ImageId, Mark] = {} if mark is None else {ImageId(2): mark}  # type: ignore[dict-item]
        assert with_marks(alone, marks).photos[1].suggestion == suggestion


def test_why_a_group_is_as_it_is_is_told_in_the_first_words_there_are() -> None:
    quiet = Judgement((Judged(ImageId(1), "keep"), Judged(ImageId(2), "reject", (), "smaller")))
    assert quiet.reason == "smaller"
    assert Judgement((Judged(ImageId(1)),)).reason == ""
