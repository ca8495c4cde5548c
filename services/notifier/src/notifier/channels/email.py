"""E-mail over SMTP."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib

from contracts.fields import Priority
from contracts.notifier import NotificationRequest
from notifier.channels import DeliveryUnavailable, Undeliverable
from notifier.settings import Settings

# RFC 5321, 4.2.1: 5yz is a permanent failure, 4yz a transient one.
PERMANENT = range(500, 600)
# RFC 2156 defines the header: low, normal or high.
IMPORTANCE = {
    Priority.LOW: "low",
    Priority.NORMAL: "normal",
    Priority.HIGH: "high",
    Priority.URGENT: "high",
}
# Connect, greet and send take one timeout each at most.
STEPS_OF_A_DELIVERY = 3


class Email:
    """Delivers to a mail server.

    A crash between the server's reply and the record of it leads to a second message, with the
    same Message-ID, by which mail systems recognise a duplicate.
    """

    def __init__(self, settings: Settings) -> None:
        """Send by the mail server in `settings`."""
        self._settings = settings
        self.claim = timedelta(seconds=STEPS_OF_A_DELIVERY * settings.smtp_timeout_seconds)

    async def deliver(self, key: str, request: NotificationRequest) -> None:
        """Send the notification, and return once the server has accepted it."""
        settings = self._settings
        if settings.smtp_host is None:
            raise Undeliverable("no mail server is configured (SMTP_HOST)")
        if "@" not in request.recipient:
            raise Undeliverable(f"{request.recipient} is not an e-mail address")
        try:
            await aiosmtplib.send(
                self._message(key, request),
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=settings.smtp_password,
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                timeout=settings.smtp_timeout_seconds,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            # The settings are wrong, not the message: it is sent once they are corrected.
            raise DeliveryUnavailable(str(error)) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refusal.code in PERMANENT for refusal in error.recipients):
                raise Undeliverable(str(error)) from error
            raise DeliveryUnavailable(str(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code in PERMANENT:
                raise Undeliverable(str(error)) from error
            raise DeliveryUnavailable(str(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryUnavailable(str(error)) from error

    def _message(self, key: str, request: NotificationRequest) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.email_sender
        message["To"] = request.recipient
        message["Subject"] = request.subject
        message["Message-ID"] = message_id(key, self._settings.email_sender)
        if request.priority is not None:
            message["Importance"] = IMPORTANCE[request.priority]
        message.set_content("\n\n".join([request.body, *_task_lines(request)]))
        return message


def _task_lines(request: NotificationRequest) -> Iterator[str]:
    if request.due is not None:
        # With the offset of the request: its author chose it for people.
        yield f"Due: {request.due.isoformat(' ', 'minutes')}"
    if request.priority is not None:
        yield f"Priority: {request.priority}"


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of a notification: the same for every attempt at the same key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"
