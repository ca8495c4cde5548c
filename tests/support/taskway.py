"""The command `taskway`, as the tests of the running system run it."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.system import System, eventually, somebody, unique

COMMAND = Path(sys.executable).with_name("taskway")
WHY = ("--reason", "to see what happens")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Taskway:
    """The command with the URL of the orchestrator."""

    url: str

    async def run(self, *args: str, typed: str = "") -> Ran:
        """Run it, with `typed` as its input."""
        inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=inherited | {"TASKWAY_URL": self.url, "TASKWAY_USER": "olga"},
        )
        out, err = await process.communicate(typed.encode())
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def output(self, *args: str, typed: str = "") -> str:
        """Return its output for people."""
        ran = await self.run(*args, typed=typed)
        assert ran.code == 0, ran
        return ran.out

    async def data(self, *args: str) -> Any:
        """Return its output for programs."""
        return json.loads(await self.output("--json", *args))

    async def refused(self, *args: str) -> str:
        """Return its error message; nothing else is printed."""
        ran = await self.run(*args)
        assert (ran.code, ran.out) == (1, ""), ran
        assert "Traceback" not in ran.err
        return ran.err

    async def listed(self, *wanted: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what `taskway list` finds, once it is as many: the list lags a little."""

        async def look() -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = await self.data("list", *wanted)
            return found if len(found) == count else None

        found: list[dict[str, Any]] = await eventually(look, f"{count} of {wanted}", within=30)
        return found


def rows(table: str) -> dict[str, list[str]]:
    """Return the words of a table's lines by their first."""
    return {line.split()[0]: line.split() for line in table.splitlines()}


def purchase_request(**more: Any) -> str:
    """Return the request of a purchase that waits a day for its approval."""
    people = {"requester": somebody(), "approver": somebody()}
    return json.dumps({**people, "item": "A laptop", "amount": 129_900, **more})


async def purchase(system: System, taskway: Taskway, **more: Any) -> str:
    """Start a purchase, and return its id once it waits for its approval."""
    started = await taskway.data(
        "start", "purchase", purchase_request(**{"purchase_id": unique(), **more})
    )
    instance: str = started["instance_id"]
    await system.waiting(instance, "approval")
    return instance


async def status(taskway: Taskway, instance: str) -> str:
    found: str = (await taskway.data("show", instance))["status"]
    return found
