"""Readiness: all checks must pass, and a draining service is not ready."""

import asyncio

from servicekit.readiness import Check, Readiness


def check(reason: str | None) -> Check:
    async def ask() -> str | None:
        return reason

    return ask


async def test_a_service_without_reasons_is_ready() -> None:
    readiness = Readiness()
    readiness.add(check(None))
    assert await readiness.reasons() == []


async def test_each_check_adds_its_reason() -> None:
    readiness = Readiness()
    for reason in ("no sidecar", None, "no worker"):
        readiness.add(check(reason))
    assert await readiness.reasons() == ["no sidecar", "no worker"]


async def test_a_warning_leaves_the_service_ready() -> None:
    readiness = Readiness()
    for reason in ("no worker", None):
        readiness.add_warning(check(reason))
    assert await readiness.reasons() == []
    assert await readiness.warnings() == ["no worker"]


async def test_a_removed_check_adds_nothing() -> None:
    readiness, gone = Readiness(), check("gone")
    readiness.add(gone)
    readiness.remove(gone)
    assert await readiness.reasons() == []


async def test_checks_are_asked_at_once() -> None:
    others: list[asyncio.Event] = [asyncio.Event(), asyncio.Event()]

    def waiting_for_the_other(number: int) -> Check:
        async def ask() -> str | None:
            others[number].set()
            await others[1 - number].wait()
            return None

        return ask

    readiness = Readiness()
    for number in (0, 1):
        readiness.add(waiting_for_the_other(number))
    assert await asyncio.wait_for(readiness.reasons(), timeout=10) == []


async def test_a_draining_service_is_not_ready_whatever_its_checks_say() -> None:
    async def fail() -> str | None:
        raise AssertionError("asked")

    readiness = Readiness()
    readiness.add(fail)
    readiness.drain()
    assert readiness.draining
    assert await readiness.reasons() == ["the service is draining"]


def test_draining_calls_the_registered_callbacks_in_order() -> None:
    readiness, ended = Readiness(), list[str]()
    readiness.on_draining(lambda: ended.append("stream"))
    readiness.on_draining(lambda: ended.append("poller"))
    assert ended == []
    readiness.drain()
    assert ended == ["stream", "poller"]
