"""A sidecar that asks its application for a token, as every sidecar in a cluster does."""

from pathlib import Path

import httpx

from support.stacks import running
from support.system import SERVICES, somebody, unique

TOKEN = {"DAPR_API_TOKEN": "a-token-of-this-test"}


async def test_every_way_to_the_sidecar_carries_the_token(tmp_path: Path) -> None:
    env = {name: TOKEN for app in SERVICES for name in (app, f"{app}-sidecar")}
    async with running(tmp_path, env=env) as (stack, system):
        async with httpx.AsyncClient(trust_env=False) as stranger:
            metadata = f"{stack.sidecar_url('orchestrator')}/v1.0/metadata"
            assert (await stranger.get(metadata)).status_code == 401

        # Its actor is hosted over a stream, its steps go through the sidecars of all three.
        instance = await system.start("/tasks", task_id=unique(), title="T", assignee=somebody())
        wait = await system.waiting(instance, "done")
        assert wait["event"] == "done"
        assert (await system.send(instance, "done", by="dana")).status_code == 200
        ended = await system.finished(instance)
        assert ended["status"] == "COMPLETED"
        assert ended["why"] == []
