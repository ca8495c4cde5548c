"""The e-mail channel against a real mail server: temporary and permanent failures differ."""

import asyncio
import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from contracts.notifier import ChannelName, NotificationRequest, NotificationStatus
from contracts.problems import ProblemType
from notifier.bootstrap import Notifier
from notifier.channels.email import Email
from notifier.domain import NotificationRecord
from notifier.settings import Settings
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore
from support.mail import Mailbox, mail_server

REQUEST = NotificationRequest(
    recipient="ann@example.com", subject="A täsk", body="Dó it", channel=ChannelName.EMAIL
)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def settings(mailbox: Mailbox) -> Iterator[Settings]:
    with mail_server(mailbox) as port:
        yield Settings(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
            email_sender="t@x.org",
        )


@pytest.fixture
def mailing(store: MemoryStateStore, settings: Settings) -> Notifier:
    return Notifier.create(store, settings)


async def test_a_repeat_sends_no_second_message(mailing: Notifier, mailbox: Mailbox) -> None:
    for _ in range(2):
        sent = await mailing.delivery.notify("t:notify", REQUEST)
        assert sent.status is NotificationStatus.DELIVERED
    [envelope] = mailbox.taken
    assert envelope.rcpt_tos == ["ann@example.com"]
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Subject"] == "A täsk"
    assert message.get_content().strip() == "Dó it"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "importance", "text"),
    [
        ({}, None, "B"),
        ({"priority": "low"}, "low", "B\n\nPriority: low"),
        (
            {"priority": "urgent", "due": "2030-01-31T17:00:00+01:00"},
            "high",
            "B\n\nDue: 2030-01-31 17:00+01:00\n\nPriority: urgent",
        ),
        # It is not converted to UTC, which would be out of range.
        ({"due": "0001-01-01T00:00:00+05:00"}, None, "B\n\nDue: 0001-01-01 00:00+05:00"),
    ],
)
async def test_priority_and_due_date_are_in_the_message(
    mailing: Notifier,
    mailbox: Mailbox,
    given: dict[str, str],
    importance: str | None,
    text: str,
) -> None:
    request = {"recipient": "ann@example.com", "subject": "S", "body": "B", "channel": "email"}
    await mailing.delivery.notify(
        "t:notify", NotificationRequest.model_validate({**request, **given})
    )
    [envelope] = mailbox.taken
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Importance"] == importance
    assert message.get_content().replace("\r\n", "\n").strip() == text  # type: ignore[attr-defined]


async def test_a_repeat_after_a_crash_has_the_same_message_id(
    store: MemoryStateStore, settings: Settings, mailbox: Mailbox
) -> None:
    for data in (store.data, {}):
        notifier = Notifier.create(MemoryStateStore(data), settings)
        await notifier.delivery.notify("t:notify", REQUEST)
    ids = {email.message_from_bytes(e.content or b"")["Message-ID"] for e in mailbox.taken}  # type: ignore[arg-type]
    assert len(mailbox.taken) == 2
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("refusal", "type_", "retry_after", "status"),
    [
        ("550 no such user", ProblemType.UNDELIVERABLE, None, NotificationStatus.FAILED),
        ("451 try later", ProblemType.DELIVERY_UNAVAILABLE, 2, NotificationStatus.PENDING),
    ],
)
async def test_a_refusal_is_reported_and_recorded(
    mailing: Notifier,
    mailbox: Mailbox,
    refusal: str,
    type_: ProblemType,
    retry_after: int | None,
    status: NotificationStatus,
) -> None:
    mailbox.refusals[""] = refusal
    with pytest.raises(ProblemError) as error:
        await mailing.delivery.notify("t:notify", REQUEST)
    assert (error.value.type, error.value.retry_after) == (type_, retry_after)
    recorded = await mailing.delivery.notification("t:notify")
    assert (recorded.status, recorded.attempts) == (status, 1)
    assert refusal[4:] in (recorded.error or "")


async def test_a_repeat_of_what_was_refused_gets_the_same_reason_and_sends_nothing(
    mailing: Notifier, mailbox: Mailbox
) -> None:
    mailbox.refusals[""] = "550 no such user"
    problems = []
    for _ in range(2):
        with pytest.raises(ProblemError) as error:
            await mailing.delivery.notify("t:notify", REQUEST)
        problems.append((error.value.type, error.value.detail))
        # Whoever might take it now: the answer to this key was given.
        mailbox.refusals.clear()
    assert problems[0] == problems[1]
    assert "no such user" in problems[1][1]
    assert mailbox.taken == []
    assert (await mailing.delivery.notification("t:notify")).attempts == 1


async def test_a_failed_delivery_is_retried_by_a_repeat(
    mailing: Notifier, mailbox: Mailbox
) -> None:
    mailbox.refusals[""] = "451 try later"
    with pytest.raises(ProblemError):
        await mailing.delivery.notify("t:notify", REQUEST)
    mailbox.refusals.clear()
    sent = await mailing.delivery.notify("t:notify", REQUEST)
    assert (sent.status, sent.attempts, sent.error) == (NotificationStatus.DELIVERED, 2, None)


async def test_a_mail_server_that_is_down_is_a_temporary_failure(store: MemoryStateStore) -> None:
    # Port 1 of the loopback has no listener.
    nowhere = Settings(smtp_host="127.0.0.1", smtp_port=1, smtp_security="none")
    with pytest.raises(ProblemError) as error:
        await Notifier.create(store, nowhere).delivery.notify("t:notify", REQUEST)
    assert error.value.type is ProblemType.DELIVERY_UNAVAILABLE


@pytest.mark.parametrize("recipient", ["ann", "ann@example.com"])
async def test_without_a_mail_server_or_an_address_it_is_undeliverable(
    notifier: Notifier, mailing: Notifier, recipient: str
) -> None:
    which = mailing if recipient == "ann" else notifier
    with pytest.raises(ProblemError) as error:
        await which.delivery.notify("t:notify", REQUEST.model_copy(update={"recipient": recipient}))
    assert error.value.type is ProblemType.UNDELIVERABLE


async def test_another_replica_does_not_deliver_while_a_delivery_is_in_progress(
    store: MemoryStateStore, settings: Settings, mailbox: Mailbox
) -> None:
    crashing = MemoryStateStore(store.data)
    # The second write records the outcome: it is lost in a crash.
    crashing.writes_until_crash = 1
    with pytest.raises(Exception, match="crashed on demand"):
        await Notifier.create(crashing, settings).delivery.notify("t:notify", REQUEST)
    began = datetime.now(UTC)
    with pytest.raises(ProblemError) as error:
        await Notifier.create(store, settings).delivery.notify("t:notify", REQUEST)
    assert error.value.type is ProblemType.DELIVERY_UNAVAILABLE
    # Until the claim ends, rounded up.
    claimed = NotificationRecord.model_validate_json(store.data["notification:t:notify"][0])
    assert claimed.claimed_until is not None
    assert error.value.retry_after is not None
    left = (claimed.claimed_until - began).total_seconds()
    assert 0 < error.value.retry_after <= int(left) + 1
    assert claimed.claimed_until <= datetime.now(UTC) + timedelta(seconds=error.value.retry_after)
    assert len(mailbox.taken) == 1


class SlowMailbox(Mailbox):
    """Takes its time for each reply, but never as long as a reply may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        await asyncio.sleep(self.seconds)
        return responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        envelope.mail_from = address
        await asyncio.sleep(self.seconds)
        return "250 OK"


async def test_a_slow_mail_server_does_not_outlast_the_claim(store: MemoryStateStore) -> None:
    mailbox = SlowMailbox(seconds=0.2)
    with mail_server(mailbox) as port:
        slow = Settings(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
            smtp_timeout_seconds=5,
            smtp_delivery_seconds=0.3,
        )
        with pytest.raises(ProblemError) as error:
            await Notifier.create(store, slow).delivery.notify("t:notify", REQUEST)
    assert error.value.type is ProblemType.DELIVERY_UNAVAILABLE
    assert "longer than 0.3 s" in str(error.value)
    assert Email(slow).claim.total_seconds() > slow.smtp_delivery_seconds
    # Given up before the message, not after it.
    assert mailbox.taken == []


async def test_a_farewell_that_fails_is_no_failure(store: MemoryStateStore) -> None:
    class Abrupt(Mailbox):
        async def handle_QUIT(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
            return "421 gone"

    mailbox = Abrupt()
    with mail_server(mailbox) as port:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
        sent = await Notifier.create(store, settings).delivery.notify("t:notify", REQUEST)
    assert sent.status is NotificationStatus.DELIVERED
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "no such host"])
async def test_a_mail_server_with_an_impossible_name_is_a_temporary_failure(
    store: MemoryStateStore, host: str
) -> None:
    nowhere = Settings(smtp_host=host, smtp_port=1, smtp_security="none")
    with pytest.raises(ProblemError) as error:
        await Notifier.create(store, nowhere).delivery.notify("t:notify", REQUEST)
    assert error.value.type is ProblemType.DELIVERY_UNAVAILABLE
