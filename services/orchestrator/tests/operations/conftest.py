"""The operations on an instance that has children."""

import pytest
from unit_support.operated import World


@pytest.fixture
def world() -> World:
    """An instance with a child that has one, and a child that has ended."""
    world = World(
        hello_1=["hello-1-a", "hello-1-a", "hello-1-b"],
        hello_1_a=["hello-1-a-a"],
        hello_1_a_a=[],
        hello_1_b=[],
    )
    world.engine.statuses["hello-1-b"] = "COMPLETED"
    return world
