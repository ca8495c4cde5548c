"""Settings that belong to one workflow, or to a part of the toolkit that some of them use."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic_settings import BaseSettings


class WorkflowSettings(BaseSettings):
    """Settings of a workflow, from environment variables named like their fields."""


Kind = TypeVar("Kind", bound=WorkflowSettings)


class SettingsRegistry:
    """One instance of each class of settings."""

    def __init__(self, settings: Iterable[WorkflowSettings] = ()) -> None:
        """Index `settings` by their class; several workflows may name the same."""
        self._by_class = {type(one): one for one in settings}

    def of(self, kind: type[Kind]) -> Kind:
        """Return the settings of a class.

        Raises:
            LookupError: No workflow of the catalogue declares them: see HostedWorkflow.settings.
        """
        found = self._by_class.get(kind)
        if not isinstance(found, kind):
            raise LookupError(f"no workflow of the catalogue declares {kind.__name__}")
        return found
