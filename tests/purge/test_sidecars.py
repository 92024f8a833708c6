from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annclust.purge.sidecars import SIDECAR_EXTENSIONS, sidecars


def found(names: list[bytes], moving: set[bytes]) -> dict[bytes, bytes]:
    return dict(sidecars(names, moving))


def test_a_sidecar_goes_with_the_file_that_it_names() -> None:
    names = [b"IMG_1.CR2", b"IMG_1.CR2.xmp", b"IMG_1.jpg", b"IMG_1.jpg.xmp"]
    assert found(names, {b"IMG_1.jpg"}) == {b"IMG_1.jpg.xmp": b"IMG_1.jpg"}


def test_a_sidecar_of_several_files_goes_when_all_of_them_do() -> None:
    names = [b"IMG_1.CR2", b"IMG_1.jpg", b"IMG_1.xmp"]
    assert found(names, {b"IMG_1.jpg"}) == {}
    assert found(names, {b"IMG_1.jpg", b"IMG_1.CR2"}) == {b"IMG_1.xmp": b"IMG_1.CR2"}


def test_cards_and_programs_do_not_tell_large_letters_from_small_ones() -> None:
    assert found([b"IMG_1.JPG", b"img_1.XMP"], {b"IMG_1.JPG"}) == {b"img_1.XMP": b"IMG_1.JPG"}


def test_what_belongs_to_nothing_or_to_a_film_stays() -> None:
    names = [b"alone.xmp", b"IMG_1.jpg", b"IMG_1.MOV", b"IMG_1.thm", b"IMG_10.xmp", b"xmp"]
    assert found(names, {b"IMG_1.jpg"}) == {}


NAMES = st.builds(
    lambda stem, *endings: b"".join([stem, *endings]),
    st.sampled_from([b"a", b"A", b"b", b"a.b", b"", b"\xff"]),
    st.sampled_from([b"", b".jpg", b".JPG", b".xmp", b".aae", b".cr2", b"."]),
    st.sampled_from([b"", b".xmp", b".XMP", b".pp3", b".jpg"]),
)


@given(names=st.lists(NAMES, unique=True), moving=st.sets(NAMES))
def test_sidecars_are_found_once_and_go_with_what_moves(
    names: list[bytes], moving: set[bytes]
) -> None:
    photos = {name for name in moving if name.rpartition(b".")[2].lower() not in SIDECAR_EXTENSIONS}
    pairs = list(sidecars(names, photos))
    assert len({sidecar for sidecar, _ in pairs}) == len(pairs)
    for sidecar, owner in pairs:
        assert sidecar in names
        assert sidecar not in photos
        assert owner in photos
        assert sidecar.lower().startswith(owner.lower().rpartition(b".")[0])


@given(names=st.lists(NAMES, unique=True), moving=st.sets(NAMES), more=st.sets(NAMES))
def test_what_moves_along_still_does_when_more_moves(
    names: list[bytes], moving: set[bytes], more: set[bytes]
) -> None:
    assert found(names, moving).keys() <= found(names, moving | more).keys()
