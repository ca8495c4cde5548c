"""Whether a service is ready, and why it is not."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Check = Callable[[], Awaitable[str | None]]
"""Returns why the service is not ready, or None where it is."""


class Readiness:
    """The checks behind `/readyz`."""

    def __init__(self) -> None:
        """Create it without checks."""
        self._checks: list[Check] = []
        self._warning_checks: list[Check] = []
        self._on_draining: list[Callable[[], None]] = []
        self.draining = False

    def add(self, check: Check) -> None:
        """Add a check to those behind `/readyz`."""
        self._checks.append(check)

    def add_warning(self, check: Check) -> None:
        """Add a check of what the service can serve without; `/readyz` reports it all the same."""
        self._warning_checks.append(check)

    @contextmanager
    def temporary(self) -> Iterator[None]:
        """Remove, when the context ends, all that was added in it: what it asks is closed then."""
        kept = [(added, list(added)) for added in (self._checks, self._warning_checks)]
        acts = list(self._on_draining)
        try:
            yield
        finally:
            for added, before in kept:
                added[:] = [check for check in added if check in before]
            self._on_draining[:] = [act for act in self._on_draining if act in acts]

    def remove(self, check: Check) -> None:
        """Remove a check that was added."""
        self._checks.remove(check)

    def on_draining(self, act: Callable[[], None]) -> None:
        """Call `act` when draining begins: streams and other endless requests must end then."""
        self._on_draining.append(act)

    def drain(self) -> None:
        """Report 'not ready' from now on, and end the endless requests."""
        self.draining = True
        for act in self._on_draining:
            act()

    async def reasons(self) -> list[str]:
        """Return why the service is not ready; an empty list where it is."""
        if self.draining:
            return ["the service is draining"]
        return await _failed(self._checks)

    async def warnings(self) -> list[str]:
        """Return what does not work, and leaves the service ready."""
        return await _failed(self._warning_checks)


async def _failed(checks: list[Check]) -> list[str]:
    # At once: each may wait for an answer, and a probe does not wait for their sum.
    answers = await asyncio.gather(*(check() for check in checks))
    return [reason for reason in answers if reason is not None]
