"""Every view, in dark and light, on a phone and a wide screen: accessible, and within its frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Review

SIZES = {"phone": (390, 844), "wide": (1440, 900)}
GRAVE = frozenset({"serious", "critical"})


@pytest.fixture(params=[("phone", "light"), ("wide", "dark")], ids=" ".join)
def page(browser: Browser, review: Review, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page in one size and theme."""
    size, theme = request.param
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.goto(review.address)
    opened.get_by_test_id("group-card").first.wait_for()
    yield opened
    context.close()


def group(page: Page) -> None:
    page.get_by_test_id("group-card").first.click()
    expect(page.get_by_test_id("reason").first).not_to_be_empty(timeout=60_000)


def compare(page: Page) -> None:
    group(page)
    page.keyboard.press("c")
    expect(page.get_by_test_id("compare-pane").first).to_be_visible()


def lightbox(page: Page) -> None:
    group(page)
    page.get_by_test_id("photo").first.click()
    expect(page.get_by_test_id("lightbox")).to_be_visible()


def similar(page: Page) -> None:
    group(page)
    page.keyboard.press("l")
    expect(page.get_by_test_id("match").first).to_be_visible()


def map_of_photos(page: Page) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + "/map")
    page.get_by_test_id("make-map").click()
    expect(page.get_by_test_id("map")).to_be_visible(timeout=60_000)


def one_offs(page: Page) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + "/one-offs")
    expect(page.get_by_test_id("one-off").first).to_be_visible()


def decisions(page: Page) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + "/decisions")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def purge(page: Page) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + "/purge")
    expect(page.get_by_test_id("make-plan")).to_be_visible()


def plan(page: Page) -> None:
    purge(page)
    page.locator("input[value=all]").check(force=True)
    page.get_by_test_id("make-plan").click()
    expect(page.get_by_test_id("plan-table")).to_be_visible(timeout=60_000)


def accept_all(page: Page) -> None:
    page.get_by_test_id("accept-all").click()
    expect(page.get_by_test_id("accept-all-dialog")).to_be_visible()


def keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_test_id("help-dialog")).to_be_visible()


VIEWS: list[Callable[[Page], None]] = [
    *(group, compare, lightbox, similar, map_of_photos, one_offs),
    *(decisions, purge, plan, accept_all, keys),
]


BEYOND = """() => {
  const seen = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const scrolls = (element) => element &&
    (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  return [...seen.querySelectorAll("button, a, input, h1, h2, p")]
    .filter((each) => each.checkVisibility() && !scrolls(each.parentElement))
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 120));
}"""
"""What a person cannot reach, as it lies to the right of the window and nothing scrolls there."""


def faults(page: Page) -> list[str]:
    """What keeps people from using what is shown, as axe-core finds it."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def test_every_view_is_accessible_and_as_wide_as_its_window(page: Page) -> None:
    start = page.url
    problems = {"groups": faults(page)}
    for view in VIEWS:
        page.goto(start)
        page.get_by_test_id("group-card").first.wait_for()
        view(page)
        problems[view.__name__] = faults(page)
        problems[view.__name__] += [f"beyond the window: {each}" for each in page.evaluate(BEYOND)]
    assert {name: found for name, found in problems.items() if found} == {}
