#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["cosmic-ray==8.7.0"]
# ///
"""Change a line of the code at a time, and report which changes no unit test notices.

The mutants are those of cosmic-ray, and statements that are left out. It takes a sample of them, by
a seed, and runs the unit tests of the module in question in a copy of the project.
"""

import argparse
import difflib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import IO, cast

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from left_out import LeftOut
from mutated import TARGETS, Target

PROJECT = Path(__file__).parents[1]
PYTHON = PROJECT / ".venv" / "bin" / "python"
# Of those that replace an operator by each other one, the one that is the least alike is enough;
# `|` is of types almost always.
UNLIKE = {
    *("Eq_NotEq", "NotEq_Eq", "Lt_GtE", "Lt_LtE", "LtE_Gt", "LtE_Lt", "Gt_LtE", "Gt_GtE"),
    *("GtE_Lt", "GtE_Gt", "Is_IsNot", "IsNot_Is", "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul"),
}

# What runs the tests has loaded libraries that have a plugin for pytest.
LOADED = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Args:
        target: What is tested.
        path: The module.
        name: What was changed.
        operator: Changes it.
        occurrence: Where, of the places that the operator finds.
        line: The line of that.
    """

    target: Target
    path: Path
    name: str
    operator: Operator
    occurrence: int
    line: int

    @cached_property
    def code(self) -> str | None:
        """The whole module, changed; None where the operator changes nothing after all."""
        source = self.path.read_text(encoding="utf-8")
        code = mutate_code(source, self.operator, self.occurrence)
        return None if code == source else code

    def diff(self) -> str:
        """Return the changed lines."""
        before = self.path.read_text(encoding="utf-8").splitlines()
        after = (self.code or "").splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=0)
        return "\n".join(f"    {x}" for x in lines if x[:3] not in ("---", "+++") and x[:2] != "@@")


def operators() -> Iterator[tuple[str, Operator]]:
    """Yield each operator by its name."""
    yield "LeftOut", LeftOut()
    for name in operator_names():
        kind = get_operator(name)
        short = name.removeprefix("core/")
        replaces = short.startswith(("ReplaceBinary", "ReplaceComparison", "ReplaceUnary"))
        if kind.arguments() or (replaces and short.partition("_")[2] not in UNLIKE):
            continue
        yield short, kind()


def mutants(target: Target, only: str) -> Iterator[Mutant]:
    """Yield the mutants of the modules of a target whose path has `only` in it."""
    for path in sorted(path for pattern in target.modules for path in PROJECT.glob(pattern)):
        if only not in str(path.relative_to(PROJECT)):
            continue
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name, operator in operators():
            places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
            for occurrence, (line, _) in enumerate(places):
                yield Mutant(target, path, name, operator, occurrence, line)


class Outcome(StrEnum):
    """What came of the tests of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    ENDLESS = "killed by the time limit"


class Copy:
    """A copy of the project, so that it can be worked on meanwhile; it has one mutant at most."""

    def __init__(self, folder: Path) -> None:
        """Copy to `folder` what git tracks or would, and start what runs its tests."""
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(listing, cwd=PROJECT, capture_output=True, check=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
        self._folder = folder
        self._runner = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name("mutant_runner.py"))],
            cwd=folder,
            # A module and its mutant may be of the same size and second.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def try_mutant(self, mutant: Mutant) -> Outcome:
        """Return what comes of the unit tests with a mutant."""
        written = self._folder / mutant.path.relative_to(PROJECT)
        original = written.read_text(encoding="utf-8")
        written.write_text(mutant.code or original, encoding="utf-8")
        try:
            return self.try_tests(mutant.target)
        finally:
            written.write_text(original, encoding="utf-8")

    def try_tests(self, target: Target) -> Outcome:
        """Return what comes of the unit tests of a target as the copy is."""
        arguments = ["-q", "-x", "-p", "no:cacheprovider", *LOADED, *target.tests]
        print(json.dumps(arguments), file=self._runner.stdin, flush=True)
        status = int(cast(IO[str], self._runner.stdout).readline())
        if status in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
            return Outcome.ENDLESS
        return Outcome.KILLED if status else Outcome.SURVIVED

    def close(self) -> None:
        """End what runs the tests."""
        self._runner.communicate()


class Copies:
    """Some copies, of which each takes the next mutant as soon as it is free."""

    def __init__(self, folder: Path, count: int) -> None:
        """Make `count` copies in `folder`."""
        self._all = [Copy(folder / str(number)) for number in range(count)]
        self._free: SimpleQueue[Copy] = SimpleQueue()
        for copy in self._all:
            self._free.put(copy)

    def passes(self, target: Target) -> bool:
        """Return whether every unit test of a target passes without a mutant."""
        with self._one() as copy:
            return copy.try_tests(target) is Outcome.SURVIVED

    def outcome(self, mutant: Mutant) -> Outcome:
        """Return what comes of the unit tests with a mutant."""
        with self._one() as copy:
            return copy.try_mutant(mutant)

    def close(self) -> None:
        """End what runs the tests."""
        for copy in self._all:
            copy.close()

    @contextmanager
    def _one(self) -> Iterator[Copy]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


def main() -> int:
    """Run a sample, and return 1 where the tests fail without a change."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=150, help="how many mutants")
    options.add_argument("--seed", type=int, default=0, help="which mutants")
    options.add_argument("--only", default="", help="a part of the paths of the modules")
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    found = [mutant for target in TARGETS for mutant in mutants(target, given.only)]
    random.Random(given.seed).shuffle(found)  # noqa: S311 - for a choice, not for secrets
    sample = list(islice((m for m in found if m.code is not None), given.sample))
    outcomes: Counter[Outcome] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Copies(Path(folder), given.processes)) as copies,
        ThreadPoolExecutor(given.processes) as pool,
    ):
        targets = [target for target in TARGETS if any(m.target == target for m in sample)]
        for target, passed in zip(targets, pool.map(copies.passes, targets), strict=True):
            if not passed:
                print(f"fails without a change: {' '.join(target.tests)}", file=sys.stderr)
                return 1
        tried = zip(sample, pool.map(copies.outcome, sample), strict=True)
        for number, (mutant, outcome) in enumerate(tried, 1):
            outcomes[outcome] += 1
            if outcome is not Outcome.KILLED:
                where = f"{mutant.path.relative_to(PROJECT)}:{mutant.line}"
                text = f"{number}/{len(sample)} {outcome}: {where} {mutant.name}"
                print(f"{text}\n{mutant.diff()}", flush=True)
    counts = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in Outcome)
    print(f"{counts}, of {len(found)} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
