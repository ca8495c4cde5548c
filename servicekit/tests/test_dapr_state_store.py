"""The sidecar's state API: ETags, what its errors mean, deadlines and traces."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import grpc
import pytest
from dapr.aio.clients import DaprClient
from fake_sidecar import FakeSidecar
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from pydantic import BaseModel

from servicekit.dapr_state import BULK_KEYS, AnswerTooLarge, DaprStateStore
from servicekit.opening import dapr_client, open_state_store
from servicekit.settings import ServiceSettings
from servicekit.state import Conflict, StoreUnavailable


class Value(BaseModel):
    text: str


FIRST, SECOND = Value(text="first"), Value(text="second")


@pytest.fixture
async def store(sidecar_settings: ServiceSettings) -> AsyncIterator[DaprStateStore]:
    async with AsyncExitStack() as stack:
        yield await open_state_store(stack, sidecar_settings)


async def test_a_missing_key_has_neither_value_nor_etag(store: DaprStateStore) -> None:
    read = await store.get("k", Value)
    assert (read.value, read.etag) == (None, None)


async def test_several_keys_are_read_in_one_call(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    await store.put("a", FIRST, None)
    calls = len(sidecar.metadata)
    read = await store.get_many(["missing", "a", "a"], Value)
    assert {key: entry.value for key, entry in read.items()} == {"missing": None, "a": FIRST}
    assert read["a"].etag == "1"
    assert len(sidecar.metadata) == calls + 1


async def test_no_keys_need_no_call(store: DaprStateStore, sidecar: FakeSidecar) -> None:
    assert await store.get_many([], Value) == {}
    assert sidecar.metadata == []


async def test_many_keys_are_read_in_slices(store: DaprStateStore, sidecar: FakeSidecar) -> None:
    await store.put("k0", FIRST, None)
    calls = len(sidecar.metadata)
    read = await store.get_many((f"k{n}" for n in range(BULK_KEYS + 1)), Value)
    assert len(read) == BULK_KEYS + 1
    assert read["k0"].value == FIRST
    assert len(sidecar.metadata) == calls + 2


async def test_a_page_of_large_values_is_read_in_as_many_calls_as_it_needs(
    store: DaprStateStore,
) -> None:
    large = {f"k{n}": Value(text=str(n) * 1_000_000) for n in range(9)}
    for key, value in large.items():
        await store.put(key, value, None)
    read = await store.get_many(large, Value)
    assert {key: entry.value for key, entry in read.items()} == large
    assert list(read) == list(large)


async def test_a_value_that_no_answer_can_carry_is_an_error_of_its_own(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    sidecar.data["k"] = (Value(text="x" * 5_000_000).model_dump_json().encode(), 1)
    with pytest.raises(AnswerTooLarge):
        await store.get_many(["k"], Value)


async def test_each_write_says_how_long_the_key_lives(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    day = timedelta(days=1)
    await store.put("put", FIRST, None, ttl=day)
    await store.put_if_absent("absent", FIRST, ttl=day)
    await store.overwrite("over", FIRST, ttl=timedelta(seconds=0.2))
    await store.update("updated", Value, lambda _: FIRST, ttl=day)
    assert sidecar.expiries == {"put": "86400", "absent": "86400", "over": "1", "updated": "86400"}


async def test_a_write_without_a_time_to_live_takes_an_earlier_one_away(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    await store.put("k", FIRST, None, ttl=timedelta(days=1))
    await store.update("k", Value, lambda _: SECOND)
    await store.overwrite("o", FIRST, ttl=timedelta(days=1))
    await store.overwrite("o", SECOND)
    assert sidecar.expiries == {"k": "-1", "o": "-1"}


async def test_a_deleted_key_is_gone_and_a_repeat_is_no_error(store: DaprStateStore) -> None:
    await store.put("k", FIRST, None)
    await store.delete("k", "1")
    assert (await store.get("k", Value)).value is None
    await store.delete("k", "1")


async def test_a_key_that_was_written_since_is_not_deleted(store: DaprStateStore) -> None:
    await store.put("k", FIRST, None)
    await store.put("k", SECOND, "1")
    with pytest.raises(Conflict):
        await store.delete("k", "1")
    assert (await store.get("k", Value)).value == SECOND


async def test_an_error_of_one_key_among_several_is_not_taken_for_a_missing_value(
    store: DaprStateStore,
) -> None:
    with pytest.raises(StoreUnavailable, match="no such shard"):
        await store.get_many(["a", "broken"], Value)


async def test_a_write_with_the_wrong_etag_is_a_conflict(store: DaprStateStore) -> None:
    await store.put("k", FIRST, None)
    etag = (await store.get("k", Value)).etag
    await store.put("k", SECOND, etag)
    with pytest.raises(Conflict):
        await store.put("k", FIRST, etag)
    assert (await store.get("k", Value)).value == SECOND


async def test_an_internal_error_for_an_existing_key_is_a_conflict(
    store: DaprStateStore,
) -> None:
    await store.put("k", FIRST, None)
    with pytest.raises(Conflict):
        await store.put("k", SECOND, None)
    assert await store.put_if_absent("k", SECOND) == (FIRST, False)


async def test_put_if_absent_of_an_existing_key_is_one_read(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    await store.put("k", FIRST, None)
    calls = len(sidecar.metadata)
    await store.put_if_absent("k", SECOND)
    assert len(sidecar.metadata) == calls + 1


async def test_overwriting_needs_no_etag(store: DaprStateStore) -> None:
    for value in (FIRST, SECOND):
        await store.overwrite("k", value)
    assert (await store.get("k", Value)).value == SECOND


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
async def test_any_other_grpc_error_is_store_unavailable(
    store: DaprStateStore, sidecar: FakeSidecar, code: grpc.StatusCode
) -> None:
    sidecar.fail_with = code
    with pytest.raises(StoreUnavailable, match="failed on demand"):
        await store.get("k", Value)
    with pytest.raises(StoreUnavailable, match="failed on demand"):
        await store.get_many(["k"], Value)
    for etag in (None, "1"):
        with pytest.raises(StoreUnavailable):
            await store.put("k", FIRST, etag)
    with pytest.raises(StoreUnavailable, match="failed on demand"):
        await store.overwrite("k", FIRST)
    with pytest.raises(StoreUnavailable, match="failed on demand"):
        await store.delete("k", "1")


@pytest.mark.parametrize("etag", ["1", None])
async def test_a_failed_write_of_what_can_be_read_is_a_conflict_only_when_it_creates(
    store: DaprStateStore, sidecar: FakeSidecar, etag: str | None
) -> None:
    await store.put("k", FIRST, None)
    sidecar.fail_writes_with = grpc.StatusCode.INTERNAL
    # By an ETag, a conflict has a status of its own.
    with pytest.raises(StoreUnavailable if etag else Conflict):
        await store.put("k", SECOND, etag)
    with pytest.raises(StoreUnavailable, match="write failed on demand"):
        await store.put("missing", SECOND, etag)


async def test_a_call_has_a_deadline(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    sidecar.delay_seconds = 0.5
    async with dapr_client(sidecar_settings) as client:
        store = DaprStateStore(lambda: client, "statestore", deadline=0.05)
        with pytest.raises(StoreUnavailable, match=r"no response within 0\.05 s"):
            await store.get("k", Value)


async def test_a_client_is_made_once_at_the_first_use(sidecar_settings: ServiceSettings) -> None:
    made: list[DaprClient] = []

    def connect() -> DaprClient:
        made.append(dapr_client(sidecar_settings))
        return made[-1]

    store = DaprStateStore(connect, "statestore")
    assert made == []
    await store.get("a", Value)
    await store.get("b", Value)
    assert len(made) == 1
    await made[0].close()


async def test_a_call_propagates_the_current_trace_context(
    store: DaprStateStore, sidecar: FakeSidecar
) -> None:
    span = NonRecordingSpan(SpanContext(0xA, 0xB, is_remote=False, trace_flags=TraceFlags(1)))
    await store.get("k", Value)
    with trace.use_span(span):
        await store.get("k", Value)
    without, within = sidecar.metadata
    assert "traceparent" not in without
    assert within["traceparent"] == f"00-{0xA:032x}-{0xB:016x}-01"
