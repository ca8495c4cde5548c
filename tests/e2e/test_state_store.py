"""The state stores refuse a write over a newer value, on which every effect depends."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from dapr.aio.clients import DaprClient
from dapr.clients.health import DaprHealth
from pydantic import BaseModel

from servicekit.dapr_state import DaprStateStore
from servicekit.sequence import Sequence
from servicekit.state import Conflict
from stack import Stack
from support.system import unique


class Value(BaseModel):
    text: str


@pytest.fixture
async def store(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DaprStateStore]:
    # The client would look for a sidecar at the default port; that ours is up is known.
    monkeypatch.setattr(DaprHealth, "wait_for_sidecar", lambda: None)
    async with DaprClient(stack.sidecar_grpc("notifier")) as client:
        yield DaprStateStore(lambda: client, "statestore")


async def test_a_key_is_created_once(store: DaprStateStore) -> None:
    key = unique()
    await store.put(key, Value(text="first"), None)
    with pytest.raises(Conflict):
        await store.put(key, Value(text="second"), None)
    assert (await store.get(key, Value)).value == Value(text="first")


async def test_a_write_over_a_newer_value_is_a_conflict(store: DaprStateStore) -> None:
    key = unique()
    await store.put(key, Value(text="first"), None)
    read = await store.get(key, Value)
    await store.put(key, Value(text="second"), read.etag)
    with pytest.raises(Conflict):
        await store.put(key, Value(text="third"), read.etag)
    assert (await store.get(key, Value)).value == Value(text="second")


async def test_a_missing_key_has_no_value(store: DaprStateStore) -> None:
    here, missing = unique(), unique()
    await store.put(here, Value(text="here"), None)
    read = await store.get_many([missing, here], Value)
    assert (read[missing].value, read[missing].etag) == (None, None)
    assert read[here].value == Value(text="here")


async def test_a_value_is_overwritten_without_an_etag(store: DaprStateStore) -> None:
    key = unique()
    for _ in range(2):
        await store.overwrite(key, Value(text="same"))
    assert (await store.get(key, Value)).value == Value(text="same")


async def test_replicas_get_different_numbers(store: DaprStateStore) -> None:
    # Each has locks of its own, as a replica has: only the ETags keep them apart.
    replicas, name = [Sequence(store) for _ in range(4)], unique()
    numbers = await asyncio.gather(*(replicas[n % 4].reserve(name) for n in range(20)))
    assert sorted(numbers) == list(range(20))
