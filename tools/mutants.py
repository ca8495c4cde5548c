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
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

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


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Args:
        target: What is tested.
        path: The module.
        operator: What was changed.
        line: Where.
        code: The whole module, changed.
    """

    target: Target
    path: Path
    operator: str
    line: int
    code: str

    def diff(self) -> str:
        """Return the changed lines."""
        before = self.path.read_text(encoding="utf-8").splitlines()
        lines = difflib.unified_diff(before, self.code.splitlines(), lineterm="", n=0)
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


def mutants(target: Target) -> Iterator[Mutant]:
    """Yield the mutants of the modules of a target."""
    for path in sorted(path for pattern in target.modules for path in PROJECT.glob(pattern)):
        source = path.read_text(encoding="utf-8")
        for name, operator in operators():
            nodes = ast_nodes(get_ast(source))
            places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
            for occurrence, (line, _) in enumerate(places):
                code = mutate_code(source, operator, occurrence)
                if code is not None and code != source:
                    yield Mutant(target, path, name, line, code)


class Copies:
    """Copies of the project, so that it can be worked on meanwhile; each has one mutant at most."""

    def __init__(self, folder: Path, count: int) -> None:
        """Make `count` copies in `folder`, of what git tracks or would."""
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(listing, cwd=PROJECT, capture_output=True, check=True, text=True)
        self._free: SimpleQueue[Path] = SimpleQueue()
        for number in range(count):
            copy = folder / str(number)
            for name in filter(None, listed.stdout.split("\0")):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, copy / name)
            self._free.put(copy)

    def passes(self, target: Target) -> bool:
        """Return whether every unit test of a target passes without a mutant."""
        copy = self._free.get()
        try:
            return run_tests(target, copy)
        finally:
            self._free.put(copy)

    def survives(self, mutant: Mutant) -> bool:
        """Return whether every unit test passes with a mutant."""
        copy = self._free.get()
        written = copy / mutant.path.relative_to(PROJECT)
        original = written.read_text(encoding="utf-8")
        written.write_text(mutant.code, encoding="utf-8")
        try:
            return run_tests(mutant.target, copy)
        finally:
            written.write_text(original, encoding="utf-8")
            self._free.put(copy)


def run_tests(target: Target, copy: Path) -> bool:
    """Run the tests of a target in a copy; one that takes too long has noticed something."""
    sources = [*copy.glob("*/src"), *copy.glob("services/*/src")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, sources)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [str(PYTHON), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *target.tests]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=target.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Run a sample, and return 1 where the tests fail without a change."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=150, help="how many mutants")
    options.add_argument("--seed", type=int, default=0, help="which mutants")
    options.add_argument("--only", default="", help="a part of the paths of the modules")
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    found = [
        mutant
        for target in TARGETS
        for mutant in mutants(target)
        if given.only in str(mutant.path.relative_to(PROJECT))
    ]
    chance = random.Random(given.seed)  # noqa: S311 - for a choice, not for secrets
    sample = chance.sample(found, min(given.sample, len(found)))
    outcomes: Counter[bool] = Counter()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.processes) as pool:
        copies = Copies(Path(folder), given.processes)
        targets = [target for target in TARGETS if any(m.target == target for m in sample)]
        for target, passed in zip(targets, pool.map(copies.passes, targets), strict=True):
            if not passed:
                print(f"fails without a change: {' '.join(target.tests)}", file=sys.stderr)
                return 1
        for mutant, survived in zip(sample, pool.map(copies.survives, sample), strict=True):
            outcomes[survived] += 1
            if survived:
                where = f"{mutant.path.relative_to(PROJECT)}:{mutant.line}"
                print(f"survived: {where} {mutant.operator}\n{mutant.diff()}", flush=True)
    print(f"{outcomes[False]} killed, {outcomes[True]} survived, of {len(found)} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
