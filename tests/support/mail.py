"""A real mail server on this machine, for the tests."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from stack.ports import HOST, PortBlock


class Mailbox:
    """What the server does with mail: keeps what it takes, and refuses on demand."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refusals: dict[str, str] = {}
        """What is answered to whose address begins so; with an empty key, to everybody."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        for prefix, refusal in self.refusals.items():
            if address.startswith(prefix):
                return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    """Serve `mailbox` on the loopback; yield the port."""
    with closing(PortBlock.claim()) as ports:
        port = ports.take()
        controller = Controller(mailbox, hostname=HOST, port=port)
        controller.start()
        try:
            yield port
        finally:
            controller.stop()
