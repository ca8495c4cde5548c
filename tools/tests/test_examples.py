"""Every curl example of the documentation asks for an address that the services have."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI

from assigner.main import create_app as create_assigner
from assigner.settings import Settings as AssignerSettings
from notifier.main import create_app as create_notifier
from notifier.settings import Settings as NotifierSettings
from orchestrator.main import create_app as create_orchestrator
from orchestrator.settings import Settings as OrchestratorSettings
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.workflows.registrations import WORKFLOWS
from tools import check_links

ADDRESS = re.compile(
    r"(\$TASKWAY_URL|\$ASSIGNER_URL|\$NOTIFIER_URL|http://localhost:\d+|localhost:\d+)(/[^?]*)?(\?.*)?"
)


class Example(NamedTuple):
    """A curl command of a page.

    Args:
        page: The page, relative to the project.
        service: Which service it asks.
        method: The HTTP method.
        path: The path, without the query.
        body: What it sends, None where it sends nothing.
    """

    page: str
    service: str
    method: str
    path: str
    body: Any


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each curl command in a page's code."""
    text = page.read_text(encoding="utf-8")
    yield from (shlex.split(code) for code in re.findall(r"`(curl [^`\n]+)`", text))
    command = ""
    for line in text.splitlines():
        if command or line.startswith("    curl "):
            command += line.strip().removesuffix("\\")
            try:
                words = shlex.split(command)
            except ValueError:
                continue  # A quote is open: the command goes on in the next line.
            if not line.endswith("\\"):
                yield words
                command = ""


def example(page: Path, words: list[str]) -> Example:
    """Return what a curl command asks for."""
    [match] = filter(None, (ADDRESS.fullmatch(word) for word in words))
    bodies = [json.loads(value) for flag, value in pairwise(words) if flag == "-d"]
    methods = [value for flag, value in pairwise(words) if flag == "-X"]
    service = {"$ASSIGNER_URL": "assigner", "$NOTIFIER_URL": "notifier"}.get(match[1])
    return Example(
        page.relative_to(check_links.PROJECT).as_posix(),
        service or "orchestrator",
        (methods or ["POST" if bodies else "GET"])[0],
        match[2] or "/",
        bodies[0] if bodies else None,
    )


EXAMPLES = [
    example(page, words)
    for page in check_links.pages(check_links.PROJECT)
    for words in commands(page)
    # The workflow of that page is hosted in a copy alone: test_adding_a_workflow.py asks for it.
    if page.name != "adding-a-workflow.md" and any(map(ADDRESS.fullmatch, words))
]


@pytest.fixture(scope="module")
def services() -> dict[str, FastAPI]:
    """The applications, of which none is started."""
    return {
        "orchestrator": create_orchestrator(OrchestratorSettings()),
        "assigner": create_assigner(AssignerSettings()),
        "notifier": create_notifier(NotifierSettings()),
    }


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) > 60
    assert {"docs/workflows/order.md", "docs/operating.md"} <= {e.page for e in EXAMPLES}
    assert "notifier" in {e.service for e in EXAMPLES}


@pytest.mark.parametrize("asked", EXAMPLES, ids=lambda e: f"{e.page}: {e.method} {e.path}")
def test_the_address_is_there(asked: Example, services: dict[str, FastAPI]) -> None:
    paths = services[asked.service].openapi()["paths"]
    methods = {
        method.upper()
        for path, methods in paths.items()
        if re.fullmatch(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path)), asked.path)
        for method in methods
    }
    assert asked.method in methods


@pytest.mark.parametrize(
    "asked", [e for e in EXAMPLES if e.body], ids=lambda e: f"{e.page}: {e.method} {e.path}"
)
def test_what_starts_or_is_sent_to_a_workflow_is_valid(asked: Example) -> None:
    catalogue = Catalogue(WORKFLOWS)
    for workflow in catalogue.workflows:
        definition = workflow.definition
        if asked.path == definition.path:
            definition.input.model_validate(asked.body)
        for event in definition.events:
            if re.fullmatch(rf"{definition.path}/[^/]+/{event.name}", asked.path):
                event.payload.model_validate(asked.body)
