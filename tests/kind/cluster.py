"""The system in the cluster of `kind-config.yaml`, deployed by `tilt up` or `tilt ci`."""

import shutil
from collections.abc import AsyncIterator

import pytest

from kind import access
from support.jaeger import Jaeger
from support.samples import Ended, run_samples
from support.system import System


@pytest.fixture(scope="session", autouse=True)
def cluster() -> None:
    """Wait until the cluster is at rest, or say what is missing."""
    if shutil.which("kubectl") is None:
        pytest.fail("needs kubectl on PATH, and the cluster: see docs/kubernetes.md")
    access.wait_until_rolled_out()


@pytest.fixture
async def system(cluster: None) -> AsyncIterator[System]:
    """The three APIs; anew for each test, for a fault ends the way to a pod."""
    async with access.open_system() as system:
        yield system


@pytest.fixture
def jaeger(system: System) -> Jaeger:
    """Jaeger in the cluster."""
    return Jaeger(system.orchestrator, access.JAEGER)


@pytest.fixture(scope="session")
async def ended(cluster: None) -> Ended:
    """How each sample of the workflows ended there."""
    async with access.open_system() as system:
        return await run_samples(system)
