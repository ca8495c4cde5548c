"""Writes the e-mail of a notification: any text is carried, and none becomes another header."""

import hashlib
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from contracts.fields import Priority
from contracts.notifier import NotificationRequest
from notifier.addresses import address_of

# RFC 2156 defines the header: low, normal or high.
IMPORTANCE = {
    Priority.LOW: "low",
    Priority.NORMAL: "normal",
    Priority.HIGH: "high",
    Priority.URGENT: "high",
}
# Every relay takes seven bits: RFC 6152 makes eight an extension.
POLICY = SMTP.clone(cte_type="7bit")
# A longer word may not fit into a line of 78, and the fold before it would be read as a space.
LONGEST_PLAIN_WORD = 60
# What ends a line somewhere, or is not text: RFC 5322, 2.2 and 3.5.
_NOT_IN_A_HEADER = frozenset({"Cc", "Cs", "Zl", "Zp"})


def write_mail(key: str, request: NotificationRequest, sender: str) -> bytes:
    """Return the message to send, by RFC 5322.

    Args:
        key: The notification's; it makes the Message-ID.
        request: The notification, to an address for which `is_address` holds.
        sender: The address that it is from, with or without a display name.
    """
    message = EmailMessage(POLICY)
    message["From"] = sender
    message["To"] = request.recipient
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id(key, sender)
    if request.priority is not None:
        message["Importance"] = IMPORTANCE[request.priority]
    text = "\n\n".join([request.body, *_task_lines(request)])
    # As it is where RFC 5322 allows that; NUL and other control characters need a coding.
    message.set_content(text, cte="base64" if _has_controls(text) else None)
    # Not by EmailMessage: it would read what looks like an encoded word in a subject, and write
    # the line break that such a word may contain (CVE-2024-6923).
    return _subject_line(request.subject) + message.as_bytes(policy=POLICY)


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of a notification: the same for every attempt at the same key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{address_of(sender).rpartition('@')[2]}>"


def _subject_line(subject: str) -> bytes:
    """Return the header line, in encoded words (RFC 2047) unless it is plain."""
    text = "".join(
        " " if unicodedata.category(character) in _NOT_IN_A_HEADER else character
        for character in subject
    )
    words = text.split()
    plain = (
        text.isascii()
        and "=?" not in text
        and text == " ".join(words)
        and max(map(len, words)) <= LONGEST_PLAIN_WORD
    )
    header = Header(text, "us-ascii" if plain else "utf-8", header_name="Subject")
    return b"Subject: " + header.encode(linesep="\r\n").encode("ascii") + b"\r\n"


def _has_controls(text: str) -> bool:
    return any(
        unicodedata.category(character) == "Cc" and character not in "\r\n\t" for character in text
    )


def _task_lines(request: NotificationRequest) -> Iterator[str]:
    if request.due is not None:
        # With the offset of the request: its author chose it for people.
        yield f"Due: {request.due.isoformat(' ', 'minutes')}"
    if request.priority is not None:
        yield f"Priority: {request.priority}"
