"""Every `taskway` command of the documentation is one that the command line takes."""

import re
import shlex

import httpx
import pytest
import typer.main
from typer.testing import CliRunner

from taskway import main as program
from taskway.api import Api
from tools import check_links

INVALID_COMMAND = 2
TEXT = "\n".join(p.read_text(encoding="utf-8") for p in check_links.pages(check_links.PROJECT))
RUNS = sorted(set(re.findall(r"^    \$ taskway (.+)$", TEXT, re.M)))
NAMED = sorted(set(re.findall(r"`taskway ([a-z]+(?:-[a-z]+)*)", TEXT)))


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that cannot be reached, so that a valid command fails for that alone."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    monkeypatch.setattr(program, "Api", lambda url: Api(url, transport=httpx.MockTransport(refuse)))


def test_the_examples_are_found() -> None:
    assert len(RUNS) > 25
    assert {"doctor", "rerun", "show"} <= set(NAMED)


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_the_command_line_takes_it(run: str) -> None:
    result = CliRunner().invoke(program.app, shlex.split(run))
    assert result.exit_code != INVALID_COMMAND, result.output


@pytest.mark.parametrize("name", NAMED)
def test_a_command_that_is_named_is_there(name: str) -> None:
    assert name in getattr(typer.main.get_command(program.app), "commands", {})
