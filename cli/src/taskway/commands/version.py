"""The versions of both sides."""

from importlib.metadata import version as installed

import typer

from taskway.session import session
from taskway.terminal import plain


def version(context: typer.Context) -> None:
    """Show the versions of this command, the orchestrator, Dapr and its SDK."""
    s = session(context)
    s.say(f"taskway {installed('taskway-cli')}")
    found = s.api.get("/version")
    if not s.show(found):
        runtime = found["dapr_runtime"] or "unknown: its sidecar does not answer"
        s.say(f"orchestrator {plain(found['orchestrator'])}")
        s.say(f"Dapr runtime {plain(runtime)}")
        s.say(f"Dapr Python SDK {plain(found['dapr_sdk'])}")
