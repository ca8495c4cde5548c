"""Telling people by e-mail: a mail server that takes it, and one that never will."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from stack import Stack, StackOptions
from support.system import connect, somebody, unique


class MailServer:
    """Keeps what it takes; knows nobody whose address begins with `stranger`."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if address.startswith("stranger"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.bodies.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[MailServer, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, port
    controller.stop()


async def test_who_cannot_be_told_does_not_keep_the_task(
    mail: tuple[MailServer, int], tmp_path: Path
) -> None:
    server, port = mail
    env = {
        "orchestrator": {"NOTIFICATION_CHANNEL": "email"},
        "notifier": {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
        },
    }
    options = StackOptions(run_dir=tmp_path, env=env, prefer_port=None)
    async with Stack(options) as stack:
        urls = {name: stack.url(name) for name in ("orchestrator", "assigner", "notifier")}
        async with connect(urls) as system:
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
    [body] = server.bodies
    assert "You have been assigned task: T" in body
