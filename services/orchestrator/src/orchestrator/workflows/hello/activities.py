"""Greets, and fails by injection."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import inject_failures
from orchestrator.workflows.hello.models import GREET, TAKE_BACK, TRY_LUCK, Luck


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of hello."""

    async def greet(_: WorkflowActivityContext, user_name: str) -> str:
        """Return a greeting."""
        return f"Hello, {user_name}!"

    async def try_luck(_: WorkflowActivityContext, luck: Luck) -> None:
        """Fail as many times as the request injects failures."""
        await inject_failures(dependencies.store, luck.key, luck.failures)

    async def take_back(_: WorkflowActivityContext, user_name: str) -> str:
        """Compensate a greeting: return an apology."""
        return f"Sorry, {user_name}: that did not work."

    return {GREET: greet, TRY_LUCK: try_luck, TAKE_BACK: take_back}
