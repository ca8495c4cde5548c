"""Runs unit tests again and again for `make mutants`, each time in a fork of this process.

The fork has the libraries loaded, which takes as long as the tests of most modules. It reads a line
of JSON for each run, the arguments of pytest, and writes a line with the status: that of pytest, or
the negative number of the signal that ended it. It is started in the copy that it tests.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

# The libraries, and nothing of the project, whose modules are those of the copy.
import dapr.aio.clients
import dapr.ext.workflow  # noqa: F401
import fastapi  # noqa: F401
import opentelemetry.sdk.trace  # noqa: F401
import pytest

# A change can make an endless loop of what ends, or wait for what never comes. The first is found
# by the time of the processor, which is the same on a busy machine; each module's tests take 20 s.
CPU_SECONDS = 120
WALL_SECONDS = 1_200


def run_tests(arguments: list[str]) -> int:
    """Run pytest in a fork, and return its status, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        signal.alarm(WALL_SECONDS)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os._exit(pytest.main(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Run what each line of standard input asks for."""
    copy = Path.cwd()
    sources = [str(path) for path in (*copy.glob("*/src"), *copy.glob("services/*/src"))]
    sys.path[:0] = sources
    # Programs that tests start are of the copy as well.
    os.environ["PYTHONPATH"] = os.pathsep.join(sources)
    for line in sys.stdin:
        print(run_tests(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
