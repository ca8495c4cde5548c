"""Where a process is killed, and how its system is asked afterwards."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from taskway.api import Api

SERVICES = ("orchestrator", "assigner", "notifier")
PEERS = ("assigner", "notifier")


@dataclass(frozen=True)
class Killed:
    """A process or a pod that was killed.

    Args:
        victim: Its name, such as `orchestrator-sidecar`.
        what: Which one it was, such as `pid 4711`.
        how: What was done to it, such as `SIGKILL`.
    """

    victim: str
    what: str
    how: str


class Target(Protocol):
    """A running system, self-hosted or in a cluster.

    Everything raises CommandError where the system is not there, or not this one.
    """

    orchestrator: Api
    can_hold: bool
    """Whether `hold` keeps services from answering here."""

    def check(self, victim: str) -> None:
        """Fail where there is no such victim."""

    def hold(self, services: Sequence[str]) -> AbstractContextManager[None]:
        """Keep services from answering meanwhile, where that is possible here: `can_hold`."""

    def kill(self, victim: str) -> Killed:
        """Kill the victim at once, without a chance to finish anything."""

    def successor(self, killed: Killed) -> str | None:
        """Return which one took the victim's place, such as `pid 4712`; None while none has."""

    def peer(self, service: str) -> AbstractContextManager[Api]:
        """Open the API of the assigner or the notifier."""
