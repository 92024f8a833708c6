"""What a person does with three hundred photos, from the first look to the trash and back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from annclust.collection import Collection
from annclust.images.discovery import TRASH
from tests.browser.conftest import Trip
from tests.purge.purges import tree


def groups_shown(page: Page) -> int:
    """How many groups the page says there are."""
    told = page.get_by_test_id("group-count")
    expect(told).to_contain_text(re.compile(r"\d+ groups"))
    found = re.search(r"(\d+) groups", told.inner_text())
    assert found
    return int(found[1])


def test_from_the_first_look_to_the_trash_and_back(
    page: Page, trip: Trip, photos_of: Collection
) -> None:
    before = tree(trip.photos)
    shots = groups_shown(page)
    assert shots == len(photos_of.clusters("shots"))

    # Coarser, then back.
    slider = page.get_by_test_id("granularity")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("group-count")).not_to_contain_text(str(shots))
    page.keyboard.press("Home")
    slider.fill("1")
    expect(page.get_by_test_id("group-count")).to_contain_text(str(shots))

    # Into a group, by keyboard alone.
    page.get_by_test_id("group-card").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("photo").first).to_be_focused()
    expect(page.get_by_test_id("reason").first).not_to_be_empty(timeout=60_000)
    expect(page.get_by_test_id("badge").first).to_contain_text("keep")

    # Side by side, and what differs.
    page.keyboard.press("c")
    dialog = page.get_by_test_id("compare-dialog")
    expect(dialog.get_by_test_id("compare-pane")).to_have_count(2)
    page.get_by_test_id("mode-difference").click()
    expect(page.get_by_test_id("difference")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    # The suggestion is accepted, and the next group comes.
    first = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first and "/group/" in url)
    expect(page.get_by_test_id("photo").first).to_be_visible()

    # One photo is not the same.
    second = page.get_by_test_id("photo").nth(1)
    second.focus()
    page.keyboard.press("n")
    expect(page.get_by_test_id("toasts")).to_contain_text("Split off")
    page.goto(page.url.split("/group/")[0] + "/decisions")
    expect(page.get_by_test_id("decision")).not_to_have_count(0)
    assert any(not each.together for each in photos_of.decisions())

    # What was accepted goes to the trash, and comes back.
    page.get_by_role("link", name="Purge").click()
    page.get_by_test_id("make-plan").click()
    expect(page.get_by_test_id("plan-table")).to_be_visible()
    plan = page.url
    assert tree(trip.photos) == before
    page.get_by_test_id("apply").click()
    expect(page.get_by_test_id("cancel")).to_be_focused()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("purged")).to_be_visible()
    moved = [path for path in (trip.photos / TRASH).rglob("*") if path.is_file()]
    assert moved
    assert len(tree(trip.photos)) == len(before)
    assert len(photos_of.photo_ids()) == len(before) - len(moved)
    page.goto(plan)  # as after reloading meanwhile
    expect(page.get_by_test_id("plan-words")).to_contain_text("in the trash")
    expect(page.get_by_test_id("apply")).to_have_count(0)
    page.get_by_test_id("undo-plan").click()
    expect(page.get_by_test_id("undo-plan")).to_have_count(0)
    assert tree(trip.photos) == before
    assert len(photos_of.photo_ids()) == len(before)


def test_a_file_that_is_dropped_finds_its_like(page: Page, trip: Trip) -> None:
    photo = next(trip.photos.rglob("IMG_000.jpg"))
    page.keyboard.press("/")
    page.get_by_test_id("search-file").set_input_files(photo)
    expect(page.get_by_test_id("match").first).to_be_visible()
    nearest = page.get_by_test_id("match").first
    expect(nearest).to_have_attribute("aria-label", re.compile(f"^{re.escape(photo.name)}, 100 %"))


def test_the_map_shows_every_photo_once_it_was_made(page: Page) -> None:
    page.get_by_role("link", name="Map").click()
    page.get_by_test_id("make-map").click()
    expect(page.get_by_test_id("map")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("map-words")).to_contain_text("300")


def test_back_closes_the_large_view_and_leaves_the_group_where_it_is(page: Page) -> None:
    page.get_by_test_id("group-card").first.click()
    page.get_by_test_id("photo").nth(1).click()
    large = page.get_by_test_id("lightbox")
    expect(large).to_be_visible()
    group = page.url
    page.go_back()
    expect(large).to_have_count(0)
    expect(page.get_by_test_id("photo").nth(1)).to_be_focused()
    assert page.url == group

    # Closed by a key it leaves nothing behind: Esc goes to the groups, to the card of this one.
    page.get_by_test_id("photo").nth(1).click()
    expect(large).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("group-card").first).to_be_focused()


def test_undoing_a_split_says_again_what_was_said_before(page: Page, photos_of: Collection) -> None:
    page.get_by_test_id("group-card").first.click()
    photos = page.get_by_test_id("photo")
    photo = photos.first
    photo.focus()
    group, count = page.url, photos.count()
    page.keyboard.press("b")
    page.get_by_label("Number of a photo").fill(number_of(page, 1))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("toasts")).to_contain_text("Joined")
    page.goto(group)
    photo.focus()
    page.keyboard.press("n")
    expect(page.get_by_test_id("toasts")).to_contain_text("Split off")
    assert not any(each.together for each in photos_of.decisions())
    page.get_by_test_id("toast").get_by_role("button", name="Undo").click()
    expect(photos).to_have_count(count)
    assert [each.together for each in photos_of.decisions()] == [True]


def number_of(page: Page, place: int) -> str:
    """The number by which a photo of the group is known."""
    return page.get_by_test_id("photo").nth(place).get_attribute("data-photo") or ""
