"""Diagnosis of the system."""

import typer

from taskway.session import session
from taskway.terminal import plain

PASSED, WARNING, FAILED = "[green]✓[/]", "[yellow]![/]", "[red]✗[/]"


def doctor(context: typer.Context) -> None:
    """Diagnose the system; exit with 1 where a check fails.

    Checks the Dapr runtime, the state store, the scheduler and the versions.
    """
    s = session(context)
    found = s.api.get("/system")
    if not s.show(found):
        for check in found["checks"]:
            sign = (WARNING if check["advice"] else PASSED) if check["ok"] else FAILED
            s.say(f"{sign} {plain(check['name'])}: {plain(check['detail'])}")
            if check["advice"]:
                s.say(f"  [yellow]{plain(check['advice'])}[/]")
    if not all(check["ok"] for check in found["checks"]):
        raise typer.Exit(1)
