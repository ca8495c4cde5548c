"""Start, list and inspect instances."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from taskway.api import url_path
from taskway.errors import CommandError
from taskway.filters import Filter, with_filter
from taskway.requests import choose_sample, read_json, set_fields
from taskway.session import Session, age, duration, session, status, status_cell
from taskway.terminal import plain
from taskway.timeline import timeline

Instance = Annotated[str, typer.Argument(help="The id of the instance.")]
WaitId = Annotated[
    str | None,
    typer.Option(
        help="The id of the wait that is meant, as `taskway --json waiting` shows it (wait_id): "
        "a later wait for the event is left alone. By default the wait that is open."
    ),
]
BAR_WIDTH = 40
COMPLETED = "COMPLETED"
ENDED = {COMPLETED, "FAILED", "TERMINATED"}


def workflows(context: typer.Context) -> None:
    """List the workflows that can be started."""
    s = session(context)
    found = s.api.get("/workflows")
    if not s.show(found):
        rows = (
            (
                w["name"],
                w["start"],
                ", ".join(e["name"] for e in w["events"]),
                w["description"],
            )
            for w in found
        )
        s.table(("NAME", "START", "EVENTS", "DESCRIPTION"), rows)


def start(
    context: typer.Context,
    workflow: Annotated[str, typer.Argument(help="Its short name; see `taskway workflows`.")],
    request: Annotated[
        str | None, typer.Argument(help="The request: JSON, @file or -; by default a sample.")
    ] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="The id in the request; replaces the one in it.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option("--sample", help="The sample to send; by default the first.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="field=value, also outer.inner=value; repeat for several."),
    ] = None,
    watch_: Annotated[
        bool, typer.Option("--watch", help="Watch the instance, as `taskway watch` does.")
    ] = False,
) -> None:
    """Start an instance; repeating the same request starts nothing."""
    s = session(context)
    by_name = {w["name"]: w for w in s.api.get("/workflows")}
    if workflow not in by_name:
        raise CommandError(f"There is no workflow {workflow!r}; there are: {', '.join(by_name)}")
    chosen = by_name[workflow]
    if request is None:
        example = choose_sample(chosen, sample)
        body = example["request"]
        s.say(f"The sample: {plain(example['summary'])}")
    elif sample is None:
        body = read_json(request)
    else:
        raise CommandError("Give a request or --sample, not both")
    body = set_fields(body, set_ or [], chosen["input_schema"])
    if id_ is not None:
        body = {**body, chosen["id_field"]: id_}
    started = s.api.post(chosen["start"], body)
    if watch_:
        s.say(f"Started {plain(started['instance_id'])}")
        _watch(s, started["instance_id"])
    elif not s.show(started):
        s.say(f"Started {plain(started['instance_id'])}")


@with_filter
def list_(
    context: typer.Context,
    selected: Filter,
    limit: Annotated[int, typer.Option(min=1, help="Lines, at most.")] = 50,
) -> None:
    """List instances, the newest first."""
    s = session(context)
    found, complete = s.api.list_items("/instances", "cursor", limit, **selected)
    if not s.show(found):
        rows = (
            (
                i["instance_id"],
                i["workflow"],
                status_cell(i["status"]),
                # An orchestrator before 0.3 does not say it.
                status_cell(i.get("outcome") or ""),
                age(i["created_at"]),
                i["message"] or "",
            )
            for i in found
        )
        s.table(("INSTANCE", "WORKFLOW", "STATUS", "OUTCOME", "AGE", "MESSAGE"), rows)
        s.incomplete(complete=complete)


@with_filter
def summary(context: typer.Context, selected: Filter) -> None:
    """Count instances by workflow and status, and what COMPLETED by outcome."""
    s = session(context)
    found = s.api.get("/instances/summary", **selected)
    if not s.show(found):
        outcomes = found.get("outcomes_by_workflow", {})
        rows = (
            (
                workflow,
                status_cell(name),
                str(count),
                _outcomes(outcomes.get(workflow, {})) if name == COMPLETED else "",
            )
            for workflow, counts in sorted(found["by_workflow"].items())
            for name, count in sorted(counts.items())
        )
        s.table(("WORKFLOW", "STATUS", "INSTANCES", "OUTCOMES"), rows)
        s.say(f"{found['total']} in all, {found['overdue']} overdue")
        s.incomplete(complete=found["index"]["complete"])


def _outcomes(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))


def show(context: typer.Context, instance: Instance) -> None:
    """Show an instance, why it waits, and the steps it took."""
    s = session(context)
    detail = s.api.get(url_path("instances", instance))
    history = s.api.get(url_path("instances", instance, "history"))
    if s.show({**detail, "history": history["steps"]}):
        return
    progress = detail["custom_status"] or {}
    s.say(f"[bold]{plain(detail['instance_id'])}[/] {status(detail['status'])}")
    s.fields(
        {
            "Workflow": " ".join(filter(None, (detail["workflow"], detail["version"]))),
            "Outcome": detail.get("outcome"),
            "Message": progress.get("message"),
            "Why it waits": "\n".join(reason["text"] for reason in detail["why"]),
            "Started": detail["created_at"],
            "Duration": duration(detail["duration_seconds"]),
            "Parent": detail["parent"],
            "Children": ", ".join(detail["children"]),
            "Rerun of": detail["rerun_of"],
            "Trace": detail["trace_url"] or detail["trace_id"],
            "Input": detail["input"],
            "Output": detail["output"],
            "Error": detail["error"],
        }
    )
    s.say("")
    for line in timeline(history["steps"], datetime.now(UTC), BAR_WIDTH):
        s.say(line)


def watch(context: typer.Context, instance: Instance) -> None:
    """Watch an instance until it ends; with --json, print a line per change."""
    _watch(session(context), instance)


def _watch(s: Session, instance: str) -> None:
    shown: Any = None
    ended = False
    for detail in s.api.stream(url_path("instances", instance, "stream")):
        ended = detail["status"] in ENDED
        progress = detail.get("custom_status") or {}
        why = "; ".join(reason["text"] for reason in detail.get("why", []))
        now = (detail["status"], progress.get("message"), why)
        if s.as_json:
            s.write_json(detail)
        elif now != shown:
            shown = now
            end = f"  [dim]{plain(why)}[/]" if why else ""
            s.say(f"{status(detail['status'])} {plain(progress.get('message') or '')}{end}")
    if not ended:
        raise CommandError(
            f"The stream ended before {instance} did: the orchestrator is shutting down, or "
            f"{instance} was purged"
        )


def send(
    context: typer.Context,
    instance: Instance,
    event: Annotated[str, typer.Argument(help="The name of the event.")],
    payload: Annotated[str, typer.Argument(help="The payload: JSON, @file or -.")],
    wait_id: WaitId = None,
) -> None:
    """Send an event to an instance that waits for it."""
    s = session(context)
    path = url_path("instances", instance, "events", event)
    answer = s.api.post(path, read_json(payload), wait_id=wait_id)
    if not s.show(answer):
        s.say(f"{plain(instance)} accepted {plain(event)}")
