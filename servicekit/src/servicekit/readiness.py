"""Whether a service can do its work now, and if not, why."""

from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[str | None]]
"""Returns why the service is not ready, or None where it is."""


class Readiness:
    """The checks behind `/readyz`."""

    def __init__(self) -> None:
        """Start with no checks and not draining."""
        self._checks: list[Check] = []
        self._at_draining: list[Callable[[], None]] = []
        self.draining = False

    def add(self, check: Check) -> None:
        """Ask `check` from now on."""
        self._checks.append(check)

    def on_draining(self, act: Callable[[], None]) -> None:
        """Call `act` when the service begins to stop: what never ends by itself must end then."""
        self._at_draining.append(act)

    def drain(self) -> None:
        """Say 'not ready' from now on, and let what never ends come to an end."""
        self.draining = True
        for act in self._at_draining:
            act()

    async def reasons(self) -> list[str]:
        """Return why the service is not ready; an empty list where it is."""
        if self.draining:
            return ["the service is stopping"]
        answers = [await check() for check in self._checks]
        return [reason for reason in answers if reason is not None]
