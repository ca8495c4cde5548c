"""Whether the Dapr runtime and the Python SDK are compatible. No I/O."""

import re

from orchestrator.schemas.system import SystemCheck

# What tools/dapr/VERSION says.
TESTED_RUNTIME = "1.18.2"
# The SDK's makers test it with the runtime of its own minor version and with the two before
# (https://github.com/dapr/python-sdk/pull/1067).
MINORS_BEHIND = 2


def version_check(runtime: str, sdk: str) -> SystemCheck:
    """Return the check of a pair of versions, which passes with a warning at most.

    Args:
        runtime: The version that the sidecar reports.
        sdk: The version of the Python package `dapr`.
    """
    detail = f"Dapr {runtime}, Python SDK {sdk}"
    if runtime != TESTED_RUNTIME:
        detail += f"; Taskway is tested with Dapr {TESTED_RUNTIME}"
    return SystemCheck(name="versions", ok=True, detail=detail, advice=_warning(runtime, sdk))


def _warning(runtime: str, sdk: str) -> str | None:
    major, newest = _major_minor(sdk)
    compatible = [(major, newest - behind) for behind in range(MINORS_BEHIND + 1)]
    try:
        if _major_minor(runtime) in compatible:
            return None
    except ValueError:
        pass  # such as "edge": unknown
    tested = f"{major}.{newest - MINORS_BEHIND} to {major}.{newest}"
    return f"Run Dapr {tested}: the SDK {sdk} is tested with these only."


def _major_minor(version: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)\.", version)
    if numbers is None:
        raise ValueError(f"{version} is not a version")
    return int(numbers[1]), int(numbers[2])
