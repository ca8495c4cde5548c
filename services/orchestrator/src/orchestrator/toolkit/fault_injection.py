"""Raises the failures that a fault plan asks for."""

from pydantic import BaseModel

from orchestrator.dapr_sdk.private import NonRetryableError
from servicekit.state import StateStore


class Attempts(BaseModel):
    """How often something was tried."""

    count: int = 0


class InjectedFailure(Exception):
    """A failure that a fault plan asks for, and nothing that is wrong with the system."""

    def __init__(self, where: str) -> None:
        """Say where it is: `attempt 2`, `document letter`."""
        super().__init__(f"injected failure: {where}")


class PermanentInjectedFailure(InjectedFailure, NonRetryableError):
    """An injected failure after which the step is not tried again."""


async def inject_failures(store: StateStore, key: str, failures: int) -> None:
    """Fail the first attempts at a step; they are counted in the store.

    Args:
        store: Where they are counted.
        key: Names the step among those of all instances.
        failures: How many attempts fail before one succeeds.

    Raises:
        InjectedFailure: This attempt is one of those.
    """
    if not failures:
        return

    def count(attempts: Attempts | None) -> Attempts:
        return Attempts(count=(attempts or Attempts()).count + 1)

    attempt = (await store.update(f"attempts:{key}", Attempts, count)).count
    if attempt <= failures:
        raise InjectedFailure(f"attempt {attempt}")
