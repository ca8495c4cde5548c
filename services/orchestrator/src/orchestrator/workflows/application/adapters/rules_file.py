"""Reads the scoring rules of applications."""

from pathlib import Path

from orchestrator.workflows.application.screening import Rules


def load(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        ValidationError: They are incomplete: the orchestrator does not start with such rules.
    """
    return Rules.model_validate_json(path.read_text(encoding="utf-8"))
