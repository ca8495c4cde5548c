"""A mail carries any text to one recipient: through a real mail server it reads as it was."""

import email
import email.policy
import re
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.notifier import ChannelName, NotificationRequest
from notifier.addresses import is_address
from notifier.channels import Undeliverable
from notifier.channels.email import Email
from notifier.channels.mail import message_id, write_mail
from notifier.settings import Settings
from support.mail import Mailbox, mail_server

SENDER = "t@x.org"
HEADERS = {"Subject", "From", "To", "Date", "Message-ID", "MIME-Version"} | {
    "Content-Type",
    "Content-Transfer-Encoding",
}
# What a header of an e-mail could be broken by, beside everything else.
HOSTILE = st.sampled_from(
    [
        "\x85",
        "\u2028",
        "\x9b",
        "=?utf-8?q?",
        "=0A",
        "?=",
        "Bcc: b@x.org",
        " ",
        "\U0001f600",
        "x" * 99,
    ]
)
SUBJECT_TEXT = st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=0x20)
SUBJECTS = st.lists(HOSTILE | SUBJECT_TEXT, min_size=1, max_size=20).map(
    lambda parts: "".join(parts)[:300]
)
BODIES = st.lists(
    st.sampled_from(["\x00", "\r", "\n", ".", "From ", "\x85", "\u2028", "x" * 1_200])
    | st.characters(codec="utf-8"),
    min_size=1,
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="module")
def channel(mailbox: Mailbox) -> Iterator[Email]:
    with mail_server(mailbox) as port:
        yield Email(
            Settings(
                smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", email_sender=SENDER
            )
        )


def request(**fields: str) -> NotificationRequest:
    given = {"recipient": "ann@example.com", "subject": "S", "body": "B", "channel": "email"}
    return NotificationRequest.model_validate({**given, **fields})


def parse(content: str | bytes | None) -> EmailMessage:
    """Parse a message, and check that it is one of RFC 5322."""
    assert isinstance(content, bytes)
    assert content.isascii()
    assert b"\0" not in content
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert set(message) == HEADERS
    assert len(message.keys()) == len(HEADERS)
    assert message["To"] == "ann@example.com"
    assert not message.defects
    return message


def in_lines(text: str) -> list[str]:
    """Return the lines of a body; the last may be ended by a line break."""
    return re.split("\r\n|\r|\n", re.sub("(\r\n|\r|\n)\\Z", "", text))


def in_one_line(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)


@given(subject=SUBJECTS, body=BODIES)
@settings(max_examples=60)
async def test_any_text_arrives_as_it_was(
    channel: Email, mailbox: Mailbox, subject: str, body: str
) -> None:
    await channel.deliver("t:notify", request(subject=subject, body=body))
    envelope = mailbox.taken.pop()
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["ann@example.com"])
    message = parse(envelope.content)
    assert message["Subject"] == in_one_line(subject)
    lines = re.sub("\r\n|\r", "\n", body)
    assert re.sub("\r\n|\r", "\n", message.get_content()).removesuffix("\n") == lines.removesuffix(
        "\n"
    )


@pytest.mark.parametrize(
    "subject",
    [
        "\U0001f600" * 300,
        "x" * 300,
        "a\u2028Bcc: b@x.org",
        "a\x85b",
        "=?utf-8?q?a=0ABcc:_b@x.org?=",
        "a  b ",
        " a",
        "=?",
        " ",
    ],
    ids=ascii,
)
def test_a_subject_stays_one_header(subject: str) -> None:
    message = parse(write_mail("t:notify", request(subject=subject), SENDER))
    assert message["Subject"] == in_one_line(subject)


def test_a_plain_subject_and_body_can_be_read_as_they_are() -> None:
    content = write_mail("t:notify", request(subject="A task for you", body="Do it"), SENDER)
    assert content.startswith(b"Subject: A task for you\r\n")
    assert content.endswith(b"\r\n\r\nDo it\r\n")


@pytest.mark.parametrize(
    ("recipient", "valid"),
    [
        ("ann@example.com", True),
        ("a+b.c_d@x-y.example", True),
        ("o'neill@example.com", True),
        ("ann@localhost", True),
        *(
            (text, False)
            for text in ("a@", "a", "a@b..c", "a@b.", "a@.b", "a..b@c", "a.@b", "a@b@c", "a@-b.c")
        ),
        ("a@" + "b" * 64 + ".c", False),
    ],
)
async def test_only_an_address_is_delivered_to(
    channel: Email, mailbox: Mailbox, recipient: str, valid: bool
) -> None:
    if valid:
        await channel.deliver("t:notify", request(recipient=recipient))
        assert mailbox.taken.pop().rcpt_tos == [recipient]
    else:
        with pytest.raises(Undeliverable, match="not an e-mail address"):
            await channel.deliver("t:notify", request(recipient=recipient))
        assert mailbox.taken == []


@given(st.text(st.sampled_from("ab.@-\"<>,;:() \r\nü\x00_'"), max_size=12))
async def test_a_recipient_is_refused_or_is_the_only_one(
    channel: Email, mailbox: Mailbox, text: str
) -> None:
    try:
        asked = request(recipient=text)
    except ValidationError:
        return
    try:
        await channel.deliver("t:notify", asked)
    except Undeliverable:
        assert mailbox.taken == []
    else:
        assert mailbox.taken.pop().rcpt_tos == [text]


@given(st.text(max_size=30))
def test_an_address_has_no_white_space_and_one_at_sign(text: str) -> None:
    if is_address(text):
        assert text.count("@") == 1
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text


@pytest.mark.parametrize("sender", ["", "taskway", "a@b..c", "a@b\nBcc: c@d", "<>", "T <t@x>, u@x"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ValidationError, match="give an e-mail address"):
        Settings(email_sender=sender)


def test_a_sender_may_have_a_name() -> None:
    sender = Settings(email_sender="Taskway <t@x.org>").email_sender
    message = email.message_from_bytes(
        write_mail("t:notify", request(channel=ChannelName.EMAIL), sender),
        policy=email.policy.default,
    )
    assert message["From"] == "Taskway <t@x.org>"
    assert message_id("t:notify", sender) == message_id("t:notify", "t@x.org")
