"""The faults of clients and of the network to them: the same against any system."""

import asyncio

from support.fault_suite.fault import Fault, LoadTarget

LOST_SECONDS = 6.0
IDENTICAL = 50


def client_faults() -> list[Fault[LoadTarget]]:
    """Return what clients do to a system, and repeat."""
    return [
        Fault("50 identical starts", "identical starts", frozenset(), _identical_starts),
        Fault("every answer lost", "lost answers", frozenset(), _lose_answers),
    ]


async def _identical_starts(target: LoadTarget) -> None:
    instance = target.load.begin()
    body, path = dict(instance.case.request), instance.case.path
    answers = await asyncio.gather(
        *(target.client.persist(instance.name, "POST", path, body) for _ in range(IDENTICAL))
    )
    ids = {answer.json()["instance_id"] for answer in answers}
    if len(ids) != 1:
        instance.wrong.append(f"{IDENTICAL} identical starts made {ids}")


async def _lose_answers(target: LoadTarget) -> None:
    target.client.lose_answers = True
    try:
        await asyncio.sleep(LOST_SECONDS)
    finally:
        target.client.lose_answers = False
