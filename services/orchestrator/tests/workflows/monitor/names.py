"""A resolver of host names for tests."""

from ipaddress import ip_address

import pytest

from orchestrator.workflows.monitor.adapters import ssrf_guard
from orchestrator.workflows.monitor.adapters.name_resolution import Address


class Names:
    """Resolves names to what a test says, one answer after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        monkeypatch.setattr(ssrf_guard, "resolve_name", self.resolve)

    async def resolve(self, host: str) -> list[Address]:
        self.asked.append(host)
        found = self.answers.pop(0) if self.answers else [host]
        return [ip_address(address) for address in found]
