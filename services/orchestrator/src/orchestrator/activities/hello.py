"""Greets, and fails on demand."""

from dapr.ext.workflow import WorkflowActivityContext
from pydantic import BaseModel

from orchestrator.ports import Activities, Ports
from orchestrator.workflows.hello import GREET, TAKE_BACK, TRY_LUCK, Luck
from servicekit.state import until_written


class Attempts(BaseModel):
    """How often something was tried."""

    count: int = 0


class OutOfLuck(Exception):
    """A failure that was asked for."""


def activities(ports: Ports) -> Activities:
    """Return the activities of hello."""

    async def greet(_: WorkflowActivityContext, user_name: str) -> str:
        """Return a greeting."""
        return f"Hello, {user_name}!"

    async def try_luck(_: WorkflowActivityContext, luck: Luck) -> None:
        """Fail as many times as was asked for; the attempts are counted in the store."""

        async def attempt() -> int:
            read = await ports.store.get(f"attempts:{luck.key}", Attempts)
            tried = (read.value or Attempts()).count + 1
            await ports.store.put(f"attempts:{luck.key}", Attempts(count=tried), read.etag)
            return tried

        if luck.failures and (tried := await until_written(luck.key, attempt)) <= luck.failures:
            raise OutOfLuck(f"Attempt {tried} was asked to fail")

    async def take_back(_: WorkflowActivityContext, user_name: str) -> str:
        """Return an apology."""
        return f"Sorry, {user_name}: that did not work."

    return {GREET: greet, TRY_LUCK: try_luck, TAKE_BACK: take_back}
