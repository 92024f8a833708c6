"""What one comes from and goes to: slow answers, views that are left, lists that come anew."""

from __future__ import annotations

import re
from base64 import b64encode

from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import Review, Trip
from tests.purge.purges import tree

DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
"""Drops a file on the page."""

MARK_ELSEWHERE = """async () => {
  const headers = {
    "Content-Type": "application/json",
    "X-Annclust-Csrf": document.querySelector("meta[name=csrf]").content,
  };
  const body = JSON.stringify({ photos: [1], mark: "keep" });
  await fetch("/api/marks", { method: "POST", headers, body });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Marks a photo as another window does, and comes back to this one."""


class Held:
    """Requests that the server gets when a test says so."""

    def __init__(self, page: Page, pattern: str | re.Pattern[str]) -> None:
        self.page = page
        self._routes: list[Route] = []
        self._released = False
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if self._released:
            route.fallback()
        else:
            self._routes.append(route)

    def wait(self) -> None:
        """Until there is one."""
        while not self._routes:
            self.page.wait_for_timeout(10)

    def release(self) -> None:
        """Let them and all that follow go."""
        self._released = True
        for route in self._routes:
            route.fallback()


def number_in(told: Locator) -> int:
    """The first number of a text."""
    expect(told).to_contain_text(re.compile(r"\d"))
    return int(re.findall(r"\d+", told.inner_text())[0])


def test_what_is_accepted_is_what_is_shown_however_slow_the_answer(page: Page) -> None:
    dialog, yes = page.get_by_test_id("accept-all-dialog"), page.get_by_test_id("confirm-yes")
    page.keyboard.press("a")
    expect(dialog).to_be_visible(timeout=60_000)
    page.get_by_test_id("cancel").click()
    expect(dialog).to_have_count(0)

    # Whoever has gone on is not asked.
    held = Held(page, "**/api/suggestions?*")
    page.keyboard.press("a")
    held.wait()
    page.keyboard.press("4")
    expect(page.get_by_role("heading", level=1)).to_have_text("Decisions")
    with page.expect_response("**/api/suggestions?*"):
        held.release()
    page.get_by_role("link", name="Groups").first.click()
    page.get_by_test_id("group-card").first.wait_for()
    expect(dialog).to_have_count(0)

    # Whoever asks twice is asked once, of the groups that are shown by then.
    count = page.get_by_test_id("group-count").locator("span")
    shots = number_in(count)
    held = Held(page, "**/api/suggestions?*")
    page.keyboard.press("a")
    page.keyboard.press("a")
    held.wait()
    page.get_by_test_id("granularity").fill("3.5")
    expect(count).not_to_contain_text(f"{shots} ")
    groups = number_in(count)
    held.release()
    expect(dialog).to_have_count(1, timeout=60_000)
    for choice in dialog.get_by_role("checkbox").all():
        choice.uncheck()
    expect(yes).to_contain_text(f" {groups} ")
    yes.click()
    expect(page.get_by_test_id("toasts")).to_contain_text(f"{groups} group")
    expect(dialog).to_have_count(0)

    # Each empty list says why it is empty, also after one that failed.
    blank = page.get_by_test_id("blank")
    page.get_by_text("Open", exact=False).first.click()
    expect(blank).to_contain_text("Everything is looked through")
    page.route("**/api/groups?*", lambda route: route.fulfill(json="no page"), times=1)
    page.get_by_text("Skipped", exact=False).first.click()
    expect(blank).to_contain_text("That did not work")
    blank.get_by_role("button").click()
    expect(blank).to_contain_text("No group is skipped yet")


def test_a_collection_opens_at_its_own_granularity_and_a_reload_keeps_the_slider(
    page: Page, review: Review
) -> None:
    asked: list[Request] = []

    def answer(route: Route) -> None:
        response = route.fetch()
        first = {"state": "reading", "clustered": False, "granularity": 1}
        changes = {"granularity": 2.5, "out_of_date": "photos"} if asked else first
        asked.append(route.request)
        route.fulfill(response=response, json={**response.json(), **changes})

    page.route("**/api/collection", answer)
    page.goto(review.origin)
    slider = page.get_by_test_id("granularity")
    expect(slider).to_have_value("2.5")

    # The banner stands still while work goes on.
    page.get_by_role("link", name="Map").click()
    held = Held(page, re.compile(r"/api/jobs/\d+$"))
    page.get_by_test_id("make-map").click()
    held.wait()
    banner = page.get_by_role("button", name="Group again")
    banner.focus()
    held.release()
    expect(page.get_by_test_id("map")).to_be_visible(timeout=60_000)
    expect(banner).to_be_focused()
    page.unroute("**/api/collection")

    page.get_by_role("link", name="Purge").click()
    expect(page.get_by_text("(2.50)")).to_be_visible()
    page.reload()
    expect(page.get_by_text("(2.50)")).to_be_visible()
    for view in ("One-offs", "Map"):
        page.get_by_role("link", name=view).click()
        page.reload()
        page.get_by_role("link", name="Groups").first.click()
        expect(slider).to_have_value("2.5")

    page.get_by_test_id("group-card").first.click()
    page.get_by_test_id("photo").first.focus()
    page.keyboard.press("l")
    page.get_by_test_id("match").first.wait_for()
    page.reload()
    link = page.get_by_role("link", name=re.compile("^Group of ")).first
    group = link.get_attribute("href")
    assert group
    link.click()
    expect(page.get_by_test_id("photo").first).to_be_visible()
    assert page.url.endswith(group)
    assert group.endswith("?g=2.5")


def test_one_step_back_leads_to_the_map_and_to_the_group_that_was_left(
    page: Page, trip: Trip
) -> None:
    page.get_by_role("link", name="Map").click()
    page.get_by_test_id("make-map").wait_for()
    page.route(re.compile("/api/map$"), as_if_photos_had_changed, times=1)
    page.get_by_test_id("make-map").click()
    again = page.get_by_role("button", name="make it anew")
    again.click(timeout=60_000)
    expect(again).to_have_count(0, timeout=60_000)
    point_at_a_photo(page)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("/(group|similar)/"))
    page.go_back()
    expect(page).to_have_url(re.compile("/map"))

    # A picture is dropped over the large view.
    page.get_by_role("link", name="Groups").first.click()
    page.get_by_test_id("group-card").first.click()
    page.get_by_test_id("photo").first.click()
    large = page.get_by_test_id("lightbox")
    expect(large).to_be_visible()
    group = page.url
    file = next(trip.photos.rglob("IMG_000.jpg"))
    page.evaluate(DROP, [file.name, b64encode(file.read_bytes()).decode()])
    expect(page.get_by_test_id("match").first).to_be_visible()
    expect(large).to_have_count(0)
    expect(page).to_have_url(re.compile("/similar"))
    page.go_back()
    expect(page).to_have_url(group)
    expect(page.get_by_test_id("photo").first).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("group-card").first).to_be_focused()


def as_if_photos_had_changed(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, json={**response.json(), "state": "stale"})


def point_at_a_photo(page: Page) -> None:
    """Moves over the map until a photo is under the pointer."""
    box = page.get_by_test_id("map").bounding_box()
    assert box
    for y in range(40, int(box["height"]) - 40, 20):
        for x in range(40, int(box["width"]) - 40, 20):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if page.locator(".map-tip").is_visible():
                return
    raise AssertionError("the map is empty")


def test_a_long_list_that_comes_anew_holds_the_focus(page: Page) -> None:
    few = re.compile(r"limit=(120|500)")
    page.route(few, lambda route: route.continue_(url=few.sub("limit=20", route.request.url)))
    page.reload()
    page.get_by_test_id("group-card").first.focus()
    page.keyboard.press("End")
    last = page.locator("li[aria-posinset='60'] [data-cell]")
    last.focus()

    held = Held(page, re.compile("after="))
    page.evaluate(MARK_ELSEWHERE)
    held.wait()
    expect(last).to_be_focused()
    with page.expect_response(re.compile("after=")):
        held.release()
    expect(page.locator(".virtual-grid .skeleton")).to_have_count(0)
    expect(last).to_be_focused()


def with_a_file_that_stayed(route: Route) -> None:
    response = route.fetch()
    answer = response.json()
    job = answer.get("job", answer)
    if job and job["kind"] == "apply" and job["result"]:
        stayed = [{"name": "holiday.jpg", "reason": "it went away"}]
        job["result"] |= {"not_moved": stayed, "not_moved_count": 1}
    route.fulfill(response=response, json=answer)


def no_picture(route: Route) -> None:
    """Of what was moved there is none; that a browser complains of that is no trouble here."""
    route.fulfill(content_type="image/svg+xml", body="<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_a_file_that_stayed_is_named_also_to_whoever_left_the_view(page: Page, trip: Trip) -> None:
    before = tree(trip.photos)
    page.get_by_test_id("group-card").first.click()
    page.get_by_test_id("reason").first.wait_for(timeout=60_000)
    group = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != group)
    page.get_by_role("link", name="Purge").click()
    page.get_by_test_id("make-plan").click()

    page.get_by_test_id("apply").click()
    plan = page.url
    page.route(re.compile(r"/api/jobs/(\d+|current)$"), with_a_file_that_stayed)
    held = Held(page, re.compile(r"/api/jobs/\d+$"))
    page.get_by_test_id("confirm-yes").click()
    held.wait()
    page.get_by_role("link", name="Decisions").click()
    held.release()
    page.get_by_test_id("toast").get_by_role("button", name="Show").click()
    expect(page.get_by_test_id("undo-now")).to_be_focused()
    expect(page.get_by_test_id("left-behind")).to_contain_text("holiday.jpg")
    page.route("**/thumbnail?*", no_picture)
    page.goto(plan)
    expect(page.get_by_test_id("left-behind")).to_contain_text("holiday.jpg")
    page.get_by_test_id("undo-plan").click()
    expect(page.get_by_test_id("toasts")).to_contain_text("back where they were")
    assert tree(trip.photos) == before
