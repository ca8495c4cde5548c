"""Whether a service is ready, and why it is not."""

from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[str | None]]
"""Returns why the service is not ready, or None where it is."""


class Readiness:
    """The checks behind `/readyz`."""

    def __init__(self) -> None:
        """Create it without checks."""
        self._checks: list[Check] = []
        self._on_draining: list[Callable[[], None]] = []
        self.draining = False

    def add(self, check: Check) -> None:
        """Add a check to those behind `/readyz`."""
        self._checks.append(check)

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
        answers = [await check() for check in self._checks]
        return [reason for reason in answers if reason is not None]
