"""A state that stays incomplete is distinguished from one that is being saved."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.engine import FakeChannel, found, management, raw_state

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors
from orchestrator.dapr_sdk.torn import TornInstance, TornReads
from servicekit.problems import ProblemError


def torn_error(key: str) -> AioRpcError:
    """Return the error of a read that found a key to be missing."""
    details = f"key {key} declared in metadata but missing"
    return AioRpcError(grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), details)


TORN, OTHER = torn_error("x"), torn_error("y")


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_reads_must_fail_for_a_while_without_one_that_succeeds() -> None:
    clock = Clock()
    torn = TornReads(5.0, clock)
    for clock.now in (0.0, 4.9):
        assert torn.failed("a", TORN) is TORN
    assert torn.ids() == []
    clock.now = 5.0
    assert isinstance(torn.failed("a", TORN), TornInstance)
    assert torn.failed("b", TORN) is TORN
    assert torn.ids() == ["a"]
    torn.succeeded("a")
    assert torn.failed("a", TORN) is TORN
    assert torn.ids() == []


def test_a_state_of_which_something_else_is_missing_is_being_saved() -> None:
    clock = Clock()
    torn = TornReads(5.0, clock)
    assert torn.failed("a", TORN) is TORN
    clock.now = 9.0
    assert torn.failed("a", OTHER) is OTHER
    clock.now = 13.9
    assert torn.failed("a", OTHER) is OTHER
    assert torn.ids() == []
    clock.now = 14.0
    assert isinstance(torn.failed("a", OTHER), TornInstance)


def test_one_read_that_fails_says_nothing_however_long_ago_it_was() -> None:
    clock = Clock()
    torn = TornReads(5.0, clock)
    torn.failed("a", TORN)
    clock.now = 60.0
    assert torn.ids() == []


@pytest.mark.parametrize("patience", [0.0, 60.0])
async def test_an_incomplete_instance_is_named_so_and_never_told_to_try_again(
    patience: float,
) -> None:
    engine = management(FakeChannel(GetInstance=[TORN], GetInstanceHistory=[TORN]))
    engine.torn = TornReads(patience)
    reads = (engine.get_workflow_state("task-1", True), engine.get_workflow_history("task-1"))
    for read in reads:
        with pytest.raises(ProblemError) as error, engine_errors():
            await read
        lasting = patience == 0
        assert error.value.type is (
            ProblemType.INSTANCE_TORN if lasting else ProblemType.UNAVAILABLE
        )
        assert (error.value.retry_after is None) is lasting
        assert ("try again" in error.value.detail) is not lasting


async def test_a_read_that_succeeds_ends_it() -> None:
    engine = management(FakeChannel(GetInstance=[*[TORN] * 5, found(raw_state()), *[TORN] * 5]))
    engine.torn = TornReads(0.0)
    with pytest.raises(TornInstance):
        await engine.get_workflow_state("task-1", payloads=True)
    assert engine.torn.ids() == ["task-1"]
    assert await engine.get_workflow_state("task-1", payloads=True) is not None
    assert engine.torn.ids() == []
