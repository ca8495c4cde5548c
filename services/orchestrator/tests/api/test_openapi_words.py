"""Summaries in Swagger UI are an imperative verb and its object, in every service."""

import pytest
from fastapi import FastAPI

import assigner.main
import assigner.settings
import notifier.main
import notifier.settings
import orchestrator.main
import orchestrator.settings

METHODS = {"get", "put", "post", "delete", "patch"}
MAX_WORDS = 6
VERBS = """
Add Assign Check Claim Count Create Delete Deliver Deposit Describe Diagnose Download Get List
Operate Pause Purge Read Release Remove Replace Rerun Resume Send Show Start Terminate Upload Watch
"""

APPS = [
    orchestrator.main.create_app(orchestrator.settings.Settings()),
    assigner.main.create_app(assigner.settings.Settings()),
    notifier.main.create_app(notifier.settings.Settings()),
]


def summaries(app: FastAPI) -> list[tuple[str, str]]:
    """Return each operation of an application, with its summary."""
    return [
        (f"{method} {path}", operation["summary"])
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def flaw(summary: str) -> str | None:
    """Return what is wrong with a summary, if anything."""
    verb, *rest = summary.split()
    if verb not in VERBS.split():
        return f"{verb!r} is not one of the verbs"
    if not rest:
        return "it has no object"
    if len(rest) >= MAX_WORDS:
        return f"it has more than {MAX_WORDS} words"
    return None if summary[-1].isalnum() else "it ends with punctuation"


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.title)
def test_every_summary_is_a_verb_and_its_object(app: FastAPI) -> None:
    found = summaries(app)
    assert found
    assert {f"{where}: {text!r}: {flaw(text)}" for where, text in found if flaw(text)} == set()


@pytest.mark.parametrize(
    "summary", ["Decide", "Is it alive?", "The members", "Show it.", "Show a b c d e f"]
)
def test_a_summary_of_another_form_is_found(summary: str) -> None:
    assert flaw(summary)
