"""What can be a name is said of every parameter of every path, and that there may be none such."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from assigner.main import create_app as create_assigner
from assigner.settings import Settings as AssignerSettings
from notifier.main import create_app as create_notifier
from notifier.settings import Settings as NotifierSettings
from orchestrator.main import create_app as create_orchestrator
from orchestrator.settings import Settings as OrchestratorSettings

APPS = [
    create_assigner(AssignerSettings()),
    create_notifier(NotifierSettings()),
    create_orchestrator(OrchestratorSettings()),
]


def operations(app: FastAPI) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield the name of each operation that has names in its path, the operation, and these."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            names = [part for part in operation.get("parameters", ()) if part["in"] == "path"]
            if names:
                yield f"{method.upper()} {path}", operation, names


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.title)
def test_every_name_in_a_path_has_a_pattern_or_is_a_number(app: FastAPI) -> None:
    found = list(operations(app))
    assert found
    for operation, _, names in found:
        for name in names:
            schema = name["schema"]
            bounded = schema.get("type") == "integer" or "pattern" in schema or "enum" in schema
            assert bounded, (operation, schema)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.title)
def test_every_route_with_a_name_in_its_path_may_answer_404(app: FastAPI) -> None:
    for name, operation, _ in operations(app):
        assert "application/problem+json" in operation["responses"]["404"]["content"], name
