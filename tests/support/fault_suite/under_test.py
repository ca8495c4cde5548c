"""What a run needs of the system that it is made in: one interface, an implementation for each."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from support.fault_suite.client import Client
from support.fault_suite.fault import Fault, LoadTarget
from support.fault_suite.load import Load
from support.system import System

T = TypeVar("T", bound=LoadTarget)


@dataclass(frozen=True)
class Access:
    """How a running system is reached.

    Args:
        url: The base URL of the orchestrator, for the load's client.
        system: The APIs, for the programs and the checks.
        web: An address that its monitors can watch, which answers 200.
        keep_alive: Whether a connection to `url` serves more than one request.
        skipped: The names of the faults that cannot be made in it here, and why.
    """

    url: str
    system: System
    web: str
    keep_alive: bool = True
    skipped: Mapping[str, str] = field(default_factory=dict)


class UnderTest(ABC, Generic[T]):
    """A system that faults are made in."""

    @abstractmethod
    def run_name(self, seed: int) -> str:
        """Return what the names of a run begin with: used once in the life of the system."""

    @abstractmethod
    def faults(self) -> list[Fault[T]]:
        """Return every fault that can be made in it."""

    @abstractmethod
    def rare_faults(self) -> list[Fault[T]]:
        """Return those that take long, of which a run has few."""

    @abstractmethod
    def opened(self, faults: Sequence[Fault[T]]) -> AbstractAsyncContextManager[Access]:
        """Run the system, ready for these faults, as long as the context lasts."""

    @abstractmethod
    def target(self, load: Load, client: Client) -> T:
        """Return what its faults are made in, once it is open."""

    @abstractmethod
    async def wait_ready(self) -> None:
        """Return when every part of it is ready."""

    @abstractmethod
    async def pending_jobs(self) -> list[str] | None:
        """Return the jobs of Dapr's scheduler; None where there is no way to read them."""

    @abstractmethod
    async def memory_mib(self) -> dict[str, float]:
        """Return the memory of each process that is not on disk, in MiB."""
