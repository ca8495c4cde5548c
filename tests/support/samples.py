"""Runs the samples that the workflows offer, as their users would."""

import asyncio
from typing import Any

from orchestrator.workflows.registrations import WORKFLOWS
from support.system import TERMINAL, System, eventually, unique

SAMPLES = [(w.definition.name, sample) for w in WORKFLOWS for sample in w.definition.samples]
Ended = dict[tuple[str, str], dict[str, Any] | BaseException]
"""How each sample ended, or why it did not."""


async def catalogue(system: System) -> dict[str, dict[str, Any]]:
    """Return what the system says of its workflows, by name."""
    answer = await system.orchestrator.get("/workflows")
    return {workflow["name"]: workflow for workflow in answer.json()}


async def run_samples(system: System) -> Ended:
    """Run every sample at once, for some of them rest."""
    workflows = await catalogue(system)
    runs = (run_sample(system, workflows[workflow], sample) for workflow, sample in SAMPLES)
    states = await asyncio.gather(*runs, return_exceptions=True)
    return dict(zip(SAMPLES, states, strict=True))


async def run_sample(system: System, workflow: dict[str, Any], name: str) -> dict[str, Any]:
    """Run a sample to its end, and return the instance's status.

    Args:
        system: The system.
        workflow: The workflow, as `GET /workflows` describes it.
        name: The sample's name.
    """
    sample = workflow["samples"][name]
    request = {**sample["request"], workflow["id_field"]: unique(workflow["name"])}
    instance = await system.start(workflow["start"], **request)
    for event in sample["events"]:

        async def waits(wanted: str = event["event"]) -> bool | None:
            status = await system.status(instance)
            if status["status"] in TERMINAL:
                return False
            progress = status["custom_status"] or {}
            return any(wait["event"] == wanted for wait in progress.get("waits", [])) or None

        if not await eventually(waits, f"{instance} to wait for {event['event']}"):
            break
        await asyncio.sleep(event["after_seconds"])
        answer = await system.send(instance, event["event"], **event["payload"])
        assert answer.status_code == 200, answer.text
    return await system.finished(instance)
