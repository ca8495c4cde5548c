"""Notifications by e-mail, to an address that a mail server takes and one that it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mail import Mailbox, mail_server
from support.stacks import running
from support.system import somebody, unique


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    mailbox.refusals["stranger"] = "550 5.1.1 no such user"
    with mail_server(mailbox) as port:
        yield port


async def test_a_task_is_released_where_its_assignee_cannot_be_notified(
    mailbox: Mailbox, port: int, tmp_path: Path
) -> None:
    env = {
        "orchestrator": {"NOTIFICATION_CHANNEL": "email"},
        "notifier": {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
        },
    }
    async with running(tmp_path, env=env) as (_, system):
        known, stranger = somebody(), f"stranger-{unique()}@example.com"
        outcomes = {}
        for member in (known, stranger):
            task_id = unique()
            await system.process(task_id=task_id, title="T", assignee=member)
            outcomes[member] = (await system.finished(f"task-{task_id}"))["output"]
        assert outcomes[known]["status"] == "completed"
        assert outcomes[stranger]["status"] == "failed"
        assert "released" in outcomes[stranger]["message"]
        assert "no such user" in outcomes[stranger]["message"]
        assert len(await system.held(known)) == 1
        assert await system.held(stranger) == []
    [envelope] = mailbox.taken
    assert isinstance(envelope.content, bytes)
    assert b"You have been assigned task: T" in envelope.content
