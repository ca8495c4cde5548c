"""Reads how applications are scored."""

from pathlib import Path

from orchestrator.workflows.application.screening import Rules


def load(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        ValidationError: They are not whole; the orchestrator does not start with such.
    """
    return Rules.model_validate_json(path.read_text(encoding="utf-8"))
