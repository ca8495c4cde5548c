"""Failures on demand, so that everyone can see what a workflow makes of them."""

from pydantic import BaseModel

from servicekit.state import StateStore, until_written


class Attempts(BaseModel):
    """How often something was tried."""

    count: int = 0


class SimulatedFailure(Exception):
    """A failure that was asked for."""


async def fail_on_demand(store: StateStore, key: str, failures: int) -> None:
    """Fail as many times as was asked for; the attempts are counted in the store.

    Args:
        store: Where they are counted.
        key: What is tried.
        failures: How many attempts fail before one holds.

    Raises:
        SimulatedFailure: This attempt is one of those.
    """
    if not failures:
        return

    async def attempt() -> int:
        read = await store.get(f"attempts:{key}", Attempts)
        tried = (read.value or Attempts()).count + 1
        await store.put(f"attempts:{key}", Attempts(count=tried), read.etag)
        return tried

    if (tried := await until_written(key, attempt)) <= failures:
        raise SimulatedFailure(f"Attempt {tried} was asked to fail")
