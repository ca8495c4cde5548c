"""The list of schedules: its pages, and how many there may be."""

import pytest
from unit_support.schedules import DAILY, OFTEN, World

from contracts.problems import ProblemType
from servicekit.problems import ProblemError


@pytest.fixture
def world() -> World:
    return World()


async def test_schedules_are_limited(world: World) -> None:
    world.settings.max_schedules = 2
    world.restart()
    for name in ("a", "b"):
        await world.put(name=name)
    with pytest.raises(ProblemError) as refused:
        await world.put(name="c")
    assert refused.value.type is ProblemType.TOO_MANY_REQUESTS
    await world.put(OFTEN, "b")
    await world.scheduler.delete("a")
    await world.put(name="c")
    assert await world.ids() == ["b", "c"]


async def test_a_page_ends_by_number_and_by_size(world: World) -> None:
    large = DAILY.model_copy(
        update={"request": {**DAILY.request, "title": "Water the plants" * 10}}
    )
    names = [f"s{number:03}" for number in range(120)]
    for name in names:
        await world.put(large, name)
    for limit, page_bytes in ((7, 1_000_000), (1_000, 2_000), (1, 1)):
        world.settings.schedule_page_bytes = page_bytes
        world.restart()
        seen: list[str] = []
        cursor = None
        while True:
            page = await world.scheduler.page(cursor, limit)
            assert len(page.items) <= limit
            assert sum(len(s.model_dump_json()) for s in page.items[:-1]) <= page_bytes
            seen += [schedule.id for schedule in page.items]
            if (cursor := page.next) is None:
                break
        assert seen == names
