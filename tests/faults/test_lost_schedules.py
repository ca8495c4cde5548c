"""Schedules whose jobs were lost with the data of Dapr's scheduler, while all else ran."""

import shutil
from pathlib import Path

from support.schedules import plants, put, ran, state
from support.stacks import running, start_again
from support.system import eventually, unique

# Of its own: what else waits on a stack is stranded where its scheduler's data is lost.
ENV = {"orchestrator": {"SCHEDULE_RECONCILE_SECONDS": "5"}}
REPAIRED_WITHIN = 60


async def test_a_scheduler_that_lost_its_data_gets_the_jobs_again(tmp_path: Path) -> None:
    async with running(tmp_path, ENV) as (stack, system):
        name = unique()
        await put(system, name, plants(every_seconds=5))
        before = await ran(system, name, None)
        await stack.kill("scheduler")
        shutil.rmtree(stack.run.scheduler)
        await start_again(stack, "scheduler")

        async def runs_again() -> bool | None:
            schedule = await state(system, name)
            # What was armed before is followed by what could only be armed anew.
            return schedule["last_at"] > before["next_at"] or None

        await eventually(runs_again, f"{name} to run again", within=REPAIRED_WITHIN)
        schedule = await state(system, name)
        assert (schedule["last_error"], schedule["failed_tries"]) == (None, 0)
        assert (await system.finished(schedule["last_instance"]))["status"] == "COMPLETED"
