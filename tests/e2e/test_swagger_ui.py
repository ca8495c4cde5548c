"""Swagger UI and ReDoc work in a browser that reaches no other host."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Route, async_playwright, expect

from support.system import System, unique

# A browser on a loaded machine, which parses a megabyte and a half of JavaScript.
PATIENCE_MS = 60_000


@dataclass
class Visit:
    """A page of the service, and what went on behind it.

    Args:
        page: The page.
        elsewhere: The addresses of other hosts that it asked for; each request was aborted.
        refused: What the content security policy refused, and errors of scripts.
    """

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def assert_undisturbed(self) -> None:
        """Assert that the page needed nothing that it does not get."""
        assert self.elsewhere == []
        assert self.refused == []


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have chromium")
        pytest.skip("needs chromium on PATH")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser, system: System) -> Visit:
    """An empty page, whose addresses are those of the orchestrator."""
    base = str(system.orchestrator.base_url)
    context = await browser.new_context(base_url=base)
    visit = Visit(await context.new_page())
    visit.page.set_default_timeout(PATIENCE_MS)

    async def intercept(route: Route) -> None:
        url = route.request.url
        if url.startswith((base, "data:", "blob:")):
            await route.continue_()
        else:
            visit.elsewhere.append(url)
            await route.abort()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            visit.refused.append(message.text)

    await context.route("**/*", intercept)
    visit.page.on("console", note)
    visit.page.on("pageerror", lambda error: visit.refused.append(str(error)))
    return visit


async def test_swagger_ui_shows_every_section(system: System, visit: Visit) -> None:
    document = (await system.orchestrator.get("/openapi.json")).json()
    await visit.page.goto("/docs")
    sections = visit.page.locator(".opblock-tag")
    await expect(sections).to_have_count(len(document["tags"]), timeout=PATIENCE_MS)
    shown = [await section.get_attribute("data-tag") for section in await sections.all()]
    assert shown == [tag["name"] for tag in document["tags"]]
    visit.assert_undisturbed()


async def publish_below(visit: Visit, base: str, prefix: str) -> None:
    """Stand for a proxy that publishes the service at `base` below a prefix as well."""

    async def forward(route: Route) -> None:
        request = route.request
        answer = await route.fetch(
            url=base + request.url.removeprefix(base + prefix),
            headers={**request.headers, "x-forwarded-prefix": prefix},
        )
        await route.fulfill(response=answer)

    await visit.page.route(f"{base}{prefix}/**", forward)


@pytest.mark.parametrize("prefix", ["", "/taskway"])
async def test_a_task_is_started_from_swagger_ui(system: System, visit: Visit, prefix: str) -> None:
    base = str(system.orchestrator.base_url).rstrip("/")
    if prefix:
        await publish_below(visit, base, prefix)
    await visit.page.goto(f"{prefix}/docs")
    operation = visit.page.locator("#operations-Task_processing-start_task")
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    editor = operation.locator("textarea.body-param__text")
    sample = json.loads(await editor.input_value())
    # The first sample, under an id that no other test has used.
    await editor.fill(json.dumps(sample | {"task_id": unique()}))
    async with visit.page.expect_response(f"{base}{prefix}/tasks/process") as answered:
        await operation.get_by_role("button", name="Execute").click()
    answer = await answered.value
    instance = (await answer.json())["instance_id"]
    location = answer.headers["location"]
    assert location == f"{prefix}/tasks/{instance}/status"
    shown = operation.locator(".live-responses-table .response").first
    await expect(shown.locator(".response-col_status")).to_contain_text("202", timeout=PATIENCE_MS)
    ended = await system.finished(instance)
    assert (ended["status"], ended["output"]["status"]) == ("COMPLETED", "completed")
    # What a client would read of it, at the address that it was given.
    await visit.page.goto(location)
    assert '"COMPLETED"' in await visit.page.content()
    visit.assert_undisturbed()


async def test_redoc_shows_every_section(system: System, visit: Visit) -> None:
    document = (await system.orchestrator.get("/openapi.json")).json()
    await visit.page.goto("/redoc")
    await expect(visit.page.locator("h1").first).to_contain_text(
        document["info"]["title"], timeout=PATIENCE_MS
    )
    for tag in document["tags"]:
        menu = visit.page.locator(".menu-content").get_by_title(tag["name"], exact=True)
        await expect(menu.first).to_be_visible(timeout=PATIENCE_MS)
    visit.assert_undisturbed()
