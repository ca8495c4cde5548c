"""Readiness: all checks must pass, and a draining service is not ready."""

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
