"""Marks that are slow, refused, or said in haste: what one sees is what the server has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import Review

GROUP = re.compile(r"/api/groups/\d+\?")

CHANGES = """(element) => {
  const told = [];
  new MutationObserver(() => told.push(element.textContent)).observe(element, { childList: true });
  return told;
}"""
"""What an element says from now on."""


@pytest.fixture
def page(context: BrowserContext, review: Review) -> Iterator[Page]:
    """The page, open; its console may tell of requests that a test refuses, and of nothing else."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(review.address)
    opened.get_by_test_id("group-card").first.wait_for()
    yield opened
    assert troubles == []


@dataclass
class Gate:
    """Where marks come by on their way to the server."""

    way: Literal["free", "held", "refused"] = "free"
    waiting: list[Route] = field(default_factory=list)

    def __call__(self, route: Route) -> None:
        if self.way == "held":
            self.waiting.append(route)
        elif self.way == "refused":
            # As the server does while another program writes.
            route.fulfill(status=409, json={"error": "Somebody else writes."})
        else:
            route.continue_()

    def become(self, way: Literal["free", "refused"]) -> None:
        """Let go of what waits."""
        self.way = way
        while self.waiting:
            self(self.waiting.pop(0))


@pytest.fixture
def gate(page: Page) -> Gate:
    """Where the marks of the page come by."""
    gate = Gate()
    page.route("**/api/marks", gate)
    return gate


def not_looked_at(route: Route) -> None:
    """Answer with a group of which nobody has looked at the photos, in another order."""
    while (group := route.fetch().json())["pending"]:
        pass
    photos = [
        {**photo, "place": place, "suggestion": "leave", "reasons": [], "behind": ""}
        for place, photo in enumerate(reversed(group["photos"]), start=1)
    ]
    route.fulfill(json={**group, "photos": photos, "pending": len(photos)})


def open_first_group(page: Page) -> Locator:
    """The photos of the first group, with what is suggested of them."""
    page.get_by_test_id("group-card").first.click()
    expect(page.get_by_test_id("reason").first).not_to_be_empty(timeout=60_000)
    return page.get_by_test_id("photo")


def pressed(place: Page | Locator, mark: str) -> str:
    """Whether a photo is shown as marked."""
    return place.get_by_test_id(mark).first.get_attribute("aria-pressed") or ""


def requests_of(page: Page) -> list[str]:
    """Addresses that the page asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_nothing_is_said_of_photos_that_nobody_has_looked_at(page: Page, gate: Gate) -> None:
    page.route(GROUP, not_looked_at)
    asked = requests_of(page)
    page.get_by_test_id("group-card").first.click()
    expect(page.get_by_test_id("photo").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("toasts")).to_contain_text("Nothing is suggested yet")

    # A mark whose writing takes long outlasts what is asked meanwhile.
    gate.way = "held"
    page.keyboard.press(" ")
    large = page.get_by_test_id("lightbox")
    page.keyboard.press("p")
    for _ in range(4):
        with page.expect_response(GROUP):
            pass
    expect(large.get_by_test_id("large-keep")).to_have_attribute("aria-pressed", "true")
    gate.become("free")
    large.get_by_role("button", name="Undo").click()

    # The order changes under the large view: what it showed is what is chosen afterwards.
    page.keyboard.press("ArrowRight")
    expect(large.get_by_test_id("badge")).to_have_count(0)
    shown = page.get_by_test_id("photo").nth(1).get_attribute("data-photo")
    page.unroute(GROUP)
    expect(large.get_by_test_id("badge")).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    expect(page.locator(f"[data-photo='{shown}']")).to_be_focused()
    assert page.get_by_test_id("photo").nth(1).get_attribute("data-photo") != shown

    # Who holds the key that opens a group has not seen it yet.
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("group-card").first).to_be_focused()
    page.keyboard.down("Enter")
    expect(page.locator(f"[data-photo='{shown}']")).to_be_focused()
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.press(" ")
    expect(large).to_be_visible()
    assert not any(each.endswith("/accept") for each in asked)


def test_a_mark_is_about_the_photo_one_sees_and_is_taken_back_if_refused(
    page: Page, gate: Gate
) -> None:
    photos = open_first_group(page)

    # Heat lies on the first of two photos: that one is meant.
    page.keyboard.press("c")
    compare = page.get_by_test_id("compare-dialog")
    first, second = (compare.get_by_test_id("compare-pane").nth(each) for each in (0, 1))
    page.keyboard.press("d")
    page.keyboard.press("x")
    expect(first.get_by_test_id("large-reject")).to_have_attribute("aria-pressed", "true")
    assert pressed(second, "large-reject") == "false"
    expect(compare.get_by_test_id("difference")).not_to_contain_text("Looking")
    told = compare.get_by_test_id("difference").evaluate_handle(CHANGES)
    page.keyboard.press("d")
    page.keyboard.press("u")
    expect(first.get_by_test_id("large-reject")).to_have_attribute("aria-pressed", "false")
    assert told.json_value() == []  # the same pair is compared once

    # What is refused is told where one looks, and is not shown as said.
    gate.way = "refused"
    page.keyboard.press("s")
    second.get_by_test_id("large-keep").click()
    expect(compare.get_by_test_id("toast")).to_contain_text("Somebody else writes")
    assert pressed(second, "large-keep") == "false"
    expect(second.get_by_test_id("large-keep")).to_be_focused()
    page.keyboard.press("Escape")
    expect(compare).to_have_count(0)
    expect(page.get_by_test_id("toast")).to_be_visible()

    photos.nth(1).click()
    large = page.get_by_test_id("lightbox")
    page.keyboard.press("p")
    expect(large.get_by_test_id("toast")).to_contain_text("Somebody else writes")
    assert pressed(large, "large-keep") == "false"

    # So is what can be taken back.
    gate.way = "free"
    page.keyboard.press("p")
    expect(large.get_by_test_id("toast")).to_contain_text("Kept")
    assert pressed(large, "large-keep") == "true"
    large.get_by_role("button", name="Undo").click()
    expect(large.get_by_test_id("large-keep")).to_have_attribute("aria-pressed", "false")


def test_marks_hold_in_the_order_in_which_they_were_said(page: Page, gate: Gate) -> None:
    open_first_group(page).first.focus()
    keep, reject = (page.get_by_test_id(f"mark-{each}").first for each in ("keep", "reject"))

    # Both are refused: nothing was said.
    gate.way = "held"
    page.keyboard.press("p")
    page.keyboard.press("x")
    expect(reject).to_have_attribute("aria-pressed", "true")
    gate.become("refused")
    expect(reject).to_have_attribute("aria-pressed", "false")
    expect(keep).to_have_attribute("aria-pressed", "false")

    # The first is slow: the second holds nevertheless.
    gate.way = "held"
    page.keyboard.press("p")
    page.keyboard.press("x")
    expect(reject).to_have_attribute("aria-pressed", "true")
    gate.waiting.reverse()
    gate.become("free")
    expect(page.get_by_test_id("toast")).to_contain_text("Rejected")
    page.reload()
    expect(reject).to_have_attribute("aria-pressed", "true")

    # Taking back is refused: what was said stands.
    page.keyboard.press("p")
    expect(page.get_by_test_id("toasts")).to_contain_text("Kept")
    gate.way = "refused"
    page.get_by_test_id("toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("toasts")).to_contain_text("Somebody else writes")
    expect(keep).to_have_attribute("aria-pressed", "true")
    gate.way = "free"

    # Accepting is taken back where it was said, wherever the slider is by then.
    first = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first and "/group/" in url)
    page.get_by_test_id("toast").hover()  # so it stays
    page.keyboard.press("Escape")
    slider = page.get_by_test_id("granularity")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("?")
    expect(page.get_by_test_id("help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_test_id("toast").get_by_role("button", name="Undo").click()
    page.wait_for_url(first)
    expect(page.get_by_test_id("skip")).to_be_visible()
    expect(keep).to_have_attribute("aria-pressed", "true")
