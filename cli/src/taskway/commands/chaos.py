"""Kill a process on purpose, and see what that does to an instance."""

from pathlib import Path
from typing import Annotated

import typer

from taskway.chaos.experiment import Experiment
from taskway.chaos.kubernetes import KIND, KubernetesTarget
from taskway.chaos.local import LocalTarget
from taskway.chaos.points import choose_point
from taskway.chaos.report import show_findings, to_json
from taskway.chaos.run import Run
from taskway.chaos.target import Target
from taskway.errors import CommandError
from taskway.requests import choose_sample
from taskway.session import session
from taskway.terminal import plain

WORKFLOW = "task"
"""What runs by default: its notification is held until the kill."""
WAITING_WORKFLOW = "purchase"
"""What runs by default where nothing can be held: it waits for an approval."""

app = typer.Typer(no_args_is_help=True, help="Kill a process, and see that nothing is lost.")


@app.callback()
def chaos() -> None:
    """Make faults on purpose."""


@app.command()
def kill(
    context: typer.Context,
    victim: Annotated[
        str,
        typer.Argument(
            help="orchestrator, assigner, notifier, one of their sidecars (orchestrator-sidecar), "
            "scheduler, placement or redis."
        ),
    ],
    workflow: Annotated[
        str | None,
        typer.Option(
            help=f"The workflow to run; by default {WORKFLOW}, or {WAITING_WORKFLOW} in a cluster."
        ),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="The sample to run; by default the first.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="Kill at this step of `taskway show`, or at `start`; by default at the first "
            "notification, or else at the first wait. A step that calls the assigner or the "
            "notifier is held until then, so that it has no answer yet; in a cluster nothing is "
            "held, and the first wait is the default."
        ),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(envvar="RUN_DIR", help="That of `make run`; by default .run, here or above."),
    ] = None,
    kubernetes: Annotated[
        bool, typer.Option("--kubernetes", help="Delete a pod of a cluster instead.")
    ] = False,
    kube_context: Annotated[
        str, typer.Option("--context", help="The kubectl context of the cluster.")
    ] = KIND,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for the end after the kill.")
    ] = 120,
) -> None:
    """Kill a process while a sample runs; exit with 1 where something was lost or done twice."""
    s = session(context)
    source = context.find_root().get_parameter_source("url")
    # By its name: Typer has a copy of Click's class.
    url = None if source is None or source.name == "DEFAULT" else s.api.url
    target: Target = (
        KubernetesTarget(s.api, kube_context, url)
        if kubernetes
        else LocalTarget(s.api, run_dir, url)
    )
    target.check(victim)
    # Without a hold, only what waits is certainly under way when the kill comes.
    name = workflow or (WORKFLOW if target.can_hold else WAITING_WORKFLOW)
    by_name = {w["name"]: w for w in target.orchestrator.get("/workflows")}
    if name not in by_name:
        raise CommandError(f"There is no workflow {name!r}; there are: {', '.join(by_name)}")
    chosen = choose_sample(by_name[name], sample)
    s.say(f"{plain(by_name[name]['title'])}: {plain(chosen['summary'])}")
    found = Experiment(
        target=target,
        run=Run(target.orchestrator, by_name[name], chosen),
        victim=victim,
        point=choose_point(victim, at, can_hold=target.can_hold),
        timeout=timeout,
        say=lambda line: s.say(f"  {plain(line)}"),
    ).make()
    if not s.show(to_json(found)):
        show_findings(s, found)
    if found.lost or found.doubled:
        raise typer.Exit(1)
