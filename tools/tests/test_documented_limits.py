"""Every limit in the page on the API's rules is a setting, and has the default that it says."""

import re
from importlib import import_module

import pytest
from pydantic_settings import BaseSettings

from tools.check_links import PROJECT

ROWS: list[tuple[str, str]] = re.findall(
    r"^\| .* \| `([A-Z_]+)` \| (\S+) \|$",
    (PROJECT / "docs" / "api.md").read_text(encoding="utf-8"),
    re.M,
)
MODULES = [
    path.relative_to(package).with_suffix("").as_posix().replace("/", ".")
    for package in PROJECT.glob("services/*/src")
    for path in package.rglob("settings.py")
]


def defaults() -> dict[str, object]:
    """Return the default of each setting of the services, by its variable."""
    classes = [
        value
        for module in map(import_module, MODULES)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings)
    ]
    return {n.upper(): field.default for c in classes for n, field in c.model_fields.items()}


def test_the_limits_are_found() -> None:
    assert len(ROWS) > 20
    assert "notifier.settings" in MODULES


@pytest.mark.parametrize(("setting", "documented"), ROWS)
def test_a_documented_default_is_the_settings(setting: str, documented: str) -> None:
    assert float(str(defaults()[setting])) == float(documented)
