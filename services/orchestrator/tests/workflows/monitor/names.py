"""A resolver of host names for tests."""

import asyncio
import socket
from typing import Any

import pytest


class Names:
    """Resolves names to what a test says, one answer after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.resolve)

    async def resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        family, kind = socket.AF_INET, socket.SOCK_STREAM
        found = self.answers.pop(0) if self.answers else [host]
        return [(family, kind, 0, "", (address, port)) for address in found]
