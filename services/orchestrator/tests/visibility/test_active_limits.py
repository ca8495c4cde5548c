"""As many instances of a workflow are active as its settings allow, and no more."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.problems import ProblemType
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.visibility.active_limits import ActiveLimits
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import pending_entry
from orchestrator.visibility.index import InstanceIndex
from orchestrator.workflows.hello.registration import WORKFLOW as HELLO
from orchestrator.workflows.monitor.registration import WORKFLOW as MONITOR
from orchestrator.workflows.monitor.settings import MonitorSettings
from servicekit.problems import ProblemError

CATALOGUE = Catalogue([MONITOR, HELLO])


class System:
    """An index, and limits by what it has."""

    def __init__(self, most: int) -> None:
        self.index = InstanceIndex(ChangeFeed())
        settings = SettingsRegistry([MonitorSettings(monitor_max_active=most)])
        self.limits = ActiveLimits(CATALOGUE, settings, self.index.all_counts, self.index.get)

    def admit(self, name: str, workflow: Any = MONITOR) -> None:
        self.limits.admit(workflow.definition, f"{workflow.definition.name}-{name}")

    def started(self, name: str, status: RuntimeStatus = RuntimeStatus.RUNNING) -> None:
        entry = pending_entry(CATALOGUE, f"monitor-{name}", datetime.now(UTC))
        self.index.put(dataclasses.replace(entry, status=status))
        self.limits.started(MONITOR.definition, f"monitor-{name}")

    def refuses(self, name: str) -> bool:
        try:
            self.admit(name)
        except ProblemError as error:
            return error.type is ProblemType.TOO_MANY_REQUESTS
        self.limits.started(MONITOR.definition, f"monitor-{name}")
        return False


def test_one_more_than_the_limit_is_refused() -> None:
    system = System(most=2)
    for name in "ab":
        system.admit(name)
        system.started(name)
    assert system.refuses("c")


def test_those_that_are_starting_count() -> None:
    system = System(most=2)
    system.admit("a")
    system.admit("b")
    assert system.refuses("c")


def test_a_start_that_failed_makes_room() -> None:
    system = System(most=1)
    system.admit("a")
    system.limits.started(MONITOR.definition, "monitor-a")
    assert not system.refuses("b")


@pytest.mark.parametrize("status", RuntimeStatus)
def test_what_has_ended_makes_room_and_what_is_paused_does_not(status: RuntimeStatus) -> None:
    system = System(most=1)
    system.started("a", status)
    ended = status in (RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED)
    assert system.refuses("b") is not ended


def test_a_start_that_is_repeated_is_admitted() -> None:
    system = System(most=1)
    system.admit("a")
    system.admit("a")
    system.started("a")
    system.admit("a")
    assert system.refuses("b")


def test_a_workflow_without_a_limit_is_admitted() -> None:
    system = System(most=1)
    for number in range(1_000):
        system.admit(str(number), HELLO)
