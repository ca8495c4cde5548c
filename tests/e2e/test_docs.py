"""Every curl of the documentation is answered as its page says.

The commands of a page run in its order, as they stand. One that comes too early, such as a status
before the start has been listed or a decision before it is waited for, is sent again, as a reader
would: what is refused has no effect.
"""

import asyncio
import json
import os
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stack import Stack
from support.stacks import running
from support.system import SERVICES, eventually

PROJECT = Path(__file__).parents[2]
# What these say is about another system than one that has just been started.
ELSEWHERE = {
    "docs/adding-a-workflow.md": "its workflow is not hosted",
    "docs/changing-a-workflow.md": "tests/faults/test_deploy.py removes a version, and shows it",
    "docs/kubernetes.md": "the commands of the README, for the cluster",
}
PAGES = sorted(
    name
    for path in [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    if (name := str(path.relative_to(PROJECT))) not in ELSEWHERE
    and re.search(r"^ *(\$ )?curl ", path.read_text(encoding="utf-8"), re.M)
)

FENCE = re.compile(r"```(\w*)")
SHELLS = {"sh", "bash", "console"}
OUTPUT = re.compile(r'[{\["…]')
KEY = re.compile(r'"(\w+)":')
NOT_YET = {"404", "409", "503"}


@dataclass
class Command:
    """A curl of a page.

    Args:
        line: The command, with its continuation lines.
        keys: The keys of the JSON that the page shows as its answer.
    """

    line: str
    keys: set[str] = field(default_factory=set)


@dataclass
class Answer:
    """What a curl printed."""

    status: str
    body: str
    errors: str

    def keys(self) -> set[str]:
        """Return the keys of the JSON, at any depth."""
        _headers, begin, rest = self.body.partition("{")
        return set(_keys(json.loads(begin + rest)))


def _keys(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _keys(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield key
            yield from _keys(value)


def code(page: str) -> Iterator[str]:
    """Yield the lines of a page that are indented, or fenced as a shell's."""
    fence: str | None = None
    for line in page.splitlines():
        if marked := FENCE.match(line):
            fence = marked[1] if fence is None else None
        elif fence in SHELLS or (fence is None and line.startswith("    ")):
            yield line.strip().removeprefix("$ ")


def commands(page: str) -> list[Command]:
    """Return the curls of a page, each with what its section shows after it."""
    found: list[Command] = []
    for section in re.split(r"^#+ ", page, flags=re.M):
        command: Command | None = None
        lines = code(section)
        for line in lines:
            if line.startswith("curl "):
                text = line
                while not _complete(text):
                    text += "\n" + next(lines)
                command = Command(text)
                found.append(command)
            elif command is not None and OUTPUT.match(line):
                command.keys |= {*KEY.findall(line)}
    return found


def _complete(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


@pytest.fixture(scope="module")
async def environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """The environment of a reader's shell, beside a system where no id is taken."""
    home = tmp_path_factory.mktemp("docs")
    options = [
        "silent",
        "show-error",
        "max-time = 60",
        'noproxy = "*"',
        r'write-out = "\n%{http_code}"',
    ]
    (home / ".curlrc").write_text("\n".join(options), encoding="utf-8")
    async with running(tmp_path_factory.mktemp("system"), {}) as (stack, _system):
        yield {**os.environ, "CURL_HOME": str(home), **_addresses(stack)}


def _addresses(stack: Stack) -> dict[str, str]:
    urls = {f"{name.upper()}_URL": stack.url(name) for name in SERVICES}
    return {**urls, "TASKWAY_URL": urls["ORCHESTRATOR_URL"]}


async def send(command: Command, environment: dict[str, str], folder: Path) -> Answer:
    """Run a curl in a shell."""
    shell = await asyncio.create_subprocess_exec(
        "/bin/bash",
        "-c",
        command.line,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await shell.communicate()
    body, _, status = out.decode().rpartition("\n")
    return Answer(status, body, errors.decode())


@pytest.mark.parametrize("page", PAGES)
async def test_every_curl_is_answered(
    page: str, environment: dict[str, str], tmp_path: Path
) -> None:
    found = commands((PROJECT / page).read_text(encoding="utf-8"))
    assert found
    for command in found:
        last: list[Answer] = []

        async def look(command: Command = command, last: list[Answer] = last) -> Answer | None:
            last[:] = [await send(command, environment, tmp_path)]
            [answer] = last
            if answer.status in NOT_YET:
                return None
            assert answer.status.startswith("2"), f"{command.line}\n{answer}"
            return answer if command.keys <= (answer.keys() if command.keys else set()) else None

        try:
            await eventually(look, command.line)
        except AssertionError as error:
            raise AssertionError(f"{page}: {command}\n{last}") from error


def test_no_curl_of_a_page_is_missed() -> None:
    for page in PAGES:
        text = (PROJECT / page).read_text(encoding="utf-8")
        assert len(commands(text)) == len(re.findall(r"^ *(?:\$ )?curl ", text, re.M)), page


def test_the_keys_of_an_output_belong_to_the_command_before_it() -> None:
    first, second = commands(
        "    curl $URL/a -d '{\n      \"x\": 1}'\n    curl $URL/b\n\nsays\n\n"
        '    {"id": "1",\n     "output": {"status": 2, …}}\n\n## Logs\n\n    {"level": "info"}\n'
    )
    assert first == Command("curl $URL/a -d '{\n\"x\": 1}'")
    assert second == Command("curl $URL/b", {"id", "output", "status"})
