"""The state store behind the sidecar."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import cached_property

import grpc
from dapr.aio.clients import DaprClient
from dapr.clients.exceptions import DaprGrpcError, DaprInternalError
from dapr.clients.grpc._state import Concurrency, StateOptions
from pydantic import BaseModel

from servicekit.deadlines import count_exceeded
from servicekit.state import (
    PERMANENT,
    Conflict,
    Model,
    Result,
    StateStore,
    StoreUnavailable,
    Versioned,
)

FIRST_WRITE = StateOptions(concurrency=Concurrency.first_write)
BULK_PARALLELISM = 10
# Keys of one bulk read: a page of usual values is one call, and far below gRPC's 4 MB.
BULK_KEYS = 200


class AnswerTooLarge(StoreUnavailable):
    """What was asked for exceeds the 4 MB that gRPC carries in one answer."""


class DaprStateStore(StateStore):
    """A state store component of the sidecar."""

    def __init__(
        self, connect: Callable[[], DaprClient], component: str, deadline: float = 5.0
    ) -> None:
        """Create it.

        Args:
            connect: Returns the client; called once, at the first use, because a client belongs
                to the event loop that it is created on.
            component: The component's name.
            deadline: Seconds that one call may take.
        """
        self._connect = connect
        self._component = component
        self._deadline = deadline

    @cached_property
    def _client(self) -> DaprClient:
        return self._connect()

    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        """Read one key."""
        answer = await self._call(self._client.get_state(self._component, key))
        return _versioned(answer.data, answer.etag, model)

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        """Read several keys of one model, in as few calls as their sizes allow."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Versioned[Model]] = {}
        for start in range(0, len(wanted), BULK_KEYS):
            found |= await self._slice(wanted[start : start + BULK_KEYS], model)
        return {key: found.get(key, Versioned(None, None)) for key in wanted}

    async def _slice(self, keys: list[str], model: type[Model]) -> dict[str, Versioned[Model]]:
        """Read keys in one call, or in halves where the answer is too large for one."""
        try:
            answer = await self._call(
                self._client.get_bulk_state(self._component, keys, parallelism=BULK_PARALLELISM)
            )
        except AnswerTooLarge:
            if len(keys) == 1:
                raise
            half = len(keys) // 2
            return await self._slice(keys[:half], model) | await self._slice(keys[half:], model)
        failed = [item.error for item in answer.items if item.error]
        if failed:
            raise StoreUnavailable(failed[0])
        return {item.key: _versioned(item.data, item.etag, model) for item in answer.items}

    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        """Write over the version with `etag`, or create where it is None; else raise Conflict."""
        data = value.model_dump_json()
        # A new key has no expiry that would have to be taken away.
        metadata = {} if etag is None and ttl in (None, PERMANENT) else _expiry(ttl)
        try:
            await self._call(
                self._client.save_state(
                    self._component, key, data, etag, FIRST_WRITE, state_metadata=metadata
                )
            )
        except StoreUnavailable as error:
            if etag is not None:
                raise
            # Without an ETag, Redis reports an existing key as an internal error: read it.
            answer = await self._call(self._client.get_state(self._component, key))
            if not answer.data:
                raise
            raise Conflict(key) from error

    async def overwrite(self, key: str, value: BaseModel, *, ttl: timedelta | None = None) -> None:
        """Write without an ETag."""
        await self._call(
            self._client.save_state(
                self._component, key, value.model_dump_json(), state_metadata=_expiry(ttl)
            )
        )

    async def delete(self, key: str, etag: str) -> None:
        """Delete the version with `etag`; raise Conflict where the key has another."""
        try:
            await self._call(self._client.delete_state(self._component, key, etag, FIRST_WRITE))
        except Conflict:
            # SQLite reports a key that is gone as a mismatch.
            if (await self._call(self._client.get_state(self._component, key))).data:
                raise

    async def _call(self, call: Awaitable[Result]) -> Result:
        try:
            async with asyncio.timeout(self._deadline):
                return await call
        except TimeoutError as error:
            count_exceeded("store")
            raise StoreUnavailable(f"no response within {self._deadline} s") from error
        except DaprGrpcError as error:
            raise _failure(error.code(), error) from error  # type: ignore[no-untyped-call]
        except grpc.aio.AioRpcError as error:
            # What delete_state lets pass.
            raise _failure(error.code(), error) from error
        except DaprInternalError as error:
            # What save_state makes of a gRPC error.
            cause = error.__cause__
            code = cause.code() if isinstance(cause, grpc.aio.AioRpcError) else None
            raise _failure(code, error) from error


def _failure(code: grpc.StatusCode | None, error: Exception) -> Exception:
    """Return the exception for a failed call: ABORTED is the status of an ETag mismatch."""
    match code:
        case grpc.StatusCode.ABORTED:
            return Conflict(str(error))
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return AnswerTooLarge(str(error))
        case _:
            return StoreUnavailable(str(error))


def _expiry(ttl: timedelta | None) -> dict[str, str]:
    """Return the metadata of a write; -1 takes away the expiry of an earlier one.

    Redis would keep it otherwise: https://docs.dapr.io/developing-applications/building-blocks/state-management/state-store-ttl/
    """
    seconds = -1 if ttl in (None, PERMANENT) else max(1, round(ttl.total_seconds()))
    return {"ttlInSeconds": str(seconds)}


def _versioned(data: bytes | str, etag: str, model: type[Model]) -> Versioned[Model]:
    if not data:
        return Versioned(None, None)
    return Versioned(model.model_validate_json(data), etag)
